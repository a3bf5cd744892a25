"""Which customers a campaign is for. Pure rules."""

from dataclasses import dataclass
from uuid import UUID

from domain.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class Segment:
    """All conditions that are set must hold; without any it is everybody who has consented.

    ``tags``: has all of them. ``visited_within_days`` and ``not_visited_for_days``: the last completed visit is at
    most, or at least, so many days ago; who never came has no last visit, and meets neither. ``spent_from`` and
    ``spent_to``: the agreed prices of completed visits in the currency of the business, minor units, both included.
    ``service_ids``: a completed visit with one of them. ``birthday_month``: 1 to 12.
    """

    tags: tuple[str, ...] = ()
    visited_within_days: int | None = None
    not_visited_for_days: int | None = None
    visits_from: int | None = None
    spent_from: int | None = None
    spent_to: int | None = None
    service_ids: tuple[UUID, ...] = ()
    birthday_month: int | None = None


def check_segment(segment: Segment) -> None:
    """Raise InvalidInput for conditions that nobody can meet."""
    if (
        segment.visited_within_days is not None
        and segment.not_visited_for_days is not None
        and segment.visited_within_days < segment.not_visited_for_days
    ):
        raise InvalidInput.at("segment.visited_within_days", "nobody_left")
    if segment.spent_from is not None and segment.spent_to is not None and segment.spent_to < segment.spent_from:
        raise InvalidInput.at("segment.spent_to", "nobody_left")
