"""Campaigns, automations, and who got which of their messages."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from db.engine.base import Base, Json, Key, Stamped, Time, one_of
from domain.marketing.automations import AutomationKind
from domain.marketing.campaigns import CampaignStatus


class Campaign(Base, Stamped):
    """One message to many customers. ``segment``: `domain.marketing.segments.Segment`; ``texts``: subject and body by
    language. ``cursor``: the last customer that a page has read, so that the next page goes on behind it."""

    __tablename__ = "campaigns"
    __table_args__ = (
        one_of("status", CampaignStatus),
        CheckConstraint("count_days BETWEEN 1 AND 90", name="count_days_possible"),
        CheckConstraint("status = 'draft' OR starts_at IS NOT NULL", name="started_has_time"),
        Index("ix_campaigns_business_id", "business_id", "id"),
    )

    id: Mapped[Key]
    business_id: Mapped[UUID] = mapped_column(ForeignKey("businesses.id"))
    name: Mapped[str]
    status: Mapped[str] = mapped_column(server_default=text("'draft'"))
    segment: Mapped[Json] = mapped_column(server_default=text("'{}'"))
    texts: Mapped[Json]
    count_days: Mapped[int] = mapped_column(SmallInteger)
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    started_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    starts_at: Mapped[Time | None]
    finished_at: Mapped[Time | None]
    cursor: Mapped[UUID | None]


class Automation(Base, Stamped):
    """A message that follows from an event. ``days`` lie between the two. ``enabled_at``: events whose message was due
    before it get none; ``looked_at``: when it was last looked for messages that are due."""

    __tablename__ = "automations"
    __table_args__ = (
        one_of("kind", AutomationKind),
        CheckConstraint("days BETWEEN 0 AND 730", name="days_possible"),
        CheckConstraint("NOT enabled OR enabled_at IS NOT NULL", name="enabled_has_time"),
        Index(
            "uq_automations_kind",
            *("business_id", "kind", "service_id"),
            unique=True,
            postgresql_nulls_not_distinct=True,
            postgresql_where=text("deleted_at IS NULL"),
        ),
    )

    id: Mapped[Key]
    business_id: Mapped[UUID] = mapped_column(ForeignKey("businesses.id"))
    kind: Mapped[str]
    days: Mapped[int] = mapped_column(SmallInteger)
    service_id: Mapped[UUID | None] = mapped_column(ForeignKey("services.id"))
    texts: Mapped[Json]
    enabled: Mapped[bool] = mapped_column(server_default=text("false"))
    enabled_at: Mapped[Time | None]
    looked_at: Mapped[Time | None]
    deleted_at: Mapped[Time | None]


class MarketingSend(Base):
    """One customer got one message, of a campaign or of an automation: the row is what makes it once. ``cause``: what
    the automation's message follows from (a visit, a birthday)."""

    __tablename__ = "marketing_sends"
    __table_args__ = (
        CheckConstraint(
            "num_nonnulls(campaign_id, automation_id) = 1 AND (automation_id IS NULL) = (cause IS NULL)",
            name="of_one_sender",
        ),
        UniqueConstraint("campaign_id", "customer_id"),
        UniqueConstraint("automation_id", "cause"),
        Index("ix_marketing_sends_customer_id", "customer_id", "created_at"),
        Index("ix_marketing_sends_notice_id", "notice_id"),
    )

    id: Mapped[Key]
    business_id: Mapped[UUID] = mapped_column(ForeignKey("businesses.id"))
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers.id"))
    campaign_id: Mapped[UUID | None] = mapped_column(ForeignKey("campaigns.id"))
    automation_id: Mapped[UUID | None] = mapped_column(ForeignKey("automations.id"))
    cause: Mapped[str | None]
    notice_id: Mapped[UUID] = mapped_column(ForeignKey("notification_outbox.id", ondelete="CASCADE"))
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
