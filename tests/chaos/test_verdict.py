"""The verdict of a chaos run finds each wrong answer that a customer could get."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.chaos.customers import BookableSalon, Visit
from tests.chaos.verdict import Mail, _judge, _judge_copies

START = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
ENDS = START - timedelta(days=1)
HOLD = timedelta(seconds=15)


def visit(**answered: Any) -> Visit:
    """Somebody who was given a booking."""
    salon = BookableSalon(UUID(int=1), UUID(int=2), HOLD, [START])
    made = Visit("customer1", uuid4(), salon, "good card", "keeps it", lambda: "token")
    given = {"marker": "w", "booking_id": "b", "start_at": START, "hold_expires_at": ENDS, "paid_at": ENDS - HOLD}
    for name, value in {**given, **answered}.items():
        setattr(made, name, value)
    return made


def row(**values: Any) -> dict[str, Any]:
    """The booking as it is: confirmed and paid."""
    good = {"id": "b", "marker": "w", "status": "confirmed", "start_at": START, "hold_expires_at": None}
    return {**good, "captured": 6600, "refunded": 0, "cancelled_by": None, "swept": False, "money_at": None, **values}


def test_verdict_accepts_what_is_as_it_was_answered() -> None:
    assert _judge(visit(), {"w": [row()]}) == ([], "confirmed")
    cancelled = row(status="cancelled", cancelled_by="customer", refunded=6600)
    assert _judge(visit(cancel="ok"), {"w": [cancelled]}) == ([], "cancelled, with a refund")
    late = visit(paid_at=ENDS + HOLD)
    assert _judge(late, {"w": [row(status="expired", refunded=6600)]}) == ([], "expired, its late money given back")
    nobody = visit(booking_id=None, marker="", refused=["w0"], paid_at=None)
    assert _judge(nobody, {}) == ([], "no time was free")


@pytest.mark.parametrize(
    ("answered", "found"),
    [
        ({}, []),
        ({}, [row(id="another")]),
        ({}, [row(), row(id="twin")]),
        ({"refused": ["w"]}, [row()]),
        ({"cancel": "ok"}, [row()]),
        ({"cancel": "wrong_state"}, [row(status="cancelled", cancelled_by="customer", refunded=6600)]),
        ({}, [row(start_at=START + HOLD)]),
        ({}, [row(captured=0)]),
        ({}, [row(refunded=6600)]),
        ({"way": "never", "paid_at": None}, [row()]),
        ({"paid_at": None, "declined_last": True}, [row()]),
        ({}, [row(status="expired", captured=0)]),
        ({}, [row(status="expired", refunded=6600, swept=True, money_at=ENDS - HOLD)]),
    ],
)
def test_verdict_finds_what_is_not_as_it_was_answered(answered: dict[str, Any], found: list[dict[str, Any]]) -> None:
    wrong, _ = _judge(visit(**answered), {"w": found} if found else {})
    assert wrong


@pytest.mark.parametrize(
    ("copies", "unknown", "wrong", "doubted"),
    [(1, 0, 0, 0), (1, 1, 0, 0), (2, 1, 0, 1), (2, 0, 1, 0), (3, 1, 1, 0), (0, 1, 1, 0)],
)
def test_message_comes_again_only_where_nobody_knew(copies: int, unknown: int, wrong: int, doubted: int) -> None:
    mail = Mail()
    _judge_copies(mail, {"id": "n", "kind": "k", "status": "sent", "failure_reason": None, "unknown": unknown}, copies)
    assert (len(mail.wrong), mail.doubted) == (wrong, doubted)
