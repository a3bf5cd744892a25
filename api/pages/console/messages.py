"""``/console/{business}/notices``, ``…/waitlist`` and ``…/moved``: messages, who waits for a time, and bookings that
the business cannot keep."""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.pages.forms import read_form
from api.pages.handling import route
from api.pages.records.pages import MOST, Action, Desk, Filter, Kind, Row, desk_of
from api.pages.rendering import see_other
from api.pages.texts.failures import failure
from domain.bookings.waitlist import EntryStatus
from domain.messages.kinds import NoticeStatus


async def _notices(desk: Desk) -> list[Row]:
    status = desk.query.get("status", "")
    asked = {"status": status} if status in set(NoticeStatus) else {}
    found = await desk.api.rows("/notifications", MOST, business_id=desk.business["id"], **asked)
    return [
        Row(
            desk.named("notice_", one["kind"]),
            f"{desk.path}/bookings/{one['booking_id']}" if one["booking_id"] else "",
            (_way(desk, one), desk.t(failure(one["failure_reason"])) if one["failure_reason"] else ""),
            f"sending_{one['status']}",
            (Action(f"{desk.path}/notices/{one['id']}/retry", "retry_notice"),) if one["status"] == "failed" else (),
        )
        for one in found
    ]


def _way(desk: Desk, one: Mapping[str, Any]) -> str:
    at = desk.f.moment(one["created_at"], desk.business["time_zone"])
    return "・".join((at, desk.named("to_", one["audience"]), desk.named("choice_channel_", one["channel"])))


def _by_status(desk: Desk) -> list[Filter]:
    shown = desk.query.get("status", "")
    every = Filter("every_kind", "?", shown not in set(NoticeStatus))
    return [every, *(Filter(f"sending_{one}", f"?status={one}", one == shown) for one in NoticeStatus)]


async def retry(request: Request) -> Response:
    """Send a failed message again."""
    form = await read_form(request)
    desk = await desk_of(request)
    await desk.api.post(f"/notifications/{request.path_params['record_id']}/retry", {}, form.get("key"))
    return see_other(request, f"{desk.path}/notices?saved")


async def _waitlist(desk: Desk) -> list[Row]:
    status = desk.query.get("status", EntryStatus.WAITING)
    asked = {"status": status} if status in set(EntryStatus) else {}
    found = await desk.api.rows(f"/owner/businesses/{desk.business['id']}/waitlist", MOST, **asked)
    return [
        Row(
            " ".join(part for part in (one["family_name"], one["given_name"]) if part),
            f"{desk.path}/bookings/{one['booking_id']}" if one["booking_id"] else "",
            (
                f"{desk.f.text(one['service_name'])}・{one['first_day']}–{one['last_day']}・"
                + desk.t("party_n", n=one["party_size"]),
                "・".join(part for part in (one["phone"] and desk.f.phone(one["phone"]), one["email"]) if part),
                _offer(desk, one["offer"]),
            ),
            f"waiting_{one['status']}",
        )
        for one in found
    ]


def _offer(desk: Desk, offer: Mapping[str, Any] | None) -> str:
    if offer is None:
        return ""
    return desk.t("offered_until", at=desk.f.short(offer["start_at"]), until=desk.f.short(offer["expires_at"]))


def _waiting_by_status(desk: Desk) -> list[Filter]:
    shown = desk.query.get("status", EntryStatus.WAITING)
    return [Filter(f"waiting_{one}", f"?status={one}", one == shown) for one in EntryStatus]


async def _moved(desk: Desk) -> list[Row]:
    found = await desk.api.rows(f"/owner/businesses/{desk.business['id']}/reaccommodations", MOST)
    return [
        Row(
            one["code"],
            f"{desk.path}/bookings/{one['booking_id']}",
            (
                f"{desk.f.short(one['lost_start_at'])}・{desk.t('stranded_' + one['reason'])}",
                desk.t("decide_by", at=desk.f.short(one["decide_by"])) if one["status"] == "open" else "",
            ),
            f"moved_{one['status']}",
        )
        for one in found
    ]


NOTICES = Kind("notices", _notices, filters=_by_status)
WAITLIST = Kind("waitlist", _waitlist, filters=_waiting_by_status)
MOVED = Kind("moved", _moved)
ROUTES: tuple[Route, ...] = (route("/console/{business_id}/notices/{record_id}/retry", retry, "POST"),)
