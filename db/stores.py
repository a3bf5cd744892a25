"""All stores: one property per area, which has one property per noun."""

from functools import cached_property

from sqlalchemy.ext.asyncio import AsyncSession

from db.analytics.exports import AnalyticsExportStore
from db.analytics.queries import AnalyticsStore
from db.analytics.stale_days import StaleDayStore
from db.bookings.blocks import BlockStore
from db.bookings.commands.change import ChangeStore
from db.bookings.commands.hold import HoldStore
from db.bookings.feeds import FeedStore
from db.bookings.queries import BookingStore
from db.bookings.series.move import SeriesMoveStore
from db.bookings.timeline import TimelineStore
from db.bookings.waitlist.waitlist import WaitlistStores
from db.businesses.businesses import BusinessStore
from db.catalogue.catalogue import CatalogueStore
from db.customers.stores import CustomerStores
from db.engine.context import Context
from db.engine.store import Store
from db.identity.logins import LoginStore
from db.identity.passwords import PasswordStore
from db.identity.sessions import SessionStore
from db.identity.single_use_links import SingleUseLinkStore
from db.identity.two_factor import TwoFactorStore
from db.identity.users import UserStore
from db.invariants import InvariantStore
from db.marketing.stores import MarketingStores
from db.media.media import MediaStore
from db.messages.stores import MessageStores
from db.onboarding.queries import VerificationListStore
from db.onboarding.verifications import VerificationStore
from db.open_rows import OpenRowStore
from db.payments.stores import PaymentStores
from db.platform.attention import AttentionStore
from db.platform.audit_trail import AuditTrailStore
from db.platform.command_texts import CommandTextStore
from db.platform.events import BookingEventStore
from db.platform.flags import FlagStore
from db.platform.outbox import OutboxStore
from db.platform.rate_limits import RateLimitStore
from db.platform.retention import RetentionStore
from db.privacy.stores import PrivacyStores
from db.reviews.reviews import ReviewStore
from db.scheduling.availability import AvailabilityStore
from db.scheduling.business_hours import HoursStore
from db.scheduling.reaccommodations import ReaccommodationStore
from db.scheduling.staff.staff import StaffStore


class PlatformStores(Store):
    """What all areas use: the outbox, attention, flags, the audit trail, limits and retention."""

    @cached_property
    def attention(self) -> AttentionStore:
        """What needs a person."""
        return AttentionStore(self.session, self.context)

    @cached_property
    def booking_events(self) -> BookingEventStore:
        """The events of bookings, for those who follow them."""
        return BookingEventStore(self.session, self.context)

    @cached_property
    def audit_trail(self) -> AuditTrailStore:
        """Who changed what."""
        return AuditTrailStore(self.session, self.context)

    @cached_property
    def command_texts(self) -> CommandTextStore:
        """What people type with their commands."""
        return CommandTextStore(self.session, self.context)

    @cached_property
    def outbox(self) -> OutboxStore:
        """Events, and commands for Temporal."""
        return OutboxStore(self.session, self.context)

    @cached_property
    def flags(self) -> FlagStore:
        """Feature flags and their rollouts; platform scope."""
        return FlagStore(self.session, self.context)

    @cached_property
    def retention(self) -> RetentionStore:
        """Deletes expired data; platform scope."""
        return RetentionStore(self.session, self.context)

    @cached_property
    def rate_limits(self) -> RateLimitStore:
        """Requests counted while Redis is unreachable."""
        return RateLimitStore(self.session, self.context)


class IdentityStores(Store):
    """Logins and their protection."""

    @cached_property
    def users(self) -> UserStore:
        """Logins."""
        return UserStore(self.session, self.context)

    @cached_property
    def logins(self) -> LoginStore:
        """Locks after failed logins, and known devices."""
        return LoginStore(self.session, self.context)

    @cached_property
    def sessions(self) -> SessionStore:
        """Sessions and refresh tokens."""
        return SessionStore(self.session, self.context)

    @cached_property
    def single_use_links(self) -> SingleUseLinkStore:
        """Links for confirming an e-mail and for choosing a new password."""
        return SingleUseLinkStore(self.session, self.context)

    @cached_property
    def passwords(self) -> PasswordStore:
        """Changes a password and ends what depended on the old one."""
        return PasswordStore(self.session, self.context)

    @cached_property
    def two_factor(self) -> TwoFactorStore:
        """The second factor of logins."""
        return TwoFactorStore(self.session, self.context)


class SchedulingStores(Store):
    """Opening hours, working weeks, free time, and bookings that a change strands."""

    @cached_property
    def hours(self) -> HoursStore:
        """Opening hours and one-off days."""
        return HoursStore(self.session, self.context)

    @cached_property
    def availability(self) -> AvailabilityStore:
        """The facts that the availability engine asks for."""
        return AvailabilityStore(self.session, self.context)

    @cached_property
    def staff(self) -> StaffStore:
        """Who works at a business, who is invited to, and days on which they are not there as usual."""
        return StaffStore(self.session, self.context)

    @cached_property
    def reaccommodations(self) -> ReaccommodationStore:
        """Bookings that the business cannot keep, and the offers of another time."""
        return ReaccommodationStore(self.session, self.context)


