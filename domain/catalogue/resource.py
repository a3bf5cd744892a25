"""What a service needs: people, rooms and equipment."""

from enum import StrEnum


class ResourceKind(StrEnum):
    """The kind of a resource."""

    STAFF = "staff"
    ROOM = "room"
    EQUIPMENT = "equipment"
