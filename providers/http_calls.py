"""One HTTP call to a provider of messages: what its failures mean."""

import asyncio
from typing import Any

import httpx

from providers.errors import OutcomeUnknown, ProviderError, ProviderRefused, ProviderUnavailable
from providers.payments.off_loop import CONNECT_LIMIT_SECONDS
from providers.tls import tls_context


def client_for(base_url: str, seconds: float, **options: Any) -> httpx.AsyncClient:
    """A client with time limits; it follows no redirect and reads no proxy from the environment."""
    timeout = httpx.Timeout(seconds, connect=min(seconds, CONNECT_LIMIT_SECONDS))
    return httpx.AsyncClient(
        base_url=base_url.rstrip("/"), timeout=timeout, trust_env=False, verify=tls_context(), **options
    )


async def call(client: httpx.AsyncClient, method: str, path: str, **options: Any) -> httpx.Response:
    """The answer, of any status. Raises ProviderUnavailable where no connection was made, and OutcomeUnknown where no
    answer came. The whole call takes at most twice the client's limit for one wait."""
    whole = 2 * (client.timeout.read or CONNECT_LIMIT_SECONDS)
    try:
        async with asyncio.timeout(whole):
            return await client.request(method, path, **options)
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout):
        raise ProviderUnavailable("not_connected") from None
    except (TimeoutError, httpx.TimeoutException):
        raise OutcomeUnknown("timeout") from None
    except httpx.HTTPError:
        raise OutcomeUnknown("no_answer") from None


def failure(status: int, code: object = None) -> ProviderError:
    """What a status outside 2xx means for a message; ``code``: the provider's own, for the ledger."""
    reason = f"http_{status}" if code in {None, ""} else f"http_{status}_{code}"
    # Refused keys are no fault of the message: nothing was sent, and a later try sends it.
    if status in {401, 403, 408, 425, 429}:
        return ProviderUnavailable(reason)
    return ProviderRefused(reason) if 400 <= status < 500 else OutcomeUnknown(reason)


def json_of(response: httpx.Response) -> dict[str, Any]:
    """The object in an answer; empty for anything else."""
    try:
        found = response.json()
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
