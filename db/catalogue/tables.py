"""Services, resources and cancellation policies."""

from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, SmallInteger, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from db.engine.base import Base, Bilingual, Currency, Json, Key, Minor, Stamped, Time, bilingual, ends_cached, one_of
from domain.catalogue.resource import ResourceKind
from domain.catalogue.service import ApprovalMode
from domain.payments.status import PaymentMode
from domain.platform.invalidation import CacheKind

#: The default rules for moves, in the form of `MoveRules`.
MOVE_RULES = """'{"max_moves": 3, "hours_before": 0, "in_paid_tier": "keep_penalty", "penalty_kept_days": null}'"""


class CancellationPolicy(Base, Stamped):
    """``tiers``: ``[{"hours_before": 24, "penalty_percent": 50}, …]``. ``moves``: `MoveRules.to_json` of
    ``domain.catalogue.cancellation``. One default per business."""

    __tablename__ = "cancellation_policies"
    __table_args__ = (
        bilingual("name"),
        CheckConstraint("no_show_percent BETWEEN 0 AND 100", name="no_show_percent_in_range"),
        Index(
            "uq_cancellation_policies_default",
            "business_id",
            unique=True,
            postgresql_where=text("is_default AND deleted_at IS NULL"),
        ),
        Index("ix_cancellation_policies_business_id", "business_id"),
        ends_cached(CacheKind.BUSINESS),
    )

    id: Mapped[Key]
    business_id: Mapped[UUID] = mapped_column(ForeignKey("businesses.id"))
    name: Mapped[Bilingual]
    tiers: Mapped[list[dict[str, int]]] = mapped_column(JSONB)
    no_show_percent: Mapped[int] = mapped_column(SmallInteger, server_default=text("100"))
    moves: Mapped[Json] = mapped_column(server_default=text(MOVE_RULES))
    is_default: Mapped[bool] = mapped_column(server_default=text("false"))
    deleted_at: Mapped[Time | None]


class Service(Base, Stamped):
    """``price`` includes tax; ``tax_percent`` is 10, the reduced 8, or 0 for what is exempt. ``deposit_*`` belong
    to payment mode deposit.
    ``max_wait_minutes``: between the service before it and this one, in a booking of several."""

    __tablename__ = "services"
    __table_args__ = (
        bilingual("name"),
        bilingual("category"),
        one_of("payment_mode", PaymentMode),
        one_of("approval_mode", ApprovalMode),
        CheckConstraint("price >= 0", name="price_not_negative"),
        CheckConstraint("duration_minutes BETWEEN 1 AND 1440", name="duration_in_range"),
        CheckConstraint("buffer_before_minutes BETWEEN 0 AND 480", name="buffer_before_in_range"),
        CheckConstraint("buffer_after_minutes BETWEEN 0 AND 480", name="buffer_after_in_range"),
        CheckConstraint("max_wait_minutes IN (0, 15, 30, 45, 60)", name="max_wait_in_quarters"),
        CheckConstraint("tax_percent IN (0, 8, 10)", name="tax_percent_known"),
        CheckConstraint("capacity BETWEEN 1 AND 500", name="capacity_in_range"),
        CheckConstraint("party_min >= 1 AND party_max >= party_min", name="party_in_order"),
        CheckConstraint("deposit_percent BETWEEN 1 AND 100", name="deposit_percent_in_range"),
        CheckConstraint("deposit_amount > 0", name="deposit_amount_positive"),
        CheckConstraint(
            "payment_mode <> 'deposit' OR num_nonnulls(deposit_percent, deposit_amount) = 1",
            name="deposit_says_how_much",
        ),
        CheckConstraint(
            "payment_mode NOT IN ('prepay', 'deposit', 'card_hold') OR price > 0",
            name="online_payment_has_a_price",
        ),
        Index("ix_services_business_id_is_active", "business_id", "is_active"),
        ends_cached(CacheKind.CATALOGUE),
    )

    id: Mapped[Key]
    business_id: Mapped[UUID] = mapped_column(ForeignKey("businesses.id"))
    name: Mapped[Bilingual]
    description: Mapped[Bilingual | None]
    category: Mapped[Bilingual | None]
    price: Mapped[Minor]
    currency: Mapped[Currency]
    tax_percent: Mapped[int] = mapped_column(SmallInteger, server_default=text("10"))
    duration_minutes: Mapped[int] = mapped_column(Integer)
    buffer_before_minutes: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    buffer_after_minutes: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    max_wait_minutes: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    capacity: Mapped[int] = mapped_column(SmallInteger, server_default=text("1"))
    party_min: Mapped[int] = mapped_column(SmallInteger, server_default=text("1"))
    party_max: Mapped[int] = mapped_column(SmallInteger, server_default=text("1"))
    payment_mode: Mapped[str]
    deposit_percent: Mapped[int | None] = mapped_column(SmallInteger)
    deposit_amount: Mapped[Minor | None]
    approval_mode: Mapped[str]
    policy_id: Mapped[UUID | None] = mapped_column(ForeignKey("cancellation_policies.id"))
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))
    deleted_at: Mapped[Time | None]


class Resource(Base, Stamped):
    """A staff member, room or piece of equipment; ``capacity`` units, numbered from 0. ``seats``: how many people one
    unit takes, where it is a table."""

    __tablename__ = "resources"
    __table_args__ = (
        bilingual("name"),
        one_of("kind", ResourceKind),
        CheckConstraint("capacity BETWEEN 1 AND 500", name="capacity_in_range"),
        CheckConstraint("seats BETWEEN 1 AND 500", name="seats_in_range"),
        Index("ix_resources_business_id_is_active", "business_id", "is_active"),
        ends_cached(CacheKind.CATALOGUE),
    )

    id: Mapped[Key]
    business_id: Mapped[UUID] = mapped_column(ForeignKey("businesses.id"))
    kind: Mapped[str]
    name: Mapped[Bilingual]
    capacity: Mapped[int] = mapped_column(SmallInteger, server_default=text("1"))
    seats: Mapped[int | None] = mapped_column(SmallInteger)
    #: Whether the resource's own row for public holidays applies, even if it is empty (off on them).
    has_public_holiday_row: Mapped[bool] = mapped_column(server_default=text("false"))
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))
    deleted_at: Mapped[Time | None]


class ServiceResource(Base):
    """``resource`` can fulfil ``requirement_group`` of ``service``; a booking takes one of each group."""

    __tablename__ = "service_resources"
    __table_args__ = (
        CheckConstraint("requirement_group BETWEEN 0 AND 9", name="requirement_group_in_range"),
        Index("ix_service_resources_resource_id", "resource_id"),
        ends_cached(CacheKind.CATALOGUE),
    )

    service_id: Mapped[UUID] = mapped_column(ForeignKey("services.id"), primary_key=True)
    requirement_group: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    resource_id: Mapped[UUID] = mapped_column(ForeignKey("resources.id"), primary_key=True)
    business_id: Mapped[UUID] = mapped_column(ForeignKey("businesses.id"))


class CatalogueVersion(Base):
    """Which version the catalogue of a business has: its services, resources, hours, days, policies and settings. A
    trigger writes it at the commit of every change; a process that has the catalogue of this version need not read it
    again."""

    __tablename__ = "catalogue_versions"

    business_id: Mapped[UUID] = mapped_column(ForeignKey("businesses.id"), primary_key=True)
    version: Mapped[UUID]
