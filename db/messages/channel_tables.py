"""Where a login can be reached beside its e-mail address."""

from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from db.engine.base import Base, Key, Stamped, Time


class ChannelAddress(Base, Stamped):
    """One address of a login. ``address``: a number in E.164, a LINE user id, or the endpoint of a browser's push
    service. ``keys`` are the browser's (``p256dh``, ``auth``). A number is used once it is proven, by a code that is
    valid until ``expires_at`` and may be typed ``tries`` times too few; the others are proven when they are stored."""

    __tablename__ = "channel_addresses"
    __table_args__ = (
        CheckConstraint("channel IN ('line', 'push', 'sms')", name="channel_known"),
        CheckConstraint("(channel = 'push') = (keys IS NOT NULL)", name="keys_of_push"),
        CheckConstraint("proven_at IS NOT NULL OR (channel = 'sms' AND expires_at IS NOT NULL)", name="code_of_sms"),
        Index("ix_channel_addresses_user_id", "user_id", "channel"),
        # A person on LINE, and a browser, belong to one login.
        Index(
            "uq_channel_addresses_address",
            "channel",
            "address",
            unique=True,
            postgresql_where=text("channel <> 'sms'"),
        ),
        Index(
            "uq_channel_addresses_one_of_login",
            "user_id",
            "channel",
            unique=True,
            postgresql_where=text("channel <> 'push' AND proven_at IS NOT NULL"),
        ),
    )

    id: Mapped[Key]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    channel: Mapped[str]
    address: Mapped[str]
    keys: Mapped[dict[str, str] | None] = mapped_column(JSONB)
    tries: Mapped[int] = mapped_column(server_default=text("0"))
    expires_at: Mapped[Time | None]
    proven_at: Mapped[Time | None]
