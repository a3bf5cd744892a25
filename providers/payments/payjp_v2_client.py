"""PAY.JP's generated SDK ``payjpv2``: blocking calls, results as plain JSON, errors of `providers.errors`.

Imported at the first call only.
"""

import json
import logging
from typing import Any

import payjpv2
from payjpv2 import ApiException
from pydantic import ValidationError
from urllib3.exceptions import ConnectTimeoutError, HTTPError, MaxRetryError, NewConnectionError

from providers.errors import OutcomeUnknown, ProviderRefused, ProviderUnavailable
from providers.payments.payjp_v2_body import Body
from runtime.settings import Settings

#: The earlier request with this key has not ended, or its outcome is unknown: a repeat with the same key shows it.
_ASK_AGAIN = frozenset({"idempotency_timeout", "idempotency_infrastructure_error"})

# At DEBUG these write bodies and headers.
for _name in ("payjpv2", "urllib3"):
    logging.getLogger(_name).setLevel(logging.WARNING)


class Client:
    """The SDK's APIs by name. ``waits``: seconds to connect, and for each wait on the answer."""

    def __init__(self, settings: Settings, waits: tuple[float, float]) -> None:
        configuration = payjpv2.Configuration(
            host=settings.payjp_base_url.rstrip("/"),
            access_token=settings.payjp_api_key.get_secret_value(),
            # The workflow retries: it has recorded the outcome of earlier calls.
            retries=False,
        )
        client = payjpv2.ApiClient(configuration)
        self._waits = waits
        self._apis: dict[str, Any] = {
            "flows": payjpv2.PaymentFlowsApi(client),
            "refunds": payjpv2.PaymentRefundsApi(client),
            "disputes": payjpv2.PaymentDisputesApi(client),
            "methods": payjpv2.PaymentMethodsApi(client),
            "customers": payjpv2.CustomersApi(client),
            "checkouts": payjpv2.CheckoutSessionsApi(client),
            "balances": payjpv2.BalancesApi(client),
            "transactions": payjpv2.PaymentTransactionsApi(client),
        }

    def call(self, name: str, *arguments: Any, **more: Any) -> Any:
        """Call ``api.operation``; a ``Body`` among the arguments is checked by its model. The answer is read by the
        SDK's model too, and given as plain JSON. Raises ``providers.errors``, never the SDK's own, which hold bodies.
        """
        api, _, operation = name.partition(".")
        method = getattr(self._apis[api], operation + "_with_http_info")
        checked = [_checked(argument) if isinstance(argument, Body) else argument for argument in arguments]
        try:
            return json.loads(method(*checked, request_timeout=self._waits, **more).raw_data)
        except (ApiException, HTTPError, ValueError) as error:
            failure = _failure(error)
        raise failure


def _checked(body: Body) -> Any:
    """A request's model. What the model refuses (an amount beyond the limits) is PAY.JP's refusal, before the call."""
    try:
        return getattr(payjpv2, body.model).from_dict(body.values)
    except ValidationError as error:
        field = ".".join(str(part) for part in error.errors()[0]["loc"])
    raise ProviderRefused(f"invalid_{field}")


def _failure(error: Exception) -> OutcomeUnknown | ProviderRefused | ProviderUnavailable:
    """The `ProviderError` for it. Codes: docs.pay.jp/v2/guide/developers/error-response and …/idempotency."""
    if isinstance(error, MaxRetryError) and error.reason is not None:
        error = error.reason
    if isinstance(error, (ConnectTimeoutError, NewConnectionError)):
        return ProviderUnavailable("not_connected")
    if not isinstance(error, ApiException):
        # No answer, or one that the SDK cannot read: something may have been done.
        return OutcomeUnknown("no_answer" if isinstance(error, HTTPError) else "unreadable_answer")
    status, code = int(error.status or 0), _code(error)
    if code in _ASK_AGAIN:
        return OutcomeUnknown(code)
    if status in {401, 403, 429}:
        return ProviderUnavailable(code)
    return ProviderRefused(code) if 400 <= status < 500 else OutcomeUnknown(code)


def _code(error: ApiException) -> str:
    """``code`` of the problem document, else the end of its ``type``."""
    try:
        problem = json.loads(error.body or "")
    except ValueError:
        problem = {}
    if not isinstance(problem, dict):
        problem = {}
    code = problem.get("code") or str(problem.get("type") or "").rpartition("/")[2].replace("-", "_")
    return str(code or f"http_{error.status}")
