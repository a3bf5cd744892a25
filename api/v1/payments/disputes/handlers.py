"""Sending the evidence of a dispute, and giving it as a file."""

from datetime import datetime
from uuid import UUID

from starlette.responses import Response

from api.access.callers import Access, ApiServices
from api.http.operation_errors import raises
from db.payment_files import evidence_to_send
from domain.errors import NotFound, RuleBroken, Unavailable, WrongState
from domain.payments.dispute_evidence import evidence_texts, require_sendable
from domain.payments.disputes import Dispute
from domain.payments.movements import evidence_key
from providers.errors import ProviderError, ProviderRefused
from providers.payments.registry import provider_at


@raises(WrongState, RuleBroken, NotFound)
async def send_evidence(
    services: ApiServices, access: Access, payment_id: UUID, dispute_id: UUID, now: datetime
) -> Dispute:
    """Send it once. No transaction is open during the call; a repeat after a crash finds it sent and notes that.

    Raises WrongState for a dispute that has ended or was answered, RuleBroken where the provider takes none, and
    Unavailable while it does not answer.
    """
    async with access.work(payment_id) as work:
        dispute = await work.payments.disputes.get(payment_id, dispute_id)
        payment = await work.payments.get(payment_id)
    if payment.account_id is None and payment.provider not in services.payments:
        raise NotFound({"provider": payment.provider})
    provider = await provider_at(services.payments, payment.provider, payment.account_id)
    require_sendable(dispute, now, provider_takes_it=provider.takes_evidence)
    texts, files = await evidence_to_send(lambda: access.work(payment_id), dispute)
    try:
        await provider.send_evidence(dispute.provider_dispute_id, texts, files, evidence_key(dispute.id))
    except ProviderRefused as refusal:
        raise RuleBroken({"rule": "evidence_refused", "reason": refusal.reason}) from refusal
    except ProviderError as error:
        raise Unavailable({"dependency": provider.name, "retry_after": 2}) from error
    async with access.work(payment_id) as work:
        await work.payments.disputes.mark_sent(dispute, access.user_id, now)
        return await work.payments.disputes.get(payment_id, dispute_id)


@raises(NotFound, RuleBroken)
async def evidence_file(access: Access, payment_id: UUID, dispute_id: UUID) -> Response:
    """The evidence as a text. Raises RuleBroken where it is not gathered yet."""
    async with access.work(payment_id) as work:
        dispute = await work.payments.disputes.get(payment_id, dispute_id)
    if dispute.evidence is None:
        raise RuleBroken({"rule": "evidence_not_gathered"})
    text = evidence_texts(dispute.evidence).as_document()
    headers = {"Content-Disposition": f'attachment; filename="dispute-{dispute.id}.txt"'}
    return Response(text, media_type="text/plain; charset=utf-8", headers=headers)
