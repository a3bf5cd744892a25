"""Taking back a step of staff."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from domain.booking_status import ALLOWED, BookingStatus
from domain.bookings import decisions
from domain.bookings.decisions import BookingFacts
from domain.bookings.undo import BACK, undo, undo_until
from domain.catalogue.cancellation import Policy
from domain.errors import RuleBroken, WrongState
from domain.payments.status import PaymentStatus
from domain.payments.tasks import PaymentView
from domain.platform.actor import ActorKind

S = BookingStatus
NOW = datetime(2026, 11, 1, 9, tzinfo=UTC)
TEN = timedelta(minutes=10)


def facts(status: BookingStatus, back: BookingStatus | None, **more: object) -> BookingFacts:
    values = {"undo_until": NOW + TEN if back else None, "undo_to": back, **more}
    return BookingFacts(status, NOW, 8000, "JPY", Policy((), 100), **values)  # type: ignore[arg-type]


@pytest.mark.parametrize(("status", "back"), [(status, back) for status, many in BACK.items() for back in sorted(many)])
def test_undo_leads_to_the_status_before_until_its_time_is_over(status: BookingStatus, back: BookingStatus) -> None:
    assert status in ALLOWED[back]
    last = NOW + TEN - timedelta(microseconds=1)
    assert undo(facts(status, back), last) is back
    with pytest.raises(RuleBroken) as refused:
        undo(facts(status, back), NOW + TEN)
    assert refused.value.details["rule"] == "undo_over"


@pytest.mark.parametrize("status", list(S))
def test_undo_of_nothing_is_refused(status: BookingStatus) -> None:
    with pytest.raises(WrongState):
        undo(facts(status, None), NOW)


def test_undo_never_leads_where_a_step_does_not_come_from() -> None:
    for status in S:
        for back in S:
            if back not in BACK.get(status, ()):
                with pytest.raises(WrongState):
                    undo(facts(status, back), NOW)


def test_undo_of_a_decline_brings_no_ended_hold_back() -> None:
    declined = facts(S.DECLINED, S.PENDING, hold_expires_at=NOW + TEN / 2)
    assert undo(declined, NOW) is S.PENDING
    with pytest.raises(RuleBroken):
        undo(declined, NOW + TEN / 2)


@pytest.mark.parametrize("kind", list(ActorKind))
def test_undo_until_is_set_for_steps_of_people_of_the_business(kind: ActorKind) -> None:
    may = kind not in {ActorKind.CUSTOMER, ActorKind.GUEST, ActorKind.SYSTEM}
    assert (undo_until(kind, TEN, NOW) == NOW + TEN) is may
    assert undo_until(kind, timedelta(), NOW) is None


def test_postponed_end_does_what_the_end_at_once_does() -> None:
    """The same money, decided when the step was taken."""
    held = PaymentView(uuid4(), PaymentStatus.AUTHORIZED, 8000, 8000, 0, 0, True)
    paid = PaymentView(uuid4(), PaymentStatus.CAPTURED, 8000, 0, 8000, 0, False)
    for payment in (held, paid, None):
        for policy in (Policy((), 0), Policy((), 50), Policy((), 100)):
            visit = BookingFacts(S.CHECKED_IN, NOW, 8000, "JPY", policy, payment)
            at_once = decisions.no_show(visit, False, NOW).settlement
            later = BookingFacts(S.NO_SHOW, NOW, 8000, "JPY", policy, payment, penalty_charged=at_once.retained)
            assert decisions.postponed(later).settlement == at_once
            done = BookingFacts(S.COMPLETED, NOW, 8000, "JPY", policy, payment)
            assert decisions.postponed(done).settlement == decisions.complete(visit).settlement
            waits = BookingFacts(S.PENDING, NOW, 8000, "JPY", policy, payment)
            declined = BookingFacts(S.DECLINED, NOW, 8000, "JPY", policy, payment)
            assert decisions.postponed(declined).settlement == decisions.decline(waits).settlement
