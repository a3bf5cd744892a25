"""What goes out and with whose texts, over every kind of message and every cause."""

from dataclasses import fields
from datetime import timedelta
from itertools import product

import pytest

from domain.errors import WrongState
from domain.messages.kinds import AccountEmailKind, NoticeKind
from domain.messages.send_decision import (
    CAUSES,
    TRUSTED,
    Author,
    Cause,
    DropReason,
    MessageLimits,
    SendFacts,
    check_invitation,
    decide_send,
    window_of,
)
from tests.support.cases import for_each

KINDS = (*NoticeKind, *AccountEmailKind)
FLAGS = tuple(field.name for field in fields(SendFacts) if field.name != "kind")
LIMITS = MessageLimits(unproven=2, person=3, business=4)


def every_case(kind: NoticeKind | AccountEmailKind) -> list[SendFacts]:
    """Every combination of facts about a message of this kind."""
    return [SendFacts(kind, *values) for values in product((False, True), repeat=len(FLAGS))]


def is_typed_by_proven_people(facts: SendFacts) -> bool:
    """Said again in other words than the decision's: who typed the texts has proven an address, or was approved."""
    if CAUSES[facts.kind] is Cause.BOOKING:
        return facts.by_staff or facts.booker_is_proven
    if CAUSES[facts.kind] is Cause.BUSINESS:
        return facts.was_approved or facts.owner_is_proven
    return CAUSES[facts.kind] is Cause.LOGIN and facts.login_is_proven


def test_causes_name_every_kind_of_message() -> None:
    assert set(CAUSES) == set(KINDS)


@for_each("kind", KINDS)
def test_texts_of_unproven_people_go_to_proven_addresses_alone(kind: NoticeKind | AccountEmailKind) -> None:
    for facts in every_case(kind):
        decision = decide_send(facts)
        if decision.drop is None and decision.with_texts:
            assert facts.is_proven or is_typed_by_proven_people(facts), facts


@for_each("kind", KINDS)
def test_proven_address_gets_every_message_whole(kind: NoticeKind | AccountEmailKind) -> None:
    for facts in every_case(kind):
        if facts.is_proven and facts.is_approved and facts.was_approved and facts.owner_is_proven:
            decision = decide_send(facts)
            assert (decision.drop, decision.with_texts) == (None, True), facts


@for_each("kind", KINDS)
def test_full_mailbox_gets_nothing_more_today(kind: NoticeKind | AccountEmailKind) -> None:
    for facts in every_case(kind):
        assert decide_send(facts, is_full=True).drop is not None, facts


@for_each("kind", KINDS)
def test_window_counts_every_message_for_its_address(kind: NoticeKind | AccountEmailKind) -> None:
    for facts in every_case(kind):
        window = window_of(facts, "ai@example.com", LIMITS)
        assert window.period == timedelta(hours=24)
        assert window.subject == window_of(facts, " AI@example.com", LIMITS).subject
        assert window.subject != window_of(facts, "other@example.com", LIMITS).subject
        assert "ai@example" not in window.subject
        if not facts.to_business:
            assert window.limit == (LIMITS.person if facts.author in TRUSTED else LIMITS.unproven)


def test_messages_that_anybody_causes_do_not_use_up_those_of_other_kinds() -> None:
    reset = window_of(SendFacts(AccountEmailKind.PASSWORD_RESET), "ai@example.com", LIMITS)
    proof = window_of(SendFacts(NoticeKind.BOOKING_PROOF, was_approved=True), "ai@example.com", LIMITS)
    assert reset.subject != proof.subject


@pytest.mark.parametrize("is_approved", [False, True])
@pytest.mark.parametrize("owner_is_proven", [False, True])
def test_invitation_needs_an_approved_business_with_a_proven_owner(is_approved: bool, owner_is_proven: bool) -> None:
    facts = SendFacts(
        AccountEmailKind.STAFF_INVITED,
        is_approved=is_approved,
        was_approved=is_approved,
        owner_is_proven=owner_is_proven,
    )
    expected = None if is_approved and owner_is_proven else DropReason.SENDER_UNPROVEN
    assert decide_send(facts).drop is expected
    if expected is None:
        check_invitation("approved", is_approved=True, owner_is_proven=True)
        return
    with pytest.raises(WrongState):
        check_invitation("draft", is_approved=is_approved, owner_is_proven=owner_is_proven)


@for_each("kind", NoticeKind)
def test_business_that_was_never_approved_sends_no_message_about_a_booking(kind: NoticeKind) -> None:
    assert decide_send(SendFacts(kind, is_proven=True)).drop is DropReason.SENDER_UNPROVEN


@pytest.mark.parametrize(
    ("facts", "author"),
    [
        (SendFacts(AccountEmailKind.PASSWORD_RESET, login_is_proven=True), Author.ANONYMOUS),
        (SendFacts(AccountEmailKind.NEW_DEVICE), Author.UNPROVEN_LOGIN),
        (SendFacts(AccountEmailKind.NEW_DEVICE, login_is_proven=True), Author.PROVEN),
        (SendFacts(AccountEmailKind.BUSINESS_SUBMITTED), Author.UNPROVEN_LOGIN),
        (SendFacts(AccountEmailKind.BUSINESS_SUBMITTED, owner_is_proven=True), Author.PROVEN),
        (SendFacts(AccountEmailKind.STAFF_ENDED, was_approved=True), Author.STAFF),
        (SendFacts(NoticeKind.BOOKING_CONFIRMED), Author.ANONYMOUS),
        (SendFacts(NoticeKind.BOOKING_CONFIRMED, has_login=True), Author.UNPROVEN_LOGIN),
        (SendFacts(NoticeKind.BOOKING_CONFIRMED, booker_is_proven=True), Author.PROVEN),
        (SendFacts(NoticeKind.BOOKING_CONFIRMED, by_staff=True), Author.STAFF),
    ],
)
def test_author_is_who_typed_the_texts(facts: SendFacts, author: Author) -> None:
    assert facts.author is author
