"""The search for businesses, over the public data of approved ones (``business_directory``).

The directory's row-level security policy is always true, so that indexes on text and distance can be used: on
``businesses`` itself, row-level security prevents that. The results are then read from ``businesses`` under its
policies, by key.

Every statement contains only the conditions of its request, so that a cached plan fits it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import BindParameter, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.dialects.postgresql import UUID as PgUUID
from sqlalchemy.types import Text

from db.businesses.profile import NAMES, BusinessRow
from db.engine.store import Store
from domain.businesses.search import grams_of


class Sort(StrEnum):
    """In which order businesses come."""

    RELEVANCE = "relevance"
    DISTANCE = "distance"
    NAME = "name"
    NEWEST = "newest"


@dataclass(frozen=True, slots=True)
class Point:
    """Degrees, WGS 84, and the radius in metres."""

    latitude: float
    longitude: float
    radius_m: float


@dataclass(frozen=True, slots=True)
class Search:
    """What is looked for. ``terms``: words as `domain.businesses.search` makes them, each to be found. ``language``:
    ja or en, whose names are put in order. ``after``: the ``key`` of the last one seen."""

    sort: Sort
    language: str
    limit: int
    terms: Sequence[str] = ()
    vertical: str | None = None
    prefecture: str | None = None
    near: Point | None = None
    after: tuple[Any, ...] | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """A business, its sort key, and its distance (metres along the ground)."""

    business: BusinessRow
    key: tuple[Any, ...]
    distance_m: float | None


# The chord between two points of the globe: it has the order of the distance along the ground, and an index.
_CHORD = "(ll_to_earth(d.latitude, d.longitude) <-> ll_to_earth(:latitude, :longitude))"
_HERE = "d.latitude IS NOT NULL AND d.longitude IS NOT NULL"
_RANK = """
    CASE WHEN d.name_ja = :phrase OR d.name_en = :phrase THEN 0
         WHEN starts_with(d.name_ja, :phrase) OR starts_with(d.name_en, :phrase) THEN 1
         WHEN position(:phrase IN d.name_ja) > 0 OR position(:phrase IN d.name_en) > 0 THEN 2 ELSE 3 END
"""
#: Where words are searched; a single character, which half of all texts contain, only in names.
_BODY, _NAMES = "search_grams(d.body)", "search_name_grams(d.name_ja, d.name_en)"
#: The key that each order goes by before the id, and the type of its parameter.
_KEYS = {
    Sort.RELEVANCE: (_RANK, "integer"),
    Sort.DISTANCE: (_CHORD, "double precision"),
    Sort.NAME: ("d.name_{language}", "text"),
}


class SearchStore(Store):
    """Reading the directory."""

    async def search(self, asked: Search) -> Sequence[Found]:
        """The approved businesses that match, in order, in one statement. Needs the public scope."""
        statement, values = _statement(asked)
        rows = [row._asdict() for row in await self.session.execute(statement, values)]
        return [
            Found(
                BusinessRow(**{name: row[name] for name in NAMES}),
                (row["id"],) if asked.sort is Sort.NEWEST else (row["sort_key"], row["id"]),
                row["distance_m"],
            )
            for row in rows
        ]


def _statement(asked: Search) -> tuple[Any, dict[str, Any]]:
    conditions, values = _conditions(asked)
    key, kind = _KEYS.get(asked.sort, ("NULL", ""))
    key = key.format(language=asked.language)
    order = "id DESC" if asked.sort is Sort.NEWEST else "sort_key, id"
    after = ""
    if asked.sort is Sort.RELEVANCE:
        values["phrase"] = " ".join(asked.terms)
    if asked.after is not None and asked.sort is Sort.NEWEST:
        conditions.append("d.id < :after_id")
        (values["after_id"],) = asked.after
    elif asked.after is not None:
        after = f"WHERE (sort_key, id) > (CAST(:after_key AS {kind}), :after_id)"
        if asked.sort is Sort.NAME:
            conditions.append(f"({key}, d.id) > (CAST(:after_key AS {kind}), :after_id)")
            after = ""
        values["after_key"], values["after_id"] = asked.after
    where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
    distance = f"sec_to_gc({_CHORD})" if asked.near else "CAST(NULL AS double precision)"
    found = f"SELECT d.id, {key} AS sort_key, {distance} AS distance_m FROM business_directory d {where}"
    columns = ", ".join(f"b.{name}" for name in NAMES)
    statement = f"""
        SELECT {columns}, f.sort_key, f.distance_m
          FROM (SELECT * FROM ({found}) every {after} ORDER BY {order} LIMIT :limit) f
          JOIN businesses b ON b.id = f.id ORDER BY {order.replace("id", "f.id")}
    """
    binds: list[BindParameter[Any]] = [
        bindparam(name, type_=ARRAY(Text)) for name in values if name.startswith("grams_")
    ]
    if asked.after is not None:
        binds.append(bindparam("after_id", type_=PgUUID(as_uuid=True)))
    jsonb = dict.fromkeys(("name", "description", "address", "legal_notice"), JSONB)
    return text(statement).bindparams(*binds).columns(**jsonb), values | {"limit": asked.limit}


def _conditions(asked: Search) -> tuple[list[str], dict[str, Any]]:
    conditions: list[str] = []
    values: dict[str, Any] = {}
    if asked.vertical is not None:
        conditions.append("d.vertical = :vertical")
        values["vertical"] = asked.vertical
    if asked.prefecture is not None:
        conditions.append("d.prefecture = :prefecture")
        values["prefecture"] = asked.prefecture
    # The index finds texts with all pairs of characters; then their position is checked.
    for of, words in (
        (_BODY, [t for t in asked.terms if len(t) > 1]),
        (_NAMES, [t for t in asked.terms if len(t) == 1]),
    ):
        if words:
            parameter = f"grams_{len(values)}"
            conditions.append(f"{of} @> :{parameter}")
            values[parameter] = sorted({gram for word in words for gram in grams_of(word)})
    for number, term in enumerate(asked.terms):
        if len(term) > 2:
            conditions.append(f"position(:term{number} IN d.body) > 0")
            values[f"term{number}"] = term
    if asked.near is not None:
        conditions += [
            _HERE,
            "earth_box(ll_to_earth(:latitude, :longitude), :radius) @> ll_to_earth(d.latitude, d.longitude)",
            f"sec_to_gc({_CHORD}) <= :radius",
        ]
        values |= {"latitude": asked.near.latitude, "longitude": asked.near.longitude, "radius": asked.near.radius_m}
    return conditions, values
