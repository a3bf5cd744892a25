"""PAY.JP v1's JSON read into our types. Pure: no network, no SDK object.

Field meanings: pay.jp/docs/api, objects Charge, Customer and Event; ``three_d_secure_status``: pay.jp/docs/charge-tds.
v1 has no object for a payment that waits and none for a refund. So an intent is a Customer that is made for it alone,
with all its charges, and facts for which a charge has no field are written into metadata before the call.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from domain.payments.lapse import Card, brand_of
from domain.payments.status import PaymentStatus, RefundStatus
from providers.payments.interface import CaptureMethod, Intent, Refund, WebhookEvent

Raw = Mapping[str, Any]

#: Ids of the customers that represent intents; a renewed authorization is known by its charge (``ch_…``).
INTENT = "omo_"

# Our own names in metadata: of the customer the first four, of a charge the others.
AMOUNT, CAPTURE, CLOSED, RENEWAL_SENT = "omo_amount", "omo_capture", "omo_closed", "omo_renewal_sent"
TOKEN, RENEWAL, CAPTURE_KEY, RELEASED, REFUND = "omo_token", "omo_renewal", "omo_key", "omo_released", "omo_refund_"

#: 3-D Secure ended so that the charge can be finished; and so that it cannot.
FINISHABLE = frozenset({"verified", "attempted"})
GIVEN_UP = frozenset({"failed", "aborted", "error"})
#: pay.jp/docs/api, "支払いを作成": 3-D Secure must be over 30 minutes after the charge was made.
AUTHENTICATION = timedelta(minutes=30)

CHARGE_TYPES = frozenset({"charge.succeeded", "charge.failed", "charge.captured", "charge.refunded"})


@dataclass(frozen=True, slots=True)
class RefundMark:
    """A refund as it is noted in a charge before it is asked for; yen. ``before``: ``amount_refunded`` at that time.
    Not ``sent``: PAY.JP refused it, or was not reached."""

    refund_id: str
    amount: int
    before: int
    sent: bool = True

    def written(self) -> str:
        """As a value of metadata."""
        return f"{self.refund_id}|{self.amount}|{self.before}|{int(self.sent)}"

    def is_made(self, charge: Raw) -> bool:
        """Whether the charge shows it. PAY.JP shows a refund only in the total, which never becomes smaller."""
        return self.sent and int(charge.get("amount_refunded") or 0) >= self.before + self.amount


def refund_marks(charge: Raw) -> Iterator[RefundMark]:
    """The refunds that were noted, oldest first."""
    marks = []
    for name, value in metadata_of(charge).items():
        if name.startswith(REFUND):
            refund_id, amount, before, sent = value.split("|")
            marks.append(RefundMark(refund_id, int(amount), int(before), sent == "1"))
    yield from sorted(marks, key=lambda mark: mark.before)


def refund_of(charge: Raw, mark: RefundMark) -> Refund:
    """A refund that was made."""
    return Refund(
        id=f"{charge['id']}.{mark.refund_id}",
        intent_id=intent_id_of(charge),
        status=RefundStatus.SUCCEEDED,
        amount=mark.amount,
        failure_reason=None,
        metadata={"refund_id": mark.refund_id},
    )


def intent_of_charge(charge: Raw, now: datetime) -> Intent:
    """The intent as far as one of its charges shows it."""
    captured, refunded = totals_of(charge)
    return Intent(
        id=intent_id_of(charge),
        status=_status(charge, captured, refunded, now),
        amount=int(charge["amount"]),
        currency=str(charge["currency"]).upper(),
        captured=captured,
        refunded=refunded,
        client_secret=None,
        action_url=None,
        decline_code=charge.get("failure_code"),
        metadata=metadata_of(charge),
        authorized_until=_authorized_until(charge),
        card=_card(charge),
    )


def intent_of(customer: Raw, charges: Sequence[Raw], now: datetime) -> Intent:
    """The intent that ``customer`` represents; ``charges`` are its own, newest first. The intent has the
    status of the charge that the bank approved, else of the newest."""
    about = metadata_of(customer)
    plain = Intent(
        id=str(customer["id"]),
        status=PaymentStatus.VOIDED if about.get(CLOSED) else PaymentStatus.REQUIRES_PAYMENT,
        amount=int(about.get(AMOUNT, "0")),
        currency="JPY",
        captured=0,
        refunded=0,
        client_secret=None,
        action_url=None,
        decline_code=None,
        metadata=about,
    )
    charge = deciding_charge(charges)
    if charge is None:
        return plain
    seen = intent_of_charge(charge, now)
    if charge.get("paid"):
        return replace(seen, metadata=about)
    return plain if about.get(CLOSED) else replace(plain, status=seen.status, decline_code=seen.decline_code)


def deciding_charge(charges: Sequence[Raw]) -> Raw | None:
    """The charge that the bank approved, else the newest."""
    paid = next((charge for charge in charges if charge.get("paid")), None)
    return paid or (charges[0] if charges else None)


def own_charges(charges: Sequence[Raw]) -> list[Raw]:
    """Without renewed authorizations, which are intents of their own."""
    return [charge for charge in charges if RENEWAL not in metadata_of(charge)]


def intent_id_of(charge: Raw) -> str:
    """The customer that represents the intent; the charge's own id for a renewal, or where we made no customer."""
    customer = str(charge.get("customer") or "")
    is_own = customer.startswith(INTENT) and RENEWAL not in metadata_of(charge)
    return customer if is_own else str(charge["id"])


