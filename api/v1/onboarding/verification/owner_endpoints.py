"""The owner's endpoints for the verification of a business."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from starlette.responses import Response

from api.access.callers import Access, Now, Services
from api.access.permissions import may
from api.http import routing
from api.http.envelope import Envelope, SuccessMessage, created, ok
from api.http.fields import DeletedRead
from api.http.idempotency import OptionalKey
from api.http.operation_errors import raises
from api.v1.onboarding.verification import document_handlers, handlers
from api.v1.onboarding.verification.list_handlers import read_verification
from api.v1.onboarding.verification.schemas import DocumentCreate, DocumentRead, DocumentTicketRead, VerificationRead
from domain.onboarding.permissions import OnboardingAction

router = routing.router("/owner/businesses/{business_id}", tags=["businesses"])

MayRead = Annotated[Access, Depends(may(OnboardingAction.READ, on="business"))]
MaySubmit = Annotated[Access, Depends(may(OnboardingAction.SUBMIT, on="business"))]


@router.get(
    "/verification",
    summary="Get the verification of my business",
    response_model=Envelope[VerificationRead],
)
async def get_verification(business_id: UUID, access: MayRead, services: Services) -> Response:
    """With everything that a submission still lacks, the documents, and every decision with its reason."""
    async with access.work(business_id) as work:
        return ok(await read_verification(work, services, business_id, to_operator=False))


@router.post(
    "/submit",
    summary="Submit a business for verification",
    response_model=Envelope[VerificationRead],
)
@raises(handlers.submit)
async def submit_business(business_id: UUID, access: MaySubmit, services: Services, key: OptionalKey) -> Response:
    """Submits a draft or rejected business, or answers a request for information. Everything that is missing is
    returned at once. Operators decide, and the owner gets an e-mail."""
    return await handlers.submit(services, access, business_id, key)


@router.post(
    "/documents",
    status_code=201,
    summary="Create a document upload",
    response_model=Envelope[DocumentTicketRead],
)
@raises(document_handlers.expect)
async def create_document(
    business_id: UUID, body: DocumentCreate, access: MaySubmit, services: Services, now: Now
) -> Response:
    """Upload the file to the storage with the ticket, then call `complete`. Only operators can read it."""
    return created(await document_handlers.expect(services, access, business_id, body, now))


@router.post(
    "/documents/{document_id}/complete",
    summary="Complete a document upload",
    response_model=Envelope[DocumentRead],
)
@raises(document_handlers.receive)
async def complete_document(business_id: UUID, document_id: UUID, access: MaySubmit, services: Services) -> Response:
    """The file's first bytes must be of the declared type. A repeat changes nothing."""
    return ok(
        DocumentRead.of(await document_handlers.receive(services, access, business_id, document_id)),
        SuccessMessage.UPDATED,
    )


@router.delete(
    "/documents/{document_id}",
    summary="Withdraw a document",
    response_model=Envelope[DeletedRead],
)
@raises(document_handlers.withdraw)
async def delete_document(
    business_id: UUID, document_id: UUID, access: MaySubmit, services: Services, now: Now
) -> Response:
    """Its file is deleted. One that operators have accepted stays."""
    await document_handlers.withdraw(services, access, business_id, document_id, now)
    return ok(DeletedRead(id=document_id), SuccessMessage.DELETED)
