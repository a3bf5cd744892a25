"""``/{slug}``: a business as its customers see it."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response

from api.pages.api_client import ApiClient, ApiError
from api.pages.rendering import page

#: For so many services the page looks for the next free time; a longer menu shows it in the booking flow.
_LOOKED_AT = 12
_DAYS_AHEAD = 13
_MOST_PICTURES = 12
_MOST_REVIEWS = 5
#: The accent colour by kind of business: contrast of at least 4.5 : 1 with white (WCAG 2.2, 1.4.3).
ACCENTS = {
    "salon": "plum",
    "spa": "teal",
    "restaurant": "brick",
    "barber": "navy",
    "clinic": "blue",
    "fitness": "green",
}
_PAID_ONLINE = frozenset({"prepay", "deposit", "card_hold"})
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


async def show_business(request: Request) -> Response:
    """The page. It asks for everything at once, because each call waits for the database."""
    api = ApiClient(request)
    business = await business_of(api, request.path_params["slug"])
    path = f"/businesses/{business['id']}"
    services, hours, staff, pictures, stars, reviews = await asyncio.gather(
        api.get(f"{path}/services", limit=100),
        api.get(f"{path}/hours"),
        api.get(f"{path}/staff", limit=100),
        api.get("/media", business_id=business["id"], limit=_MOST_PICTURES),
        api.get(f"{path}/reviews/stats"),
        api.get("/reviews", business_id=business["id"], with_text=True, limit=_MOST_REVIEWS),
    )
    today = today_at(business, request)
    free = await asyncio.gather(*(_next_free(api, one, today) for one in services[:_LOOKED_AT]))
    return page(
        request,
        "booking/business",
        {
            "business": business,
            "accent": ACCENTS.get(business["vertical"], ""),
            "groups": by_category(services),
            "next_free": {one["id"]: at for one, at in zip(services, free, strict=False)},
            "hours": _week(hours, today),
            "staff": staff,
            "map": map_address(business),
            "pictures": [one for one in pictures if one["kind"] == "image" and one["variants"]],
            "stars": stars,
            "reviews": reviews,
            "policies": _policies(services),
        },
    )


async def show_legal_notice(request: Request) -> Response:
    """The legal notice that the Act on Specified Commercial Transactions asks for (特定商取引法11条)."""
    business = await business_of(ApiClient(request), request.path_params["slug"])
    return page(request, "booking/legal", {"business": business, "accent": ACCENTS.get(business["vertical"], "")})


async def business_of(api: ApiClient, slug: str) -> Any:
    """The public business of a slug, with its ``colour``. Raises ApiError."""
    return await with_colour(api, await api.get(f"/businesses/slug/{slug}"))


async def with_colour(api: ApiClient, business: Mapping[str, Any]) -> Mapping[str, Any]:
    """The business with the ``colour`` that it has chosen; None without one."""
    look = await api.get(f"/notifications/brand/{business['id']}")
    return {**business, "colour": look["colour"]}


def _policies(services: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Each cancellation policy of the menu with the names of its services; none where nothing is paid online, because
    no fee is charged then."""
    found: dict[str, dict[str, Any]] = {}
    for one in services:
        if one["policy"] and one["payment_mode"] in _PAID_ONLINE:
            known = found.setdefault(one["policy"]["id"], {**one["policy"], "services": []})
            known["services"].append(one["name"])
    return list(found.values())


def today_at(business: Mapping[str, Any], request: Request) -> date:
    """The date at the venue."""
    at: datetime = request.app.state.services.now()
    return at.astimezone(ZoneInfo(business["time_zone"])).date()


def by_category(services: Sequence[Mapping[str, Any]]) -> list[tuple[dict[str, str], list[Mapping[str, Any]]]]:
    """The services by category, in the order of their first service. Two categories are one if they have the same name
    in one language; so one that is typed without its English name is in the group of the others."""
    groups: list[tuple[dict[str, str], list[Mapping[str, Any]]]] = []
    for one in services:
        written = one["category"] or {}
        names = {language: written[language] for language in ("ja", "en") if written.get(language)}
        known = next((group for group in groups if group[0].items() & names.items() or group[0] == names), None)
        if known is None:
            groups.append((names, [one]))
        else:
            known[0].update(names | known[0])
            known[1].append(one)
    return groups


async def _next_free(api: ApiClient, service: Mapping[str, Any], today: date) -> str | None:
    """The next free start within two weeks, as text; None without one."""
    period = {"from": today.isoformat(), "to": (today + timedelta(days=_DAYS_AHEAD)).isoformat()}
    try:
        found = await api.get("/availability", service_id=service["id"], party_size=service["party_min"], **period)
    except ApiError:
        return None  # not bookable now: the page still shows the service
    return found["starts"][0]["start_at"] if found["starts"] else None


def _week(hours: Mapping[str, Any], today: date) -> Mapping[str, Any]:
    """The days from Monday on, and the coming days with other hours."""
    monday = today - timedelta(days=today.weekday())
    days = [
        {
            "date": monday + timedelta(days=position),
            "ranges": hours["weekly"][name],
            "is_today": position == today.weekday(),
        }
        for position, name in enumerate(_WEEKDAYS)
    ]
    coming = [one for one in hours["one_off"] if one["day"] >= today.isoformat()]
    other = [{**one, "day": date.fromisoformat(one["day"])} for one in coming[:10]]
    return {"days": days, "public_holiday": hours["public_holiday"], "other": other}


def map_address(business: Mapping[str, Any]) -> str | None:
    """A map of the place, at a site that needs no key; None without a geographic point."""
    location = business["location"]
    if not location:
        return None
    point = f"{location['latitude']},{location['longitude']}"
    return "https://www.google.com/maps/search/?" + urlencode({"api": 1, "query": point})
