"""The comparison of a chaos run finds each yen that is here and not there, or the other way round."""

from typing import Any

import pytest

from tests.chaos.money import compare
from tests.support.takings import Taking


def payment(**values: Any) -> dict[str, Any]:
    """Paid, and half of it given back."""
    money = {"amount": 6600, "amount_due": 6600, "captured": 6600, "refunded": 3300, "ledger_refunded": 3300}
    return {"intent_id": "pi_1", "booking_id": "b1", "status": "partially_refunded", **money, **values}


def test_compare_accepts_what_is_the_same() -> None:
    assert compare([payment()], [Taking("pi_1", "b1", 6600, 3300)]) == []
    assert compare([payment(intent_id=None, captured=0, refunded=0, ledger_refunded=0)], []) == []


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ([payment()], []),
        ([payment()], [Taking("pi_1", "b1", 6600, 3299)]),
        ([payment()], [Taking("pi_1", "b1", 6601, 3300)]),
        ([payment(ledger_refunded=0)], [Taking("pi_1", "b1", 6600, 3300)]),
        ([], [Taking("pi_2", "", 50, 0)]),
        ([payment()], [Taking("pi_1", "b1", 6600, 3300), Taking("pi_2", "b1", 6600, 6600)]),
    ],
)
def test_compare_finds_a_difference(ours: list[dict[str, Any]], theirs: list[Taking]) -> None:
    assert compare(ours, theirs)
