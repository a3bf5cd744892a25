"""``/admin/attention``: what needs a person, with the place where it is settled, and the note about it."""

import secrets
from collections import Counter
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from starlette.requests import Request
from starlette.responses import Response

from api.pages.api_client import ApiClient, ApiError
from api.pages.forms import Form, read_form
from api.pages.rendering import page, see_other
from api.pages.sessions import logged_in
from api.pages.texts.words import WORDS

_MOST = 500
_PREFIX = "attention_"
#: The kinds that are about money: the operator's daily round.
MONEY = frozenset(
    {
        "amount_mismatch",
        "authorization_lost",
        "authorize_failed",
        "card_missing",
        "capture_failed",
        "dispute",
        "dispute_due",
        "event_refused",
        "evidence_unsent",
        "hold_unsettled",
        "movement_unsettled",
        "outcome_refused",
        "payment_named_elsewhere",
        "payout_difference",
        "reconciliation_difference",
        "reconciliation_failed",
        "refund_above_paid",
        "refund_failed",
        "refund_unsettled",
        "replaced_intent_captured",
        "unmatched_payment",
    }
)


async def show_attention(request: Request) -> Response:
    """Open items, newest first; ``?show`` is money or settled, ``?kind`` one kind."""
    return await _shown(request, await logged_in(request))


async def resolve(request: Request) -> Response:
    """Note how an item was settled."""
    request.scope["omotenashi.page_path"] = "/admin/attention"
    form = await read_form(request)
    api = await logged_in(request)
    item = request.path_params["attention_id"]
    try:
        key = form.get("key") or secrets.token_urlsafe(24)
        await api.post(f"/admin/attention/{item}/resolve", {"note": form.get("note")}, key)
    except ApiError as error:
        if error.status == 404:
            raise
        return await _shown(request, api, error, form)
    return see_other(request, "/admin/attention")


async def _shown(request: Request, api: ApiClient, error: ApiError | None = None, form: Form | None = None) -> Response:
    query = request.query_params if request.method == "GET" else {}
    show, kind = query.get("show", ""), query.get("kind", "")
    found = await api.rows("/admin/attention", _MOST, resolved=show == "settled")
    counts = Counter(one["kind"] for one in found)
    items = [one for one in found if (show != "money" or one["kind"] in MONEY) and kind in ("", one["kind"])]
    processes = (await api.get("/admin/state"))["temporal_ui"]
    variables = {
        "items": [_item(one, processes) for one in items],
        "kinds": [(one, number, text_of(one)) for one, number in sorted(counts.items())],
        "kind": kind,
        "show": show if show in {"money", "settled"} else "open",
        "full": len(found) == _MOST,
        "error": error,
        "failed": request.path_params.get("attention_id", ""),
        "note": form.get("note") if form else "",
        "key": secrets.token_urlsafe(24),
    }
    return page(request, "admin/attention", variables, status=error.status if error else 200)


def text_of(kind: str) -> str:
    """The key of the sentence that says what an item is about and what to do."""
    return _PREFIX + kind if _PREFIX + kind in WORDS else f"{_PREFIX}other"


def _item(item: Mapping[str, Any], processes: str | None) -> Mapping[str, Any]:
    """With its sentence, its details as lines, and where to look."""
    places = [("admin_business", f"/admin/businesses/{item['business_id']}")] if item["business_id"] else []
    for entity, record in (("bookings", item["booking_id"]), ("payment_intents", item["payment_id"])):
        if record:
            query = urlencode({"entity": entity, "entity_id": record})
            places.append((f"audit_of_{entity}", f"/admin/audit?{query}"))
    if processes and item["booking_id"]:
        process = quote(f"booking/{item['booking_id']}", safe="")
        places.append(("process_of_booking", f"{processes}/{process}"))
    details = [(name, value if isinstance(value, str | int) else str(value)) for name, value in item["details"].items()]
    return {**item, "text": text_of(item["kind"]), "lines": details, "places": places}
