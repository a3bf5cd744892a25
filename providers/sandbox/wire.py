"""Stripe's format: form-encoded parameters, errors and lists (Stripe API reference, "Errors", "Pagination")."""

import json
import secrets
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl

from providers.sandbox.store import JSON

_ID_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def new_id(prefix: str) -> str:
    """An id of Stripe's shape: ``pi_3Sandbox`` and random characters."""
    return f"{prefix}_" + "".join(secrets.choice(_ID_ALPHABET) for _ in range(24))


class StripeFailure(Exception):
    """An error answer. ``is_stored``: whether it is stored for the idempotency key; Stripe does so once work has begun,
    not for parameters that it cannot read."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str | None = None,
        param: str | None = None,
        kind: str = "invalid_request_error",
        is_stored: bool = True,
        intent: JSON | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.is_stored = is_stored
        self.body = error_body(kind, message, code=code, param=param, payment_intent=intent)


def error_body(kind: str, message: str, **fields: Any) -> JSON:
    """``{"error": …}`` with the fields that are set."""
    error = {"type": kind, "message": message}
    error.update({name: value for name, value in fields.items() if value is not None})
    if error.get("code"):
        error["doc_url"] = "https://stripe.com/docs/error-codes/" + str(error["code"]).replace("_", "-")
    return {"error": error}


def missing(kind: str, object_id: str, param: str = "id") -> StripeFailure:
    """404 ``resource_missing``; 400 where the id was a parameter and not the path."""
    status = 404 if param in {"id", "intent"} else 400
    message = f"No such {kind}: '{object_id}'"
    return StripeFailure(status, message, code="resource_missing", param=param, is_stored=False)


def parse_form(raw: str) -> JSON:
    """``a[b][c]=1&d[]=2`` as nested dicts and lists. Values stay text."""
    tree: JSON = {}
    for name, value in parse_qsl(raw, keep_blank_values=True):
        parts = name.replace("]", "").split("[")
        node = tree
        for part in parts[:-1]:
            below = node.setdefault(part, {})
            if not isinstance(below, dict):
                raise StripeFailure(400, f"Invalid form: {name}", is_stored=False)
            node = below
        last = parts[-1] or str(len(node))
        node[last] = value
    parsed = _lists(tree)
    return parsed if isinstance(parsed, dict) else {}


def _lists(node: Any) -> Any:
    if not isinstance(node, dict):
        return node
    inner = {name: _lists(value) for name, value in node.items()}
    if inner and all(name.isascii() and name.isdigit() for name in inner):
        return [inner[name] for name in sorted(inner, key=int)]
    return inner


def check_known(params: Mapping[str, Any], known: Sequence[str]) -> None:
    """400 ``parameter_unknown`` for the first parameter that the operation does not take."""
    for name in params:
        if name not in known and name != "expand":
            message = f"Received unknown parameter: {name}"
            raise StripeFailure(400, message, code="parameter_unknown", param=name, is_stored=False)


def integer(params: Mapping[str, Any], name: str) -> int | None:
    """A whole number of minor units, or None where the parameter is absent."""
    value = params.get(name)
    if value is None:
        return None
    try:
        return int(str(value))
    except ValueError:
        message = f"Invalid integer: {value}"
        raise StripeFailure(400, message, code="parameter_invalid_integer", param=name, is_stored=False) from None


def required(params: Mapping[str, Any], name: str) -> str:
    """A parameter's text; 400 ``parameter_missing`` without one."""
    value = params.get(name)
    if value in (None, ""):
        message = f"Missing required param: {name}."
        raise StripeFailure(400, message, code="parameter_missing", param=name, is_stored=False)
    return str(value)


def metadata(params: Mapping[str, Any]) -> dict[str, str]:
    """At most 50 pairs, names of 40 and values of 500 characters (Stripe API reference, "Metadata")."""
    given = params.get("metadata") or {}
    pairs = {str(name): str(value) for name, value in given.items()} if isinstance(given, dict) else None
    if pairs is None or len(pairs) > 50 or any(len(k) > 40 or len(v) > 500 for k, v in pairs.items()):
        raise StripeFailure(400, "Invalid metadata", code="parameter_invalid", param="metadata", is_stored=False)
    return pairs


def shown(body: JSON) -> JSON:
    """The object without our own keys."""
    return {name: value for name, value in body.items() if not name.startswith("_")}


def listed(items: Sequence[JSON], url: str, has_more: bool) -> JSON:
    """A page, newest first."""
    return {"object": "list", "url": url, "has_more": has_more, "data": [shown(item) for item in items]}


def dump(body: JSON) -> str:
    """JSON as Stripe writes it."""
    return json.dumps(body, indent=2, ensure_ascii=False)
