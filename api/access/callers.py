"""The caller of a request, and the transactions that the caller may open. Every route has exactly one caller parameter:

- :data:`AnyCaller`: with or without a login;
- :data:`AnonymousCaller`: a token in the request is not read;
- :data:`CurrentUser`: any login, for its own rows;
- :class:`Access`, made by :func:`api.access.permissions.may`: allowed by a role in the object's business or by the
  signed link of a booking.

The login's own role is checked first, then the link. Postgres returns the role in the statement that opens the
transaction: the permission is checked before the first statement of the work, without an extra round trip.
"""

import ipaddress
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Annotated
from uuid import UUID

import structlog
from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from temporalio.client import Client

from api.access.flags import Flags
from api.access.guest_links import GuestLink
from api.access.passwords import Passwords
from api.access.tokens import Login, Tokens
from api.http.idempotency import Key, Replay, command_id
from api.http.operation_errors import raises
from api.http.request_info import request_info
from db.engine.context import Context, IdempotencyKey
from db.engine.scope import ResolvedScope
from db.engine.session import Database, Scope, UnitOfWork
from domain.business_status import BusinessStatus
from domain.errors import NotFound, Unauthenticated, Unavailable
from domain.permissions import RULES, allowed, require
from domain.platform.actor import Actor, ActorKind
from domain.roles import Action, Role
from providers.cache.interface import Cache
from providers.channels import Channels
from providers.payments.interface import PaymentProvider
from providers.storage.interface import Storage
from runtime.booking_links import BookingLinks
from runtime.links import Links
from runtime.message_links import MessageLinks
from runtime.payload_codec import EncryptingCodec
from runtime.settings import Settings
from runtime.waitlist_links import WaitlistLinks


@dataclass(frozen=True, slots=True)
class ApiServices:
    """The services of the process; ``app.state.services``. ``counting``: connections on which requests are counted
    while Redis is unavailable. ``now`` gives aware UTC time."""

    settings: Settings
    database: Database
    counting: Database
    temporal: Client
    payments: Mapping[str, PaymentProvider]
    channels: Channels
    storage: Storage
    passwords: Passwords
    tokens: Tokens
    links: Links
    cache: Cache
    flags: Flags
    payload_codec: EncryptingCodec
    now: Callable[[], datetime]

    @property
    def booking_links(self) -> BookingLinks:
        """Makes and verifies the links that open a booking without a login."""
        return BookingLinks(self.links, self.settings.public_url)

    @property
    def waitlist_links(self) -> WaitlistLinks:
        """What opens one entry of the waitlist without a login."""
        return WaitlistLinks(self.links)

    @property
    def message_links(self) -> MessageLinks:
        """What opens the choice of messages without a login."""
        return MessageLinks(self.links, self.settings.public_url)


async def services(request: Request) -> ApiServices:
    """The services of this process."""
    found: ApiServices = request.app.state.services
    return found


async def now(request: Request) -> datetime:
    """The time of this request, aware UTC."""
    found: ApiServices = request.app.state.services
    return found.now()


Services = Annotated[ApiServices, Depends(services)]
Now = Annotated[datetime, Depends(now)]

#: Where `api.http.rate_limits`, which reads the token first, stores the login in the request's ASGI scope.
LOGIN = "omotenashi.login"

_bearer = HTTPBearer(auto_error=False, description="The access token of POST /auth/login.")


@raises(Unauthenticated)
async def optional_login(
    request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
) -> Login | None:
    """The login, None without a token. Raises Unauthenticated for an invalid token."""
    if credentials is None:
        if "authorization" in request.headers:
            raise Unauthenticated({"reason": "not_bearer"})
        return None
    found: ApiServices = request.app.state.services
    known: Login | None = request.scope.get(LOGIN)
    return known or found.tokens.read(credentials.credentials, found.now())


async def current_login(login: Annotated[Login | None, Depends(optional_login)]) -> Login:
    """The login. Raises Unauthenticated."""
    if login is None:
        raise Unauthenticated({"reason": "no_token"})
    return login


MaybeLogin = Annotated[Login | None, Depends(optional_login)]
CurrentLogin = Annotated[Login, Depends(current_login)]


def client_address(request: Request) -> str | None:
    """The caller's IP address, if it is known."""
    try:
        return str(ipaddress.ip_address(request.client.host)) if request.client else None
    except ValueError:
        return None


