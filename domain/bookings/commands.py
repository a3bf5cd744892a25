"""Commands on a booking and their outcomes. Used by API, workflow, activities and stores."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from domain.booking_status import BookingStatus
from domain.payments.tasks import MoneyTask, PaymentView
from domain.platform.actor import ActorKind


class Cause(StrEnum):
    """Why the platform acts without a person's text. The value is stored in the booking's history."""

    SWEPT = "swept"
    NO_ANSWER = "no_answer"
    OPERATOR = "operator"
    STRANDED = "stranded"
    STAFF_LEFT = "staff_left"
    REACCOMMODATION = "reaccommodation"
    VISIT_ENDED = "end of the visit"
    VISIT_UNATTENDED = "nobody closed the visit"


@dataclass(frozen=True)
class BookingCommand:
    """One command of one actor. With ``command_id`` a repeated delivery changes nothing.

    A text that a person typed is not part of it, because Temporal stores every command. The request stores the text in
    ``command_texts`` under ``command_id``, and the transaction of the command moves it to the booking's history.
    ``start_at`` and ``resource_ids`` (preferred resources) are for a reschedule. ``item``: the position of the service
    that is reassigned; None: all. ``waive_penalty`` counts for staff
    only. Commands of one change of a series have the same ``change_id``: together they cause one message
    (`domain.bookings.joint_messages`).
    """

    booking_id: UUID
    business_id: UUID
    command_id: str
    actor_kind: ActorKind
    actor_id: UUID | None = None
    cause: Cause | None = None
    start_at: datetime | None = None
    resource_ids: tuple[UUID, ...] = ()
    waive_penalty: bool = False
    #: Only execute it if the business cannot keep the booking (`domain.scheduling.reaccommodation`).
    stranded: bool = False
    item: int | None = None
    change_id: UUID | None = None


@dataclass(frozen=True)
class BookingOutcome:
    """The state of a booking after a command.

    ``money`` is a movement that was recorded as intended in the same transaction and must now be made at the
    provider. ``refunding`` is what a refund workflow is already on its way to give back, ``released`` what is given up
    of an authorization. Minor units.
    ``hold_expires_at`` and ``approval_deadline`` are set while it is pending, ``proof_deadline`` while it waits for the
    proof of its address. ``undo_until``: the last step can be undone until then, and its money moves afterwards.
    ``card_due``: by when the customer must give another card; None where none is asked for.
    """

    booking_id: UUID
    status: BookingStatus
    start_at: datetime
    end_at: datetime
    version: int
    hold_expires_at: datetime | None = None
    payment: PaymentView | None = None
    money: MoneyTask | None = None
    penalty: int = 0
    refunding: int = 0
    approval_deadline: datetime | None = None
    proof_deadline: datetime | None = None
    released: int = 0
    undo_until: datetime | None = None
    card_due: datetime | None = None
