"""Through which channels a message goes, in which order, and when it goes on."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from domain.errors import Gone, InvalidInput
from domain.messages.channels import (
    LEAVE_AFTER,
    MOST_TRIES,
    UNREAD_AFTER,
    check_mobile,
    check_push_keys,
    check_tries,
    check_zone,
    leaves,
    route,
    segments,
)
from domain.messages.kinds import AccountEmailKind, Channel, NoticeKind, NoticeStatus
from domain.messages.preferences import Choice, positions
from domain.messages.sending import NextAttempt, is_sent_also, is_unread, next_attempt

ALL = frozenset({Channel.EMAIL, Channel.LINE, Channel.PUSH, Channel.SMS})
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
CONFIRMED = NoticeKind.BOOKING_CONFIRMED


def test_route_is_the_platforms_where_nobody_has_chosen() -> None:
    assert route(CONFIRMED, "customer", ALL, {}) == (Channel.EMAIL, Channel.LINE, Channel.PUSH, Channel.SMS)


def test_route_follows_the_order_of_the_person() -> None:
    assert route(CONFIRMED, "customer", ALL, {Channel.SMS: 1, Channel.LINE: 2})[:2] == (Channel.SMS, Channel.LINE)


def test_route_leaves_out_what_is_refused_or_cannot_be_reached() -> None:
    assert route(NoticeKind.BOOKING_REMINDER, "customer", ALL, {}, {Channel.EMAIL})[0] is Channel.LINE
    assert route(CONFIRMED, "customer", {Channel.SMS}, {}) == (Channel.SMS,)
    assert route(CONFIRMED, "customer", set(), {}) == ()


@pytest.mark.parametrize("kind", [NoticeKind.BOOKING_PROOF, NoticeKind.PAYMENT_RECEIVED, AccountEmailKind.NEW_DEVICE])
def test_route_of_a_kind_without_a_short_text_is_e_mail_alone(kind: NoticeKind | AccountEmailKind) -> None:
    assert route(kind, "customer", ALL, {Channel.SMS: 1}) == (Channel.EMAIL,)


def test_route_to_a_business_is_e_mail_alone() -> None:
    assert route(CONFIRMED, "business", ALL, {}) == (Channel.EMAIL,)


def test_positions_of_a_business_count_before_those_for_all() -> None:
    here = uuid4()
    choices = [Choice(CONFIRMED, Channel.SMS, True, here, 1), Choice(CONFIRMED, Channel.SMS, True, None, 3)]
    assert positions(CONFIRMED, choices, here) == {Channel.SMS: 1}
    assert positions(CONFIRMED, choices, uuid4()) == {Channel.SMS: 3}


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("あ" * 70, 1),
        ("あ" * 71, 2),
        ("あ" * 134, 2),
        ("あ" * 135, 3),
        ("😊" * 35, 1),
        ("😊" * 36, 2),
    ],
)
def test_segments_of_an_sms(text: str, count: int) -> None:
    assert segments(text) == count


def test_leaves_a_channel_that_does_nothing_but_never_one_that_may_have_sent() -> None:
    assert not leaves(NOW, NOW + LEAVE_AFTER - timedelta(seconds=1), may_be_sent=False)
    assert leaves(NOW, NOW + LEAVE_AFTER, may_be_sent=False)
    assert not leaves(NOW, NOW + LEAVE_AFTER * 9, may_be_sent=True)


def test_is_unread_is_for_push_with_another_channel_after_its_time() -> None:
    later = NOW + UNREAD_AFTER
    assert is_unread("push", NoticeStatus.SENT, ["email"], None, NOW, later)
    assert not is_unread("push", NoticeStatus.SENT, ["email"], None, NOW, later - timedelta(seconds=1))
    assert not is_unread("push", NoticeStatus.SENT, ["email"], NOW, NOW, later)
    assert not is_unread("push", NoticeStatus.SENT, [], None, NOW, later)
    assert not is_unread("line", NoticeStatus.SENT, ["email"], None, NOW, later)
    assert not is_unread("push", NoticeStatus.QUEUED, ["email"], None, None, later)


def test_next_attempt_of_a_message_that_goes_through_one_more_channel_is_opened() -> None:
    also = is_sent_also(NoticeStatus.SENT, [], None)
    assert next_attempt(NoticeStatus.SENT, "email", None, NOW, also=also)[0] is NextAttempt.OPEN
    assert not is_sent_also(NoticeStatus.SENT, [], NOW)
    assert not is_sent_also(NoticeStatus.SENT, None, None)


@pytest.mark.parametrize(
    ("number", "is_mobile"),
    [("+819012345678", True), ("+816012345678", True), ("+81312345678", False), ("+815012345678", False)],
)
def test_check_mobile_takes_numbers_of_japan_alone(number: str, is_mobile: bool) -> None:
    if is_mobile:
        check_mobile(number, "number")
        return
    with pytest.raises(InvalidInput):
        check_mobile(number, "number")


def test_check_tries_ends_a_code() -> None:
    check_tries(MOST_TRIES - 1, NOW + timedelta(seconds=1), NOW)
    for tries, until in ((MOST_TRIES, NOW + timedelta(seconds=1)), (0, NOW), (0, None)):
        with pytest.raises(Gone):
            check_tries(tries, until, NOW)


def test_check_zone_and_keys_refuse_what_is_none() -> None:
    check_zone("America/New_York")
    check_zone(None)
    check_push_keys("BNcRdreALRFXTkOOUHK1EtK2wtaz5Ry4YfYCA_0Q", "tBHItJI5svbpez7KI4CCXg")
    with pytest.raises(InvalidInput):
        check_zone("Tokyo")
    with pytest.raises(InvalidInput):
        check_push_keys("not a key!", "tBHItJI5svbpez7KI4CCXg")


def test_route_proves_an_address_by_email_and_a_number_by_sms() -> None:
    """What arrives at LINE, in a browser or by SMS proves nothing about an address."""
    proof = NoticeKind.BOOKING_PROOF
    assert route(proof, "customer", {Channel.SMS}, {}) == (Channel.SMS,)
    assert route(proof, "customer", set(Channel), {}) == (Channel.EMAIL,)
    assert route(proof, "customer", {Channel.LINE, Channel.SMS}, {}) == ()
