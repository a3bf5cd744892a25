"""Who works at a business, who is invited to, and on which days they are not there as usual."""

from db.stores.staff.assignments import AssignmentRow, AssignmentStore
from db.stores.staff.exceptions import ExceptionRow, ExceptionStore
from db.stores.staff.invitations import InvitationRow, InvitationStore


class StaffStore(AssignmentStore, InvitationStore, ExceptionStore):
    """People of a business."""


__all__ = ["AssignmentRow", "ExceptionRow", "InvitationRow", "StaffStore"]
