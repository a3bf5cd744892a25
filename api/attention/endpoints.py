"""What needs a person: for the operators of the platform."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from api.attention.schemas import AttentionRead, AttentionResolve
from api.dependencies import Now
from api.envelope import Envelope, ListEnvelope, Said, ok
from api.errors import body_errors, errors
from api.idempotency import OptionalKey, kept
from api.operators import Operator, operator
from api.pagination import PageAsked
from domain.errors import Forbidden, IdempotencyKeyReused, NotFound, RequestInProgress, Unauthenticated, WrongState
from domain.permissions import Action

router = APIRouter(prefix="/admin/attention", tags=["admin"])

MayRead = Annotated[Operator, Depends(operator(Action.ATTENTION_READ))]
MayResolve = Annotated[Operator, Depends(operator(Action.ATTENTION_RESOLVE))]

_WHO = (Unauthenticated, Forbidden)


@router.get(
    "",
    summary="What needs a person",
    response_model=ListEnvelope[AttentionRead],
    responses=errors(*_WHO),
)
async def get_attention(
    admin: MayRead,
    page: PageAsked,
    business_id: Annotated[UUID | None, Query()] = None,
    kind: Annotated[str | None, Query(min_length=1, max_length=100, description="Such as `refund_failed`.")] = None,
    resolved: Annotated[bool, Query(description="What was settled instead of what is open.")] = False,
) -> Response:
    """Newest first."""
    async with admin.work() as work:
        rows = await work.attention.list_(
            open_=not resolved, business_id=business_id, kind=kind, after=page.after_id, limit=page.fetch
        )
    return page.answer(rows, AttentionRead.of, lambda row: (row.id,))


@router.post(
    "/{attention_id}/resolve",
    summary="Note that a matter is settled",
    response_model=Envelope[AttentionRead],
    responses=body_errors(*_WHO, NotFound, WrongState, IdempotencyKeyReused, RequestInProgress),
)
async def resolve_attention(
    attention_id: UUID, body: AttentionResolve, admin: MayResolve, now: Now, key: OptionalKey
) -> Response:
    """With what was done about it. Should the same thing happen again, it is filed anew."""
    async with admin.work(key) as work:
        matter = await work.attention.resolve(attention_id, admin.id, body.note, now)
        return await kept(work, ok(AttentionRead.of(matter), Said.UPDATED))
