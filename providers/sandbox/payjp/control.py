"""Actions of customers, banks and tests at PAY.JP: the 3-D Secure page, the ends of slow refunds, disputes."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from providers.sandbox.deliveries import Deliveries
from providers.sandbox.mailbox import PAGE_POLICY, page_templates
from providers.sandbox.payjp.charges import PREFIX, Charges
from providers.sandbox.payjp.checkouts import Checkouts
from providers.sandbox.payjp.flows import Flows
from providers.sandbox.payjp.server import PayjpFailure
from providers.sandbox.store import JSON, Store
from providers.sandbox.wire import shown

#: What the checkout page offers, by PAY.JP's test cards.
METHODS = ("pm_visa", "pm_challenge", "pm_declined", "pm_paypay")


class PayjpDisputeRequest(BaseModel):
    """``amount`` in yen; all that was captured without it."""

    model_config = ConfigDict(extra="forbid")

    payment_flow_id: str
    amount: Annotated[int, Field(gt=0)] | None = None


class ClientConfirmation(BaseModel):
    """The request of PAY.JP's form in the browser."""

    model_config = ConfigDict(extra="forbid")

    payment_method_id: str
    return_url: str


class PayjpControl:
    """Everything under ``/sandbox/payjp``, and where 3-D Secure of v1 starts."""

    def __init__(
        self, store: Store, deliveries: Deliveries, flows: Flows, charges: Charges, checkouts: Checkouts
    ) -> None:
        self._store = store
        self._deliveries = deliveries
        self._flows = flows
        self._charges = charges
        self._checkouts = checkouts
        self._templates = page_templates()
        self.router = APIRouter()
        self.router.add_api_route(f"{PREFIX}/tds/{{charge_id}}/start", self.start, methods=["GET"], response_model=None)
        for method, path, endpoint in (
            ("GET", "/3ds/{object_id}", self.page),
            ("POST", "/3ds/{object_id}/{end}", self.answer),
            ("POST", "/payment_flows/{object_id}/confirm", self.confirm),
            ("GET", "/checkout/{object_id}", self.checkout_page),
            ("POST", "/checkout/{object_id}/{method_id}", self.pay_checkout),
            ("POST", "/refunds/{object_id}/{end}", self.settle_refund),
            ("POST", "/disputes", self.open_dispute),
            ("POST", "/disputes/{object_id}/{end}", self.close_dispute),
        ):
            self.router.add_api_route("/sandbox/payjp" + path, endpoint, methods=[method], response_model=None)

    async def page(self, object_id: str) -> Response:
        """In place of the page of a bank or PayPay: two buttons."""
        flow = self._flows.get("payment_flow", object_id)
        return self._page(flow, flow["status"] == "requires_action")

    async def start(self, charge_id: str, request: Request) -> Response:
        """v1: the bank's page, or a redirect to the return URL where the bank asks nothing."""
        with self._store.transaction():
            charge, back = self._charges.start(charge_id, request.url.query)
        return RedirectResponse(back, status_code=303) if back else self._page(charge, is_open=True)

    async def answer(self, object_id: str, end: str) -> Response:
        """``authorize`` or ``fail``; sends the browser back to the return URL."""
        yes = _is_yes(end, ("authorize", "fail"))
        if object_id.startswith("ch_"):
            back = self._work(lambda: self._charges.settle(object_id, yes))["_return_url"]
        else:
            back = self._work(lambda: self._settled(object_id, yes))["return_url"]
        return RedirectResponse(str(back), status_code=303)

    def _settled(self, flow_id: str, success: bool) -> JSON:
        """The flow after the customer's answer; its checkout session is complete with it."""
        flow = self._flows.settle(flow_id, success)
        if flow.get("_checkout"):
            self._checkouts.get(flow["_checkout"])
        return flow

    async def confirm(self, object_id: str, body: ClientConfirmation) -> Response:
        """Confirm a flow as the browser would, for PayPay too."""
        flow = self._work(lambda: self._flows.confirm_by_client(object_id, body.payment_method_id, body.return_url))
        return JSONResponse(shown(flow))

    async def checkout_page(self, object_id: str) -> Response:
        """In place of PAY.JP's page: a button for each way to pay."""
        template = self._templates.get_template("checkout.html")
        session = self._checkouts.get(object_id)
        html = template.render(session=session, methods=METHODS, open=session["status"] == "open")
        return HTMLResponse(html, headers={"Content-Security-Policy": PAGE_POLICY})

    async def pay_checkout(self, object_id: str, method_id: str) -> Response:
        """Pay with a test card or PayPay; goes on to 3-D Secure or back to the business. A refused card shows the page
        again."""
        flow = self._work(lambda: self._checkouts.pay(object_id, method_id))
        if flow["status"] == "requires_action":
            return RedirectResponse(flow["next_action"]["redirect_to_url"]["url"], status_code=303)
        if flow["status"] == "requires_payment_method":
            return RedirectResponse(f"/sandbox/payjp/checkout/{object_id}", status_code=303)
        return RedirectResponse(str(flow["return_url"]), status_code=303)

    async def settle_refund(self, object_id: str, end: str) -> Response:
        """``succeed`` or ``fail`` a pending refund."""
        yes = _is_yes(end, ("succeed", "fail"))
        return JSONResponse(shown(self._work(lambda: self._flows.settle_refund(object_id, yes))))

    async def open_dispute(self, body: PayjpDisputeRequest) -> Response:
        dispute = self._work(lambda: self._flows.open_dispute(body.payment_flow_id, body.amount))
        return JSONResponse(shown(dispute), status_code=201)

    async def close_dispute(self, object_id: str, end: str) -> Response:
        """``won`` or ``lost``."""
        won = _is_yes(end, ("won", "lost"))
        return JSONResponse(shown(self._work(lambda: self._flows.close_dispute(object_id, won))))

    def _page(self, intent: JSON, is_open: bool) -> Response:
        action = f"/sandbox/payjp/3ds/{intent['id']}"
        template = self._templates.get_template("three_d_secure.html")
        html = template.render(intent=intent, action=action, open=is_open)
        return HTMLResponse(html, headers={"Content-Security-Policy": PAGE_POLICY})

    def _work(self, work: Callable[[], JSON]) -> JSON:
        with self._store.transaction():
            body = work()
        self._deliveries.wake()
        return body


def _is_yes(end: str, ends: tuple[str, str]) -> bool:
    if end not in ends:
        raise PayjpFailure(404, "not_found", f"one of {ends[0]}, {ends[1]}")
    return end == ends[0]
