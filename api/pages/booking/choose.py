"""``/{slug}/book``: the first two screens, what and when."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from api.pages.api_client import ApiClient, ApiError
from api.pages.booking.business import ACCENTS, business_of, by_category, today_at
from api.pages.booking.days import Strip, day_from
from api.pages.booking.embedding import Embedding, embedding_of
from api.pages.booking.selection import Selection
from api.pages.rendering import Sources, page
from domain.businesses.profile import AsksKana


@dataclass(frozen=True, slots=True)
class BusinessView:
    """The business, its menu and its staff: what every screen of the flow needs."""

    api: ApiClient
    business: Mapping[str, Any]
    services: Mapping[str, Mapping[str, Any]]
    staff: Sequence[Mapping[str, Any]]
    embedding: Embedding | None = None

    @property
    def slug(self) -> str:
        """The last part of its URL."""
        slug: str = self.business["slug"]
        return slug

    @property
    def flow(self) -> str:
        """The path of the flow's screens."""
        return f"/{self.slug}/embed" if self.embedding else f"/{self.slug}/book"

    @property
    def sources(self) -> Sources | None:
        """The sites that may show these screens in a frame; None: no site."""
        return Sources(around=self.embedding.origins) if self.embedding else None

    @property
    def zone(self) -> str:
        """Its time zone (IANA)."""
        zone: str = self.business["time_zone"]
        return zone

    def chosen(self, selection: Selection) -> list[Mapping[str, Any]]:
        """The chosen services; those that the business no longer has are left out."""
        return [self.services[one] for one in selection.services if one in self.services]

    def people_for(self, service: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        """The staff who may do a service."""
        able = {one for requirement in service["requirements"] for one in requirement["resource_ids"]}
        return [person for person in self.staff if person["id"] in able]

    async def asks_kana(self) -> AsksKana:
        """Whether the forms ask for the name in kana."""
        settings = await self.api.get(f"/businesses/{self.business['id']}/settings")
        return AsksKana(settings["asks_kana"])

    def variables(self, step: str) -> dict[str, Any]:
        """For the templates."""
        shown = {"business": self.business, "accent": ACCENTS.get(self.business["vertical"], ""), "step": step}
        inside = {"form_token": self.embedding.token} if self.embedding else {}
        return {**shown, **inside, "flow": self.flow, "embedding": self.embedding}


async def place_of(request: Request) -> BusinessView:
    """The business that the URL names. Raises ApiError."""
    api = ApiClient(request)
    business = await business_of(api, request.path_params["slug"])
    path = f"/businesses/{business['id']}"
    services, staff = await asyncio.gather(api.get(f"{path}/services", limit=100), api.get(f"{path}/staff", limit=100))
    return BusinessView(api, business, {one["id"]: one for one in services}, staff, embedding_of(request, business))


def show_services(request: Request, place: BusinessView, selection: Selection) -> Response:
    """The first screen."""
    groups = by_category(list(place.services.values()))
    variables = {**place.variables("what"), "groups": groups, "selection": selection}
    return page(request, "booking/what", variables, sources=place.sources)


async def show_times(
    request: Request, place: BusinessView, selection: Selection, refused: ApiError | None = None, status: int = 200
) -> Response:
    """The second screen: a strip of two weeks, and the times of one day. ``refused``: why the time that was chosen
    cannot be had."""
    services = place.chosen(selection)
    today = today_at(place.business, request)
    chosen = day_from(selection.start or selection.day, today)
    strip = Strip.around(chosen or today, today)
    error, starts = refused, []
    try:
        starts = (await place.api.get("/availability", **_question(selection, strip)))["starts"]
    except ApiError as failed:
        error = error or failed
    days = [_day(one, starts) for one in strip.days]
    day = chosen or next((one["date"] for one in days if one["left"]), strip.first)
    variables = {
        **place.variables("when"),
        "selection": selection,
        "services": [{**one, "people": place.people_for(one)} for one in services],
        "parties": _parties(services),
        "strip": [{**one, "address": _at(place, selection, one["date"])} for one in days],
        "day": day,
        "times": day_parts(
            [one for one in starts if one["start_at"][:10] == day.isoformat()],
            lambda at: selection.address(place.flow, start=at, day=""),
        ),
        "next_free": _next(starts, day, place, selection),
        "earlier": _at(place, selection, strip.earlier) if strip.earlier else None,
        "later": _at(place, selection, strip.later),
        "waitlist": _waitlist(place, selection, day),
        "error": error,
        "alternatives": _alternatives(error, place, selection),
    }
    return page(request, "booking/when", variables, status=status, sources=place.sources)


def _question(selection: Selection, strip: Strip) -> Mapping[str, Any]:
    return {
        "service_id": list(selection.services),
        "resource_id": selection.preferred,
        "party_size": selection.party,
        "from": strip.first.isoformat(),
        "to": strip.last.isoformat(),
    }


def _day(day: date, starts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {"date": day, "left": sum(one["start_at"][:10] == day.isoformat() for one in starts)}


def _at(place: BusinessView, selection: Selection, day: date) -> str:
    return selection.address(place.flow, day=day.isoformat(), start="")


def day_parts(
    starts: Sequence[Mapping[str, Any]], address: Callable[[str], str]
) -> list[tuple[str, list[Mapping[str, Any]]]]:
    """Starts by part of the day, as people look for them; ``address`` is where a start leads."""
    groups: dict[str, list[Mapping[str, Any]]] = {"morning": [], "noon": [], "evening": []}
    for one in starts:
        hour = datetime.fromisoformat(one["start_at"]).hour
        part = "morning" if 4 <= hour < 12 else "noon" if 12 <= hour < 17 else "evening"
        groups[part].append({**one, "address": address(one["start_at"])})
    return [(name, found) for name, found in groups.items() if found]


def _next(
    starts: Sequence[Mapping[str, Any]], day: date, place: BusinessView, selection: Selection
) -> Mapping[str, str] | None:
    later = next((one["start_at"] for one in starts if one["start_at"][:10] > day.isoformat()), None)
    if later is None:
        return None
    return {"start_at": later, "address": selection.address(place.flow, day=later[:10], start="")}


def _parties(services: Sequence[Mapping[str, Any]]) -> list[int]:
    """The numbers of people that all services take."""
    least = max((one["party_min"] for one in services), default=1)
    most = min((one["party_max"] for one in services), default=1)
    return list(range(least, most + 1))


def _waitlist(place: BusinessView, selection: Selection, day: date) -> str | None:
    """The address of the waitlist's form; it takes one service."""
    if len(selection.services) != 1:
        return None
    chosen = replace(selection, day=day.isoformat(), start="")
    return chosen.address(f"/{place.slug}/book").replace("/book?", "/waitlist?", 1)


def _alternatives(error: ApiError | None, place: BusinessView, selection: Selection) -> list[Mapping[str, str]]:
    found = error.details.get("alternatives", ()) if error else ()
    return [{"start_at": at, "address": selection.address(place.flow, start=at, day="")} for at in found]
