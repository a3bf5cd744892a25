"""What changes with an answer or an event of the provider: a payment's totals, the ledger, notices and alerts. Pure
rules."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from domain.booking_status import VISITING, BookingStatus
from domain.messages.kinds import NoticeKind
from domain.payments.intents import keeps_new_card
from domain.payments.lapse import Card, assumed
from domain.payments.movements import is_other_card, of_other_card
from domain.payments.payment import Payment
from domain.payments.provider_events import DisputeEvent, IntentEvent, PaymentTotals, after_intent, authorized_by
from domain.payments.status import DisputeStatus, Movement, PaymentStatus, Phase
from domain.payments.tasks import MoneyResult, MoneyTask
from domain.payments.vouchers import Voucher
from domain.payments.without_card import CardDeadline

#: Kinds of attention items that a new card resolves.
WANT_A_CARD = ("authorize_failed", "authorization_lost")


@dataclass(frozen=True, slots=True)
class Alert:
    """A problem for a person. An open alert of the same ``kind`` about the same object (``about``, an id) is not
    repeated. ``details``: ids, codes, and amounts in minor units."""

    kind: str
    about: str
    details: Mapping[str, Any]

    @property
    def dedupe_key(self) -> str:
        """The key under which it is filed once."""
        return f"{self.kind}:{self.about}"


@dataclass(frozen=True, slots=True)
class PaymentNotice:
    """A notice to the customer about ``about``, an id. ``details``: codes, and amounts in minor units."""

    kind: NoticeKind
    about: str
    details: Mapping[str, Any]

    @property
    def dedupe_key(self) -> str:
        """The key under which it is queued once."""
        return f"{self.kind.value}:{self.about}"


@dataclass(frozen=True, slots=True)
class Moved:
    """Money that the provider moved: ``amount`` now, ``total`` in all, in minor units."""

    movement: Movement
    amount: int
    total: int


@dataclass(frozen=True, slots=True)
class TotalsChange:
    """A payment ``before`` and ``after``, and the movements between the two."""

    before: Payment
    after: Payment
    movements: tuple[Moved, ...]

    @property
    def is_new_status(self) -> bool:
        """Whether the status changed, which is published."""
        return self.after.status is not self.before.status

    @property
    def is_closed(self) -> bool:
        """Whether nothing more can be paid on the intent."""
        return self.after.status is PaymentStatus.VOIDED


def change_totals(
    payment: Payment,
    totals: PaymentTotals,
    decline_code: str | None = None,
    authorized_until: datetime | None = None,
    card: Card | None = None,
) -> TotalsChange | None:
    """The payment with new totals; None if nothing changes. ``authorized_until`` (aware UTC): the end of the
    authorization, if the provider said it; else it is assumed by provider and ``card``, from the creation of the
    payment on, which is before the customer's authorization."""
    if totals == payment.totals and decline_code == payment.decline_code:
        return None
    until = payment.authorized_until
    if totals.status is PaymentStatus.AUTHORIZED:
        until = authorized_until or until or payment.created_at + assumed(payment.provider, card, with_customer=True)
    after = replace(
        payment,
        status=totals.status,
        authorized=totals.authorized,
        captured=totals.captured,
        refunded=totals.refunded,
        decline_code=decline_code,
        authorized_until=until,
    )
    return TotalsChange(payment, after, _movements(payment.totals, totals))


def _movements(known: PaymentTotals, totals: PaymentTotals) -> tuple[Moved, ...]:
    """One for each total that grew. A refund has its own row, and is not among them."""
    moved = []
    if totals.authorized > known.authorized:
        moved.append(Moved(Movement.AUTHORIZE, totals.authorized, totals.authorized))
    if totals.captured > known.captured:
        moved.append(Moved(Movement.CAPTURE, totals.captured - known.captured, totals.captured))
    if totals.status is PaymentStatus.VOIDED and known.status is not PaymentStatus.VOIDED:
        moved.append(Moved(Movement.VOID, totals.authorized, totals.authorized))
    return tuple(moved)


def apply_intent(payment: Payment, intent: IntentEvent, stale: bool = False) -> TotalsChange | None:
    """The payment after an event about its intent; ``stale``: a later event was applied before."""
    authorized = authorized_by(intent.status, intent.amount, intent.captured, payment.manual_capture)
    totals = after_intent(payment.totals, intent.status, authorized, intent.captured, stale)
    declined = intent.decline_code if totals.status is PaymentStatus.FAILED else None
    return change_totals(payment, totals, declined, intent.authorized_until, intent.card)


