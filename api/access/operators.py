"""Access that is not about one business: operators for the whole platform, owners for all of their businesses."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

from api.access.callers import Access, AuthenticatedCaller, Caller, CurrentUser
from api.http.idempotency import Key
from api.http.operation_errors import raises
from db.engine.session import Scope, UnitOfWork
from domain.errors import Forbidden, NotFound, Unauthenticated
from domain.permissions import require
from domain.roles import Action, Role


@dataclass(slots=True)
class Operator(Caller):
    """An operator, for data of the platform itself."""

    action: Action

    @property
    def id(self) -> UUID:
        """The login."""
        if self.login is None:
            raise Unauthenticated
        return self.login.user_id

    @asynccontextmanager
    async def work(self, key: Key | None = None) -> AsyncIterator[UnitOfWork]:
        """A transaction that sees everything. Raises Forbidden for a caller who is not an operator, and Replay."""
        require(self.own_role, self.action)
        async with self._open(Scope.platform(), key) as work:
            yield work


@raises(Forbidden)
@dataclass(frozen=True, slots=True)
class OperatorPermission:
    """The dependency that :func:`operator` makes."""

    action: Action

    async def __call__(self, me: CurrentUser) -> Operator:
        """For a login. Raises Unauthenticated."""
        return Operator(me.database, me.login, me.address, me.context, self.action)


def operator(action: Action) -> OperatorPermission:
    """Permission to do ``action`` as an operator of the platform."""
    return OperatorPermission(action)


@dataclass(slots=True)
class AuditReader:
    """A caller who reads other people's actions, as far as ``action`` allows it."""

    me: AuthenticatedCaller
    action: Action

    @property
    def sees_all(self) -> bool:
        """Whether the caller is an operator."""
        return self.me.own_role is Role.ADMIN

    @asynccontextmanager
    async def of(self, object_id: UUID, on: str = "business") -> AsyncIterator[UnitOfWork]:
        """One business, or that of an object of the kind ``on``. Raises NotFound for another's, Forbidden for a role
        that may not."""
        me = self.me
        access = Access(me.database, me.login, me.address, me.context, self.action, on, public=False)
        async with access.work(object_id) as work:
            yield work

    @asynccontextmanager
    async def of_any(self, object_id: UUID, on: str) -> AsyncIterator[UnitOfWork]:
        """As `of`, but an operator sees objects of no business too."""
        async with self.everything() if self.sees_all else self.of(object_id, on) as work:
            yield work

    @asynccontextmanager
    async def everything(self) -> AsyncIterator[UnitOfWork]:
        """All rows for an operator; for others what row-level security shows: the trail of the businesses they own."""
        scope = Scope.platform() if self.sees_all else Scope.self_(self.me.id)
        async with self.me.database.unit_of_work(scope, self.me.context) as work:
            yield work


@raises(Forbidden, NotFound)
@dataclass(frozen=True, slots=True)
class AuditReaderPermission:
    """The dependency that :func:`overseer` makes."""

    action: Action

    async def __call__(self, me: CurrentUser) -> AuditReader:
        """For a login. Raises Unauthenticated."""
        return AuditReader(me, self.action)


def audit_reader(action: Action) -> AuditReaderPermission:
    """Permission to read by ``action``: all for admins, one's own businesses for owners."""
    return AuditReaderPermission(action)
