"""A request of PAY.JP v2 before its SDK is there to check it."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Body:
    """``model``: the SDK's class that checks ``values``."""

    model: str
    values: dict[str, Any]
