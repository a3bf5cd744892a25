"""Exports and erasures that people asked for."""

from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from db.engine.base import CITEXT, Base, Json, Key, Stamped, Time, one_of
from domain.platform.files import FileStatus


class DataExport(Base, Stamped):
    """One file with all that is held of a person; its object's key is made from ``id``. ``size`` in bytes."""

    __tablename__ = "data_exports"
    __table_args__ = (
        one_of("status", FileStatus),
        CheckConstraint("status <> 'ready' OR expires_at IS NOT NULL", name="ready_has_an_end"),
        Index("uq_data_exports_queued", "user_id", unique=True, postgresql_where=text("status = 'queued'")),
        Index("ix_data_exports_user_id", "user_id", "id"),
    )

    id: Mapped[Key]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    status: Mapped[str] = mapped_column(server_default=text("'queued'"))
    size: Mapped[int | None] = mapped_column(BigInteger)
    ready_at: Mapped[Time | None]
    expires_at: Mapped[Time | None]


class Erasure(Base, Stamped):
    """A person who asked to be forgotten; the row stays, as the proof. ``address`` is where the two e-mails about it
    go, and empty when the last one is gone. ``proof``: how many rows of which table lost what, by step."""

    __tablename__ = "erasures"
    __table_args__ = (Index("uq_erasures_user_id", "user_id", unique=True),)

    id: Mapped[Key]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    address: Mapped[str | None] = mapped_column(CITEXT)
    language: Mapped[str]
    delete_at: Mapped[Time]
    anonymised_at: Mapped[Time | None]
    completed_at: Mapped[Time | None]
    proof: Mapped[Json] = mapped_column(server_default=text("'{}'"))
