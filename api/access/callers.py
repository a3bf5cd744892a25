"""Who calls, and the transactions that this caller may open. Every route takes exactly one caller as a parameter:

- :data:`AnyCaller`: everybody, with or without a login;
- :data:`AnonymousCaller`: everybody; a token in the request is not read;
- :data:`CurrentUser`: any login, for its own rows;
- :class:`Access`, made by :func:`api.access.permissions.may`: what a role in the object's business allows, or what the
  signed link of a booking opens.

The login's own role is checked first, then the link. Postgres answers in the statement that opens the transaction:
the permission is checked before the first statement of the work, and costs no round trip of its own.
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
from db.engine.session import Database, Scope, UnitOfWork
from domain.business_status import BusinessStatus
from domain.errors import NotFound, Unauthenticated, Unavailable
from domain.permissions import RULES, allowed, require
from domain.platform.actor import Actor, ActorKind
from domain.roles import Action, Role
from providers.cache.interface import Cache
from providers.email.interface import EmailProvider
from providers.payments.interface import PaymentProvider
from providers.storage.interface import Storage
from runtime.booking_links import BookingLinks
from runtime.links import Links
from runtime.settings import Settings
from runtime.waitlist_links import WaitlistLinks


@dataclass(frozen=True, slots=True)
class ApiServices:
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
    flags: Flags
    now: Callable[[], datetime]

    @property
    def booking_links(self) -> BookingLinks:
        """What opens one booking without a login."""
        return BookingLinks(self.links, self.settings.public_url)

    @property
    def waitlist_links(self) -> WaitlistLinks:
        """What opens one entry of the waitlist without a login."""
        return WaitlistLinks(self.links)


async def services(request: Request) -> ApiServices:
    """The parts of this process."""
    found: ApiServices = request.app.state.services
    return found


async def now(request: Request) -> datetime:
    """The time at which this request is judged, aware UTC."""
    found: ApiServices = request.app.state.services
    return found.now()


Services = Annotated[ApiServices, Depends(services)]
Now = Annotated[datetime, Depends(now)]

#: Where `api.http.rate_limits`, which reads the token first, leaves the login in the request's ASGI scope.
LOGIN = "omotenashi.login"

_bearer = HTTPBearer(auto_error=False, description="The access token of POST /auth/login.")


@raises(Unauthenticated)
async def optional_login(
    request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
) -> Login | None:
    """Who is logged in. Raises Unauthenticated for a token that is not good; no token is nobody."""
    if credentials is None:
        if "authorization" in request.headers:
            raise Unauthenticated({"reason": "not_bearer"})
        return None
    found: ApiServices = request.app.state.services
    known: Login | None = request.scope.get(LOGIN)
    return known or found.tokens.read(credentials.credentials, found.now())


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
    def standing(self) -> Role:
        """What the caller is where no business gives a role."""
        if self.login is None:
            return Role.GUEST
        return Role.ADMIN if self.login.is_admin else Role.CUSTOMER

    def idempotency_key(self, key: Key | None) -> IdempotencyKey | None:
        """The key as this caller's."""
        return key.of_subject(str(self.user_id or self.address or "unknown")) if key else None

    @asynccontextmanager
    async def _open(self, scope: Scope, key: Key | None) -> AsyncIterator[UnitOfWork]:
        async with self.database.unit_of_work(scope, self.context, self.idempotency_key(key)) as work:
            self._judge(work)
            if work.stored_response is not None:
                raise Replay(work.stored_response)
            yield work

    def _judge(self, work: UnitOfWork) -> None:
        self.role = self.standing


class PublicCaller(Caller):
    """Anybody."""

    @asynccontextmanager
    async def work(self, key: Key | None = None) -> AsyncIterator[UnitOfWork]:
        """What approved businesses show to everybody; with ``key`` it happens once. Raises Replay."""
        async with self._open(Scope.public(), key) as work:
            yield work


