"""Resources: people, rooms and equipment that a service needs."""

from enum import StrEnum


class ResourceKind(StrEnum):
    """The kind of a resource."""

    STAFF = "staff"
    ROOM = "room"
    EQUIPMENT = "equipment"
