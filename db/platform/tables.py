"""The outbox, stored responses, rate limits, the audit trail and attention items."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    text,
)
from sqlalchemy.dialects.postgresql import INET, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from db.engine.base import Base, Json, Key, Time


class OutboxRow(Base):
    """One event, written in the transaction of the change. ``command`` names what the relay delivers to Temporal;
    without one the row is history only. ``failures`` counts the tries that failed because of the row; after a
    bounded number of them it is parked (``parked_at``) and not tried again until it is released. ``trace_context`` is
    the ``traceparent`` of the step that wrote it; the transaction's first statement sets it where traces are sent."""

    __tablename__ = "outbox"
    __table_args__ = (
        Index(
            "ix_outbox_undelivered",
            "aggregate",
            "id",
            postgresql_where=text("command IS NOT NULL AND delivered_at IS NULL AND parked_at IS NULL"),
        ),
        Index(
            "ix_outbox_due",
            "not_before",
            "id",
            postgresql_where=text("command IS NOT NULL AND delivered_at IS NULL AND parked_at IS NULL"),
        ),
        Index("ix_outbox_parked", "id", postgresql_where=text("parked_at IS NOT NULL AND delivered_at IS NULL")),
        Index("ix_outbox_business_id", "business_id", "id"),
    )

    id: Mapped[Key]
    business_id: Mapped[UUID | None]
    event: Mapped[str]
    event_version: Mapped[int] = mapped_column(SmallInteger, server_default=text("1"))
    aggregate: Mapped[str]
    payload: Mapped[Json] = mapped_column(server_default=text("'{}'"))
    command: Mapped[str | None]
    request_id: Mapped[str | None]
    created_at: Mapped[Time] = mapped_column(server_default=text("now()"))
    not_before: Mapped[Time] = mapped_column(server_default=text("now()"))
    leased_until: Mapped[Time | None]
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    last_error: Mapped[str | None]
    delivered_at: Mapped[Time | None]
    failures: Mapped[int] = mapped_column(server_default=text("0"))
    parked_at: Mapped[Time | None]
    trace_context: Mapped[str | None] = mapped_column(
        server_default=text("nullif(current_setting('app.trace_context', true), '')")
    )


class IdempotencyKeyRow(Base):
    """A stored response. ``subject`` is the user, or the client's address for guests; kept 24 h."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (Index("ix_idempotency_keys_created_at", "created_at"),)

    subject: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary)
    status_code: Mapped[int | None] = mapped_column(SmallInteger)
    body: Mapped[bytes | None] = mapped_column(LargeBinary)
    locked_until: Mapped[Time | None]
    created_at: Mapped[Time] = mapped_column(server_default=text("now()"))


class CommandText(Base):
    """A text that a person typed with a command, until the transaction that executes the command moves it. A workflow's
    history stores every input, so texts are not part of it. A text whose command was never executed is deleted after a
    day."""

    __tablename__ = "command_texts"
    __table_args__ = (
        Index("ix_command_texts_created_at", "created_at"),
        Index("ix_command_texts_booking_id", "booking_id"),
        Index("ix_command_texts_user_id", "user_id"),
    )

    business_id: Mapped[UUID] = mapped_column(ForeignKey("businesses.id"), primary_key=True)
    command_id: Mapped[str] = mapped_column(primary_key=True)
    booking_id: Mapped[UUID | None] = mapped_column(ForeignKey("bookings.id"))
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    body: Mapped[str]
    created_at: Mapped[Time] = mapped_column(server_default=text("now()"))


class RateLimitRow(Base):
    """Requests of one caller while Redis is unreachable: a ring of buckets. Written by ``app_count`` alone;
    unlogged."""

    __tablename__ = "rate_limits"
    __table_args__ = (Index("ix_rate_limits_expires_at", "expires_at"), {"prefixes": ["UNLOGGED"]})

    subject: Mapped[str] = mapped_column(primary_key=True)
    newest: Mapped[int] = mapped_column(BigInteger)
    counts: Mapped[list[int]] = mapped_column(ARRAY(Integer))
    expires_at: Mapped[Time]


class AuditLog(Base):
    """Before and after of every audited change, changed columns only, secrets masked. Partitioned by month."""

    __tablename__ = "audit_logs"
    __table_args__ = (
        Index("ix_audit_logs_entity", "entity", "entity_id", "at"),
        Index("ix_audit_logs_business_id", "business_id", "at"),
        Index("ix_audit_logs_at", "at"),
        Index("ix_audit_logs_actor_id", "actor_id", "at", postgresql_where=text("actor_id IS NOT NULL")),
        Index("ix_audit_logs_request_id", "request_id", "at", postgresql_where=text("request_id IS NOT NULL")),
        {"postgresql_partition_by": "RANGE (at)"},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), primary_key=True, server_default=text("now()"))
    business_id: Mapped[UUID | None]
    entity: Mapped[str]
    entity_id: Mapped[str]
    action: Mapped[str]
    before: Mapped[dict[str, object] | None] = mapped_column(JSONB)
    after: Mapped[dict[str, object] | None] = mapped_column(JSONB)
    actor_kind: Mapped[str | None]
    actor_id: Mapped[UUID | None]
    request_id: Mapped[str | None]
    ip: Mapped[str | None] = mapped_column(INET)
    user_agent: Mapped[str | None]


class Attention(Base):
    """Something that a person must resolve, with everything that they need for it."""

    __tablename__ = "attention"
    __table_args__ = (
        Index("uq_attention_open", "dedupe_key", unique=True, postgresql_where=text("resolved_at IS NULL")),
        Index("ix_attention_business_id", "business_id"),
    )

    id: Mapped[Key]
    business_id: Mapped[UUID | None]
    booking_id: Mapped[UUID | None]
    payment_id: Mapped[UUID | None]
    kind: Mapped[str]
    dedupe_key: Mapped[str]
    details: Mapped[Json] = mapped_column(server_default=text("'{}'"))
    created_at: Mapped[Time] = mapped_column(server_default=text("now()"))
    resolved_at: Mapped[Time | None]
    resolved_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    resolution: Mapped[str | None]
