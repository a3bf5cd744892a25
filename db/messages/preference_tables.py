"""The look of a business's messages, what their recipients want, and what they have consented to."""

from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from db.engine.base import Base, Key, Stamped, Time, one_of
from domain.messages.channels import SHORT
from domain.messages.consent import ConsentPurpose, ConsentSource
from domain.messages.preferences import OPTIONAL, SWITCHED, PreferenceSource
from domain.messages.texts import RULES


def _known(column: str, values: tuple[str, ...]) -> CheckConstraint:
    return CheckConstraint(f"{column} IN ({', '.join(repr(str(one)) for one in values)})", name=f"{column}_known")


class MessageBrand(Base, Stamped):
    """``colour`` is ``#rrggbb``; ``logo_media_id`` is a picture of the business. None: the platform's colour, no
    logo."""

    __tablename__ = "message_brands"
    __table_args__ = (CheckConstraint("colour ~ '^#[0-9a-f]{6}$'", name="colour_is_hexadecimal"),)

    business_id: Mapped[UUID] = mapped_column(ForeignKey("businesses.id"), primary_key=True)
    colour: Mapped[str | None]
    logo_media_id: Mapped[UUID | None] = mapped_column(ForeignKey("business_media.id", ondelete="SET NULL"))


class NotificationPreference(Base, Stamped):
    """Whether a person wants one kind of message. The person is a login, or the customer of a business without one;
    ``business_id`` None: everywhere that has no preference of its own."""

    __tablename__ = "notification_preferences"
    __table_args__ = (
        _known("kind", tuple(sorted({kind.value for kind in (*OPTIONAL, *SHORT)}))),
        _known("channel", tuple(channel.value for channel in SWITCHED)),
        one_of("source", PreferenceSource),
        CheckConstraint("position BETWEEN 1 AND 4", name="position_of_channel"),
        CheckConstraint(
            "num_nonnulls(user_id, customer_id) = 1 AND (customer_id IS NULL OR business_id IS NOT NULL)",
            name="of_one_person",
        ),
        UniqueConstraint(
            *("user_id", "customer_id", "business_id", "kind", "channel"),
            name="uq_notification_preferences_person_kind",
            postgresql_nulls_not_distinct=True,
        ),
        Index(
            "ix_notification_preferences_customer_id", "customer_id", postgresql_where=text("customer_id IS NOT NULL")
        ),
        Index("ix_notification_preferences_business_id", "business_id"),
    )

    id: Mapped[Key]
    business_id: Mapped[UUID | None] = mapped_column(ForeignKey("businesses.id"))
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    customer_id: Mapped[UUID | None] = mapped_column(ForeignKey("customers.id"))
    kind: Mapped[str]
    channel: Mapped[str]
    enabled: Mapped[bool]
    #: The place of the channel in the order of this kind, from 1; None: the platform's.
    position: Mapped[int | None]
    source: Mapped[str]


class MessageText(Base, Stamped):
    """A business's own subject and body for one kind of message in one language, with variables
    (`domain.messages.texts`)."""

    __tablename__ = "message_texts"
    __table_args__ = (
        _known("kind", tuple(kind.value for kind in RULES)),
        CheckConstraint("language IN ('ja', 'en')", name="language_known"),
        UniqueConstraint("business_id", "kind", "language"),
    )

    id: Mapped[Key]
    business_id: Mapped[UUID] = mapped_column(ForeignKey("businesses.id"))
    kind: Mapped[str]
    language: Mapped[str]
    subject: Mapped[str]
    body: Mapped[str]


class Consent(Base):
    """One answer of a customer to one question, as it was asked (``wording``). Never changed: the last one counts.
    ``notice_id``: the message whose link was used; ``actor_id``: who wrote down what the customer said."""

    __tablename__ = "consents"
    __table_args__ = (
        one_of("purpose", ConsentPurpose),
        one_of("source", ConsentSource),
        CheckConstraint(
            "CASE source WHEN 'staff' THEN actor_id IS NOT NULL ELSE notice_id IS NOT NULL END", name="has_its_proof"
        ),
        Index("ix_consents_customer_id", "customer_id", "id"),
    )

    id: Mapped[Key]
    business_id: Mapped[UUID] = mapped_column(ForeignKey("businesses.id"))
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers.id"))
    purpose: Mapped[str]
    granted: Mapped[bool]
    source: Mapped[str]
    language: Mapped[str]
    wording: Mapped[str]
    notice_id: Mapped[UUID | None] = mapped_column(ForeignKey("notification_outbox.id"))
    actor_id: Mapped[UUID | None]
    created_at: Mapped[Time] = mapped_column(server_default=text("now()"))
