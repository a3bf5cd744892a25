"""What a visitor has chosen so far in the booking flow. It is in the address of the page, so that back, reload and two
tabs work; personal data never are."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

MOST_SERVICES = 5


def whole_number(text: str, most: int) -> int | None:
    """The number that a field names, from 0 to ``most``; None for anything else."""
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(most))):
        return None
    return int(text) if int(text) <= most else None


@dataclass(frozen=True, slots=True)
class Selection:
    """``staff`` has one entry for each service, empty for anyone. ``start`` is RFC 3339 text, empty until a time is
    chosen; ``day`` is the day that is looked at."""

    services: tuple[str, ...] = ()
    staff: tuple[str, ...] = ()
    party: int = 1
    start: str = ""
    day: str = ""

    @classmethod
    def of(cls, pairs: Iterable[tuple[str, str]]) -> "Selection":
        """From the fields of a query or a form. What is unreadable counts as not chosen: the API checks the rest."""
        fields = list(pairs)
        services = tuple(value for name, value in fields if name == "service")[:MOST_SERVICES]
        staff = [value for name, value in fields if name == "staff"][: len(services)]
        staff += [""] * (len(services) - len(staff))
        single = dict(reversed(fields))
        return cls(
            services,
            tuple(staff),
            whole_number(single.get("party", "1"), most=1000) or 1,
            single.get("start", ""),
            single.get("day", ""),
        )

    def pairs(self) -> list[tuple[str, str]]:
        """The fields, for an address or a form."""
        fields = [
            pair
            for one, who in zip(self.services, self.staff, strict=True)
            for pair in (("service", one), ("staff", who))
        ]
        fields.append(("party", str(self.party)))
        return [*fields, *((name, value) for name, value in (("day", self.day), ("start", self.start)) if value)]

    def address(self, flow: str, **changes: Any) -> str:
        """The page of the flow with ``changes``; ``flow`` is its path, such as ``/salon-hana/book``."""
        return f"{flow}?{urlencode(replace(self, **changes).pairs())}"

    def items(self) -> list[Mapping[str, Any]]:
        """As the API takes them."""
        return [
            {"service_id": one, "resource_ids": [who] if who else []}
            for one, who in zip(self.services, self.staff, strict=True)
        ]

    @property
    def preferred(self) -> list[str]:
        """The chosen staff, each once."""
        return list(dict.fromkeys(who for who in self.staff if who))