@dataclass(slots=True)
class Caller:
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
    def own_role(self) -> Role:
        """The caller's role where the business gives none."""
        if self.login is None:
            return Role.GUEST
        return Role.ADMIN if self.login.is_admin else Role.CUSTOMER

    def idempotency_key(self, key: Key | None) -> IdempotencyKey | None:
        """The key in this caller's name space."""
        return key.of_subject(str(self.user_id or self.address or "unknown")) if key else None

    @asynccontextmanager
    async def _open(self, scope: Scope, key: Key | None) -> AsyncIterator[UnitOfWork]:
        async with self.database.unit_of_work(scope, self.context, self.idempotency_key(key)) as work:
            self._check_permission(work)
            if work.stored_response is not None:
                raise Replay(work.stored_response)
            yield work

    def _check_permission(self, work: UnitOfWork) -> None:
        self.role = self.own_role


class PublicCaller(Caller):
    """A caller with or without a login."""

    @asynccontextmanager
    async def work(self, key: Key | None = None) -> AsyncIterator[UnitOfWork]:
        """A transaction that sees public data; with ``key`` it is executed once. Raises Replay."""
        async with self._open(Scope.public(), key) as work:
            yield work


class AuthenticatedCaller(Caller):
    """A caller with a login."""

    @property
    def id(self) -> UUID:
        """The user."""
        if self.login is None:
            raise Unauthenticated
        return self.login.user_id

    @asynccontextmanager
    async def work(self, key: Key | None = None, action: Action | None = None) -> AsyncIterator[UnitOfWork]:
        """A transaction that sees the user's rows in all businesses. Raises Forbidden if this kind of login may not do
        ``action``, and Replay."""
        if action is not None:
            require(self.own_role, action)
        async with self._open(Scope.self_(self.id), key) as work:
            yield work


@dataclass(slots=True)
class Access(Caller):
    """Permission to do ``action`` to objects of one kind (``on``), judged when their tenant is entered.

    ``public``: a caller without a role in the business is a customer or guest there, if it is approved. ``link``: a
    valid one, of any booking or entry of the waitlist. ``business_id`` and ``role`` are set inside ``work`` and
    ``command``.
    ``subject``: whose idempotency keys these are, where neither login nor link says it.
    """

    action: Action
    on: str
    public: bool
    link: GuestLink | None = None
    subject: str | None = field(default=None, init=False)
    _business_id: UUID | None = field(default=None, init=False)

    @property
    def business_id(self) -> UUID:
        """The entered tenant. Raises NotFound before that."""
        if self._business_id is None:
            raise NotFound
        return self._business_id

    @property
    def works_here(self) -> bool:
        """Whether the caller belongs to the business or is an operator, and so may see what is not public."""
        return self.role not in {None, Role.CUSTOMER, Role.GUEST}

    @asynccontextmanager
    async def work(self, object_id: UUID | None, key: Key | None = None) -> AsyncIterator[UnitOfWork]:
        """A transaction in the tenant of the object; with ``key`` it is executed once.

        Without an object it sees public data. Raises NotFound for another tenant's object, Forbidden if the role has no
        permission, RequestInProgress, IdempotencyKeyReused, and Replay.
        """
        scope = Scope.public()
        if object_id is not None:
            scope = Scope.of(self.on, object_id, self.user_id, self.link.object_id if self.link else None)
        async with self._open(scope, key) as work:
            yield work

    @asynccontextmanager
    async def command(
        self, object_id: UUID, key: Key | None = None, typed: str | None = None
    ) -> AsyncIterator["Command"]:
        """For commands that go through a workflow: permission and key are checked in a separate transaction, so that
        none is open while the workflow runs. ``typed`` is a text that the transaction of the command finds under its
        id. After a refusal the key is released and the text deleted. Raises what ``work`` raises."""
        taken = self.idempotency_key(key)
        number = command_id(taken)
        async with self.work(object_id, key) as work:
            actor = work.context.actor
            if typed is not None:
                booking_id = object_id if self.on == "booking" else None
                await work.platform.command_texts.store(self.business_id, number, typed, booking_id)
        command = Command(self, actor, number, taken, typed is not None)
        try:
            yield command
        except Exception as error:
            await command.give_up(error)
            raise

    def idempotency_key(self, key: Key | None) -> IdempotencyKey | None:
        """The key belongs to the login, else to the link or ``subject``; not to the address, which many share and which
        changes."""
        if key is None or self.login is not None:
            return Caller.idempotency_key(self, key)
        if self.link is not None:
            return key.of_subject(f"{self.link.kind}:{self.link.object_id}")
        return key.of_subject(self.subject) if self.subject else Caller.idempotency_key(self, key)

    def check(self, entered: ResolvedScope) -> None:
        """Permission where a statement has entered the business of the object by itself. Raises NotFound and
        Forbidden."""
        self._business_id = entered.business_id
        if entered.business_id is not None:
            structlog.contextvars.bind_contextvars(business_id=str(entered.business_id))
        roles = list(self._roles_in(entered))
        self.role = next((role for role in roles if allowed(role, self.action)), roles[0] if roles else None)
        if self.role is Role.GUEST and self.link is not None:
            self.link.check(entered.ends_at, RULES[self.action].link_lasts)
            self.context = replace(self.context, actor=Actor(ActorKind.GUEST))
        require(self.role, self.action)

    def _check_permission(self, work: UnitOfWork) -> None:
        if work.scope.enter is not None:
            self.check(work.entered)
        else:
            self.role = self.own_role if self.public else None
            require(self.role, self.action)
        if self.role in {Role.CUSTOMER, Role.GUEST}:
            work.context = self.context

    def _roles_in(self, entered: ResolvedScope) -> Iterator[Role]:
        """The possible roles of the caller there, the closest first; the first with the permission counts. A member of
        the staff may also be a customer, and a login may come with a link."""
        if entered.business_id is None or (entered.closed and not RULES[self.action].after_closing):
            return
        if entered.role is not None:
            yield Role(entered.role)
        if entered.own:
            yield Role.CUSTOMER
        if self.own_role is Role.ADMIN and (entered.role is None or not RULES[self.action].impartial):
            yield Role.ADMIN
        if entered.linked:
            yield Role.GUEST
        unrelated = entered.role is None and not entered.own
        if unrelated and self.public and entered.business_status == BusinessStatus.APPROVED:
            yield self.own_role