def notices_of(
    change: TotalsChange, booking_status: BookingStatus, requested: Collection[Movement]
) -> tuple[PaymentNotice, ...]:
    """The notices to the customer. ``requested``: the movements that a command asked for.

    PAYMENT_RECEIVED is sent for a capture that a command asked for: the confirmation of the booking shows what the
    customer paid. After the visit, its own notice shows what is charged. It is also sent for a voucher, which is paid
    days later at a store, where no screen says that the money has come. A declined card is reported while the time is
    held, and once: the customer sees further declines on the screen.
    """
    payment, notices = change.after, []
    taken = sum(moved.amount for moved in change.movements if moved.movement is Movement.CAPTURE)
    is_reported = Movement.CAPTURE in requested and booking_status is not BookingStatus.COMPLETED
    by_voucher = change.before.voucher is not None and booking_status is BookingStatus.PENDING
    if taken and (is_reported or by_voucher):
        paid = {"amount": taken, "currency": payment.currency}
        notices.append(PaymentNotice(NoticeKind.PAYMENT_RECEIVED, str(payment.id), paid))
    is_declined = change.is_new_status and payment.status is PaymentStatus.FAILED
    if is_declined and booking_status is BookingStatus.PENDING:
        due = {"amount": payment.amount, "currency": payment.currency, "reason": payment.decline_code}
        notices.append(PaymentNotice(NoticeKind.PAYMENT_FAILED, str(payment.id), due))
    return tuple(notices)


def voucher_notice(payment: Payment, voucher: Voucher, kind: NoticeKind = NoticeKind.PAYMENT_VOUCHER) -> PaymentNotice:
    """The numbers of a voucher, or the warning that it ends. Once for each voucher."""
    details = {
        "amount": payment.amount,
        "currency": payment.currency,
        "pay_until": voucher.expires_at.isoformat(),
        "codes": [[one.store, one.payment_code, one.confirmation_number] for one in voucher.codes],
    }
    return PaymentNotice(kind, f"{payment.id}:{voucher.expires_at:%Y%m%d%H%M%S}:{_first_code(voucher)}", details)


def _first_code(voucher: Voucher) -> str:
    return voucher.codes[0].payment_code if voucher.codes else ""


def alerts_of(change: TotalsChange) -> tuple[Alert, ...]:
    """Money that was captured on a payment that had been given up."""
    payment = change.after
    if payment.status is not PaymentStatus.VOIDED or payment.captured == change.before.captured:
        return ()
    money = {"captured": payment.captured, "currency": payment.currency}
    return (Alert("money_after_void", str(payment.id), money),)


@dataclass(frozen=True, slots=True)
class MovementRecord:
    """What to record of a capture or void. ``change``: of the payment, None for none. ``amount``: of the ledger's row,
    in minor units; None: no row is written, because the answer cannot be the payment's. ``resolved``: kinds of alerts
    about the booking that need nobody any more."""

    change: TotalsChange | None
    amount: int | None
    alerts: tuple[Alert, ...]
    resolved: tuple[str, ...] = ()


def record_movement(payment: Payment, task: MoneyTask, result: MoneyResult) -> MovementRecord:
    """What follows from the provider's answer to a capture or void.

    The provider's status of the intent counts, whatever was requested: if a void finds a paid intent, the payment
    becomes captured.
    """
    if result.captured > payment.amount:
        got = amount_mismatch(payment, result.intent_id, result.captured, payment.currency)
        return MovementRecord(None, None, (got,))
    totals = after_intent(payment.totals, result.status, result.authorized, result.captured)
    change = change_totals(payment, totals, authorized_until=result.authorized_until)
    after, amount, alerts = payment if change is None else change.after, task.amount, []
    is_captured = task.movement is Movement.CAPTURE and result.phase is Phase.SUCCEEDED
    if is_captured:
        # Earlier amounts have their rows already; the ledger's captures add up to the payment's.
        amount = after.captured - payment.captured
    if is_other_card(task.movement_id) and result.captured:
        alerts.append(double_capture(after))
    if task.movement is Movement.CAPTURE and result.phase is Phase.FAILED:
        details = {"amount": task.amount, "currency": payment.currency, "reason": result.reason}
        alerts.append(Alert("capture_failed", task.movement_id, details))
    return MovementRecord(change, amount, tuple(alerts), ("capture_failed",) if is_captured else ())


