"""Operators' notes and decisions about documents in a review."""

from uuid import UUID

from api.access.callers import ApiServices
from api.v1.onboarding.verification.list_handlers import read_verification
from api.v1.onboarding.verification.schemas import VerificationRead, VerificationUpdate
from db.engine.session import UnitOfWork
from domain.onboarding.verification import DocumentStatus


async def write_review(
    work: UnitOfWork, services: ApiServices, verification_id: UUID, body: VerificationUpdate
) -> VerificationRead:
    """Notes, and decisions about documents. Raises NotFound, also for a document of another business, and
    WrongState."""
    review = await work.onboarding.lists.get(verification_id)
    if "note" in body.model_fields_set:
        await work.onboarding.lists.set_note(verification_id, body.note)
    for word in body.documents:
        document = await work.onboarding.lists.lock_document(review.business_id, word.document_id)
        await work.onboarding.lists.judge_document(document, DocumentStatus(word.status), word.note)
    return await read_verification(work, services, review.business_id, to_operator=True)
