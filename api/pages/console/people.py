"""``/console/{business}/customers``, ``…/team``, ``…/invitations`` and ``…/time-off``: customers and staff."""

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.pages.api_client import ApiError
from api.pages.booking.business import today_at
from api.pages.forms import Form, read_form
from api.pages.handling import route
from api.pages.records.fields import Field, Option, body_of, fields_of, sentences, shown, typed
from api.pages.records.pages import MOST, Action, Desk, Filter, Kind, Row, desk_of, form_variables
from api.pages.rendering import page, see_other
from api.v1.customers.customers.schemas import CustomerCreate, CustomerUpdate
from api.v1.customers.notes.schemas import CustomerNoteCreate
from api.v1.scheduling.schedules.schemas import ExceptionCreate, ExceptionUpdate
from api.v1.scheduling.staff.schemas import AssignmentUpdate, InvitationCreate
from domain.customers.profile import CustomerOrder

_PERSON = (
    *("family_name", "given_name", "family_name_kana", "given_name_kana", "phone", "email", "birthday", "language"),
    "tags",
)
_HISTORY = 30
_OFF = ("first_day", "last_day", "kind", "ranges", "reason")


async def _customers(desk: Desk) -> list[Row]:
    asked = {name: desk.query[name] for name in ("q", "tag") if desk.query.get(name)}
    if not asked.get("q"):
        asked["order"] = _order(desk)
    found = await desk.api.rows("/customers", MOST, business_id=desk.business["id"], **asked)
    return [_customer(desk, one) for one in found]


def _order(desk: Desk) -> CustomerOrder:
    newest = desk.query.get("order") == CustomerOrder.NEWEST
    return CustomerOrder.NEWEST if newest else CustomerOrder.KANA


def _orders(desk: Desk) -> list[Filter]:
    """By kana, as a list of people is read in Japan, or the newest first. A search has its own order."""
    if desk.query.get("q"):
        return []
    shown = _order(desk)
    return [
        Filter(f"customers_by_{one}", f"?order={one}", one is shown)
        for one in (CustomerOrder.KANA, CustomerOrder.NEWEST)
    ]


def _customer(desk: Desk, one: Mapping[str, Any]) -> Row:
    kana = " ".join(part for part in (one["family_name_kana"], one["given_name_kana"]) if part)
    reach = "・".join(part for part in (kana, one["phone"] and desk.f.phone(one["phone"]), one["email"]) if part)
    spent = [desk.f.money(amount) for amount in one["spent"]]
    counts = desk.t("customer_counts", visits=one["visits"], no_shows=one["no_shows"])
    return Row(_name(one), f"{desk.path}/customers/{one['id']}", (reach, "・".join((counts, *spent, *one["tags"]))))


def _name(one: Mapping[str, Any]) -> str:
    return " ".join(part for part in (one["family_name"], one["given_name"]) if part)


async def _new_customer(_: Desk) -> list[Field]:
    return fields_of(CustomerCreate, _PERSON, kinds={"tags": "tags"})


async def _customer_changes(_: Desk) -> list[Field]:
    return fields_of(CustomerUpdate, _PERSON, kinds={"tags": "tags"})


async def _about_customer(desk: Desk, customer: Mapping[str, Any]) -> Mapping[str, Any]:
    """Notes and history, where the login may read them."""
    notes, history = await asyncio.gather(
        _allowed(desk.api.rows("/customers/notes", MOST, customer_id=customer["id"])),
        _allowed(desk.api.rows(f"/customers/{customer['id']}/history", _HISTORY)),
    )
    return {
        "notes": notes,
        "history": history,
        "note_fields": _note_fields(),
        "note_key": secrets.token_urlsafe(24),
        "note_values": {},
        "note_errors": {},
    }


def _note_fields() -> list[Field]:
    return fields_of(CustomerNoteCreate, ("kind", "body", "pinned"))


