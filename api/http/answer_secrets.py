"""Secrets inside answers. A stored answer contains none of them: they are made again for the replay.

A new secret field of an answer is one more name in :data:`api.http.idempotency.SECRET_FIELDS`; a test looks for such
fields.
"""

from dataclasses import replace
from typing import Any

import orjson

from api.http.idempotency import Replay


def data_of(replay: Replay) -> dict[str, Any]:
    """``data`` of the stored answer, empty where it has none."""
    data = orjson.loads(replay.stored_response.body).get("data")
    return data if isinstance(data, dict) else {}


def with_secret(replay: Replay, field: str, secret: Any) -> Replay:
    """The replay with its secret, or with another field that is read again (as JSON)."""
    answer = orjson.loads(replay.stored_response.body)
    answer["data"][field] = secret
    return Replay(replace(replay.stored_response, body=orjson.dumps(answer)))
