"""Papers on their way in: a ticket for the storage, and a look at what came."""

from datetime import datetime
from uuid import UUID, uuid4

from api.dependencies import Access, Parts
from api.uploads import UploadTicketRead
from api.verification.schemas import DocumentCreate, DocumentRead, DocumentTicketRead
from db.stores.verification_lists import DocumentRow
from domain.businesses.verification import DocumentStatus
from domain.errors import UnsupportedMediaType, WrongState
from domain.media.files import FIRST_BYTES, type_of
from providers.storage.interface import ObjectMissing

#: Where papers lie; nothing there is ever shown to anybody but operators.
_PREFIX = "documents/"


async def expect(
    parts: Parts, access: Access, business_id: UUID, body: DocumentCreate, now: datetime
) -> DocumentTicketRead:
    """A row for the paper, and a ticket to send its file."""
    place = f"{_PREFIX}{business_id}/{uuid4()}"
    upload = await UploadTicketRead.of(parts.storage, place, body.file_type, parts.settings.max_media_bytes, now)
    async with access.work(business_id) as work:
        row = await work.verification_lists.add_document(business_id, body.kind, body.content_type, place)
    return DocumentTicketRead(document=DocumentRead.of(row), upload=upload)


async def receive(parts: Parts, access: Access, business_id: UUID, document_id: UUID) -> DocumentRow:
    """The file has come. Raises WrongState while there is none, and UnsupportedMediaType for one that is not what it
    was announced as; that one is removed."""
    async with access.work(business_id) as work:
        document = await work.verification_lists.lock_document(business_id, document_id)
    if document.status != DocumentStatus.UPLOADING:
        return document
    size = await _look(parts, document)
    async with access.work(business_id) as work:
        document = await work.verification_lists.lock_document(business_id, document_id)
        return await work.verification_lists.receive_document(document, size)


async def _look(parts: Parts, document: DocumentRow) -> int:
    first = b""
    try:
        async with parts.storage.get(document.object_key) as download:
            async for chunk in download.chunks:
                first += chunk
                if len(first) >= FIRST_BYTES:
                    break
            size = download.stored.size
    except ObjectMissing as error:
        raise WrongState({"status": document.status, "wanted": DocumentStatus.RECEIVED.value}) from error
    found = type_of(first[:FIRST_BYTES])
    if found is None or found.value != document.content_type:
        await parts.storage.delete(document.object_key)
        raise UnsupportedMediaType({"supported": [document.content_type]})
    return size
