"""Feature flags and the rollouts that grow them."""

from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import UUID as PgUUID
from sqlalchemy.orm import Mapped, mapped_column

from db.engine.base import Base, Json, Key, Stamped, Time, one_of
from domain.platform.flag_rollout import RolloutStatus
from domain.platform.flags import Subject


class FeatureFlag(Base, Stamped):
    """``share`` in hundredths of a percent. ``version`` grows with every change."""

    __tablename__ = "feature_flags"
    __table_args__ = (
        UniqueConstraint("name"),
        one_of("subject", Subject),
        CheckConstraint("share BETWEEN 0 AND 10000", name="share_in_range"),
        CheckConstraint("name ~ '^[a-z][a-z0-9]*([._][a-z0-9]+)*$' AND length(name) <= 80", name="name_plain"),
    )

    id: Mapped[Key]
    name: Mapped[str]
    description: Mapped[str] = mapped_column(server_default=text("''"))
    enabled: Mapped[bool] = mapped_column(server_default=text("false"))
    killed: Mapped[bool] = mapped_column(server_default=text("false"))
    subject: Mapped[str] = mapped_column(server_default=text("'user'"))
    share: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    users: Mapped[list[UUID]] = mapped_column(ARRAY(PgUUID(as_uuid=True)), server_default=text("'{}'"))
    businesses: Mapped[list[UUID]] = mapped_column(ARRAY(PgUUID(as_uuid=True)), server_default=text("'{}'"))
    version: Mapped[int] = mapped_column(server_default=text("1"))


class FlagRollout(Base, Stamped):
    """A rollout of a flag; at most one of a flag is running. ``plan``: see
    `domain.platform.flag_rollout.RolloutPlan`.
    ``share_before`` is restored when it is stopped."""

    __tablename__ = "flag_rollouts"
    __table_args__ = (
        one_of("status", RolloutStatus),
        Index(
            "uq_flag_rollouts_under_way",
            "flag_id",
            unique=True,
            postgresql_where=text("status IN ('running', 'paused')"),
        ),
        Index("ix_flag_rollouts_flag_id", "flag_id", "id"),
    )

    id: Mapped[Key]
    flag_id: Mapped[UUID] = mapped_column(ForeignKey("feature_flags.id", ondelete="CASCADE"))
    status: Mapped[str] = mapped_column(server_default=text("'running'"))
    plan: Mapped[Json]
    share_before: Mapped[int] = mapped_column(SmallInteger)
    step: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    step_began_at: Mapped[Time | None]
    ended_at: Mapped[Time | None]
    reason: Mapped[Json] = mapped_column(server_default=text("'{}'"))
