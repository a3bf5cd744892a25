"""What happens at a convenience store: a page with the codes, and endpoints for tests."""

from collections.abc import Callable, Iterable
from typing import Annotated

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from providers.sandbox import konbini
from providers.sandbox.deliveries import Deliveries
from providers.sandbox.intents import Answer, Intents
from providers.sandbox.konbini import KonbiniClock
from providers.sandbox.mailbox import PAGE_POLICY, page_templates
from providers.sandbox.refunds import Refunds
from providers.sandbox.store import Store
from providers.sandbox.wire import shown


class ClockRequest(BaseModel):
    """``ahead``: seconds that the stores' clock goes ahead of real time."""

    model_config = ConfigDict(extra="forbid")

    ahead: Annotated[int, Field(ge=0, le=400 * konbini.DAY)]


class KonbiniControl:
    """Everything under ``/sandbox/konbini``, and the customer's answer to a refund."""

    def __init__(
        self, store: Store, deliveries: Deliveries, intents: Intents, refunds: Refunds, clock: KonbiniClock
    ) -> None:
        self._store = store
        self._deliveries = deliveries
        self._intents = intents
        self._refunds = refunds
        self._clock = clock
        self._templates = page_templates()
        self.router = APIRouter()
        for method, path, endpoint in (
            ("PUT", "/sandbox/konbini/clock", self.set_clock),
            ("GET", "/sandbox/konbini/{object_id}", self.page),
            ("POST", "/sandbox/konbini/{object_id}/{act}", self.act),
            ("POST", "/sandbox/refund_accounts/{object_id}/{act}", self.answer_refund),
        ):
            self.router.add_api_route(path, endpoint, methods=[method], response_model=None)

    async def set_clock(self, body: ClockRequest) -> Response:
        self._clock.ahead = body.ahead
        return JSONResponse({"ahead": body.ahead})

    async def page(self, object_id: str) -> Response:
        """In place of Stripe's page with the instructions: the codes, and a button that pays."""
        intent = self._intents.get(object_id)
        action = (intent.get("next_action") or {}).get("konbini_display_details") or {}
        template = self._templates.get_template("konbini.html")
        html = template.render(intent=intent, stores=action.get("stores") or {}, open=konbini.is_open(intent))
        return HTMLResponse(html, headers={"Content-Security-Policy": PAGE_POLICY})

    async def act(self, object_id: str, act: str) -> Response:
        """``pay``; ``slip``: the machine prints the slip for the till; ``expire``: Stripe gives the voucher up."""
        acts = {
            "pay": self._intents.pay_voucher,
            "slip": self._intents.print_slip,
            "expire": self._intents.expire_voucher,
        }
        return self._work(lambda: acts[act](object_id)) if act in acts else _unknown(acts)

    async def answer_refund(self, object_id: str, act: str) -> Response:
        """``send``: the customer names the bank account; ``expire``: 45 days have passed without it."""
        acts = {"send": self._refunds.account_given, "expire": self._refunds.account_missing}
        return self._work(lambda: acts[act](object_id)) if act in acts else _unknown(acts)

    def _work(self, work: Callable[[], Answer]) -> Response:
        with self._store.transaction():
            status, body = work()
        self._deliveries.wake()
        return JSONResponse(shown(body), status_code=status)


def _unknown(acts: Iterable[str]) -> Response:
    return JSONResponse({"error": f"one of {', '.join(acts)}"}, status_code=404)
