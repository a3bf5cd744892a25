"""A request of PAY.JP v2 before its SDK, which checks it, is loaded."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Body:
    """``model``: the SDK's class that checks ``values``."""

    model: str
    values: dict[str, Any]
