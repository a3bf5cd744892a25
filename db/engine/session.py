"""The unit of work: one transaction per request or activity attempt, and the only commit of the platform.

Its first statement sets the visible rows (row-level security) and the actor (audit trail).
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import LargeBinary, Row, Text, bindparam, text
from sqlalchemy.dialects.postgresql import UUID as PgUUID
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.pool import QueuePool

from db.engine import failures
from db.engine import invalidation as changes
from db.engine.context import NOBODY, WORKFLOW, Context, IdempotencyKey
from db.engine.scope import ResolvedScope
from db.scheduling.free_time import FreeTime
from db.scheduling.freed_time import Swept, offer_through, take_swept
from db.stores import Stores
from domain.errors import (
    DomainError,
    IdempotencyKeyReused,
    RequestInProgress,
    Unauthenticated,
)
from domain.platform.actor import Actor, ActorKind
from domain.platform.invalidation import CacheChange
from runtime import tracing
from runtime.settings import Settings

_log = structlog.get_logger(__name__)


class ScopeKind(StrEnum):
    """Which rows a transaction sees."""

    TENANT = "tenant"
    SELF = "self"
    PUBLIC = "public"
    PLATFORM = "platform"


@dataclass(frozen=True, slots=True)
class Scope:
    """Made by the class methods. ``enter`` resolves the tenant of an object inside the transaction."""

    kind: ScopeKind
    business_id: UUID | None = None
    user_id: UUID | None = None
    enter: tuple[str, UUID] | None = None
    link: UUID | None = None

    @classmethod
    def tenant(cls, business_id: UUID) -> "Scope":
        """All rows of one business."""
        return cls(ScopeKind.TENANT, business_id=business_id)

    @classmethod
    def self_(cls, user_id: UUID) -> "Scope":
        """What belongs to one user, across businesses."""
        return cls(ScopeKind.SELF, user_id=user_id)

    @classmethod
    def public(cls) -> "Scope":
        """The public data of approved businesses."""
        return cls(ScopeKind.PUBLIC)

    @classmethod
    def platform(cls) -> "Scope":
        """All rows: for the relay, the auditor and operators, never for a request of a tenant."""
        return cls(ScopeKind.PLATFORM)

    @classmethod
    def of(cls, kind: str, object_id: UUID, caller: UUID | None, link: UUID | None = None) -> "Scope":
        """The tenant of the object; ``UnitOfWork.entered`` has it, and the caller's role there.

        ``kind``: business, service, resource, policy, booking, payment, review, notice, or the name of another table
        with ``id`` and ``business_id``; never text of a request. ``link``: the booking in a signed link. For an object
        that does not exist the scope is public and ``entered.business_id`` is None.
        """
        return cls(ScopeKind.PUBLIC, user_id=caller, enter=(kind, object_id), link=link)


@dataclass(frozen=True, slots=True)
class StoredResponse:
    """The stored response of an earlier request with the same key."""

    status_code: int
    body: bytes


_BEGIN_SQL = (
    "SELECT b.*, :session IS NULL OR EXISTS (SELECT FROM user_sessions s WHERE s.id = :session AND s.ended_at IS NULL)"
    " AS live, :admin IS NULL OR EXISTS (SELECT FROM users u WHERE u.id = :admin AND u.platform_role = 'admin'"
    " AND u.deleted_at IS NULL) AS still_admin"
    " FROM app_begin(:scope, :tenant, :user_id, :actor_kind, :actor_id, :request_id, :ip, :user_agent,"
    " :kind, :object_id, :caller, :link, :key_subject, :key_name, :key_fingerprint) AS b"
)
_TYPES = (
    bindparam("session", type_=PgUUID),
    bindparam("admin", type_=PgUUID),
    bindparam("kind", type_=Text),
    bindparam("object_id", type_=PgUUID),
    bindparam("caller", type_=PgUUID),
    bindparam("link", type_=PgUUID),
    bindparam("key_subject", type_=Text),
    bindparam("key_name", type_=Text),
    bindparam("key_fingerprint", type_=LargeBinary),
)
_BEGIN = text(_BEGIN_SQL).bindparams(*_TYPES)
#: For a transaction that is a part of a trace: rows of the outbox carry it on.
_BEGIN_TRACED = text(f"{_BEGIN_SQL}, set_config('app.trace_context', :trace, true)").bindparams(*_TYPES)


class UnitOfWork(Stores):
    """One transaction with every store on it. Commits when its block ends, rolls back when it raises."""

    def __init__(self, session: AsyncSession, scope: Scope, context: Context) -> None:
        super().__init__(session, context)
        self.scope = scope
        self.entered = ResolvedScope(scope.business_id)
        self.stored_response: StoredResponse | None = None
        self.idempotency_key: IdempotencyKey | None = None

    async def begin(self, key: IdempotencyKey | None) -> None:
        """Open the transaction in its scope and take the idempotency key.

        A response that is stored for the key is in ``stored_response``. Raises Unauthenticated when the session of the
        request has ended or its login is no admin any more, IdempotencyKeyReused and RequestInProgress.
        """
        self.idempotency_key = key
        scope, context = self.scope, self.context
        kind, object_id = scope.enter or (None, None)
        values = {
            "scope": scope.kind.value,
            "tenant": str(scope.business_id or ""),
            "user_id": str(scope.user_id or ""),
            "actor_kind": context.actor.kind.value,
            "actor_id": str(context.actor.user_id or ""),
            "request_id": context.request_id or "",
            "ip": context.ip or "",
            "user_agent": (context.user_agent or "")[:400],
            "kind": kind,
            "object_id": object_id,
            "caller": scope.user_id,
            "link": scope.link,
            "key_subject": key.subject if key else None,
            "key_name": key.key if key else None,
            "key_fingerprint": key.fingerprint if key else None,
            "session": context.session_id,
            # Only checked for requests: a workflow finishes an operator's command even if the role has ended since.
            "admin": context.actor.user_id if context.session_id and context.actor.kind is ActorKind.ADMIN else None,
        }
        begin, trace = _BEGIN, tracing.carrier()
        if trace is not None:
            begin, values["trace"] = _BEGIN_TRACED, trace
        row = (await self.session.execute(begin, values)).one()
        if not row.live:
            raise Unauthenticated({"reason": "session_ended"})
        if not row.still_admin:
            raise Unauthenticated({"reason": "role_changed"})
        if scope.enter is not None:
            self.entered = ResolvedScope(
                row.business_id, row.role, row.own, row.business_status, row.closed, row.linked, row.ends_at
            )
            if row.role is not None and context.actor.kind is ActorKind.CUSTOMER:
                # A member of the team; `app_begin` has set the same for the audit trail.
                self.context = replace(context, actor=Actor(ActorKind.STAFF, context.actor.user_id))
        if key is not None:
            self.stored_response = _stored_response(row)

    async def store_response(self, status_code: int, body: bytes, key: IdempotencyKey | None = None) -> None:
        """Store the response for the key that this transaction took, or for ``key``, which an earlier one took."""
        taken = self.idempotency_key or key
        if taken is None:
            return
        await self.session.execute(
            text(
                "UPDATE idempotency_keys SET status_code = :status, body = :body WHERE subject = :who AND key = :what"
            ),
            {"status": status_code, "body": body, "who": taken.subject, "what": taken.key},
        )

    async def release_key(self, key: IdempotencyKey) -> None:
        """Release a key that an earlier transaction took and that gets no response."""
        await self.session.execute(
            text("DELETE FROM idempotency_keys WHERE subject = :who AND key = :what AND status_code IS NULL"),
            {"who": key.subject, "what": key.key},
        )


async def _changes(work: UnitOfWork) -> list[CacheChange]:
    kinds = changes.noted(work.session)
    business_id = work.scope.business_id or work.entered.business_id
    if kinds and business_id is None and work.scope.kind is ScopeKind.SELF:
        # The transaction of a login that entered the scope of a business, which it registered or joined.
        business_id = await work.session.scalar(text("SELECT app_tenant()"))
    return [CacheChange(business_id, kind) for kind in kinds]


def _stored_response(row: Row[Any]) -> StoredResponse | None:
    if row.fresh:
        return None
    if not row.same:
        raise IdempotencyKeyReused()
    if row.status_code is None:
        raise RequestInProgress()
    return StoredResponse(row.status_code, bytes(row.body))


@dataclass(slots=True)
class Database:
    """The pool of one process, as the application's role. ``listener`` gets the changes of its transactions."""

    engine: AsyncEngine
    listener: changes.Listener | None = None
    sessions: async_sessionmaker[AsyncSession] = field(init=False)
    free_time: FreeTime = field(init=False)

    def __post_init__(self) -> None:
        self.free_time = FreeTime(self.engine)
        self.sessions = async_sessionmaker(self.engine, expire_on_commit=False, autoflush=False)
        changes.watch(self.engine)

    @asynccontextmanager
    async def unit_of_work(
        self, scope: Scope, context: Context = NOBODY, key: IdempotencyKey | None = None
    ) -> AsyncIterator[UnitOfWork]:
        """One transaction for ``scope``. Raises Unavailable when Postgres is not reachable or the transaction must be
        repeated, Malformed for text with characters that Postgres does not store, and Conflict where a trigger refuses
        what was written (the ledger's check at the commit)."""
        if context.request_id is None:
            context = replace(context, request_id=WORKFLOW.get())
        swept: list[Swept] = []
        try:
            async with self.sessions() as session:
                work = UnitOfWork(session, scope, context)
                offer_through(session, lambda: work.bookings.waitlist.offer_freed_time())
                await self._begin(work, key)
                try:
                    yield work
                except DomainError:
                    swept = take_swept(session)
                    raise
                await self._commit(work)
        except DomainError:
            for one in swept:
                await self._sweep_again(one)
            raise
        except DBAPIError as error:
            known = failures.of_statement(error)
            if known is None:
                raise
            raise known from error
        except (ConnectionError, PoolTimeout) as error:
            raise failures.unreachable() from error

    async def _begin(self, work: UnitOfWork, key: IdempotencyKey | None) -> None:
        """Nothing has been written yet, so a broken connection of the pool is replaced once."""
        try:
            await work.begin(key)
        except DBAPIError as error:
            if not error.connection_invalidated:
                raise
            await work.session.rollback()
            await work.begin(key)
        except OSError as error:  # the name does not resolve, or nothing answers
            raise failures.unreachable() from error

    async def _commit(self, work: UnitOfWork) -> None:
        await work.session.flush()
        await work.bookings.waitlist.offer_freed_time()
        changed = await _changes(work)
        if self.listener is not None and changed:
            await self.listener.ahead(changed)
        try:
            await work.session.commit()
        finally:
            if self.listener is not None and changed:
                await self.listener.done(changed)

    async def _sweep_again(self, swept: Swept) -> None:
        """A caller was refused because the time that they met goes to the waitlist, and the refusal has undone the
        offer. It is made again in a transaction of its own, so that no worker is needed for it."""
        try:
            async with self.unit_of_work(Scope.tenant(swept.business_id)) as work:
                await work.bookings.changes.sweep(swept.bookings, swept.now)
                await work.bookings.waitlist.lapse(swept.now, offers=swept.offers)
        except DomainError as error:
            _log.info("waitlist.left_to_its_run", business_id=str(swept.business_id), reason=error.code)

    async def open_pool(self, within: timedelta) -> int:
        """Open the connections that the pool keeps, so that no request waits for one; how many are open. A Postgres
        that is away, or takes longer than ``within``, is left to the first request."""
        pool = self.engine.pool
        assert isinstance(pool, QueuePool)  # noqa: S101 - what `connect` makes
        try:
            # Given back when all are open: one that is back sooner would be taken again.
            async with asyncio.timeout(within.total_seconds()), AsyncExitStack() as held:
                opening = (held.enter_async_context(self.engine.connect()) for _ in range(pool.size()))
                await asyncio.gather(*opening, return_exceptions=True)
        except TimeoutError:
            pass
        if pool.checkedin() < pool.size():
            _log.info("database.pool_not_open", connections=pool.checkedin())
        return pool.checkedin()

    def connections(self) -> tuple[int, int]:
        """How many connections are in use, and how many are open and idle."""
        pool = self.engine.pool
        assert isinstance(pool, QueuePool)  # noqa: S101 - what `connect` makes
        return pool.checkedout(), pool.checkedin()

    async def close(self) -> None:
        """Close every connection of the pool."""
        await self.engine.dispose()


def _milliseconds(duration: timedelta) -> str:
    return str(int(duration.total_seconds() * 1000))


def connect(settings: Settings, url: str | None = None) -> Database:
    """The database of ``settings``, with its pool sizes and time-outs. Nothing is sent before the first use."""
    engine = create_async_engine(
        url or settings.database_url.get_secret_value(),
        pool_size=settings.database_pool_size,
        max_overflow=settings.database_pool_overflow,
        pool_timeout=settings.database_pool_timeout.total_seconds(),
        pool_pre_ping=False,
        hide_parameters=True,  # errors are logged, and parameters are personal data
        connect_args={
            "timeout": 5,
            "server_settings": {
                "application_name": f"omotenashi {settings.build_id}",
                "statement_timeout": _milliseconds(settings.database_statement_timeout),
                "lock_timeout": _milliseconds(settings.database_lock_timeout),
                "idle_in_transaction_session_timeout": "15000",
                "jit": "off",
                "timezone": "UTC",
            },
        },
    )
    return Database(engine)
