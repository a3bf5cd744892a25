"""Messages to one recipient each, and every attempt to send them."""

from uuid import UUID

from sqlalchemy import ARRAY, CheckConstraint, ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from db.engine.base import Base, Json, Key, Minor, Stamped, Time, one_of
from domain.messages.kinds import AccountEmailKind, CodeKind, NoticeKind, NoticeStatus


class Notice(Base, Stamped):
    """``notification_outbox``: one message to one recipient.

    ``dedupe_key`` is unique, so that a message is not queued twice. ``facts`` are what the template needs beyond the
    booking (amounts, old times), never a secret.
    """

    __tablename__ = "notification_outbox"
    __table_args__ = (
        one_of("kind", NoticeKind, AccountEmailKind, CodeKind),
        one_of("status", NoticeStatus),
        # An invited person and a guest on the waitlist may have no login, and an erased person has none any more: their
        # address is found by the fact. Advertising goes to a customer.
        CheckConstraint(
            "booking_id IS NOT NULL OR user_id IS NOT NULL OR facts ? 'invitation_id' OR facts ? 'erasure_id'"
            " OR facts ? 'waitlist_entry_id' OR customer_id IS NOT NULL",
            name="has_recipient",
        ),
        UniqueConstraint("dedupe_key"),
        UniqueConstraint("link_code"),
        Index("ix_notification_outbox_user_id", "user_id", "id"),
        Index("ix_notification_outbox_business_id", "business_id", "id"),
        Index("ix_notification_outbox_booking_id", "booking_id"),
        Index("ix_notification_outbox_queued", "created_at", postgresql_where=text("status = 'queued'")),
        Index(
            "ix_notification_outbox_undelivered",
            *("status", "id"),
            postgresql_where=text("status IN ('failed', 'bounced', 'dropped')"),
        ),
    )

    id: Mapped[Key]
    business_id: Mapped[UUID | None] = mapped_column(ForeignKey("businesses.id"))
    booking_id: Mapped[UUID | None] = mapped_column(ForeignKey("bookings.id"))
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    customer_id: Mapped[UUID | None] = mapped_column(ForeignKey("customers.id"))
    audience: Mapped[str] = mapped_column(server_default=text("'customer'"))
    kind: Mapped[str]
    channel: Mapped[str] = mapped_column(server_default=text("'email'"))
    language: Mapped[str] = mapped_column(server_default=text("'ja'"))
    #: The channels that are tried after the present one; None until the first try decides.
    route: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    #: The end of the short address in messages that have no room for a signed link; a secret like that.
    link_code: Mapped[str | None]
    facts: Mapped[Json] = mapped_column(server_default=text("'{}'"))
    status: Mapped[str] = mapped_column(server_default=text("'queued'"))
    dedupe_key: Mapped[str]
    provider_message_id: Mapped[str | None]
    failure_reason: Mapped[str | None]
    #: When it is to be sent: later than it was queued where it waits for a time, or for the end of the quiet hours.
    due_at: Mapped[Time] = mapped_column(server_default=text("now()"))
    sent_at: Mapped[Time | None]
    delivered_at: Mapped[Time | None]
    read_at: Mapped[Time | None]


class NoticeAttempt(Base):
    """One call to the provider; opened before it, closed after it. An open one means that the outcome is unknown."""

    __tablename__ = "notification_attempts"
    __table_args__ = (Index("ix_notification_attempts_notice_id", "notice_id"),)

    id: Mapped[Key]
    business_id: Mapped[UUID | None] = mapped_column(ForeignKey("businesses.id"))
    notice_id: Mapped[UUID] = mapped_column(ForeignKey("notification_outbox.id"))
    started_at: Mapped[Time] = mapped_column(server_default=text("now()"))
    finished_at: Mapped[Time | None]
    channel: Mapped[str] = mapped_column(server_default=text("'email'"))
    #: What it cost, in millionths of a yen; None for a call that was not accepted.
    cost_micros: Mapped[Minor | None]
    outcome: Mapped[str | None]
    reason: Mapped[str | None]
