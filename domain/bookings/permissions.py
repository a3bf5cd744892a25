"""Permissions of bookings."""

from collections.abc import Mapping

from domain.roles import CUSTOMERS, EVERYBODY, MANAGERS, TEAM, Action, Role, Rule


class BookingAction(Action):
    """Actions on bookings."""

    CREATE = "booking.create"
    CREATE_FOR_CUSTOMER = "booking.create_for_customer"
    OVERBOOK = "booking.overbook"
    READ = "booking.read"
    UPDATE = "booking.update"
    PROVE = "booking.prove"
    CANCEL = "booking.cancel"
    RESCHEDULE = "booking.reschedule"
    CONFIRM = "booking.confirm"
    DECLINE = "booking.decline"
    CHECK_IN = "booking.check_in"
    COMPLETE = "booking.complete"
    NO_SHOW = "booking.no_show"
    UNDO = "booking.undo"
    FOLLOW = "booking.follow"
    ASSIGN = "booking.assign"
    JOIN_WAITLIST = "waitlist.join"
    READ_WAITLIST = "waitlist.read"
    ANSWER_OFFER = "waitlist.answer"
    LEAVE_WAITLIST = "waitlist.leave"


PERMISSIONS: Mapping[Action, Rule] = {
    BookingAction.CREATE: Rule(TEAM | CUSTOMERS),
    BookingAction.CREATE_FOR_CUSTOMER: Rule(TEAM),
    BookingAction.OVERBOOK: Rule(MANAGERS),
    BookingAction.READ: Rule(EVERYBODY, after_closing=True),
    BookingAction.UPDATE: Rule(TEAM | {Role.CUSTOMER}),
    BookingAction.PROVE: Rule(CUSTOMERS),
    BookingAction.CANCEL: Rule(TEAM | CUSTOMERS, after_closing=True),
    BookingAction.RESCHEDULE: Rule(TEAM | CUSTOMERS),
    BookingAction.CONFIRM: Rule(TEAM),
    BookingAction.DECLINE: Rule(TEAM),
    BookingAction.CHECK_IN: Rule(TEAM),
    BookingAction.COMPLETE: Rule(TEAM),
    BookingAction.NO_SHOW: Rule(TEAM),
    BookingAction.UNDO: Rule(TEAM),
    BookingAction.FOLLOW: Rule(TEAM | {Role.ASSISTANT}),
    BookingAction.ASSIGN: Rule(TEAM),
    BookingAction.JOIN_WAITLIST: Rule(TEAM | CUSTOMERS),
    BookingAction.READ_WAITLIST: Rule(EVERYBODY, after_closing=True),
    BookingAction.ANSWER_OFFER: Rule(CUSTOMERS),
    BookingAction.LEAVE_WAITLIST: Rule(TEAM | CUSTOMERS, after_closing=True),
}
