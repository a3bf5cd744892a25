"""Attention items: problems that an operator must solve."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query
from starlette.responses import Response

from api.access.callers import Now
from api.access.operators import Operator, operator
from api.http import routing
from api.http.envelope import Envelope, ListEnvelope, SuccessMessage, ok
from api.http.idempotency import OptionalKey, store_response
from api.http.operation_errors import raises
from api.http.paging import PageAsked
from api.v1.platform.attention.schemas import AttentionRead, ResolveAttentionCommand
from domain.errors import NotFound, WrongState
from domain.platform.permissions import PlatformAction

router = routing.router("/admin/attention", tags=["admin"])

MayRead = Annotated[Operator, Depends(operator(PlatformAction.READ_ATTENTION))]
MayResolve = Annotated[Operator, Depends(operator(PlatformAction.RESOLVE_ATTENTION))]


@router.get(
    "",
    summary="List attention items",
    response_model=ListEnvelope[AttentionRead],
)
async def list_attention(
    admin: MayRead,
    page: PageAsked,
    business_id: Annotated[UUID | None, Query()] = None,
    kind: Annotated[str | None, Query(min_length=1, max_length=100, description="Such as `refund_failed`.")] = None,
    resolved: Annotated[bool, Query(description="What was settled instead of what is open.")] = False,
) -> Response:
    """Newest first."""
    async with admin.work() as work:
        rows = await work.platform.attention.list_(
            open_=not resolved, business_id=business_id, kind=kind, after=page.after_id, limit=page.fetch
        )
    return page.answer(rows, AttentionRead.of, lambda row: (row.id,))


@router.post(
    "/{attention_id}/resolve",
    summary="Resolve an attention item",
    response_model=Envelope[AttentionRead],
)
@raises(WrongState, NotFound)
async def resolve_attention(
    attention_id: UUID, body: ResolveAttentionCommand, admin: MayResolve, now: Now, key: OptionalKey
) -> Response:
    """With a note about what was done. If the problem occurs again, a new item is filed."""
    async with admin.work(key) as work:
        item = await work.platform.attention.resolve(attention_id, admin.id, body.note, now)
        return await store_response(work, ok(AttentionRead.of(item), SuccessMessage.UPDATED))
