"""The one list of what runs where: workflows and activities of each task queue."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from activities.attention import AttentionActivities
from activities.bookings import BookingActivities
from activities.erasures import ErasureActivities
from activities.exports import ExportActivities
from activities.flags import FlagActivities
from activities.maintenance import MaintenanceActivities
from activities.media import MediaActivities
from activities.notices import NoticeActivities
from activities.payments import PaymentActivities
from activities.reaccommodations import ReaccommodationActivities
from activities.refunds import RefundActivities
from activities.verification import VerificationActivities
from db import session
from db.session import Database
from providers.cache.generations import Generations
from providers.cache.interface import Cache
from providers.cache.registry import cache_of
from providers.email.interface import EmailProvider
from providers.email.registry import email_provider
from providers.payments.interface import PaymentProvider
from providers.payments.registry import payment_providers
from providers.storage.interface import Storage
from providers.storage.registry import storage_provider
from runtime.keyring import KeyRing
from runtime.links import Links
from runtime.settings import Settings
from workflows import queues
from workflows.bookings.workflow import BookingWorkflow
from workflows.erasures.workflow import ErasureWorkflow
from workflows.exports.workflow import ExportWorkflow
from workflows.flags.workflow import FlagRolloutWorkflow
from workflows.maintenance.workflow import MaintenanceWorkflow
from workflows.media.workflow import MediaWorkflow
from workflows.notices.workflow import NoticeWorkflow
from workflows.reaccommodations.workflow import ReaccommodationWorkflow
from workflows.refunds.workflow import RefundWorkflow
from workflows.verification.workflow import VerificationWorkflow


@dataclass(frozen=True)
class Parts:
    """What the activities of one process share."""

    database: Database
    payments: Mapping[str, PaymentProvider]
    email: EmailProvider
    cache: Cache
    storage: Storage
    links: Links
    public_url: str
    max_media_bytes: int
    now: Callable[[], datetime]

    @classmethod
    def of(cls, settings: Settings) -> "Parts":
        """Nothing is connected before the first use."""
        cache = cache_of(settings)
        database = session.connect(settings)
        database.listener = Generations(cache)
        return cls(
            database,
            payment_providers(settings),
            email_provider(settings),
            cache,
            storage_provider(settings),
            Links(KeyRing.of(settings)),
            settings.public_url,
            settings.max_media_bytes,
            lambda: datetime.now(UTC),
        )

    async def aclose(self) -> None:
        """Give every connection back."""
        for provider in self.payments.values():
            await provider.aclose()
        await self.email.aclose()
        if isinstance(self.database.listener, Generations):
            await self.database.listener.aclose()
        await self.cache.aclose()
        await self.storage.aclose()
        await self.database.close()


@dataclass(frozen=True)
class Duties:
    """What the worker of one queue runs. ``per_second`` limits normal activities over all its workers: the provider
    counts calls of the whole platform (Stripe: 100 a second)."""

    workflows: Sequence[type]
    activities: Sequence[Callable[..., Any]]
    per_second: float | None = None


def duties(parts: Parts) -> Mapping[str, Duties]:
    """By task queue, which is also the name of the worker's role.

    A local activity runs where its workflow runs, so a step may be listed under more than one queue.
    """
    bookings = BookingActivities(parts.database, parts.now)
    payments = PaymentActivities(parts.database, parts.payments, parts.now)
    refunds = RefundActivities(parts.database, parts.payments, parts.now)
    notices = NoticeActivities(parts.database, parts.email, parts.links, parts.public_url, parts.now)
    attention = AttentionActivities(parts.database)
    stranded = ReaccommodationActivities(parts.database, parts.now)
    maintenance = MaintenanceActivities(parts.database, parts.now)
    flags = FlagActivities(parts.database, parts.cache, parts.now)
    media = MediaActivities(parts.database, parts.storage, parts.max_media_bytes, parts.now)
    exports = ExportActivities(parts.database, parts.storage, parts.now)
    erasures = ErasureActivities(parts.database, parts.storage, parts.now)
    verification = VerificationActivities(parts.database, parts.now)
    return {
        queues.BOOKINGS: Duties(
            workflows=[BookingWorkflow, ReaccommodationWorkflow],
            activities=[
                *(bookings.confirm, bookings.approve, bookings.await_approval, bookings.begin_expiry),
                *(bookings.expire, bookings.extend_hold, bookings.decline, bookings.cancel, bookings.reschedule),
                *(bookings.check_in, bookings.complete, bookings.no_show, bookings.retake, bookings.remind),
                *(bookings.begin_renewal, payments.apply_event, payments.record, attention.file),
                *(stranded.offer, stranded.remind, stranded.give_up, stranded.tell),
            ],
        ),
        queues.PAYMENTS: Duties(
            workflows=[RefundWorkflow],
            activities=[
                *(payments.perform, refunds.perform, refunds.poll),
                *(refunds.begin, refunds.record, attention.file),
            ],
            per_second=80,
        ),
        queues.NOTICES: Duties(workflows=[NoticeWorkflow], activities=[notices.send, notices.give_up]),
        queues.PLATFORM: Duties(
            workflows=[MaintenanceWorkflow, FlagRolloutWorkflow, ExportWorkflow, ErasureWorkflow, VerificationWorkflow],
            activities=[
                *(maintenance.sweep, maintenance.make_audit_partitions, attention.file),
                *(exports.write, exports.remove, exports.fail, erasures.remove_exports),
                *(erasures.anonymise, erasures.finish, erasures.forget_address),
                *(flags.begin_step, flags.look, flags.mark),
                *(verification.decide, verification.remind),
            ],
        ),
        queues.MEDIA: Duties(workflows=[MediaWorkflow], activities=[media.look, media.give_up, media.sweep]),
    }
