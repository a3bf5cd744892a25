"""The people of a business."""

from enum import StrEnum


class StaffRole(StrEnum):
    """What an assignment lets a user do in one business (the owner is the business's ``owner_id``)."""

    MANAGER = "manager"
    STAFF = "staff"
    ASSISTANT = "assistant"
