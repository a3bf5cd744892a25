"""Puts the sandbox together."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response

from providers.sandbox.config import SandboxConfig
from providers.sandbox.control import Control
from providers.sandbox.customers import Customers
from providers.sandbox.deliveries import Deliveries
from providers.sandbox.faults import Faults
from providers.sandbox.faulty import FaultyCalls
from providers.sandbox.files import Files
from providers.sandbox.intents import Intents
from providers.sandbox.konbini import KonbiniClock
from providers.sandbox.konbini_control import KonbiniControl
from providers.sandbox.line_api import LineApi
from providers.sandbox.mailbox import Pages
from providers.sandbox.payjp.balances import Balances
from providers.sandbox.payjp.charges import Charges
from providers.sandbox.payjp.checkouts import Checkouts
from providers.sandbox.payjp.control import PayjpControl
from providers.sandbox.payjp.flows import Flows
from providers.sandbox.payjp.server import PayjpFailure
from providers.sandbox.payjp.transfers import Transfers
from providers.sandbox.payjp.v1_api import v1_api
from providers.sandbox.payjp.v2_api import v2_api
from providers.sandbox.payout_control import PayoutControl
from providers.sandbox.payouts import Payouts
from providers.sandbox.push_service import PushService
from providers.sandbox.refunds import Refunds
from providers.sandbox.sendgrid_api import SendGridApi
from providers.sandbox.signing import SendGridKey
from providers.sandbox.store import Store
from providers.sandbox.stripe_api import StripeApi
from providers.sandbox.twilio_api import TwilioApi
from providers.sandbox.webhook_events import WebhookEvents
from providers.sandbox.wire import StripeFailure

DATABASE_FILE = "sandbox.sqlite3"


def create_app(config: SandboxConfig) -> FastAPI:
    """The server over the state in ``config.state_dir``, which is made if it is not there."""
    config.state_dir.mkdir(parents=True, exist_ok=True)
    store = Store(config.state_dir / DATABASE_FILE)
    _set_targets(store, config)
    faults = Faults(store)
    events = WebhookEvents(store, config, faults)
    deliveries = Deliveries(store, config, SendGridKey.of(config.state_dir))
    customers = Customers(store)
    clock = KonbiniClock()
    intents = Intents(store, events, customers, config.public_url, clock)
    refunds = Refunds(store, events, intents)
    files = Files(store)
    calls: Counter[str] = Counter()
    flows = Flows(store, events, config.public_url)
    checkouts = Checkouts(store, events, flows, config.public_url)
    charges = Charges(store, events, config.payjp_api_key)
    transfers, balances = Transfers(store), Balances(store)

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        carrier = asyncio.create_task(deliveries.run())
        try:
            yield
        finally:
            carrier.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await carrier
            store.close()

    app = FastAPI(title="Provider sandbox", lifespan=lifespan, docs_url=None, redoc_url=None)
    app.add_exception_handler(StripeFailure, _stripe_failure)
    app.add_exception_handler(PayjpFailure, _payjp_failure)
    app.include_router(files.router)
    stripe_api = StripeApi(store, config, faults, events, deliveries, intents, refunds, customers, files, calls)
    app.include_router(stripe_api.router)
    app.include_router(PayjpControl(store, deliveries, flows, charges, checkouts).router)
    app.include_router(PayoutControl(store, Payouts(store), transfers, balances).router)
    app.include_router(v1_api(config.payjp_api_key, charges, transfers, store, faults, deliveries, calls))
    app.include_router(v2_api(config.payjp_api_key, flows, checkouts, balances, store, faults, deliveries, calls))
    app.include_router(SendGridApi(store, config, faults, events, deliveries, calls).router)
    app.include_router(KonbiniControl(store, deliveries, intents, refunds, clock).router)
    faulty = FaultyCalls(faults, calls)
    app.include_router(TwilioApi(store, config, faulty, events, deliveries).router)
    app.include_router(LineApi(store, config, faulty).router)
    app.include_router(PushService(store, faulty).router)
    app.include_router(Control(store, faults, deliveries, intents, refunds, calls).router)
    app.include_router(Pages(store, faults, deliveries).router)
    return app


def _set_targets(store: Store, config: SandboxConfig) -> None:
    for name, url in (
        ("stripe", config.stripe_webhook_url),
        ("payjp", config.payjp_webhook_url),
        ("sendgrid", config.sendgrid_webhook_url),
    ):
        if url is not None:
            store.set_target(name, url)


async def _stripe_failure(_: Request, error: Exception) -> Response:
    """Control endpoints answer errors in Stripe's format."""
    if not isinstance(error, StripeFailure):
        raise error
    return JSONResponse(error.body, status_code=error.status)


async def _payjp_failure(_: Request, error: Exception) -> Response:
    """Control endpoints of PAY.JP answer errors with its codes."""
    if not isinstance(error, PayjpFailure):
        raise error
    return JSONResponse({"error": error.code, "message": error.message}, status_code=error.status)