class AuthenticatedCaller(Caller):
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
        scope = Scope.public()
        if object_id is not None:
            scope = Scope.of(self.on, object_id, self.user_id, self.link.object_id if self.link else None)
        async with self._open(scope, key) as work:
            yield work

    @asynccontextmanager
    async def command(
        self, object_id: UUID, key: Key | None = None, typed: str | None = None
    ) -> AsyncIterator["Command"]:
        """For what goes through a workflow: permission and key are settled in a transaction of their own, nothing is
        open while the workflow works. ``typed`` is a text that the transaction which executes the command finds under
        the command's id. A refusal gives the key back and deletes the text. Raises what ``work`` raises."""
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
        """The key as the login's, else the link's or ``subject``'s: an address is shared by many, and changes on the
        way."""
        if key is None or self.login is not None:
            return Caller.idempotency_key(self, key)
        if self.link is not None:
            return key.of_subject(f"{self.link.kind}:{self.link.object_id}")
        return key.of_subject(self.subject) if self.subject else Caller.idempotency_key(self, key)

    def _judge(self, work: UnitOfWork) -> None:
        entered = work.entered
        self._business_id = entered.business_id
        if entered.business_id is not None:
            structlog.contextvars.bind_contextvars(business_id=str(entered.business_id))
        roles = list(self._roles(work))
        self.role = next((role for role in roles if allowed(role, self.action)), roles[0] if roles else None)
        if self.role is Role.GUEST and self.link is not None:
            self.link.check(entered.ends_at)
            self.context = replace(self.context, actor=Actor(ActorKind.GUEST))
        if self.role in {Role.CUSTOMER, Role.GUEST}:
            work.context = self.context
        require(self.role, self.action)

    def _roles(self, work: UnitOfWork) -> Iterator[Role]:
        """What the caller is there, the nearest first. Who works somewhere may be a customer there too, and a login
        may come with a link: the first that may do it counts."""
        entered = work.entered
        if work.scope.enter is None:
            yield from [self.standing] if self.public else []
            return
        if entered.business_id is None or (entered.closed and not RULES[self.action].after_closing):
            return
        if entered.role is not None:
            yield Role(entered.role)
        if entered.own:
            yield Role.CUSTOMER
        if self.standing is Role.ADMIN and (entered.role is None or not RULES[self.action].impartial):
            yield Role.ADMIN
        if entered.linked:
            yield Role.GUEST
        unrelated = entered.role is None and not entered.own
        if unrelated and self.public and entered.business_status == BusinessStatus.APPROVED:
            yield self.standing


@dataclass(frozen=True, slots=True)
class Command:
    """One command on its way through a workflow. ``id`` is the same for every repeat of the same key and request;
    ``has_text``: somebody typed a text with it."""

    access: Access
    actor: Actor
    id: str
    idempotency_key: IdempotencyKey | None
    has_text: bool = False

    @asynccontextmanager
    async def finish(self) -> AsyncIterator[UnitOfWork]:
        """The transaction that reads what came of it; hand ``idempotency_key`` to
        :func:`api.http.idempotency.store_response` in it."""
        access = self.access
        # The session was checked when the command was accepted: its result is stored although the session may have
        # ended.
        context = replace(access.context, session_id=None)
        async with access.database.unit_of_work(Scope.tenant(access.business_id), context) as work:
            yield work

    async def give_up(self, error: Exception) -> None:
        """Give the key back: there will be no answer to store. Delete the text, unless nobody knows whether the
        command will still be executed."""
        done_with_text = self.has_text and not isinstance(error, Unavailable)
        if self.idempotency_key is None and not done_with_text:
            return
        async with self.finish() as work:
            if self.idempotency_key is not None:
                await work.release_key(self.idempotency_key)
            if done_with_text:
                await work.platform.command_texts.take(self.access.business_id, self.id)


def caller_facts(request: Request, login: Login | None) -> tuple[Database, Login | None, str | None, Context]:
    """The database, the login, the IP address and the context of a request: what every caller is made of."""
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
    """Anybody."""
    return PublicCaller(*caller_facts(request, login))


async def anonymous_caller(request: Request) -> PublicCaller:
    """Somebody who is about to say who they are; a token that came along, good or over, does not matter."""
    return PublicCaller(*caller_facts(request, None))


async def authenticated_caller(request: Request, login: CurrentLogin) -> AuthenticatedCaller:
    """Somebody who is logged in. Raises Unauthenticated."""
    return AuthenticatedCaller(*caller_facts(request, login))


AnyCaller = Annotated[PublicCaller, Depends(public_caller)]
AnonymousCaller = Annotated[PublicCaller, Depends(anonymous_caller)]
CurrentUser = Annotated[AuthenticatedCaller, Depends(authenticated_caller)]
