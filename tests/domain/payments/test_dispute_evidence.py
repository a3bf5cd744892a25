"""The evidence of a dispute as texts, and when it may be sent."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from domain.errors import RuleBroken, WrongState
from domain.payments.dispute_evidence import (
    LARGEST,
    LONGEST,
    EvidenceFile,
    EvidencePart,
    evidence_texts,
    require_sendable,
    send_at,
)
from domain.payments.status import DisputeStatus
from tests.domain.payments.test_disputes import DUE, NOW, dispute

EVIDENCE: dict[str, Any] = {
    "booking": {
        "code": "K7M2Q9XA",
        "status": "completed",
        "start_at": "2027-02-20T01:00:00+00:00",
        "end_at": "2027-02-20T02:00:00+00:00",
        "price": 6600,
        "currency": "JPY",
        "policy": {
            "tiers": [
                {"hours_before": 48, "penalty_percent": 0},
                {"hours_before": 24, "penalty_percent": 50},
                {"hours_before": 0, "penalty_percent": 80},
            ],
            "no_show_percent": 100,
        },
        "booked_at": "2027-02-01T00:00:00+00:00",
        "contact_proven_at": "2027-02-01T00:05:00+00:00",
    },
    "history": [{"at": "2027-02-01T00:00:00+00:00", "event": "held", "by": "customer"}],
    "movements": [
        {"at": "t", "movement": "capture", "phase": "succeeded", "amount": 6600, "reference": "ch_1"},
        {"at": "t", "movement": "dispute", "phase": "intended", "amount": 6600, "reference": None},
    ],
    "receipts": [{"number": "2027-000001", "kind": "qualified_invoice", "issued_on": "2027-02-20", "total": 6600}],
    "messages": [
        {"kind": "booking_confirmed", "channel": "email", "status": "sent", "sent_at": "t1", "delivered_at": "t2"},
        {"kind": "booking_reminder", "channel": "email", "status": "sent", "sent_at": "t3", "delivered_at": None},
    ],
}
READY = dispute(due_at=DUE, evidence=EVIDENCE)


def test_evidence_texts_say_service_policy_and_record() -> None:
    texts = evidence_texts(EVIDENCE)
    assert texts.service_on == "2027-02-20"
    assert "K7M2Q9XA" in texts.description
    assert "6600 JPY" in texts.description
    assert "proved the contact address" in texts.description
    assert texts.policy.splitlines() == [
        "Agreed with the booking. Fees are in percent of the agreed price.",
        "Cancelled 48 hours or more before the start: no fee.",
        "Cancelled less than 48 and at least 24 hours before the start: 50 %.",
        "Cancelled less than 24 hours before the start: 80 %.",
        "No-show: 100 %.",
    ]
    assert texts.record.splitlines() == [
        "History of the booking:",
        "- 2027-02-01T00:00:00+00:00: held, by customer",
        "Movements of money:",
        "- t: capture succeeded, 6600, reference ch_1",
        "- t: dispute intended, 6600",
        "Receipts:",
        "- 2027-000001 (qualified_invoice) of 2027-02-20, 6600",
        "Messages to the customer:",
        "- booking_confirmed by email, sent, sent at t1, delivered at t2",
        "- booking_reminder by email, sent, sent at t3",
    ]
    document = texts.as_document()
    assert all(part in document for part in (texts.service_on, texts.description, texts.policy, texts.record))


def test_evidence_texts_have_amounts_as_people_write_them_and_the_day_at_the_venue() -> None:
    """66.00 dollars, not 6600; and eight o'clock in Tokyo is the day before in UTC."""
    early = {"start_at": "2027-02-19T23:00:00+00:00", "service_on": "2027-02-20", "currency": "USD"}
    texts = evidence_texts({**EVIDENCE, "booking": {**EVIDENCE["booking"], **early}})
    assert texts.service_on == "2027-02-20"
    assert "Agreed price: 66.00 USD." in texts.description
    assert "- t: capture succeeded, 66.00, reference ch_1" in texts.record
    assert "- 2027-000001 (qualified_invoice) of 2027-02-20, 66.00" in texts.record


def test_evidence_texts_of_little_are_still_whole() -> None:
    bare = {"booking": {**EVIDENCE["booking"], "policy": None, "contact_proven_at": None}}
    texts = evidence_texts(bare)
    assert texts.policy == "No penalty was agreed."
    assert "proved" not in texts.description
    assert texts.record.splitlines()[0] == "History of the booking: none"


def test_evidence_texts_fit_the_providers_fields() -> None:
    long = {**EVIDENCE, "history": EVIDENCE["history"] * 2000}
    assert len(evidence_texts(long).record) == LONGEST


