"""``/console/{business}/payments``, ``…/receipts`` and ``…/till``: what was paid, given back and receipted."""

import asyncio
import secrets
from collections.abc import Mapping
from datetime import date
from typing import Any

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.pages.api_client import ApiError
from api.pages.console.disputes import disputes_of
from api.pages.forms import Form, read_form
from api.pages.handling import route
from api.pages.records.fields import Field, body_of, fields_of, sentences, typed
from api.pages.records.pages import MOST, Desk, Kind, Row, desk_of
from api.pages.rendering import page, see_other
from api.v1.payments.payments.schemas import RefundCreate
from api.v1.payments.receipts.schemas import ReceiptCreate
from api.v1.payments.venue.schemas import TillCloseCommand, TillOpenCommand

#: What a button of a payment may ask for.
_COMMANDS = frozenset({"capture", "void"})
_TILL: Mapping[str, tuple[type[BaseModel], str]] = {
    "open": (TillOpenCommand, "opening"),
    "close": (TillCloseCommand, "counted"),
}


async def _payments(desk: Desk) -> list[Row]:
    found = await desk.api.rows("/payments", MOST, business_id=desk.business["id"])
    zone = desk.business["time_zone"]
    return [
        Row(
            f"{desk.f.money(one['amount'])}",
            f"{desk.path}/payments/{one['id']}",
            (desk.f.moment(one["created_at"], zone), _sums(desk, one)),
            f"paid_{one['status']}",
        )
        for one in found
    ]


def _sums(desk: Desk, one: Mapping[str, Any]) -> str:
    parts = (("captured", "captured"), ("authorized", "authorized"), ("refunded", "refunded"))
    return "・".join(desk.t(key, amount=desk.f.money(one[name])) for name, key in parts if one[name]["amount"])


async def show_payment(request: Request) -> Response:
    """One payment with its refunds, its receipt and what can be done."""
    return await _payment(await desk_of(request))


async def refund(request: Request) -> Response:
    """Give money back."""
    desk, form = await _sent(request)
    fields = _refund_fields()
    body = body_of(fields, form, desk.business["currency"])
    try:
        await desk.api.post(f"/payments/{request.path_params['record_id']}/refund", body, form.get("key"))
    except ApiError as error:
        return await _payment(desk, form, error)
    return see_other(request, f"{_address(desk)}?saved")


async def command(request: Request) -> Response:
    """Charge what is held on a card, or release it."""
    desk, form = await _sent(request)
    what = request.path_params["command"]
    if what not in _COMMANDS:
        raise ApiError(404, "not_found", "", {})
    try:
        await desk.api.post(f"/payments/{request.path_params['record_id']}/{what}", {}, form.get("key"))
    except ApiError as error:
        return await _payment(desk, form, error)
    return see_other(request, f"{_address(desk)}?saved")


async def make_receipt(request: Request) -> Response:
    """Make the receipt."""
    desk, form = await _sent(request)
    body = body_of(fields_of(ReceiptCreate, ("recipient",)), form)
    try:
        await desk.api.post(f"/payments/{request.path_params['record_id']}/receipt", body, form.get("key"))
    except ApiError as error:
        return await _payment(desk, form, error)
    return see_other(request, f"{_address(desk)}?saved")


async def download_receipt(request: Request) -> Response:
    """The receipt as PDF."""
    desk = await desk_of(request)
    file = await desk.api.download(f"/payments/{request.path_params['record_id']}/receipt")
    headers = {"Content-Disposition": file.headers.get("content-disposition", 'attachment; filename="receipt.pdf"')}
    return Response(file.content, media_type=file.headers["content-type"], headers=headers)


async def _sent(request: Request) -> tuple[Desk, Form]:
    request.scope["omotenashi.page_path"] = request.url.path.rpartition("/")[0]
    form = await read_form(request)
    return await desk_of(request), form


def _address(desk: Desk) -> str:
    return f"{desk.path}/payments/{desk.request.path_params['record_id']}"


def _refund_fields() -> list[Field]:
    return fields_of(RefundCreate, ("amount", "reason"))