def amount_mismatch(payment: Payment, intent_id: str | None, amount: int, currency: str) -> Alert:
    """The provider has another amount or currency than was requested; ``amount`` in minor units."""
    details = {
        "intent_id": intent_id,
        "expected": payment.amount,
        "expected_currency": payment.currency,
        "got": amount,
        "got_currency": currency,
    }
    return Alert("amount_mismatch", str(payment.id), details)


def double_capture(payment: Payment) -> Alert:
    """Money was captured on a payment other than the current one."""
    details = {
        "intent_id": payment.provider_intent_id,
        "captured": payment.captured,
        "currency": payment.currency,
    }
    return Alert("replaced_intent_captured", str(payment.id), details)


@dataclass(frozen=True, slots=True)
class NewCard:
    """What follows when a payment with a new card is secured. ``surplus``: the payment that is not needed any more, the
    former or the new one; ``void`` gives its card free, or ``alert`` says that its money was taken. ``resolved``: kinds
    of attention items of the booking that need nobody any more."""

    surplus: Payment
    void: MoneyTask | None
    alert: Alert | None
    resolved: tuple[str, ...]


def secure_new_card(new: Payment, former: Payment, booking_status: BookingStatus) -> NewCard:
    """``new`` replaces ``former`` while the visit is to take place; otherwise the new card is not needed."""
    is_kept = keeps_new_card(booking_status)
    surplus = former if is_kept else new
    void = alert = None
    if surplus.status is PaymentStatus.AUTHORIZED:
        void = surplus.task(Movement.VOID, of_other_card(surplus.id, new.id), surplus.authorized)
    elif surplus.captured:
        alert = double_capture(surplus)
    return NewCard(surplus, void, alert, WANT_A_CARD if is_kept else ())


def dispute_alert(payment: Payment, event: DisputeEvent) -> Alert | None:
    """An open or lost dispute of a payment is for a person; ``payment`` has the totals after the event. None for one
    that was won, and where no money is disputed any more."""
    if payment.status is not PaymentStatus.DISPUTED or event.status is DisputeStatus.WON:
        return None
    details = {
        "dispute_id": event.dispute_id,
        "status": event.status.value,
        "amount": event.amount,
        "currency": payment.currency,
        "reason": event.reason,
    }
    return Alert("dispute", f"{payment.id}:{event.dispute_id}", details)


@dataclass(frozen=True, slots=True)
class Renewal:
    """A renewal that succeeded. ``surplus``: the intent to void. ``replaces``: whether the payment gets the new
    intent."""

    surplus: str | None
    replaces: bool


def renew(payment: Payment, task: MoneyTask, result: MoneyResult) -> Renewal | None:
    """What follows from a new authorization on the same card; None if there is none. The old intent is voided, or the
    new one if the old one was captured or voided in the meantime."""
    if result.phase is not Phase.SUCCEEDED or result.intent_id is None:
        return None
    is_current = payment.status is PaymentStatus.AUTHORIZED
    return Renewal(
        surplus=task.intent_id if is_current else result.intent_id,
        replaces=is_current and payment.provider_intent_id == task.intent_id,
    )


def card_request(
    payment: Payment,
    booking_status: BookingStatus,
    task: MoneyTask,
    result: MoneyResult,
    deadline: CardDeadline | None = None,
) -> tuple[PaymentNotice, Alert] | None:
    """The notice that asks the customer for another card, and the alert, after a renewal that the bank refused. None
    if the result is not known, the money was captured meanwhile, or there is no visit to come."""
    if result.phase is not Phase.FAILED or result.captured or booking_status not in VISITING:
        return None
    details = {"amount": task.amount, "currency": payment.currency, "reason": result.reason}
    by_when = deadline.details if deadline else {}
    notice = PaymentNotice(NoticeKind.PAYMENT_RENEW, task.movement_id, details | by_when)
    return notice, Alert("authorize_failed", task.movement_id, details)


def surplus_captured(payment: Payment, task: MoneyTask, result: MoneyResult) -> Alert | None:
    """Money was captured on an intent that its payment does not have any more."""
    if not result.captured:
        return None
    details = {"intent_id": task.intent_id, "captured": result.captured, "currency": payment.currency}
    return Alert("replaced_intent_captured", f"{payment.id}:{task.intent_id}", details)
