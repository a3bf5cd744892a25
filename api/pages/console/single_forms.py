"""Forms of what a business has once: its profile, its rules of booking, its opening hours, the look of its messages;
and the hours of one person or room."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.pages.api_client import ApiError
from api.pages.forms import Form, read_form
from api.pages.handling import route
from api.pages.records.fields import Field, Option, body_of, fields_of, hinted, shown, typed
from api.pages.records.pages import MOST, Desk, desk_of, form_variables
from api.pages.rendering import page, see_other
from api.v1.businesses.businesses.schemas import BusinessUpdate
from api.v1.businesses.businesses.settings_schemas import SettingsUpdate
from api.v1.messages.brands.schemas import MessageBrandUpdate
from domain.businesses.address import Prefecture

_PROFILE = (
    *("name", "vertical", "description", "postal_code", "prefecture", "city", "address", "phone", "email", "website"),
    *("slug", "invoice_number", "legal_notice", "payment_provider"),
)
_SETTINGS = (
    *("payment_mode", "approval_mode", "approval_within", "hold_for", "lead_time", "booking_window"),
    *("slot_interval_minutes", "start_grid", "guest_booking", "asks_kana", "address_proof_within"),
    *("phone_proof_within", "provisional_for"),
    *("reminder_offsets", "no_show_grace", "undo_within", "auto_complete", "waitlist_offer_for", "unproven_holds"),
    *("staff_change_notice", "messages_name_staff", "feeds_name_customers", "language", "default_policy_id"),
)
#: The hours of the week, and of public holidays, as one table.
_WEEK = Field("week", "week", "field_week", "hint_week")


@dataclass(frozen=True, slots=True)
class SingleForm:
    """``read`` and ``update`` are paths of the API, with ``{business}`` and ``{id}``."""

    name: str
    address: str
    fields: Callable[[Desk], Awaitable[Sequence[Field]]]
    read: str
    update: str
    of: Callable[[Mapping[str, Any]], Mapping[str, Any]] = lambda found: found
    body: Callable[[Sequence[Field], Form, Desk], Mapping[str, Any]] = lambda fields, form, desk: body_of(
        fields, form, desk.business["currency"], change=True
    )
    asked: Callable[[Desk], Mapping[str, Any]] = lambda _: {}
    heading: Callable[[Desk, Mapping[str, Any]], str] = lambda _desk, _found: ""
    back: str = "setup"

    def routes(self) -> tuple[Route, ...]:
        """The page and its form."""
        address = f"/console/{{business_id}}/{self.address}"
        return route(address, self.show), route(address, self.save, "POST")

    async def show(self, request: Request) -> Response:
        """The form as it is."""
        desk = await desk_of(request)
        return await self._shown(desk)

    async def save(self, request: Request) -> Response:
        """Save it; with ``confirm`` also where bookings lose their time."""
        request.scope["omotenashi.page_path"] = request.url.path
        form = await read_form(request)
        desk = await desk_of(request)
        fields = await self.fields(desk)
        asked = {**self.asked(desk), **({"confirm": True} if form.get("confirm") else {})}
        try:
            await desk.api.put(self._path(desk, self.update), self.body(fields, form, desk), asked)
        except ApiError as error:
            return await self._shown(desk, form, error)
        return see_other(request, f"{request.url.path}?saved")

    async def _shown(self, desk: Desk, form: Form | None = None, error: ApiError | None = None) -> Response:
        fields = await self.fields(desk)
        found = await desk.api.get(self._path(desk, self.read), **self.asked(desk))
        values = typed(fields, form) if form else shown(fields, self.of(found))
        variables = form_variables(desk, self.name, fields, values, error)
        variables |= {
            "heading": self.heading(desk, found),
            "back": f"{desk.path}/{self.back}",
            "back_key": "tab_setup" if self.back == "setup" else f"records_{self.back}",
            "saved": "saved" in desk.query,
        }
        return page(desk.request, "console/single", variables, status=error.status if error else 200)

    def _path(self, desk: Desk, template: str) -> str:
        names = {"{business}": desk.business["id"], "{id}": desk.request.path_params.get("record_id", "")}
        for name, value in names.items():
            template = template.replace(name, str(value))
        return template


async def _profile(desk: Desk) -> list[Field]:
    return fields_of(BusinessUpdate, _PROFILE, {"prefecture": prefectures(desk.f.language)})


def prefectures(language: str) -> list[Option]:
    """The prefectures by name, from north to south."""
    return [Option(one.value, text=one.value if language == "ja" else one.english) for one in Prefecture]


def _as_typed(business: Mapping[str, Any]) -> Mapping[str, Any]:
    place = business["prefecture"]
    return {
        **business,
        "phone": business["phone_as_typed"] or business["phone"],
        "prefecture": place["ja"] if place else None,
    }


async def _settings(desk: Desk) -> list[Field]:
    policies = await desk.api.rows("/policies", MOST, business_id=desk.business["id"])
    options = [Option(one["id"], text=desk.f.text(one["name"])) for one in policies]
    fields = fields_of(SettingsUpdate, _SETTINGS, {"default_policy_id": options}, {"reminder_offsets": "durations"})
    return hinted(fields, "payment_mode", "hint_payment_mode_rules")


async def _week(_: Desk) -> list[Field]:
    return [_WEEK]


def _hours_of(found: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"week": {**found["weekly"], "public_holiday": found["public_holiday"]}}


def _hours_body(fields: Sequence[Field], form: Form, _desk: Desk) -> Mapping[str, Any]:
    week = dict(body_of(fields, form)["week"])
    holiday = week.pop("public_holiday")
    return {"weekly": week, "public_holiday": holiday or None}


async def _own_week(_: Desk) -> list[Field]:
    return [Field("as_business", "switch", "field_as_business", "hint_as_business"), _WEEK]


def _own_hours_of(found: Mapping[str, Any]) -> Mapping[str, Any]:
    hours = found["working_hours"]
    return {"as_business": hours is None, **(_hours_of(hours) if hours else {})}


def _own_body(fields: Sequence[Field], form: Form, desk: Desk) -> Mapping[str, Any]:
    hours = None if form.get("as_business") else _hours_body([one for one in fields if one.kind == "week"], form, desk)
    return {"working_hours": hours}


async def _brand(desk: Desk) -> list[Field]:
    pictures = await desk.api.rows("/media", MOST, business_id=desk.business["id"])
    options = [
        Option(one["id"], text=desk.f.text(one["captions"]) or f"{one['position'] + 1}")
        for one in pictures
        if one["kind"] == "image" and one["status"] == "ready"
    ]
    colour, logo = fields_of(MessageBrandUpdate, ("colour", "logo_media_id"), {"logo_media_id": options})
    return [replace(colour, required=False, erasable=True), replace(logo, required=False, erasable=True)]


FORMS = (
    SingleForm(
        "profile",
        "profile",
        _profile,
        "/businesses/{business}",
        "/owner/businesses/{business}",
        of=_as_typed,
    ),
    SingleForm(
        "settings",
        "settings",
        _settings,
        "/businesses/{business}/settings",
        "/owner/businesses/{business}/settings",
    ),
    SingleForm(
        "hours",
        "hours",
        _week,
        "/businesses/{business}/hours",
        "/owner/businesses/{business}/hours",
        of=_hours_of,
        body=_hours_body,
    ),
    SingleForm(
        "hours",
        "resources/{record_id}/hours",
        _own_week,
        "/resources/{id}",
        "/owner/resources/{id}",
        of=_own_hours_of,
        body=_own_body,
        heading=lambda desk, found: desk.f.text(found["name"]),
        back="resources",
    ),
    SingleForm(
        "brand",
        "brand",
        _brand,
        "/notifications/brand",
        "/notifications/brand",
        asked=lambda desk: {"business_id": desk.business["id"]},
    ),
)
ROUTES = tuple(one for form in FORMS for one in form.routes())