async def _payment(desk: Desk, form: Form | None = None, error: ApiError | None = None) -> Response:
    payment = await desk.api.get(f"/payments/{desk.request.path_params['record_id']}")
    if payment["business_id"] != desk.business["id"]:
        raise ApiError(404, "not_found", "", {})
    asked = {"business_id": desk.business["id"]}
    receipts = [one for one in await _receipts_of(desk, asked) if one["payment_id"] == payment["id"]]
    fields = _refund_fields()
    variables = {
        "business": desk.business,
        "payment": payment,
        "disputes": await disputes_of(desk, payment["id"]),
        "receipts": receipts,
        "refund_fields": fields,
        "receipt_fields": fields_of(ReceiptCreate, ("recipient",)),
        "receipt_values": form.values if form else {},
        "receipt_errors": error.fields if error else {},
        "values": typed(fields, form) if form else {"reason": "requested"},
        "errors": sentences(fields, error.fields) if error else {},
        "error": error,
        "saved": "saved" in desk.query,
        "key": secrets.token_urlsafe(24),
        "address": _address(desk),
    }
    return page(desk.request, "console/payment", variables, status=error.status if error else 200)


async def _receipts_of(desk: Desk, asked: Mapping[str, Any]) -> list[Any]:
    try:
        return await desk.api.rows("/owner/receipts", MOST, **asked)
    except ApiError as error:
        if error.status != 403:
            raise
        return []


async def _receipts(desk: Desk) -> list[Row]:
    names = {"from": "from", "to": "to", "min": "min", "max": "max", "party": "q"}
    asked = {name: desk.query[given] for name, given in names.items() if desk.query.get(given)}
    found = await desk.api.rows("/owner/receipts", MOST, business_id=desk.business["id"], **asked)
    return [
        Row(
            f"{one['number']} {desk.f.money(one['total'])}",
            f"{desk.path}/payments/{one['payment_id']}",
            (f"{one['issued_on']}・{one['party']}",),
            f"receipt_{one['kind']}",
        )
        for one in found
    ]


async def show_till(request: Request) -> Response:
    """The till report of a day."""
    return await _till(await desk_of(request))


async def count_till(request: Request) -> Response:
    """Open or close the till of the person who is logged in."""
    desk, form = await _sent(request)
    what = request.path_params["command"]
    if what not in _TILL:
        raise ApiError(404, "not_found", "", {})
    schema, name = _TILL[what]
    body = body_of(fields_of(schema, (name,)), form, desk.business["currency"])
    try:
        await desk.api.post(f"/tills/{what}", {"business_id": desk.business["id"], **body}, form.get("key"))
    except ApiError as error:
        return await _till(desk, form, error)
    return see_other(request, f"{desk.path}/till?saved")


async def _till(desk: Desk, form: Form | None = None, error: ApiError | None = None) -> Response:
    day = desk.query.get("day", "") if desk.request.method == "GET" else ""
    asked = {"day": day} if day else {}
    report, team, me = await asyncio.gather(
        desk.api.get("/tills/report", business_id=desk.business["id"], **asked),
        _names(desk),
        desk.api.get("/auth/me"),
    )
    own = next((one["till"] for one in report["people"] if one["user_id"] == me["id"]), None)
    what = "close" if own and not own["closed_at"] else "open" if not own else ""
    fields = fields_of(_TILL[what][0], (_TILL[what][1],)) if what else []
    variables = {
        "business": desk.business,
        "report": report,
        "names": {**team, me["id"]: f"{me['family_name']} {me['given_name']}"},
        "what": what if not day else "",
        "fields": fields,
        "values": form.values if form else {},
        "errors": sentences(fields, error.fields) if error else {},
        "error": error,
        "saved": "saved" in desk.query,
        "key": secrets.token_urlsafe(24),
        "day": report["day"],
        "shown_day": date.fromisoformat(report["day"]),
    }
    return page(desk.request, "console/till", variables, status=error.status if error else 200)


async def _names(desk: Desk) -> dict[str, str]:
    try:
        found = await desk.api.rows("/staff/assignments", MOST, business_id=desk.business["id"])
    except ApiError as error:
        if error.status != 403:
            raise
        return {}
    return {one["user_id"]: f"{one['family_name']} {one['given_name']}" for one in found}


PAYMENTS = Kind("payments", _payments)
RECEIPTS = Kind("receipts", _receipts, search=True)
ROUTES: tuple[Route, ...] = (
    route("/console/{business_id}/payments/{record_id}", show_payment),
    route("/console/{business_id}/payments/{record_id}/refund", refund, "POST"),
    route("/console/{business_id}/payments/{record_id}/receipt", make_receipt, "POST"),
    route("/console/{business_id}/payments/{record_id}/receipt.pdf", download_receipt),
    route("/console/{business_id}/payments/{record_id}/{command}", command, "POST"),
    route("/console/{business_id}/till", show_till),
    route("/console/{business_id}/till/{command}", count_till, "POST"),
)