async def _allowed(rows: Any) -> Sequence[Mapping[str, Any]] | None:
    try:
        found: Sequence[Mapping[str, Any]] = await rows
    except ApiError as error:
        if error.status != 403:
            raise
        return None
    return found


async def add_note(request: Request) -> Response:
    """Write a note about a customer."""
    request.scope["omotenashi.page_path"] = request.url.path.removesuffix("/notes")
    form = await read_form(request)
    desk = await desk_of(request)
    customer = request.path_params["record_id"]
    body = {"customer_id": customer, **body_of(_note_fields(), form)}
    try:
        await desk.api.post("/customers/notes", body, form.get("key"))
    except ApiError as error:
        if error.status == 404:
            raise
        return await _refused_note(desk, form, error)
    return see_other(request, f"{desk.path}/customers/{customer}#notes")


async def _refused_note(desk: Desk, form: Form, error: ApiError) -> Response:
    """The customer's page again, with the note that was typed."""
    customer = await desk.api.get(f"/customers/{desk.request.path_params['record_id']}")
    fields, notes = await _customer_changes(desk), _note_fields()
    variables = form_variables(desk, "customers", fields, shown(fields, customer))
    variables |= {"heading": _name(customer), "record": customer, "removable": True, "error": error}
    variables |= await _about_customer(desk, customer)
    variables |= {"note_values": typed(notes, form), "note_errors": sentences(notes, error.fields)}
    variables["action"] = f"{desk.path}/customers/{customer['id']}"
    return page(desk.request, "console/customer", variables, status=error.status)


async def remove_note(request: Request) -> Response:
    """Delete a note."""
    await read_form(request)
    desk = await desk_of(request)
    await desk.api.delete(f"/customers/notes/{request.path_params['note_id']}")
    return see_other(request, f"{desk.path}/customers/{request.path_params['record_id']}#notes")


async def _team(desk: Desk) -> list[Row]:
    asked = {"ended": True} if desk.query.get("show") == "ended" else {}
    found = await desk.api.rows("/staff/assignments", MOST, business_id=desk.business["id"], **asked)
    return [
        Row(_name(one), f"{desk.path}/team/{one['id']}", (one["email"],), f"role_{one['role']}")
        for one in found
        if bool(one["ended_at"]) == bool(asked)
    ]


def _team_filters(desk: Desk) -> list[Filter]:
    ended = desk.query.get("show") == "ended"
    return [
        Filter("team_now", "?", not ended),
        Filter("team_ended", "?show=ended", ended),
        Filter("records_invitations", f"{desk.path}/invitations", False),
    ]


async def _role(desk: Desk) -> list[Field]:
    services = await desk.api.rows(f"/businesses/{desk.business['id']}/services", MOST)
    options = [Option(one["id"], text=desk.f.text(one["name"])) for one in services]
    return fields_of(AssignmentUpdate, ("role", "name", "service_ids"), {"service_ids": options})


async def _invitations(desk: Desk) -> list[Row]:
    found = await desk.api.rows("/staff/invitations", MOST, business_id=desk.business["id"])
    return [
        Row(
            one["email"],
            "",
            (desk.t("invited_until", at=desk.f.moment(one["expires_at"], desk.business["time_zone"])),),
            f"role_{one['role']}",
            (
                Action(f"{desk.path}/invitations/{one['id']}/resend", "resend_invitation"),
                Action(f"{desk.path}/invitations/{one['id']}/withdraw", "withdraw_invitation"),
            ),
        )
        for one in found
    ]


async def _invite(desk: Desk) -> list[Field]:
    staff = await desk.api.rows("/resources", MOST, business_id=desk.business["id"], kind="staff")
    options = [Option(one["id"], text=desk.f.text(one["name"])) for one in staff]
    names = ("email", "role", "resource_id", "resource_name", "language")
    return fields_of(InvitationCreate, names, {"resource_id": options})


