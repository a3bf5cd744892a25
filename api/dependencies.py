"""Who asks, for what, and whether they may. Every route takes exactly one of these as a parameter:

- :data:`Visit`: everybody, with or without a login;
- :data:`Me`: any login, for what is its own;
- ``Annotated[Access, Depends(may(...))]``: what a role in the object's business may do.

Permission is judged inside the transaction that does the work, from one answer of Postgres: a request that may not is
refused before its first statement, and one that may costs no extra round trip.
"""

import ipaddress
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from temporalio.client import Client

from api.auth.passwords import Passwords
from api.auth.tokens import Login, Tokens
from api.idempotency import Key, Replay, command_id
from api.incoming import incoming
from db.context import Context, Remember
from db.session import Database, Entered, Scope, UnitOfWork
from domain.businesses.status import BusinessStatus
from domain.errors import NotFound, Unauthenticated
from domain.identity.actor import Actor, ActorKind
from domain.permissions import Action, Role, allowed, require
from providers.cache.interface import Cache
from providers.email.interface import EmailProvider
from providers.payments.interface import PaymentProvider
from providers.storage.interface import Storage
from runtime.links import Links
from runtime.settings import Settings


@dataclass(frozen=True, slots=True)
class Parts:
    """What the process was put together from; ``app.state.parts``. ``now`` gives aware UTC time."""

    settings: Settings
    database: Database
    temporal: Client
    payments: Mapping[str, PaymentProvider]
    email: EmailProvider
    storage: Storage
    passwords: Passwords
    tokens: Tokens
    links: Links
    cache: Cache
    now: Callable[[], datetime]


async def parts(request: Request) -> Parts:
    """The parts of this process."""
    found: Parts = request.app.state.parts
    return found


async def now(request: Request) -> datetime:
    """The time at which this request is judged, aware UTC."""
    found: Parts = request.app.state.parts
    return found.now()


PartsOf = Annotated[Parts, Depends(parts)]
Now = Annotated[datetime, Depends(now)]

_bearer = HTTPBearer(auto_error=False, description="The access token of POST /auth/login.")


async def optional_login(
    request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
) -> Login | None:
    """Who is logged in. Raises Unauthenticated for a token that is not good; no token is nobody."""
    if credentials is None:
        if "authorization" in request.headers:
            raise Unauthenticated({"reason": "not_bearer"})
        return None
    found: Parts = request.app.state.parts
    return found.tokens.read(credentials.credentials, found.now())


async def current_login(login: Annotated[Login | None, Depends(optional_login)]) -> Login:
    """Who is logged in. Raises Unauthenticated."""
    if login is None:
        raise Unauthenticated({"reason": "no_token"})
    return login


MaybeLogin = Annotated[Login | None, Depends(optional_login)]
CurrentLogin = Annotated[Login, Depends(current_login)]


def client_address(request: Request) -> str | None:
    """The caller's IP address, if the server knows one."""
    try:
        return str(ipaddress.ip_address(request.client.host)) if request.client else None
    except ValueError:
        return None


@dataclass(slots=True)
class Asker:
    """One request's caller. ``role`` and ``business_id`` are known inside ``work``."""

    database: Database
    login: Login | None
    address: str | None
    context: Context
    role: Role | None = field(default=None, init=False)

    @property
    def user_id(self) -> UUID | None:
        """The login's user."""
        return self.login.user_id if self.login else None

    @property
    def standing(self) -> Role:
        """What the caller is where no business gives a role."""
        if self.login is None:
            return Role.GUEST
        return Role.ADMIN if self.login.is_admin else Role.CUSTOMER

    def remember(self, key: Key | None) -> Remember | None:
        """The key as this caller's."""
        return key.remember(str(self.user_id or self.address or "unknown")) if key else None

    @asynccontextmanager
    async def _open(self, scope: Scope, key: Key | None) -> AsyncIterator[UnitOfWork]:
        async with self.database.unit_of_work(scope, self.context, self.remember(key)) as work:
            self._judge(work)
            if work.remembered is not None:
                raise Replay(work.remembered)
            yield work

    def _judge(self, work: UnitOfWork) -> None:
        self.role = self.standing


class Visitor(Asker):
    """Anybody."""

    @asynccontextmanager
    async def work(self, key: Key | None = None) -> AsyncIterator[UnitOfWork]:
        """What approved businesses show to everybody; with ``key`` it happens once. Raises Replay."""
        async with self._open(Scope.public(), key) as work:
            yield work


class Myself(Asker):
    """Somebody who is logged in."""

    @property
    def id(self) -> UUID:
        """The user."""
        if self.login is None:
            raise Unauthenticated
        return self.login.user_id

    @asynccontextmanager
    async def work(self, key: Key | None = None, action: Action | None = None) -> AsyncIterator[UnitOfWork]:
        """What belongs to the user, across businesses. Raises Forbidden for an ``action`` that logins of this kind
        may not do, and Replay."""
        if action is not None:
            require(self.standing, action)
        async with self._open(Scope.self_(self.id), key) as work:
            yield work


