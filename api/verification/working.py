"""What operators write down while they look at a review."""

from uuid import UUID

from api.dependencies import Parts
from api.verification.reading import standing
from api.verification.schemas import VerificationRead, VerificationUpdate
from db.session import UnitOfWork
from domain.businesses.verification import DocumentStatus


async def update_verification(
    work: UnitOfWork, parts: Parts, verification_id: UUID, body: VerificationUpdate
) -> VerificationRead:
    """Notes, and papers judged. Raises NotFound, also for a paper of another business, and WrongState."""
    review = await work.verification_lists.get(verification_id)
    if "note" in body.model_fields_set:
        await work.verification_lists.set_note(verification_id, body.note)
    for word in body.documents:
        document = await work.verification_lists.lock_document(review.business_id, word.document_id)
        await work.verification_lists.judge_document(document, DocumentStatus(word.status), word.note)
    return await standing(work, parts, review.business_id, to_operator=True)