class OnboardingStores(Store):
    """The verification of businesses."""

    @cached_property
    def verifications(self) -> VerificationStore:
        """Approving, rejecting, suspending and reinstating a business."""
        return VerificationStore(self.session, self.context)

    @cached_property
    def lists(self) -> VerificationListStore:
        """Reviews, decisions and documents, read."""
        return VerificationListStore(self.session, self.context)


class BookingStores(BookingStore):
    """Reading bookings: one, many, history, and the snapshot a workflow starts with."""

    @cached_property
    def holds(self) -> HoldStore:
        """The holds of new bookings."""
        return HoldStore(self.session, self.context)

    @cached_property
    def changes(self) -> ChangeStore:
        """Every change of a booking's status or time, with history, event and notices in one transaction."""
        return ChangeStore(self.session, self.context)

    @cached_property
    def timeline(self) -> TimelineStore:
        """Everything that was recorded about one booking."""
        return TimelineStore(self.session, self.context)

    @cached_property
    def series(self) -> SeriesMoveStore:
        """Recurring bookings."""
        return SeriesMoveStore(self.session, self.context)

    @cached_property
    def feeds(self) -> FeedStore:
        """Calendar feeds."""
        return FeedStore(self.session, self.context)

    @cached_property
    def blocks(self) -> BlockStore:
        """Time that the business keeps free."""
        return BlockStore(self.session, self.context)

    @cached_property
    def waitlist(self) -> WaitlistStores:
        """People who wait for a time to be freed, and what they are offered."""
        return WaitlistStores(self.session, self.context)


class AnalyticsStores(AnalyticsStore):
    """Aggregates by business and business day."""

    @cached_property
    def stale_days(self) -> StaleDayStore:
        """Business days that are to be computed; platform scope."""
        return StaleDayStore(self.session, self.context)

    @cached_property
    def exports(self) -> AnalyticsExportStore:
        """Files with the figures of many business days."""
        return AnalyticsExportStore(self.session, self.context)


class Stores:
    """The stores of one transaction; each is made when it is first asked for."""

    def __init__(self, session: AsyncSession, context: Context) -> None:
        self.session = session
        self.context = context

    @cached_property
    def platform(self) -> PlatformStores:
        """What all areas use: the outbox, attention, flags, the audit trail, limits and retention."""
        return PlatformStores(self.session, self.context)

    @cached_property
    def messages(self) -> MessageStores:
        """Messages to people."""
        return MessageStores(self.session, self.context)

    @cached_property
    def identity(self) -> IdentityStores:
        """Logins and their protection."""
        return IdentityStores(self.session, self.context)

    @cached_property
    def payments(self) -> PaymentStores:
        """Payments and the ledger of movements."""
        return PaymentStores(self.session, self.context)

    @cached_property
    def scheduling(self) -> SchedulingStores:
        """Opening hours, working weeks, free time, and bookings that a change strands."""
        return SchedulingStores(self.session, self.context)

    @cached_property
    def catalogue(self) -> CatalogueStore:
        """Services, resources and cancellation policies."""
        return CatalogueStore(self.session, self.context)

    @cached_property
    def businesses(self) -> BusinessStore:
        """Businesses and their settings."""
        return BusinessStore(self.session, self.context)

    @cached_property
    def media(self) -> MediaStore:
        """Pictures and films of a business."""
        return MediaStore(self.session, self.context)

    @cached_property
    def onboarding(self) -> OnboardingStores:
        """The verification of businesses."""
        return OnboardingStores(self.session, self.context)

    @cached_property
    def customers(self) -> CustomerStores:
        """The records of customers."""
        return CustomerStores(self.session, self.context)

    @cached_property
    def bookings(self) -> BookingStores:
        """Reading bookings: one, many, history, and the snapshot a workflow starts with."""
        return BookingStores(self.session, self.context)

    @cached_property
    def reviews(self) -> ReviewStore:
        """Customers' reviews, their moderation and their stars."""
        return ReviewStore(self.session, self.context)

    @cached_property
    def marketing(self) -> MarketingStores:
        """Messages to many customers."""
        return MarketingStores(self.session, self.context)

    @cached_property
    def analytics(self) -> AnalyticsStores:
        """Aggregates by business and business day."""
        return AnalyticsStores(self.session, self.context)

    @cached_property
    def privacy(self) -> PrivacyStores:
        """Export and erasure of a person's data."""
        return PrivacyStores(self.session, self.context)

    @cached_property
    def invariants(self) -> InvariantStore:
        """Invariants of the tables of all areas; platform scope, read only."""
        return InvariantStore(self.session, self.context)

    @cached_property
    def open_rows(self) -> OpenRowStore:
        """The rows of all areas that must have a run; platform scope."""
        return OpenRowStore(self.session, self.context)
