"""Upload of documents: a ticket for the storage, and a check of the file."""

from datetime import datetime
from uuid import UUID, uuid4

from api.access.callers import Access, ApiServices
from api.http.operation_errors import raises
from api.http.uploads import UploadTicketRead
from api.v1.onboarding.verification.schemas import DocumentCreate, DocumentRead, DocumentTicketRead
from db.onboarding.queries import DocumentRow
from domain.errors import RuleBroken, Unavailable, UnsupportedMediaType, WrongState
from domain.media.files import DOCUMENTS_IN, DOCUMENTS_KEPT, FIRST_BYTES, type_of
from domain.media.quotas import Quota
from domain.onboarding.verification import DocumentStatus
from providers.storage.interface import ObjectMissing


def _quota(services: ApiServices) -> Quota:
    settings = services.settings
    return Quota(settings.documents_per_business, settings.document_bytes_per_business)


@raises(RuleBroken, WrongState)
async def expect(
    services: ApiServices, access: Access, business_id: UUID, body: DocumentCreate, now: datetime
) -> DocumentTicketRead:
    """A row for the document, and a ticket to send its file. Raises RuleBroken where the business has sent too
    much, and WrongState before its owner has confirmed the address."""
    quota = _quota(services)
    place = f"{DOCUMENTS_IN}{business_id}/{uuid4()}"
    upload = await UploadTicketRead.of(services.storage, place, body.file_type, services.settings.max_media_bytes, now)
    async with access.work(business_id) as work:
        row = await work.onboarding.lists.add_document(business_id, body.kind, body.content_type, place, quota)
    return DocumentTicketRead(document=DocumentRead.of(row), upload=upload)


@raises(WrongState, UnsupportedMediaType, Unavailable, RuleBroken)
async def receive(services: ApiServices, access: Access, business_id: UUID, document_id: UUID) -> DocumentRow:
    """The file has come. Raises WrongState while there is none, and UnsupportedMediaType for one that is not what it
    was announced as; that one is removed. Raises RuleBroken where the business has too much with it."""
    async with access.work(business_id) as work:
        document = await work.onboarding.lists.lock_document(business_id, document_id)
    if document.status != DocumentStatus.UPLOADING:
        return document
    content = await _read(services, document)
    # The ticket may still write to its own key: the checked file is stored under another key, which no client can
    # write.
    kept_at = f"{DOCUMENTS_KEPT}{business_id}/{document.id}"
    await services.storage.put(kept_at, content, document.content_type)
    async with access.work(business_id) as work:
        document = await work.onboarding.lists.lock_document(business_id, document_id)
        received = await work.onboarding.lists.receive_document(document, len(content), kept_at, _quota(services))
    # What is left in the storage by a call that fails is removed by the daily sweep.
    await services.storage.delete(document.object_key)
    return received


@raises(WrongState, Unavailable)
async def withdraw(services: ApiServices, access: Access, business_id: UUID, document_id: UUID, now: datetime) -> None:
    """Take a document back; its file is removed. Raises WrongState for one that operators have accepted."""
    async with access.work(business_id) as work:
        document = await work.onboarding.lists.lock_document(business_id, document_id)
        await work.onboarding.lists.remove_document(document, now)
    await services.storage.delete(document.object_key)


async def _read(services: ApiServices, document: DocumentRow) -> bytes:
    try:
        content = await services.storage.read(document.object_key, services.settings.max_media_bytes)
    except ObjectMissing as error:
        raise WrongState({"status": document.status, "wanted": DocumentStatus.RECEIVED.value}) from error
    found = type_of(content[:FIRST_BYTES])
    if found is None or found.value != document.content_type:
        await services.storage.delete(document.object_key)
        raise UnsupportedMediaType({"supported": [document.content_type]})
    return content
