"""Reports of the provider in any order say the same about a message."""

from datetime import UTC, datetime, timedelta
from itertools import permutations
from uuid import uuid4

import pytest

from domain.messages.delivery import Delivery, DeliveryEvent, DeliveryReport, after_report, deliveries
from domain.messages.kinds import NoticeStatus

AT = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
E, N = DeliveryEvent, NoticeStatus
NOTICE = uuid4()


def report(
    event: DeliveryEvent, after: int = 0, reason: str | None = None, notice: str = str(NOTICE)
) -> DeliveryReport:
    return DeliveryReport(f"{event}-{after}", notice, event, AT + after * SECOND, reason)


@pytest.mark.parametrize(
    ("known", "reported", "after"),
    [
        (N.QUEUED, N.SENT, N.SENT),
        (N.FAILED, N.SENT, N.SENT),  # given up by us, sent after all
        (N.SENT, N.DELIVERED, N.DELIVERED),
        (N.DELIVERED, N.SENT, N.DELIVERED),
        (N.DELIVERED, N.BOUNCED, N.BOUNCED),
        (N.BOUNCED, N.DELIVERED, N.BOUNCED),
    ],
)
def test_after_report_never_moves_a_message_back(known: N, reported: N, after: N) -> None:
    assert after_report(known, reported) is after


def test_deliveries_are_the_same_in_every_order() -> None:
    reports = [report(E.PROCESSED, 1), report(E.DEFERRED, 2), report(E.DELIVERED, 3), report(E.BOUNCED, 4, "full")]
    seen = {tuple(deliveries(order).items()) for order in permutations(reports)}
    bounced = Delivery(N.BOUNCED, AT + SECOND, AT + 3 * SECOND, "bounced: full")
    assert seen == {((NOTICE, bounced),)}


def test_deliveries_takes_the_first_time_of_a_repeated_delivery() -> None:
    found = deliveries([report(E.DELIVERED, 5), report(E.DELIVERED, 2)])
    assert found == {NOTICE: Delivery(N.DELIVERED, AT + 2 * SECOND, AT + 2 * SECOND)}


def test_deliveries_cuts_a_long_reason_and_names_a_missing_one() -> None:
    assert deliveries([report(E.DROPPED)])[NOTICE].reason == "dropped: no reason given"
    assert len(deliveries([report(E.BOUNCED, reason="x" * 999)])[NOTICE].reason or "") == 300


def test_deliveries_leaves_out_what_is_not_ours_or_says_nothing() -> None:
    assert deliveries([report(E.OTHER), report(E.DELIVERED, notice="n-1")]) == {}
    assert deliveries([DeliveryReport("e", None, E.DELIVERED, AT, None)]) == {}
