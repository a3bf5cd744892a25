"""Every change of a booking's status or time, with history, event and notices in one transaction."""

from db.bookings.commands.cancel import CancelStore
from db.bookings.commands.confirm import ConfirmStore
from db.bookings.commands.expire import ExpiryStore
from db.bookings.commands.lost_card import LostCardStore
from db.bookings.commands.party import PartyStore
from db.bookings.commands.prove import ProofStore
from db.bookings.commands.reassign import ReassignStore
from db.bookings.commands.reinstate import ReinstateStore
from db.bookings.commands.renew import RenewalStore
from db.bookings.commands.reschedule import RescheduleStore
from db.bookings.commands.undo import UndoStore
from db.bookings.commands.visit import VisitStore


class ChangeStore(
    ConfirmStore,
    ProofStore,
    ExpiryStore,
    CancelStore,
    RescheduleStore,
    VisitStore,
    ReinstateStore,
    RenewalStore,
    LostCardStore,
    ReassignStore,
    UndoStore,
    PartyStore,
):
    """Each method executes one ``BookingCommand`` under the lock of its booking, and returns the stored outcome if the
    command id was executed before. Raises NotFound for another tenant's booking, and WrongState if the transition table
    does not allow it."""