def is_pending(charge: Raw, now: datetime) -> bool:
    """Whether the charge waits for 3-D Secure, or for us to finish it."""
    waits = not charge.get("paid") and not charge.get("failure_code") and charge.get("three_d_secure_status")
    made = datetime.fromtimestamp(int(charge["created"]), UTC)
    return bool(waits) and charge["three_d_secure_status"] not in GIVEN_UP and now - made < AUTHENTICATION


def totals_of(charge: Raw) -> tuple[int, int]:
    """Captured and refunded, in yen. PAY.JP counts what a partial capture releases as refunded."""
    if not charge.get("captured"):
        return 0, 0
    released = int(metadata_of(charge).get(RELEASED, "0"))
    return int(charge["amount"]) - released, int(charge.get("amount_refunded") or 0) - released


def capture_of(customer: Raw) -> CaptureMethod:
    """How the intent's money is taken."""
    return CaptureMethod(metadata_of(customer).get(CAPTURE, CaptureMethod.AUTOMATIC.value))


def event_of(raw: Raw, now: datetime) -> WebhookEvent:
    """An Event: its ``data`` is the object. A refund of a captured charge is found among those that we noted; a total
    that they do not explain is one that was made in PAY.JP's dashboard."""
    kind, charge = str(raw["type"]), raw["data"]
    is_ours = charge.get("object") == "charge" and kind in CHARGE_TYPES
    refund = _refund_in(charge) if is_ours and kind == "charge.refunded" and charge.get("captured") else None
    return WebhookEvent(
        id=raw["id"],
        type=kind,
        created=int(raw["created"]),
        intent_id=intent_id_of(charge) if charge.get("object") == "charge" else None,
        intent=intent_of_charge(charge, now) if is_ours and refund is None else None,
        refund=refund,
    )


def metadata_of(raw: Raw) -> dict[str, str]:
    """What was written on an object."""
    return {name: str(value) for name, value in (raw.get("metadata") or {}).items()}


def _refund_in(charge: Raw) -> Refund:
    total = int(charge["amount_refunded"])
    made = [mark for mark in refund_marks(charge) if mark.is_made(charge)]
    newest = next((mark for mark in reversed(made) if mark.before + mark.amount == total), None)
    if newest is not None:
        return refund_of(charge, newest)
    _, refunded = totals_of(charge)
    by_hand = RefundMark(f"by-hand-{total}", refunded - sum(mark.amount for mark in made), total)
    return replace(refund_of(charge, by_hand), metadata={})


def _status(charge: Raw, captured: int, refunded: int, now: datetime) -> PaymentStatus:
    if captured:
        if refunded <= 0:
            return PaymentStatus.CAPTURED
        return PaymentStatus.REFUNDED if refunded >= captured else PaymentStatus.PARTIALLY_REFUNDED
    if charge.get("paid"):
        lapses = _authorized_until(charge)
        is_over = charge.get("refunded") or (lapses is not None and lapses <= now)
        return PaymentStatus.VOIDED if is_over else PaymentStatus.AUTHORIZED
    is_over = charge.get("failure_code") or charge.get("three_d_secure_status") in GIVEN_UP
    return PaymentStatus.FAILED if is_over else PaymentStatus.REQUIRES_PAYMENT


def _card(charge: Raw) -> Card | None:
    """The charge's card; ``country`` is that of its issuer, null where PAY.JP does not know it."""
    card = charge.get("card") or {}
    if not card.get("brand"):
        return None
    country = card.get("country")
    return Card(brand_of(str(card["brand"])), country == "JP" if country else None)


def _authorized_until(charge: Raw) -> datetime | None:
    expires = charge.get("expired_at")
    if not expires or charge.get("captured") or charge.get("refunded"):
        return None
    return datetime.fromtimestamp(int(expires), UTC)
