"""The gathered evidence of a dispute as texts and pages for the customer's bank, in English. Pure rules.

What a bank asks for: Stripe API reference, "Update a dispute", ``evidence``: the service and its date, the policy that
the customer agreed to, what was sent and delivered, what was paid and refunded, and the receipt. Names and addresses
are not in the evidence that is stored, so they are not in these texts and pages; the receipt has the recipient's.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial
from itertools import pairwise
from typing import Any

from domain.errors import RuleBroken, WrongState
from domain.money import ZERO_DECIMAL
from domain.payments.disputes import Dispute
from domain.payments.status import DisputeStatus

#: The longest text of one field (Stripe API reference, Dispute.evidence: 20,000 characters).
LONGEST = 20_000
#: A business that has chosen so has its evidence sent so long before the deadline, if no person has sent it.
SEND_BEFORE = timedelta(hours=6)

#: The largest file that Stripe takes as evidence (docs.stripe.com/file-upload, ``dispute_evidence``: PDF, JPEG or PNG
#: of at most 5 MB).
LARGEST = 5 * 1024 * 1024
_MESSAGES = "Messages to the customer"


class EvidencePart(StrEnum):
    """What a file is about."""

    RECEIPT = "receipt"
    POLICY = "policy"
    MESSAGES = "messages"


@dataclass(frozen=True, slots=True)
class EvidencePage:
    """A page with a title, what it is about, and its lines."""

    title: str
    about: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EvidenceFile:
    """A PDF."""

    part: EvidencePart
    content: bytes

    @property
    def name(self) -> str:
        """Of the file."""
        return f"{self.part.value}.pdf"

    def key(self, evidence_key: str) -> str:
        """The idempotency key with which it is uploaded. Another content is another file: a provider refuses a key that
        comes with something else."""
        return f"{evidence_key}:{self.part.value}:{hashlib.sha256(self.content).hexdigest()[:16]}"


@dataclass(frozen=True, slots=True)
class EvidenceTexts:
    """``service_on``: the day of the visit at the venue, RFC 3339. ``policy``: what was agreed about cancellations.
    ``record``: the history of the booking, its money, receipts and messages, up to ``LONGEST``. ``messages``: all of
    them, a line each."""

    service_on: str
    description: str
    policy: str
    record: str
    messages: tuple[str, ...] = ()

    def pages(self, code: str) -> Mapping[EvidencePart, EvidencePage]:
        """What a bank gets as pages of its own; ``code`` of the booking."""
        about = f"Booking {code}"
        policy = EvidencePage("Cancellation policy", about, tuple(self.policy.splitlines()))
        pages = {EvidencePart.POLICY: policy}
        if self.messages:
            pages[EvidencePart.MESSAGES] = EvidencePage(_MESSAGES, about, self.messages)
        return pages

    def as_document(self) -> str:
        """All of it as one text, for a provider that takes no evidence by its API."""
        parts = (
            ("Service", self.description),
            ("Date of the service", self.service_on),
            ("Cancellation policy", self.policy),
            ("Record", self.record),
        )
        return "\n\n".join(f"{title}\n{text}" for title, text in parts) + "\n"


def require_sendable(dispute: Dispute, now: datetime, *, provider_takes_it: bool) -> None:
    """Whether the evidence may be sent now. It is sent once: a bank reads one answer. Raises WrongState for a dispute
    that has ended or whose evidence was sent, RuleBroken where it is not gathered yet, the deadline is over, or the
    provider takes none by its API."""
    if dispute.status is not DisputeStatus.OPEN:
        raise WrongState({"status": dispute.status.value, "wanted": "evidence_sent"})
    if dispute.evidence_sent_at is not None:
        raise WrongState({"status": "evidence_sent", "wanted": "evidence_sent"})
    if not provider_takes_it:
        raise RuleBroken({"rule": "evidence_by_hand"})
    if dispute.evidence is None:
        raise RuleBroken({"rule": "evidence_not_gathered"})
    if dispute.due_at is None or dispute.due_at <= now:
        raise RuleBroken({"rule": "evidence_deadline_over"})


def send_at(due_at: datetime | None) -> datetime | None:
    """When the evidence is sent by itself; None where the provider takes none."""
    return None if due_at is None else due_at - SEND_BEFORE


def evidence_texts(evidence: Mapping[str, Any]) -> EvidenceTexts:
    """The texts of what `db.payments.disputes` gathers."""
    booking = evidence["booking"]
    amount = partial(_amount, booking["currency"])
    description = (
        f"Appointment {booking['code']} at the merchant's premises, {booking['status']}."
        f" From {booking['start_at']} to {booking['end_at']}."
        f" Agreed price: {amount(booking['price'])} {booking['currency']}. Booked at {booking['booked_at']}."
    )
    if booking.get("contact_proven_at"):
        description += f" The customer proved the contact address at {booking['contact_proven_at']}."
    messages = _section(_MESSAGES, evidence.get("messages") or (), _message)
    record = "\n".join(
        (
            *_section("History of the booking", evidence.get("history") or (), _history),
            *_section("Movements of money", evidence.get("movements") or (), partial(_movement, amount)),
            *_section("Receipts", evidence.get("receipts") or (), partial(_receipt, amount)),
            *messages,
        )
    )
    return EvidenceTexts(
        # Evidence that was gathered before the day was stored has the day in UTC.
        service_on=str(booking.get("service_on") or booking["start_at"])[:10],
        description=description[:LONGEST],
        policy=_policy(booking.get("policy") or {})[:LONGEST],
        record=record[:LONGEST],
        messages=tuple(messages[1:]),
    )


def _section(title: str, rows: Sequence[Mapping[str, Any]], line: Any) -> list[str]:
    return [f"{title}:", *(f"- {line(row)}" for row in rows)] if rows else [f"{title}: none"]


def _history(row: Mapping[str, Any]) -> str:
    return f"{row['at']}: {row['event']}, by {row['by']}"


def _amount(currency: str, minor: int) -> str:
    """As a person writes it: 6600 yen, but 66.00 dollars."""
    if currency in ZERO_DECIMAL:
        return str(minor)
    return f"{'-' if minor < 0 else ''}{abs(minor) // 100}.{abs(minor) % 100:02}"


def _movement(amount: Callable[[int], str], row: Mapping[str, Any]) -> str:
    reference = f", reference {row['reference']}" if row.get("reference") else ""
    return f"{row['at']}: {row['movement']} {row['phase']}, {amount(row['amount'])}{reference}"


def _receipt(amount: Callable[[int], str], row: Mapping[str, Any]) -> str:
    return f"{row['number']} ({row['kind']}) of {row['issued_on']}, {amount(row['total'])}"


def _message(row: Mapping[str, Any]) -> str:
    delivered = f", delivered at {row['delivered_at']}" if row.get("delivered_at") else ""
    return f"{row['kind']} by {row['channel']}, {row['status']}, sent at {row['sent_at']}{delivered}"


def _policy(policy: Mapping[str, Any]) -> str:
    """The policy as it was agreed with the booking, by the same rule as `domain.catalogue.cancellation.tier_at`."""
    if not policy:
        return "No penalty was agreed."
    lines = ["Agreed with the booking. Fees are in percent of the agreed price."]
    fees = [(tier["hours_before"], _percent(tier["penalty_percent"])) for tier in policy["tiers"]]
    if len(fees) < 2:
        lines.append(f"Cancelled at any time before the start: {fees[0][1] if fees else _percent(0)}.")
    else:
        lines.append(f"Cancelled {fees[0][0]} hours or more before the start: {fees[0][1]}.")
        lines += [
            f"Cancelled less than {before} and at least {hours} hours before the start: {fee}."
            for (before, _), (hours, fee) in pairwise(fees[:-1])
        ]
        lines.append(f"Cancelled less than {fees[-2][0]} hours before the start: {fees[-1][1]}.")
    lines.append(f"No-show: {_percent(policy['no_show_percent'])}.")
    return "\n".join(lines)


def _percent(percent: int) -> str:
    return f"{percent} %" if percent else "no fee"
