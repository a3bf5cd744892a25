"""Pages of the audit trail."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query
from starlette.responses import Response

from api.access.operators import AuditReader
from api.http.paging import Page, moment_of, number_of
from api.http.times import Moment
from api.v1.platform.audit.schemas import AuditRead, Change
from db.platform.audit_trail import AuditEntry, AuditFilter
from domain.errors import InvalidInput, NotFound

_Word = Annotated[str | None, Query(min_length=1, max_length=200)]


async def asked_filter(
    business_id: Annotated[UUID | None, Query(description="Required for everybody but admins.")] = None,
    entity: Annotated[
        str | None, Query(min_length=1, max_length=63, description="A table, such as `services`.")
    ] = None,
    entity_id: _Word = None,
    actor_id: Annotated[UUID | None, Query(description="The login that did it.")] = None,
    action: Annotated[Change | None, Query(description="Only this kind of change.")] = None,
    request_id: _Word = None,
    since: Annotated[Moment | None, Query(alias="from", description="From this time on, RFC 3339.")] = None,
    until: Annotated[Moment | None, Query(alias="to", description="Before this time, RFC 3339.")] = None,
) -> AuditFilter:
    """The filters of the query string."""
    return AuditFilter(business_id, entity, entity_id, actor_id, action, request_id, since, until)


Asked = Annotated[AuditFilter, Depends(asked_filter)]


async def list_entries(reader: AuditReader, asked: AuditFilter, page: Page) -> Response:
    """A page of the trail. Raises InvalidInput if an owner does not name the business."""
    if asked.business_id is None and not reader.sees_all:
        raise InvalidInput.at("business_id", "missing")
    after = page.after(moment_of, number_of)
    opened = reader.everything() if asked.business_id is None else reader.of(asked.business_id)
    async with opened as work:
        entries = await work.platform.audit_trail.list_(asked, after, page.fetch, reader.sees_all)
    return _answer(page, entries, reader)


async def list_of_entity(reader: AuditReader, entity: str, entity_id: str, page: Page) -> Response:
    """A page of the changes of one row. Raises NotFound if it has none that the caller may see."""
    after = page.after(moment_of, number_of)
    async with reader.everything() as work:
        entries = await work.platform.audit_trail.list_(
            AuditFilter(entity=entity, entity_id=entity_id), after, page.fetch, reader.sees_all
        )
    if not entries and after is None:
        raise NotFound({"entity": entity, "entity_id": entity_id})
    return _answer(page, entries, reader)


def _answer(page: Page, entries: list[AuditEntry], reader: AuditReader) -> Response:
    return page.answer(
        entries, lambda entry: AuditRead.of(entry, reader.sees_all), lambda entry: (entry.at.isoformat(), entry.id)
    )
