"""Calls to PAY.JP's v1: the SDK's requestor over a client of ours, in threads.

The SDK's own client has one time limit of 80 seconds for everything, has one class for all network errors, and is
configured by the module's globals. The difference between "not sent" and "no answer" decides whether a charge may
have happened.
"""

import logging
from collections.abc import Mapping
from typing import Any

import requests
from payjp import error
from payjp.api_requestor import APIRequestor
from payjp.http_client import HTTPClient

from providers.errors import OutcomeUnknown, ProviderError, ProviderRefused, ProviderUnavailable
from providers.payments.off_loop import OffLoop
from runtime.settings import Settings

# At INFO this writes addresses, at DEBUG bodies.
logging.getLogger("payjp").setLevel(logging.WARNING)


class NoAnswer(Exception):
    """No answer came. ``sent``: whether the request may have reached PAY.JP."""

    def __init__(self, sent: bool) -> None:
        super().__init__("no_answer" if sent else "not_connected")
        self.sent = sent


class SessionClient(HTTPClient):  # type: ignore[misc]  # the SDK is not annotated
    """The SDK's client protocol over one pooled session with our time limits. Never retries: the workflow does."""

    name = "requests"

    def __init__(self, connect_seconds: float, read_seconds: float) -> None:
        self._timeout = (connect_seconds, read_seconds)
        self._session = requests.Session()
        # A .netrc must not replace the key of a request.
        self._session.trust_env = False
        adapter = requests.adapters.HTTPAdapter(pool_maxsize=16)
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)

    def request(
        self, method: str, url: str, headers: Mapping[str, str], post_data: str | None = None
    ) -> tuple[bytes, int]:
        """Body and status of any answer of PAY.JP; ``NoAnswer`` otherwise."""
        try:
            answer = self._session.request(
                method, url, headers=headers, data=post_data, timeout=self._timeout, allow_redirects=False
            )
        except requests.ConnectTimeout:
            failure = NoAnswer(sent=False)
        except requests.ConnectionError as refused:
            failure = NoAnswer(sent=not _was_not_sent(refused))
        except requests.RequestException:
            failure = NoAnswer(sent=True)
        else:
            return answer.content, answer.status_code
        # Raised outside the handler: the error of the library holds the request, and that holds the API key.
        raise failure

    def close(self) -> None:
        """Close connections."""
        self._session.close()


class Transport:
    """Calls of one account."""

    def __init__(self, settings: Settings) -> None:
        self._off_loop = OffLoop("payjp-v1", settings.provider_timeout)
        self._client = SessionClient(self._off_loop.connect_seconds, self._off_loop.read_seconds)
        key = settings.payjp_api_key.get_secret_value()
        self._requestor = APIRequestor(key=key, client=self._client, api_base=settings.payjp_base_url.rstrip("/"))

    async def get(self, path: str, **params: Any) -> dict[str, Any]:
        """Read something under ``/v1``."""
        return await self._ask("get", path, params)

    async def post(self, path: str, **params: Any) -> dict[str, Any]:
        """Change something under ``/v1``. Truth values are written as PAY.JP reads them."""
        form = {name: str(value).lower() if isinstance(value, bool) else value for name, value in params.items()}
        return await self._ask("post", path, form)

    async def _ask(self, method: str, path: str, params: Mapping[str, Any]) -> dict[str, Any]:
        def ask() -> dict[str, Any]:
            answer, _ = self._requestor.request(method, "/v1" + path, dict(params))
            return dict(answer)

        try:
            return await self._off_loop.run(ask)
        except (error.PayjpException, NoAnswer) as failed:
            failure = _failure(failed)
        # The SDK's errors hold bodies; they must not be the context of ours.
        raise failure

    def close(self) -> None:
        """Close connections. No call may follow."""
        self._off_loop.close()
        self._client.close()


def _failure(failed: Exception) -> ProviderError:
    """The `ProviderError` for it. Codes: pay.jp/docs/api, "エラー"; a refused card is 402."""
    if isinstance(failed, NoAnswer):
        return OutcomeUnknown("no_answer") if failed.sent else ProviderUnavailable("not_connected")
    body = getattr(failed, "json_body", None)
    inner = body.get("error") if isinstance(body, Mapping) else None
    status = int(getattr(failed, "http_status", None) or 0)
    code = str(inner.get("code") or f"http_{status}") if isinstance(inner, Mapping) else f"http_{status}"
    if status in {401, 403, 429}:
        return ProviderUnavailable(code)
    return ProviderRefused(code) if 400 <= status < 500 else OutcomeUnknown(code)


def _was_not_sent(refused: requests.ConnectionError) -> bool:
    """Whether the connection was never made, in what urllib3 says."""
    reason = getattr(refused.args[0], "reason", None) if refused.args else None
    return type(reason).__name__ in {"NewConnectionError", "NameResolutionError", "ConnectTimeoutError"}
