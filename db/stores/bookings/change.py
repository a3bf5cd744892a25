"""Every change of a booking's status or time, with history, event and notices in one transaction."""

from db.stores.bookings.cancel import CancelStore
from db.stores.bookings.confirm import ConfirmStore
from db.stores.bookings.expiry import ExpiryStore
from db.stores.bookings.late import LateStore
from db.stores.bookings.reassign import ReassignStore
from db.stores.bookings.renew import RenewalStore
from db.stores.bookings.reschedule import RescheduleStore
from db.stores.bookings.visit import VisitStore


class ChangeStore(
    ConfirmStore, ExpiryStore, CancelStore, RescheduleStore, VisitStore, LateStore, RenewalStore, ReassignStore
):
    """Each method obeys one ``BookingCommand`` under the lock of its booking, and gives the stored outcome when the
    command's id was obeyed before. Raises NotFound for another tenant's booking, WrongState where the transition
    table says no."""