@dataclass(slots=True)
class Access(Asker):
    """Permission to do ``action`` to objects of one kind (``on``), judged when their tenant is entered.

    ``public``: whoever has no role in the business is a customer or guest there, if it is approved. ``business_id``
    and ``role`` are set inside ``work`` and ``command``.
    """

    action: Action
    on: str
    public: bool
    _business_id: UUID | None = field(default=None, init=False)

    @property
    def business_id(self) -> UUID:
        """The tenant that was entered. Raises NotFound before that."""
        if self._business_id is None:
            raise NotFound
        return self._business_id

    @property
    def works_here(self) -> bool:
        """Whether the caller belongs to the business, or is an admin: may see what is not public."""
        return self.role not in {None, Role.CUSTOMER, Role.GUEST}

    @asynccontextmanager
    async def work(self, object_id: UUID | None, key: Key | None = None) -> AsyncIterator[UnitOfWork]:
        """A transaction in the tenant of the object; with ``key`` what it does happens once.

        Without an object: what approved businesses show to everybody. Raises NotFound for another tenant's object,
        Forbidden for a role that may not, RequestInProgress, IdempotencyKeyReused, and Replay.
        """
        scope = Scope.public() if object_id is None else Scope.of(self.on, object_id, self.user_id)
        async with self._open(scope, key) as work:
            yield work

    @asynccontextmanager
    async def command(self, object_id: UUID, key: Key | None = None) -> AsyncIterator["Command"]:
        """For what goes through a workflow: permission and key are settled in a transaction of their own, nothing is
        open while the workflow works. A refusal gives the key back. Raises what ``work`` raises."""
        remember = self.remember(key)
        async with self.work(object_id, key) as work:
            actor = work.context.actor
        command = Command(self, actor, command_id(remember), remember)
        try:
            yield command
        except Exception:
            await command.give_up()
            raise

    def _judge(self, work: UnitOfWork) -> None:
        entered = work.entered
        self._business_id = entered.business_id
        if work.scope.enter is None:
            self.role = self.standing if self.public else None
        elif entered.business_id is None:
            self.role = None
        elif entered.role is not None and not self._as_customer(entered):
            self.role = Role(entered.role)
        elif entered.own:
            self.role = Role.CUSTOMER
            work.context = self.context
        elif self.standing is Role.ADMIN or (self.public and entered.business_status == BusinessStatus.APPROVED):
            self.role = self.standing
        else:
            self.role = None
        require(self.role, self.action)

    def _as_customer(self, entered: Entered) -> bool:
        """Who works somewhere may be a customer there too: what the role does not allow, the own booking may."""
        return entered.own and entered.role is not None and not allowed(Role(entered.role), self.action)


@dataclass(frozen=True, slots=True)
class Command:
    """One wish on its way through a workflow. ``id`` is the same for every repeat of the same key and request."""

    access: Access
    actor: Actor
    id: str
    remember: Remember | None

    @asynccontextmanager
    async def finish(self) -> AsyncIterator[UnitOfWork]:
        """The transaction that reads what came of it; hand ``remember`` to :func:`api.idempotency.kept` in it."""
        access = self.access
        async with access.database.unit_of_work(Scope.tenant(access.business_id), access.context) as work:
            yield work

    async def give_up(self) -> None:
        """Give the key back: there will be no answer to store."""
        if self.remember is not None:
            async with self.finish() as work:
                await work.forget(self.remember)


def _asked(request: Request, login: Login | None) -> tuple[Database, Login | None, str | None, Context]:
    found: Parts = request.app.state.parts
    address = client_address(request)
    if login is None:
        actor = Actor(ActorKind.GUEST)
    else:
        actor = Actor(ActorKind.ADMIN if login.is_admin else ActorKind.CUSTOMER, login.user_id)
    context = Context(actor, incoming().request_id, address, request.headers.get("user-agent"))
    return found.database, login, address, context


async def visitor(request: Request, login: MaybeLogin) -> Visitor:
    """Anybody."""
    return Visitor(*_asked(request, login))


async def myself(request: Request, login: CurrentLogin) -> Myself:
    """Somebody who is logged in. Raises Unauthenticated."""
    return Myself(*_asked(request, login))


@dataclass(frozen=True, slots=True)
class Permission:
    """The dependency that :func:`may` makes."""

    action: Action
    on: str

    async def __call__(self, request: Request, login: CurrentLogin) -> Access:
        """For a login. Raises Unauthenticated."""
        return Access(*_asked(request, login), self.action, self.on, public=False)


@dataclass(frozen=True, slots=True)
class PublicPermission:
    """The dependency that :func:`may` makes for what is public."""

    action: Action
    on: str

    async def __call__(self, request: Request, login: MaybeLogin) -> Access:
        """For anybody. Raises Unauthenticated for a token that is not good."""
        return Access(*_asked(request, login), self.action, self.on, public=True)


def may(action: Action, on: str, *, public: bool = False) -> Permission | PublicPermission:
    """Permission to do ``action`` to an object of the kind ``on``: business, service, resource, policy, booking,
    payment, notice (the kinds of :meth:`db.session.Scope.of`). With ``public`` also for those who have no role in
    the business, as customer or guest, if it is approved."""
    return PublicPermission(action, on) if public else Permission(action, on)


Visit = Annotated[Visitor, Depends(visitor)]
Me = Annotated[Myself, Depends(myself)]