@dataclass(frozen=True, slots=True)
class Command:
    """One command to a workflow. ``id`` is the same for every repeat of the same key and request; ``has_text``: a text
    was typed with it."""

    access: Access
    actor: Actor
    id: str
    idempotency_key: IdempotencyKey | None
    has_text: bool = False

    @asynccontextmanager
    async def finish(self) -> AsyncIterator[UnitOfWork]:
        """The transaction that reads the result; call :func:`api.http.idempotency.store_response` with
        ``idempotency_key`` in it."""
        access = self.access
        # The session was checked when the command was accepted. Its result is stored even if the session has ended
        # since.
        context = replace(access.context, session_id=None)
        async with access.database.unit_of_work(Scope.tenant(access.business_id), context) as work:
            yield work

    async def give_up(self, error: Exception) -> None:
        """Release the key, because there will be no response to store. Delete the text, unless the command may still be
        executed."""
        done_with_text = self.has_text and not isinstance(error, Unavailable)
        if self.idempotency_key is None and not done_with_text:
            return
        async with self.finish() as work:
            if self.idempotency_key is not None:
                await work.release_key(self.idempotency_key)
            if done_with_text:
                await work.platform.command_texts.take(self.access.business_id, self.id)


def caller_facts(request: Request, login: Login | None) -> tuple[Database, Login | None, str | None, Context]:
    """The database, login, IP address and context of a request, from which every caller is made."""
    found: ApiServices = request.app.state.services
    address = client_address(request)
    if login is None:
        actor = Actor(ActorKind.GUEST)
    else:
        structlog.contextvars.bind_contextvars(user_id=str(login.user_id))
        actor = Actor(ActorKind.ADMIN if login.is_admin else ActorKind.CUSTOMER, login.user_id)
    session_id = login.session_id if login else None
    context = Context(actor, request_info().request_id, address, request.headers.get("user-agent"), session_id)
    return found.database, login, address, context


async def public_caller(request: Request, login: MaybeLogin) -> PublicCaller:
    """A caller with or without a login."""
    return PublicCaller(*caller_facts(request, login))


async def anonymous_caller(request: Request) -> PublicCaller:
    """A caller who is about to log in; a token in the request is ignored."""
    return PublicCaller(*caller_facts(request, None))


async def authenticated_caller(request: Request, login: CurrentLogin) -> AuthenticatedCaller:
    """A caller with a login. Raises Unauthenticated."""
    return AuthenticatedCaller(*caller_facts(request, login))


AnyCaller = Annotated[PublicCaller, Depends(public_caller)]
AnonymousCaller = Annotated[PublicCaller, Depends(anonymous_caller)]
CurrentUser = Annotated[AuthenticatedCaller, Depends(authenticated_caller)]
