"""The audit trail: operators read all of it, owners that of their businesses."""

from typing import Annotated

from fastapi import Depends, Path
from starlette.responses import Response

from api.access.operators import AuditReader, audit_reader
from api.http import routing
from api.http.envelope import Envelope, ListEnvelope, ok
from api.http.paging import PageAsked
from api.v1.platform.audit.handlers import Asked, list_entries, list_of_entity
from api.v1.platform.audit.schemas import AuditRead
from domain.platform.permissions import PlatformAction

router = routing.router("/audit", tags=["audit"])

MayRead = Annotated[AuditReader, Depends(audit_reader(PlatformAction.READ_AUDIT))]


@router.get(
    "",
    summary="List audit entries",
    response_model=ListEnvelope[AuditRead],
)
async def list_audit_entries(reader: MayRead, asked: Asked, page: PageAsked) -> Response:
    """Newest first. Owners name one of their businesses; admins may leave it out."""
    return await list_entries(reader, asked, page)


@router.get(
    "/entity/{entity}/{entity_id}",
    summary="List the audit entries of one record",
    response_model=ListEnvelope[AuditRead],
)
async def list_audit_entries_of_entity(
    entity: Annotated[str, Path(max_length=63, description="A table, such as `bookings`.")],
    entity_id: Annotated[str, Path(max_length=200)],
    reader: MayRead,
    page: PageAsked,
) -> Response:
    """Newest first, from its last change back to its creation."""
    return await list_of_entity(reader, entity, entity_id, page)


@router.get(
    "/{audit_id}",
    summary="Get an audit entry",
    response_model=Envelope[AuditRead],
)
async def get_audit_entry(audit_id: Annotated[int, Path(ge=1, le=2**63 - 1)], reader: MayRead) -> Response:
    """With the values before and after the change."""
    async with reader.everything() as work:
        entry = await work.platform.audit_trail.get(audit_id, reader.sees_all)
        return ok(AuditRead.of(entry, reader.sees_all))
