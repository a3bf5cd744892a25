"""The steps of a dispute: gather the evidence, remind a person of the deadline."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from temporalio import activity

from db.engine.session import Database, Scope
from db.payment_files import evidence_to_send
from domain.payments.disputes import UNSENT
from domain.payments.movements import evidence_key
from providers.errors import ProviderRefused
from providers.payments.interface import PaymentProvider
from providers.payments.registry import provider_at


@dataclass(frozen=True)
class DisputeStepInput:
    """A row of ``payment_disputes``. ``due_at``: the deadline of the run that asks, aware UTC; None: it has none, or
    was started before runs said it."""

    dispute_id: UUID
    business_id: UUID
    due_at: datetime | None = None


class DisputeActivities:
    """``providers`` by name; ``now`` gives aware UTC time."""

    def __init__(
        self, database: Database, providers: Mapping[str, PaymentProvider], now: Callable[[], datetime]
    ) -> None:
        self._database = database
        self._providers = providers
        self._now = now

    @activity.defn(name="disputes.gather")
    async def gather(self, dispute: DisputeStepInput) -> None:
        """Store what is known of the booking. A repeat changes nothing."""
        async with self._database.unit_of_work(Scope.tenant(dispute.business_id)) as work:
            await work.payments.disputes.gather(dispute.dispute_id)

    @activity.defn(name="disputes.remind")
    async def remind(self, dispute: DisputeStepInput) -> bool:
        """File the deadline for a person, unless the dispute has ended or has another deadline. A repeat files one
        item."""
        async with self._database.unit_of_work(Scope.tenant(dispute.business_id)) as work:
            return await work.payments.disputes.remind(dispute.dispute_id, self._now(), dispute.due_at)

    @activity.defn(name="disputes.send_evidence")
    async def send_evidence(self, dispute: DisputeStepInput) -> bool:
        """Send the evidence shortly before the deadline, if the business has chosen that and nobody has sent it;
        whether the provider has it now. A provider that takes none by its API, or refuses it, is a case for a person.
        A repeat sends it once."""
        async with self._database.unit_of_work(Scope.tenant(dispute.business_id)) as work:
            found = await work.payments.disputes.find_to_send(dispute.dispute_id, dispute.due_at)
            if found is None or found.evidence is None:
                return False
            payment = await work.payments.get(found.payment_id)
        provider = await provider_at(self._providers, payment.provider, payment.account_id)
        scope = Scope.tenant(dispute.business_id)
        texts, files = await evidence_to_send(lambda: self._database.unit_of_work(scope), found)
        try:
            await provider.send_evidence(found.provider_dispute_id, texts, files, evidence_key(found.id))
        except ProviderRefused as refusal:
            async with self._database.unit_of_work(Scope.tenant(dispute.business_id)) as work:
                await work.platform.attention.file(
                    UNSENT,
                    f"{UNSENT}:{found.id}",
                    business_id=found.business_id,
                    booking_id=found.booking_id,
                    payment_id=found.payment_id,
                    details={"dispute_id": found.provider_dispute_id, "reason": refusal.reason, "due_at": found.due_at},
                )
            return False
        async with self._database.unit_of_work(Scope.tenant(dispute.business_id)) as work:
            await work.payments.disputes.mark_sent(found, None, self._now())
        return True
