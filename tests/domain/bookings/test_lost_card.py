"""A card hold whose authorization is lost: the deadline for another card, and what happens after it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.booking_status import BookingStatus
from domain.bookings.decisions import BookingFacts
from domain.bookings.lost_card import LostCardStep, at_deadline, settlement_of
from domain.catalogue.cancellation import Policy, Tier
from domain.payments.status import SECURED, Movement, PaymentStatus
from domain.payments.tasks import PaymentView
from domain.payments.without_card import (
    BEFORE_START,
    LEAST,
    CardDeadline,
    WithoutCard,
    answer_by,
    cancels,
    deadline_after_move,
    first_deadline,
    known_deadline,
    latest_answer,
)
from tests.support.cases import for_each

NOW = datetime(2026, 12, 1, 1, tzinfo=UTC)
START = NOW + timedelta(days=5)
SECOND = timedelta(seconds=1)
B, P, S = BookingStatus, PaymentStatus, LostCardStep


def facts(status: P | None = P.AUTHORIZED, until: datetime | None = NOW, **more: object) -> BookingFacts:
    payment = status and PaymentView(UUID(int=1), status, 6000, 6000, 0, 0, True, until)
    policy = Policy((Tier(0, 100),), 100)
    plain = BookingFacts(B.CONFIRMED, START, 6000, "JPY", policy, payment, amount_due=6000)
    return replace(plain, **more)  # type: ignore[arg-type]


@given(
    lapse=st.none() | st.timedeltas(timedelta(days=-3), timedelta(days=9)),
    start=st.timedeltas(timedelta(hours=-1), timedelta(days=700)),
)
def test_answer_by_is_the_end_of_the_authorization_within_its_bounds(lapse: timedelta | None, start: timedelta) -> None:
    by = answer_by(NOW, None if lapse is None else NOW + lapse, NOW + start)
    latest = start - BEFORE_START if start > BEFORE_START else start
    assert by <= NOW + latest, "an hour before the start, or the start where less is left"
    assert by >= NOW + min(LEAST, latest), "a day at least, or until then"
    if lapse is not None and LEAST <= lapse <= latest:
        assert by == NOW + lapse


@for_each("setting", list(WithoutCard))
@for_each("status", [None, *P])
def test_at_deadline_follows_the_setting_where_no_card_is_valid(status: P | None, setting: WithoutCard) -> None:
    step = at_deadline(facts(status), setting, NOW)
    if status in SECURED - {P.AUTHORIZED}:
        assert step is S.NOTHING
    else:
        assert step is (S.CANCEL if setting is WithoutCard.CANCEL else S.REPORT)


@pytest.mark.parametrize("status", [one for one in B if one is not B.CONFIRMED])
def test_at_deadline_leaves_a_customer_who_has_arrived_and_ended_bookings_alone(status: B) -> None:
    assert at_deadline(replace(facts(None), status=status), WithoutCard.CANCEL, NOW) is S.NOTHING


def test_at_deadline_keeps_what_is_authorized_until_later() -> None:
    assert at_deadline(facts(until=NOW + timedelta(hours=2)), WithoutCard.CANCEL, NOW) is S.NOTHING
    assert at_deadline(facts(until=None), WithoutCard.CANCEL, NOW) is S.NOTHING
    assert at_deadline(facts(None, amount_due=0), WithoutCard.CANCEL, NOW) is S.NOTHING


@pytest.mark.parametrize(("setting", "step"), [(WithoutCard.CANCEL, S.CANCEL), (WithoutCard.KEEP, S.REPORT)])
def test_at_deadline_believes_the_run_whose_clock_is_ahead(setting: WithoutCard, step: S) -> None:
    assert at_deadline(facts(until=NOW + timedelta(seconds=1)), setting, NOW) is step


def test_at_deadline_never_cancels_a_visit_that_has_begun() -> None:
    assert at_deadline(facts(None, start_at=NOW), WithoutCard.CANCEL, NOW) is S.REPORT


@pytest.mark.parametrize("ahead", [timedelta(0), timedelta(seconds=30)])
def test_at_deadline_counts_an_authorization_that_ends_before_the_start_as_lost(ahead: timedelta) -> None:
    start = NOW + BEFORE_START + ahead  # the clock of the run may be ahead
    for until, step in ((start, S.CANCEL), (NOW + timedelta(minutes=30), S.CANCEL), (start + LEAST, S.NOTHING)):
        assert at_deadline(facts(until=until, start_at=start), WithoutCard.CANCEL, NOW) is step


def test_cancels_only_before_the_start() -> None:
    assert cancels(WithoutCard.CANCEL, NOW, NOW + BEFORE_START)
    assert not cancels(WithoutCard.KEEP, NOW, NOW + BEFORE_START)
    assert not cancels(WithoutCard.CANCEL, NOW, NOW)


def test_settlement_of_a_lost_card_charges_nothing_whatever_the_policy() -> None:
    assert settlement_of(facts()).movement is Movement.VOID
    assert settlement_of(facts(None)).movement is None
    assert settlement_of(facts(P.VOIDED)).retained == 0


def test_at_deadline_waits_for_a_deadline_that_has_moved_meanwhile() -> None:
    ahead = NOW + timedelta(hours=2)
    assert at_deadline(facts(None), WithoutCard.CANCEL, NOW, ahead) is S.NOTHING
    for passed in (NOW, NOW + timedelta(seconds=30), NOW - timedelta(days=1), None):
        assert at_deadline(facts(None), WithoutCard.CANCEL, NOW, passed) is S.CANCEL


def test_at_deadline_keeps_what_the_message_says_whatever_the_setting_is_now() -> None:
    assert at_deadline(facts(None), WithoutCard.CANCEL, NOW, NOW, promised=False) is S.REPORT
    assert at_deadline(facts(None), WithoutCard.KEEP, NOW, NOW, promised=True) is S.CANCEL
    assert at_deadline(facts(None, start_at=NOW), WithoutCard.KEEP, NOW, NOW, promised=True) is S.REPORT
    assert at_deadline(facts(), WithoutCard.CANCEL, NOW, NOW, promised=True) is S.CANCEL


def test_at_deadline_cancels_nothing_at_the_start_also_where_the_clock_of_the_run_is_ahead() -> None:
    start = NOW + timedelta(seconds=30)
    assert at_deadline(facts(None, start_at=start), WithoutCard.CANCEL, NOW, start) is S.REPORT


def test_at_deadline_does_nothing_where_a_manager_has_released_the_hold() -> None:
    assert at_deadline(facts(P.VOIDED), WithoutCard.CANCEL, NOW, None, given_up=True) is S.NOTHING


@given(
    start=st.timedeltas(timedelta(minutes=1), timedelta(days=60)),
    moved=st.timedeltas(timedelta(minutes=1), timedelta(days=60)),
    asked=st.sampled_from(WithoutCard),
    now=st.sampled_from(WithoutCard),
)
def test_deadline_after_move_never_cancels_where_the_message_said_something_else(
    start: timedelta, moved: timedelta, asked: WithoutCard, now: WithoutCard
) -> None:
    before, after = NOW + start, NOW + moved
    known = first_deadline(asked, before, None, NOW)
    then = deadline_after_move(known, before, after, None, now, NOW)
    assert then.at <= after
    is_new = after > before and known.at == before
    if is_new:
        assert then == first_deadline(now, after, None, NOW), "asked again, with the present setting"
    else:
        assert then.cancels == (known.cancels and then.at < after)
    if known.at < before and after >= before:
        assert then == known, "what the customer knows stays"
    if after < before:
        assert then.at <= known.at


def test_known_deadline_is_the_promise_or_for_old_rows_the_setting() -> None:
    for promised in (True, False):
        assert known_deadline(NOW, promised, WithoutCard.KEEP, START) == CardDeadline(NOW, promised)
    assert known_deadline(NOW, None, WithoutCard.CANCEL, START).cancels
    assert not known_deadline(NOW, None, WithoutCard.KEEP, START).cancels
    assert not known_deadline(START, None, WithoutCard.CANCEL, START).cancels


def test_answer_by_is_a_day_after_the_question_and_an_hour_before_the_start_to_the_second() -> None:
    assert answer_by(NOW, None, START) == NOW + timedelta(hours=24)
    assert latest_answer(NOW + BEFORE_START, NOW) == NOW + BEFORE_START, "no time is left before that hour"
    assert latest_answer(NOW + BEFORE_START + SECOND, NOW) == NOW + SECOND


def test_deadline_after_move_asks_again_only_for_a_later_start() -> None:
    soon = NOW + timedelta(minutes=30)
    harmless = CardDeadline(soon, cancels=False)
    asked = first_deadline(WithoutCard.CANCEL, START, None, NOW)
    assert deadline_after_move(harmless, soon, START, None, WithoutCard.CANCEL, NOW) == asked
    at_start = CardDeadline(START, cancels=False)
    assert deadline_after_move(at_start, START, START, None, WithoutCard.CANCEL, NOW) == at_start
    before = CardDeadline(soon - SECOND, cancels=True)
    assert deadline_after_move(before, soon, START, None, WithoutCard.KEEP, NOW) == before


def test_deadline_after_move_to_the_same_start_or_to_the_deadline() -> None:
    late = CardDeadline(START - timedelta(minutes=30), cancels=True)
    assert deadline_after_move(late, START, START, None, WithoutCard.KEEP, NOW) == late
    assert deadline_after_move(late, START, late.at, None, WithoutCard.KEEP, late.at - SECOND) == CardDeadline(
        late.at, cancels=False
    )


def test_at_deadline_allows_a_minute_between_two_clocks() -> None:
    for left, step in ((60, S.CANCEL), (61, S.NOTHING)):
        assert at_deadline(facts(None), WithoutCard.CANCEL, NOW, NOW + left * SECOND) is step
    start = NOW + timedelta(minutes=30)
    for until, step in ((start, S.CANCEL), (start + SECOND, S.NOTHING)):
        assert at_deadline(facts(until=until, start_at=start), WithoutCard.CANCEL, NOW) is step
