"""Two records of one person become one, and two again: what the kept record takes over, and what an undo gives back."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from domain.customers.errors import CustomersHaveTwoLogins, UnmergeRefused
from domain.customers.profile import MAX_PREFERENCES, MAX_TAGS
from domain.errors import InvalidInput

#: How long a merge can be undone.
UNDO_WITHIN = timedelta(days=30)
#: Taken over where the kept record has nothing.
_FILLED = ("given_name", "family_name_kana", "given_name_kana", "phone", "email", "birthday", "user_id")


@dataclass(frozen=True, slots=True)
class Merge:
    """One merge. ``changes``: columns of the kept record that the merge changed, each with the value before and
    after."""

    id: UUID
    kept_id: UUID
    merged_id: UUID
    changes: Mapping[str, tuple[Any, Any]]
    created_at: datetime
    undone_at: datetime | None


def plan_merge(kept: Mapping[str, Any], merged: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of the kept record that change: gaps are filled, tags and preferences joined, and what the
    record has stays. Raises InvalidInput for a record with itself, and CustomersHaveTwoLogins for two people."""
    if kept["id"] == merged["id"]:
        raise InvalidInput.at("duplicate_id", "another_customer")
    if kept["user_id"] and merged["user_id"]:
        raise CustomersHaveTwoLogins
    values = {name: merged[name] for name in _FILLED if not kept[name] and merged[name]}
    joined = {
        "tags": _joined(kept["tags"], merged["tags"]),
        "preferences": dict(list({**merged["preferences"], **kept["preferences"]}.items())[-MAX_PREFERENCES:]),
    }
    return values | {name: value for name, value in joined.items() if value != kept[name]}


def _joined(first: Iterable[str], second: Iterable[str]) -> list[str]:
    return list(dict.fromkeys([*first, *second]))[:MAX_TAGS]


def plan_undo(merge: Merge, kept: Mapping[str, Any], *, kept_is_there: bool, now: datetime) -> dict[str, Any]:
    """The columns of the kept record that go back: those that nobody has changed since. Raises UnmergeRefused with the
    reason ``merged_again`` (the kept record went into another one, or was deleted) or ``too_late``."""
    if not kept_is_there:
        raise UnmergeRefused({"reason": "merged_again"})
    if now >= merge.created_at + UNDO_WITHIN:
        raise UnmergeRefused({"reason": "too_late"})
    return {name: before for name, (before, after) in merge.changes.items() if kept[name] == after}
