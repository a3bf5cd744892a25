"""``/{slug}/book``: which screen an address means, and the last two screens, who and the check before booking."""

import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response

from api.http.error_sentences import field_message
from api.http.request_info import request_info
from api.pages.api_client import ApiError
from api.pages.booking.choose import BusinessView, place_of, show_services, show_times
from api.pages.booking.days import is_moment
from api.pages.booking.embedding import is_embedded, read_embedded_form
from api.pages.booking.selection import Selection, whole_number
from api.pages.booking.terms import Visit, agreement, lines, money
from api.pages.forms import Form, read_form
from api.pages.rendering import page, see_other
from api.pages.texts.words import word
from api.v1.bookings.bookings.create_schemas import GuestWrite
from domain.bookings.contact import Contact
from domain.bookings.limits import check_kana
from domain.businesses.profile import AsksKana
from domain.errors import InvalidInput

#: Refusals after which another time has to be chosen.
_OTHER_TIME = frozenset(
    {"slot_taken", "outside_opening_hours", "outside_booking_window", "nobody_works", "not_bookable"}
)
_GUEST = ("family_name", "given_name", "family_name_kana", "given_name_kana", "email", "phone")
_CONTACT = (*_GUEST, "special_requests")


async def show_flow(request: Request) -> Response:
    """The screen that follows from what the address says is chosen."""
    place = await place_of(request)
    if place.embedding and request.query_params.get("booked"):
        variables = {**place.variables("confirm"), "token": request.query_params["booked"]}
        return page(
            request, "booking/embed_done", {**variables, "due": "due" in request.query_params}, sources=place.sources
        )
    selection = _fitting(Selection.of(request.query_params.multi_items()), place)
    if not place.chosen(selection):
        return show_services(request, place, selection)
    if not is_moment(selection.start):
        return await show_times(request, place, selection)
    return await _who(request, place, selection, {}, {})


async def go_on(request: Request) -> Response:
    """A form of the last two screens: to the check, back to the contact, or the booking itself."""
    request.scope["omotenashi.page_path"] = request.url.path
    form = await read_form(request) if not is_embedded(request) else await read_embedded_form(request)
    place = await place_of(request)
    selection = _fitting(Selection.of(form.fields), place)
    if not place.chosen(selection) or not is_moment(selection.start):
        return see_other(request, selection.address(place.flow))
    if form.get("step") == "who":
        return await _who(request, place, selection, form.values, {})
    if form.get("step") == "book":
        return await _book(request, place, selection, form)
    if wrong := _wrong(form, await place.asks_kana()):
        return await _who(request, place, selection, form.values, wrong, status=422)
    return _check(request, place, selection, form.values)


def _fitting(selection: Selection, place: BusinessView) -> Selection:
    """Without services that the business no longer has, and with as many people as the services take."""
    kept = [pair for pair in zip(selection.services, selection.staff, strict=True) if pair[0] in place.services]
    chosen = [place.services[one] for one, _ in kept]
    least = max((one["party_min"] for one in chosen), default=1)
    return replace(
        selection,
        services=tuple(one for one, _ in kept),
        staff=tuple(who for _, who in kept),
        party=max(selection.party, least),
    )


def _wrong(form: Form, asks: AsksKana) -> Mapping[str, str]:
    """The sentence of each field of the contact that the API would refuse."""
    language = request_info().language
    guest = _guest(form)
    found = {} if form.get("family_name") else {"family_name": word("fill_in_name", language, {})}
    try:
        GuestWrite.model_validate(guest)
    except ValidationError as error:
        for item in error.errors():
            name = str((*item["loc"], "email")[0])
            found.setdefault(name, field_message(item["type"], language, item.get("ctx")))
    kana = {name: guest[name] for name in ("family_name_kana", "given_name_kana")}
    try:
        check_kana(Contact(form.get("family_name"), form.get("given_name"), **kana), asks)
    except InvalidInput as error:
        for one in error.details["fields"]:
            found.setdefault(one["field"].rpartition(".")[2], field_message(one["rule"], language))
    return found