def test_require_sendable_takes_gathered_evidence_before_the_deadline() -> None:
    require_sendable(READY, NOW, provider_takes_it=True)
    require_sendable(READY, DUE - timedelta(seconds=1), provider_takes_it=True)


@pytest.mark.parametrize(
    ("changed", "rule"),
    [
        ({"evidence": None}, "evidence_not_gathered"),
        ({"due_at": NOW}, "evidence_deadline_over"),
        ({"due_at": None}, "evidence_deadline_over"),
    ],
)
def test_require_sendable_refuses_what_no_bank_reads(changed: dict[str, Any], rule: str) -> None:
    with pytest.raises(RuleBroken, match=rule):
        require_sendable(replace(READY, **changed), NOW, provider_takes_it=True)


def test_require_sendable_refuses_a_provider_without_it_and_a_second_answer() -> None:
    with pytest.raises(RuleBroken, match="evidence_by_hand"):
        require_sendable(READY, NOW, provider_takes_it=False)
    for changed in ({"status": DisputeStatus.WON, "closed_at": NOW}, {"evidence_sent_at": NOW}):
        with pytest.raises(WrongState):
            require_sendable(replace(READY, **changed), NOW, provider_takes_it=True)


def test_send_at_is_six_hours_before_the_deadline() -> None:
    assert send_at(DUE) == DUE - timedelta(hours=6)
    assert send_at(None) is None


def policy_of(*fees: tuple[int, int], no_show: int = 0) -> str:
    tiers = [{"hours_before": hours, "penalty_percent": percent} for hours, percent in fees]
    booking = EVIDENCE["booking"] | {"policy": {"tiers": tiers, "no_show_percent": no_show}}
    return evidence_texts(EVIDENCE | {"booking": booking}).policy


def test_evidence_texts_say_a_policy_of_any_number_of_tiers() -> None:
    assert "Cancelled at any time before the start: no fee.\nNo-show: no fee." in policy_of()
    assert "Cancelled at any time before the start: 30 %.\nNo-show: 60 %." in policy_of((24, 30), no_show=60)
    two = policy_of((48, 0), (24, 50)).splitlines()[1:]
    assert two[:-1] == [
        "Cancelled 48 hours or more before the start: no fee.",
        "Cancelled less than 48 hours before the start: 50 %.",
    ]


def test_pages_are_the_policy_and_the_messages_if_there_are_any() -> None:
    pages = evidence_texts(EVIDENCE).pages("K7M2Q9XA")
    assert set(pages) == {EvidencePart.POLICY, EvidencePart.MESSAGES}
    assert pages[EvidencePart.POLICY].lines[-1] == "No-show: 100 %."
    assert [line[:20] for line in pages[EvidencePart.MESSAGES].lines] == [
        "- booking_confirmed ",
        "- booking_reminder b",
    ]
    assert {page.about for page in pages.values()} == {"Booking K7M2Q9XA"}
    assert set(evidence_texts(EVIDENCE | {"messages": []}).pages("K7M2Q9XA")) == {EvidencePart.POLICY}


def test_pages_have_all_messages_also_where_the_record_is_cut() -> None:
    movement = {"at": "t", "movement": "capture", "phase": "succeeded", "amount": 1, "reference": "r" * LONGEST}
    texts = evidence_texts(EVIDENCE | {"movements": [movement]})
    assert "booking_reminder" not in texts.record
    assert len(texts.pages("K7M2Q9XA")[EvidencePart.MESSAGES].lines) == len(EVIDENCE["messages"])


def test_key_of_a_file_follows_its_part_and_content() -> None:
    files = [EvidenceFile(part, content) for part in EvidencePart for content in (b"a", b"b")]
    assert len({file.key("evidence:1") for file in files}) == len(files)
    assert files[0].key("evidence:1") == EvidenceFile(files[0].part, b"a").key("evidence:1")
    assert len(files[0].key("evidence:1")) < 255
    assert files[0].name == "receipt.pdf"
    assert files[0].key("evidence:1") == "evidence:1:receipt:ca978112ca1bbdca"


@pytest.mark.parametrize(("minor", "said"), [(6600, "66.00"), (5, "0.05"), (0, "0.00"), (-150, "-1.50")])
def test_evidence_texts_say_amounts_with_their_sign_and_decimals(minor: int, said: str) -> None:
    movement = {"at": "t", "movement": "refund", "phase": "succeeded", "amount": minor}
    booking = EVIDENCE["booking"] | {"currency": "USD"}
    record = evidence_texts(EVIDENCE | {"booking": booking, "movements": [movement]}).record
    assert f"- t: refund succeeded, {said}\n" in record


def test_limits_are_those_of_stripe() -> None:
    assert (LONGEST, LARGEST) == (20_000, 5_242_880)