async def resend_invitation(request: Request) -> Response:
    """Send the e-mail again."""
    form = await read_form(request)
    desk = await desk_of(request)
    await desk.api.post(f"/staff/invitations/{request.path_params['record_id']}/resend", {}, form.get("key"))
    return see_other(request, f"{desk.path}/invitations?saved")


async def withdraw_invitation(request: Request) -> Response:
    """Withdraw it."""
    await read_form(request)
    desk = await desk_of(request)
    await desk.api.delete(f"/staff/invitations/{request.path_params['record_id']}")
    return see_other(request, f"{desk.path}/invitations?saved")


async def _time_off(desk: Desk) -> list[Row]:
    today = today_at(desk.business, desk.request).isoformat()
    asked = {} if desk.query.get("show") == "past" else {"from": today}
    found, staff = await asyncio.gather(
        desk.api.rows("/staff/exceptions", MOST, business_id=desk.business["id"], **asked),
        desk.api.rows("/resources", MOST, business_id=desk.business["id"]),
    )
    names = {one["id"]: desk.f.text(one["name"]) for one in staff}
    return [
        Row(
            f"{names.get(one['resource_id'], '')} {_days(one)}",
            f"{desk.path}/time-off/{one['id']}",
            ("・".join(f"{span['opens']}–{span['closes']}" for span in one["ranges"]), one["reason"] or ""),
            f"option_kind_{one['kind']}",
        )
        for one in found
    ]


def _days(one: Mapping[str, Any]) -> str:
    first, last = one["first_day"], one["last_day"]
    return str(first) if first == last else f"{first}–{last}"


async def _off_fields(desk: Desk) -> list[Field]:
    staff = await desk.api.rows("/resources", MOST, business_id=desk.business["id"])
    options = [Option(one["id"], text=desk.f.text(one["name"])) for one in staff]
    choices = {"resource_id": options, "ranges": _SPAN}
    return fields_of(ExceptionCreate, ("resource_id", *_OFF), choices, {"ranges": "rows"})


async def _off_changes(_: Desk) -> list[Field]:
    return fields_of(ExceptionUpdate, _OFF, {"ranges": _SPAN}, {"ranges": "rows"})


def _off_body(form: Form, _change: bool) -> Mapping[str, Any]:
    return {} if form.get("last_day") else {"last_day": form.get("first_day")}


_SPAN = (Option("opens", "opens"), Option("closes", "closes"))

CUSTOMERS = Kind(
    "customers",
    _customers,
    _new_customer,
    _customer_changes,
    read="/customers/{id}",
    create="/customers",
    update="/customers/{id}",
    remove="/customers/{id}",
    search=True,
    filters=_orders,
    heading=lambda _, one: _name(one),
    template="console/customer",
    beside=_about_customer,
    links=(("import_title", "customers/import"),),
)
TEAM = Kind(
    "team",
    _team,
    changes=_role,
    read="/staff/assignments/{id}",
    update="/staff/assignments/{id}",
    remove="/staff/assignments/{id}/terminate",
    filters=_team_filters,
    heading=lambda _, one: _name(one),
)
INVITATIONS = Kind("invitations", _invitations, _invite, create="/staff/assignments")
TIME_OFF = Kind(
    "time-off",
    _time_off,
    _off_fields,
    _off_changes,
    read="/staff/exceptions/{id}",
    create="/staff/exceptions",
    update="/staff/exceptions/{id}",
    remove="/staff/exceptions/{id}",
    more=_off_body,
    heading=lambda _, one: _days(one),
    foreign=("resource_id",),
)
ROUTES: tuple[Route, ...] = (
    route("/console/{business_id}/invitations/{record_id}/resend", resend_invitation, "POST"),
    route("/console/{business_id}/invitations/{record_id}/withdraw", withdraw_invitation, "POST"),
    route("/console/{business_id}/customers/{record_id}/notes", add_note, "POST"),
    route("/console/{business_id}/customers/{record_id}/notes/{note_id}/remove", remove_note, "POST"),
)
