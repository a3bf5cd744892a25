"""What a provider does by its calendar, for tests and demos: pay out what was taken."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from providers.sandbox.payjp.balances import Balances
from providers.sandbox.payjp.transfers import Transfers
from providers.sandbox.payouts import Payouts
from providers.sandbox.store import JSON, Store
from providers.sandbox.wire import shown


class PayoutRequest(BaseModel):
    """``missing``: so much less reaches the bank than the parts add up to, as a fault of the provider."""

    model_config = ConfigDict(extra="forbid")

    missing: Annotated[int, Field(ge=0)] = 0


class PayoutControl:
    """``POST /sandbox/payouts/{provider}``."""

    def __init__(self, store: Store, payouts: Payouts, transfers: Transfers, balances: Balances) -> None:
        self._store = store
        self._makers: dict[str, Callable[[int], JSON]] = {
            "stripe": payouts.make,
            "payjp_v1": transfers.make,
            "payjp_v2": balances.make,
        }
        self.router = APIRouter()
        path = "/sandbox/payouts/{provider}"
        self.router.add_api_route(path, self.make, methods=["POST"], response_model=None)

    async def make(self, provider: str, body: PayoutRequest) -> Response:
        """Pay out all that was not paid out yet; gives the payout."""
        maker = self._makers.get(provider)
        if maker is None:
            return JSONResponse({"error": f"one of {', '.join(self._makers)}"}, status_code=404)
        with self._store.transaction():
            payout = maker(body.missing)
        return JSONResponse(shown(payout), status_code=201)