def _guest(form: Form) -> Mapping[str, str | None]:
    return {name: form.get(name) or None for name in _GUEST}


async def _who(
    request: Request,
    place: BusinessView,
    selection: Selection,
    typed: Mapping[str, str],
    errors: Mapping[str, str],
    status: int = 200,
) -> Response:
    variables = {
        **place.variables("who"),
        **_summary(place, selection),
        "typed": {name: typed.get(name, "") for name in _CONTACT},
        "errors": errors,
        "asks": await place.asks_kana(),
    }
    return page(request, "booking/who", variables, status=status, sources=place.sources)


def _check(
    request: Request,
    place: BusinessView,
    selection: Selection,
    typed: Mapping[str, str],
    notice: str = "",
    status: int = 200,
) -> Response:
    summary = _summary(place, selection)
    visit = Visit(datetime.fromisoformat(selection.start), place.zone, request.app.state.services.now())
    variables = {
        **place.variables("confirm"),
        **summary,
        "typed": {name: typed.get(name, "") for name in _CONTACT},
        "key": secrets.token_urlsafe(24),
        "notice": notice,
        "policy": lines(summary["terms"], visit, request_info().language.value),
    }
    return page(request, "booking/confirm", variables, status=status, sources=place.sources)


def _summary(place: BusinessView, selection: Selection) -> dict[str, Any]:
    services, people = place.chosen(selection), {one["id"]: one for one in place.staff}
    terms = agreement(services, selection.party)
    return {
        "selection": selection,
        "services": [
            {**one, "person": people.get(who), "cost": money(price)}
            for one, who, price in zip(services, selection.staff, terms.prices, strict=True)
        ],
        "end_at": _end(selection.start, services),
        "zone": place.zone,
        "terms": terms,
        "price": money(terms.dues.price),
        "due": money(terms.dues.online),
        "rest": money(terms.dues.at_venue),
        "times_address": selection.address(place.flow, start="", day=selection.start[:10]),
        "services_address": place.flow,
    }


def _end(start: str, services: list[Mapping[str, Any]]) -> str:
    """The end of the visit where no service makes the customer wait."""
    minutes = sum(one["duration_minutes"] for one in services)
    return (datetime.fromisoformat(start) + timedelta(minutes=minutes)).isoformat()


async def _book(request: Request, place: BusinessView, selection: Selection, form: Form) -> Response:
    shown = agreement(place.chosen(selection), selection.party)
    expected = whole_number(form.get("expected"), most=10**12)
    price = shown.dues.price.amount if expected is None else expected
    body = {
        "items": selection.items(),
        "start_at": _with_seconds(selection.start),
        "party_size": selection.party,
        "special_requests": form.get("special_requests") or None,
        "language": request_info().language.value,
        "expected_price": {"amount": price, "currency": shown.dues.price.currency},
        "guest": _guest(form),
    }
    try:
        booked = await place.api.post("/bookings", body, key=form.get("key"))
    except ApiError as error:
        return await _not_booked(request, place, selection, form, error)
    due = booked["amount_due"]["amount"]
    if place.embedding:
        asked = {"booked": booked["guest_token"], **({"due": "1"} if due else {})}
        return see_other(request, f"{place.flow}?{urlencode(asked)}")
    return see_other(request, f"/bookings/{booked['guest_token']}" + ("/pay" if due else ""))


async def _not_booked(
    request: Request, place: BusinessView, selection: Selection, form: Form, error: ApiError
) -> Response:
    if error.code in _OTHER_TIME:
        return await show_times(request, place, selection, error, error.status)
    if error.code == "price_changed":
        return _check(request, place, selection, form.values, "price_changed", error.status)
    fields = {name.rpartition(".")[2]: said for name, said in error.fields.items()}
    if any(name in _CONTACT or name == "guest" for name in fields):
        return await _who(
            request, place, selection, form.values, {"email": fields.pop("guest", ""), **fields}, error.status
        )
    raise error


def _with_seconds(text: str) -> str:
    return datetime.fromisoformat(text).isoformat()
