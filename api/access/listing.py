"""Permission for lists: of the caller's own rows in all businesses, or of the rows of one object, such as a
business."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

from api.access.callers import Access, AuthenticatedCaller, CurrentUser
from api.http.operation_errors import raises
from db.engine.session import UnitOfWork
from domain.errors import Forbidden, NotFound
from domain.roles import Action


@dataclass(slots=True)
class Listing:
    """Permission to list the caller's own rows, or those of an object in whose business the caller has a role."""

    me: AuthenticatedCaller
    action: Action
    #: Set inside the block: the caller belongs to the business, or is an operator.
    works_here: bool = False

    @asynccontextmanager
    async def mine(self) -> AsyncIterator[UnitOfWork]:
        """A transaction for the caller's own rows. Raises Forbidden."""
        async with self.me.work(action=self.action) as work:
            yield work

    @asynccontextmanager
    async def of(self, kind: str, object_id: UUID) -> AsyncIterator[UnitOfWork]:
        """A transaction for the rows of the object (``kind`` as for :func:`api.access.permissions.may`). Raises
        NotFound for another tenant's, Forbidden if the role has no permission."""
        me = self.me
        access = Access(me.database, me.login, me.address, me.context, self.action, kind, public=False)
        async with access.work(object_id) as work:
            self.works_here = access.works_here
            yield work


@raises(Forbidden, NotFound)
@dataclass(frozen=True, slots=True)
class ListPermission:
    """The dependency that :func:`may_list` makes."""

    action: Action

    async def __call__(self, me: CurrentUser) -> Listing:
        """For a login. Raises Unauthenticated."""
        return Listing(me, self.action)


def may_list(action: Action) -> ListPermission:
    """Permission to list by ``action``: one's own rows always, an object's rows by role."""
    return ListPermission(action)
