"""The people of a business."""

from enum import StrEnum


class StaffRole(StrEnum):
    """The role of a user who works in a business (the owner is the business's ``owner_id``)."""

    MANAGER = "manager"
    STAFF = "staff"
    ASSISTANT = "assistant"
