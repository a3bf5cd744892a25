"""What can be switched off, and when optional messages wait."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from domain.errors import InvalidInput
from domain.messages.consent import Answer, ConsentPurpose, is_granted
from domain.messages.kinds import AccountEmailKind, Channel, NoticeKind
from domain.messages.preferences import OPTIONAL, Choice, check_choice, is_enabled, is_optional, quiet_until
from tests.support.cases import for_each

TOKYO = "Asia/Tokyo"
REMINDER = NoticeKind.BOOKING_REMINDER
HERE = uuid4()


def tokyo(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC) - timedelta(hours=9)


@for_each("kind", [*NoticeKind, *AccountEmailKind])
def test_is_optional_for_reminders_and_reviews_alone(kind: NoticeKind | AccountEmailKind) -> None:
    to_customer = {NoticeKind.BOOKING_REMINDER, NoticeKind.REVIEW_REPLIED, NoticeKind.REVIEW_REQUESTED}
    assert is_optional(kind, "customer") == (kind in to_customer)
    assert is_optional(kind, "business") == (kind is NoticeKind.REVIEW_POSTED)


@for_each("kind", sorted(set(NoticeKind) - OPTIONAL.keys()))
def test_check_choice_refuses_what_is_always_sent(kind: NoticeKind) -> None:
    with pytest.raises(InvalidInput) as refused:
        check_choice(kind, Channel.EMAIL, "choices.0")
    assert refused.value.details["fields"] == [{"field": "choices.0.kind", "rule": "always_sent"}]


def test_check_choice_refuses_what_is_always_shown() -> None:
    with pytest.raises(InvalidInput):
        check_choice(REMINDER, Channel.IN_APP, "choices.0")


@pytest.mark.parametrize(
    ("everywhere", "here", "expected"),
    [
        (None, None, True),
        (False, None, False),
        (True, False, False),
        (False, True, True),
        (None, False, False),
    ],
)
def test_is_enabled_by_the_closest_choice(everywhere: bool | None, here: bool | None, expected: bool) -> None:
    choices = [
        Choice(REMINDER, Channel.EMAIL, enabled, business_id)
        for business_id, enabled in ((None, everywhere), (HERE, here))
        if enabled is not None
    ]
    other = [
        Choice(REMINDER, Channel.EMAIL, not expected, uuid4()),
        Choice(NoticeKind.REVIEW_REPLIED, Channel.EMAIL, not expected, HERE),
    ]
    assert is_enabled(REMINDER, Channel.EMAIL, [*choices, *other], HERE) is expected


@pytest.mark.parametrize(
    ("now", "until"),
    [
        (tokyo(21, 8), None),
        (tokyo(21, 20, 59), None),
        (tokyo(21, 21), tokyo(22, 8)),
        (tokyo(21, 23, 59), tokyo(22, 8)),
        (tokyo(22, 0), tokyo(22, 8)),
        (tokyo(22, 7, 59), tokyo(22, 8)),
    ],
)
def test_quiet_until_the_morning(now: datetime, until: datetime | None) -> None:
    assert quiet_until(now, TOKYO, None) == until


def test_quiet_until_counts_in_the_zone_of_the_recipient() -> None:
    noon_in_tokyo = tokyo(21, 12)
    assert quiet_until(noon_in_tokyo, "Europe/London", None) == datetime(2026, 11, 21, 8, tzinfo=UTC)
    assert quiet_until(noon_in_tokyo, TOKYO, None) is None


def test_quiet_until_crosses_a_change_of_the_clocks() -> None:
    """In Berlin, the clocks go back in the night to 25 October 2026: eight o'clock is 7:00 UTC."""
    late = datetime(2026, 10, 24, 20, 0, tzinfo=UTC)
    assert quiet_until(late, "Europe/Berlin", None) == datetime(2026, 10, 25, 7, tzinfo=UTC)


@pytest.mark.parametrize(("visit", "waits"), [(tokyo(22, 8, 59), False), (tokyo(22, 9), True), (tokyo(22, 7), False)])
def test_quiet_until_never_brings_a_reminder_too_close_to_its_visit(visit: datetime, waits: bool) -> None:
    assert (quiet_until(tokyo(22, 6), TOKYO, visit) is not None) is waits


def test_is_granted_by_the_last_answer_alone() -> None:
    offers = ConsentPurpose.OFFERS
    yes, no = Answer(offers, True, tokyo(1, 9)), Answer(offers, False, tokyo(2, 9))
    assert not is_granted(offers, [])
    assert is_granted(offers, [yes])
    assert not is_granted(offers, [no, yes])
    assert is_granted(offers, [no, Answer(offers, True, tokyo(3, 9)), yes])
