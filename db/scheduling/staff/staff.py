"""Who works at a business, who is invited to, and on which days they are not there as usual."""

from db.scheduling.staff.assignments import AssignmentRow, AssignmentStore
from db.scheduling.staff.exceptions import ExceptionRow, ExceptionStore
from db.scheduling.staff.invitations import InvitationRow, InvitationStore


class StaffStore(AssignmentStore, InvitationStore, ExceptionStore):
    """People of a business."""


__all__ = ["AssignmentRow", "ExceptionRow", "InvitationRow", "StaffStore"]
