"""The common parts of all tables: naming, keys, time stamps, and check constraints from enums."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, DateTime, MetaData, String, Text, text
from sqlalchemy.dialects.postgresql import CITEXT, INTERVAL, JSONB
from sqlalchemy.dialects.postgresql import UUID as PgUUID
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from domain.platform.invalidation import CacheKind

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

Key = Annotated[UUID, mapped_column(PgUUID(as_uuid=True), primary_key=True, server_default=text("uuidv7()"))]
#: Minor units of the row's currency.
Minor = Annotated[int, mapped_column(BigInteger)]
Currency = Annotated[str, mapped_column(String(3))]
Time = Annotated[datetime, mapped_column(DateTime(timezone=True))]
Json = Annotated[dict[str, object], mapped_column(JSONB)]
#: ``{"ja": …, "en": …}`` with at least one of them. A missing text is SQL NULL, never JSON null.
Bilingual = Annotated[dict[str, str], mapped_column(JSONB(none_as_null=True))]


class Base(DeclarativeBase):
    """Declares tables; nothing is loaded lazily."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {str: Text(), datetime: DateTime(timezone=True), UUID: PgUUID(as_uuid=True)}  # noqa: RUF012


class Stamped:
    """A trigger sets ``updated_at``, so that no statement can forget it."""

    created_at: Mapped[Time] = mapped_column(server_default=text("now()"), sort_order=900)
    updated_at: Mapped[Time] = mapped_column(server_default=text("now()"), sort_order=901)


def one_of(column: str, *enums: type[StrEnum]) -> CheckConstraint:
    """The check constraint that repeats an enum of the domain, or several."""
    listed = ", ".join(f"'{value.value}'" for enum in enums for value in enum)
    return CheckConstraint(f"{column} IN ({listed})", name=f"{column}_known")


#: A table's entry for the cached answers that its changes invalidate; joined in `db.tables`.
CACHE_KIND = "cache_kind"


def ends_cached(kind: CacheKind) -> dict[str, object]:
    """The last of ``__table_args__`` of a table that cached answers are made from: a change ends those of ``kind``."""
    return {"info": {CACHE_KIND: kind}}


def bilingual(column: str) -> CheckConstraint:
    """A bilingual text is an object with a Japanese or an English string."""
    return CheckConstraint(f"{column} ?| array['ja', 'en']", name=f"{column}_bilingual")


__all__ = [
    "CACHE_KIND",
    "CITEXT",
    "INTERVAL",
    "Base",
    "Bilingual",
    "Currency",
    "Json",
    "Key",
    "Minor",
    "Stamped",
    "Time",
    "bilingual",
    "ends_cached",
    "one_of",
]
