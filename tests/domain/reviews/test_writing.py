"""Who may write, change and answer a review, and when it is published."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.booking_status import BookingStatus
from domain.errors import AlreadyExists, InvalidInput, RuleBroken, WrongState
from domain.reviews.status import PublicationStatus
from domain.reviews.writing import (
    PUBLISH_AFTER,
    PUBLISH_SPREAD,
    WRITE_WITHIN,
    VisitFacts,
    check_display_name,
    check_edit,
    check_post,
    check_reply,
    publish_at,
)

END = datetime(2026, 11, 21, 6, 0, tzinfo=UTC)
DONE = BookingStatus.COMPLETED
LAST = END + WRITE_WITHIN


def rule_of(visit: VisitFacts, now: datetime) -> str:
    with pytest.raises(RuleBroken) as refused:
        check_post(visit, now)
    return str(refused.value.details["rule"])


@pytest.mark.parametrize("status", [one for one in BookingStatus if one is not DONE])
def test_check_post_needs_a_completed_visit(status: BookingStatus) -> None:
    assert rule_of(VisitFacts(status, END), END) == "review_needs_a_completed_visit"


def test_check_post_waits_until_completion_cannot_be_undone() -> None:
    visit = VisitFacts(DONE, END, undo_until=END + timedelta(minutes=10))
    assert rule_of(visit, END + timedelta(minutes=9)) == "review_needs_a_completed_visit"
    assert check_post(visit, END + timedelta(minutes=10)) == LAST


def test_check_post_takes_reviews_for_ninety_days() -> None:
    assert check_post(VisitFacts(DONE, END), LAST - timedelta(microseconds=1)) == LAST
    assert rule_of(VisitFacts(DONE, END), LAST) == "review_too_late"


def test_check_post_takes_one_review_for_a_visit() -> None:
    with pytest.raises(AlreadyExists) as refused:
        check_post(VisitFacts(DONE, END, is_reviewed=True), END)
    assert refused.value.details == {"field": "booking_id"}


def test_check_post_refuses_the_team_of_the_business() -> None:
    assert rule_of(VisitFacts(DONE, END, by_team=True), END) == "review_of_own_business"


@pytest.mark.parametrize("status", list(PublicationStatus))
def test_check_edit_allows_what_is_not_taken_down(status: PublicationStatus) -> None:
    if status in (PublicationStatus.PENDING, PublicationStatus.PUBLISHED):
        check_edit(status, LAST, END, is_moderated=False)
        return
    with pytest.raises(WrongState):
        check_edit(status, LAST, END, is_moderated=False)


def test_check_edit_waits_for_moderation_and_ends_with_its_time() -> None:
    with pytest.raises(RuleBroken, match="review_is_moderated"):
        check_edit(PublicationStatus.PUBLISHED, LAST, END, is_moderated=True)
    with pytest.raises(RuleBroken, match="review_too_late"):
        check_edit(PublicationStatus.PUBLISHED, LAST, LAST, is_moderated=False)


@pytest.mark.parametrize("status", list(PublicationStatus))
def test_check_reply_needs_a_public_review(status: PublicationStatus) -> None:
    if status is PublicationStatus.PUBLISHED:
        check_reply(status)
        return
    with pytest.raises(WrongState):
        check_reply(status)


@pytest.mark.parametrize("shown", ["佐藤愛", "佐 藤", "SATO", "ｓａｔｏ"])
def test_check_display_name_refuses_the_family_name_of_the_booking(shown: str) -> None:
    with pytest.raises(InvalidInput):
        check_display_name(shown, "佐藤" if "佐" in shown else "Sato")


@pytest.mark.parametrize(("shown", "family"), [(None, "佐藤"), ("はな好き", "佐藤"), ("林檎", "林"), ("A", "")])
def test_check_display_name_takes_other_names(shown: str | None, family: str) -> None:
    check_display_name(shown, family)


@pytest.mark.parametrize("spread", [0.0, 0.25, 0.999])
def test_publish_at_is_one_to_three_days_later(spread: float) -> None:
    at = publish_at(END, spread)
    assert END + PUBLISH_AFTER <= at < END + PUBLISH_AFTER + PUBLISH_SPREAD
    assert publish_at(END, 0.5) - publish_at(END, 0.0) == timedelta(hours=24)
