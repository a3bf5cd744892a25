"""Workflows and activities of each task queue."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from activities.analytics.days import AnalyticsActivities
from activities.analytics.exports import AnalyticsExportActivities
from activities.bookings.bookings import BookingActivities
from activities.bookings.waitlist import WaitlistActivities
from activities.customers.archives import ArchiveActivities
from activities.customers.imports import CustomerImportActivities
from activities.identity.two_factor import TwoFactorActivities
from activities.marketing.automations import AutomationActivities
from activities.marketing.campaigns import CampaignActivities
from activities.media.media import MediaActivities
from activities.messages.channels import ChannelRules
from activities.messages.notices import NoticeActivities
from activities.onboarding.documents import unreferenced_documents
from activities.onboarding.verification import VerificationActivities
from activities.payments.disputes import DisputeActivities
from activities.payments.payments import PaymentActivities
from activities.payments.payouts import PayoutActivities
from activities.payments.reconciliation import ReconciliationActivities
from activities.payments.refunds import RefundActivities
from activities.platform.attention import AttentionActivities
from activities.platform.flags import FlagActivities
from activities.platform.maintenance import MaintenanceActivities
from activities.privacy.erasures import ErasureActivities
from activities.privacy.exports import ExportActivities
from activities.reviews.reviews import ReviewActivities
from activities.scheduling.reaccommodations import ReaccommodationActivities
from db.account_secrets import secrets_reader
from db.engine import session
from db.engine.session import Database
from domain.messages.send_decision import MessageLimits
from providers.cache.generations import Generations
from providers.cache.interface import Cache
from providers.cache.registry import cache_of
from providers.channels import Channels
from providers.payments.interface import PaymentProvider
from providers.payments.registry import PaymentProviders, payment_providers
from providers.storage.interface import Storage
from providers.storage.registry import storage_provider
from runtime.keyring import KeyRing
from runtime.links import Links
from runtime.settings import Settings
from workflows.analytics.daily.workflow import DailyAnalyticsWorkflow
from workflows.analytics.export.workflow import AnalyticsExportWorkflow
from workflows.bookings.booking.workflow import BookingWorkflow
from workflows.bookings.waitlist.workflow import WaitlistWorkflow
from workflows.customers.archive.workflow import BusinessArchiveWorkflow
from workflows.customers.importing.workflow import CustomerImportWorkflow
from workflows.identity.two_factor_reset.workflow import TwoFactorResetWorkflow
from workflows.marketing.automation.workflow import AutomationWorkflow
from workflows.marketing.campaign.workflow import CampaignWorkflow
from workflows.media.inspection.workflow import MediaWorkflow
from workflows.messages.notice.workflow import NoticeWorkflow
from workflows.onboarding.verification.workflow import VerificationWorkflow
from workflows.payments.dispute.workflow import DisputeWorkflow
from workflows.payments.reconciliation.workflow import ReconciliationWorkflow
from workflows.payments.refund.workflow import RefundWorkflow
from workflows.platform.flag_rollout.workflow import FlagRolloutWorkflow
from workflows.platform.maintenance.workflow import MaintenanceWorkflow
from workflows.privacy.erasure.workflow import ErasureWorkflow
from workflows.privacy.export.workflow import ExportWorkflow
from workflows.reviews.review.workflow import ReviewWorkflow
from workflows.scheduling.reaccommodation.workflow import ReaccommodationWorkflow
from workflows.support import queues

#: The sweep, and one file that is inspected; `activities.media.media` inspects one at a time.
MEDIA_AT_ONCE = 2


@dataclass(frozen=True)
class WorkerServices:
    """The objects that the activities of one process share."""

    database: Database
    payments: Mapping[str, PaymentProvider]
    channels: Channels
    channel_rules: ChannelRules
    cache: Cache
    storage: Storage
    links: Links
    public_url: str
    support_email: str
    max_media_bytes: int
    message_limits: MessageLimits
    now: Callable[[], datetime]

    @classmethod
    def of(cls, settings: Settings) -> "WorkerServices":
        """Nothing is connected before the first use."""
        cache = cache_of(settings)
        database = session.connect(settings)
        database.listener = Generations(cache)
        return cls(
            database,
            payment_providers(settings, secrets_reader(database, KeyRing.of(settings))),
            Channels.of(settings),
            ChannelRules.of(settings),
            cache,
            storage_provider(settings),
            Links(KeyRing.of(settings)),
            settings.public_url,
            settings.support_email,
            settings.max_media_bytes,
            MessageLimits(
                settings.messages_unproven_per_day, settings.messages_per_day, settings.messages_to_business_per_day
            ),
            lambda: datetime.now(UTC),
        )

    def load_providers(self) -> None:
        """Make the clients of payment providers ahead of their first use. Blocks."""
        if isinstance(self.payments, PaymentProviders):
            self.payments.load()

    async def aclose(self) -> None:
        """Close every connection."""
        if isinstance(self.payments, PaymentProviders):
            await self.payments.aclose()
        await self.channels.aclose()
        if isinstance(self.database.listener, Generations):
            await self.database.listener.aclose()
        await self.cache.aclose()
        await self.storage.aclose()
        await self.database.close()


@dataclass(frozen=True)
class WorkerSpec:
    """What the worker of one queue runs.

    ``per_second`` limits the normal activities of all workers of the queue together: the provider counts the calls of
    the whole platform (Stripe: 100 a second).
    """

    workflows: Sequence[type]
    activities: Sequence[Callable[..., Any]]
    per_second: float | None = None
    #: Normal activities that one worker runs at the same time; None: as many as its connections allow. What is taken
    #: from the queue is not ordered by fairness any more, so a worker that does one thing at a time takes few.
    at_once: int | None = None
    #: Whether a run ends at the version of the workers that it began with. Only for runs that end within hours: these
    #: workers must stay until then. Runs of other queues go on at the current version, whose changes are patched.
    pinned: bool = False


def worker_specs(services: WorkerServices) -> Mapping[str, WorkerSpec]:
    """By task queue, which is also the name of the worker's role.

    A local activity runs where its workflow runs, so a step may be listed under more than one queue.
    """
    return {
        queues.BOOKINGS: _bookings(services),
        queues.PAYMENTS: _payments(services),
        queues.NOTICES: _notices(services),
        queues.PLATFORM: _platform(services),
        queues.ANALYTICS: _analytics(services),
        queues.MEDIA: _media(services),
    }


def _bookings(services: WorkerServices) -> WorkerSpec:
    bookings = BookingActivities(services.database, services.now)
    payments = PaymentActivities(services.database, services.payments, services.now)
    stranded = ReaccommodationActivities(services.database, services.now)
    return WorkerSpec(
        workflows=[BookingWorkflow, ReaccommodationWorkflow, WaitlistWorkflow],
        activities=[
            *(bookings.confirm, bookings.approve, bookings.await_approval, bookings.begin_expiry),
            *(bookings.expire, bookings.extend_hold, bookings.decline, bookings.cancel, bookings.reschedule),
            *(bookings.check_in, bookings.complete, bookings.no_show, bookings.expire_unproven),
            *(bookings.undo, bookings.settle_ending),
            *(bookings.reinstate_after_late_payment, bookings.remind, bookings.prove_contact),
            *(
                bookings.begin_renewal,
                bookings.end_card_request,
                payments.apply_event,
                payments.find_order,
                payments.record,
            ),
            payments.warn_of_voucher,
            *(stranded.offer, stranded.remind, stranded.give_up, stranded.notify_decision),
            WaitlistActivities(services.database, services.now).take_turn,
            AttentionActivities(services.database).file,
        ],
    )


def _payments(services: WorkerServices) -> WorkerSpec:
    payments = PaymentActivities(services.database, services.payments, services.now)
    refunds = RefundActivities(services.database, services.payments, services.now)
    reconciliation = ReconciliationActivities(services.database, services.payments, services.now)
    payouts = PayoutActivities(services.database, services.payments, services.now)
    disputes = DisputeActivities(services.database, services.payments, services.now)
    return WorkerSpec(
        workflows=[RefundWorkflow, DisputeWorkflow, ReconciliationWorkflow],
        activities=[
            *(payments.perform, refunds.perform, refunds.poll),
            *(refunds.begin, refunds.record, refunds.apply_event),
            *(reconciliation.compare_theirs, reconciliation.compare_ours, reconciliation.list_accounts),
            *(payouts.compare_payouts, payouts.compare_paid_out),
            *(disputes.gather, disputes.remind, disputes.send_evidence),
            AttentionActivities(services.database).file,
        ],
        per_second=80,
    )


def _notices(services: WorkerServices) -> WorkerSpec:
    notices = NoticeActivities(
        services.database,
        services.channels,
        services.links,
        services.public_url,
        services.support_email,
        services.now,
        services.message_limits,
        services.channel_rules,
    )
    return WorkerSpec(workflows=[NoticeWorkflow], activities=[notices.send, notices.give_up], pinned=True)


def _platform(services: WorkerServices) -> WorkerSpec:
    maintenance = MaintenanceActivities(services.database, services.now)
    flags = FlagActivities(services.database, services.cache, services.now)
    exports = ExportActivities(services.database, services.storage, services.now)
    erasures = ErasureActivities(services.database, services.storage, services.now)
    verification = VerificationActivities(services.database, services.now)
    two_factor = TwoFactorActivities(services.database, services.now)
    reviews = ReviewActivities(services.database, services.now)
    archives = ArchiveActivities(services.database, services.storage, services.now)
    imports = CustomerImportActivities(services.database, services.now)
    campaigns = CampaignActivities(services.database, services.now)
    return WorkerSpec(
        workflows=[
            *(MaintenanceWorkflow, FlagRolloutWorkflow, ExportWorkflow, ErasureWorkflow, VerificationWorkflow),
            *(TwoFactorResetWorkflow, ReviewWorkflow, CustomerImportWorkflow, BusinessArchiveWorkflow),
            *(CampaignWorkflow, AutomationWorkflow),
        ],
        activities=[
            *(maintenance.sweep, maintenance.make_audit_partitions),
            *(exports.write, exports.remove, exports.fail, erasures.remove_exports),
            *(erasures.anonymise, erasures.finish, erasures.forget_address),
            *(flags.begin_step, flags.check, flags.mark),
            *(verification.decide, verification.remind, two_factor.reset, reviews.advance, reviews.decide),
            *(imports.take_page, archives.write, archives.remove, archives.fail),
            *(campaigns.take_page, campaigns.command),
            AutomationActivities(services.database, services.now).look,
            AttentionActivities(services.database).file,
        ],
    )


def _analytics(services: WorkerServices) -> WorkerSpec:
    analytics = AnalyticsActivities(services.database, services.now)
    exports = AnalyticsExportActivities(services.database, services.storage, services.now)
    return WorkerSpec(
        workflows=[DailyAnalyticsWorkflow, AnalyticsExportWorkflow],
        activities=[
            *(analytics.collect, analytics.compute, exports.write, exports.remove, exports.fail),
            AttentionActivities(services.database).file,
        ],
    )


def _media(services: WorkerServices) -> WorkerSpec:
    media = MediaActivities(
        services.database,
        services.storage,
        services.max_media_bytes,
        services.now,
        unreferenced_documents(services.database),
    )
    return WorkerSpec(
        workflows=[MediaWorkflow],
        activities=[media.inspect, media.give_up, media.sweep],
        at_once=MEDIA_AT_ONCE,
        pinned=True,
    )
