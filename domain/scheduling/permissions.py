"""Permissions of scheduling."""

from collections.abc import Mapping

from domain.roles import EVERYBODY, MANAGERS, TEAM, Action, Role, Rule


class SchedulingAction(Action):
    """Actions on staff, hours, blocks and free times."""

    READ_AVAILABILITY = "availability.read"
    READ_ALL_AVAILABILITY = "availability.read_all"
    READ_STAFF = "staff.read"
    WRITE_STAFF = "staff.write"
    READ_SCHEDULE = "schedule.read"
    WRITE_SCHEDULE = "schedule.write"
    WRITE_OWN_SCHEDULE = "schedule.write_own"


PERMISSIONS: Mapping[Action, Rule] = {
    SchedulingAction.READ_AVAILABILITY: Rule(EVERYBODY),
    # Without lead time, and further ahead: those who book for customers.
    SchedulingAction.READ_ALL_AVAILABILITY: Rule(TEAM),
    SchedulingAction.READ_STAFF: Rule(MANAGERS),
    SchedulingAction.WRITE_STAFF: Rule(MANAGERS),
    SchedulingAction.READ_SCHEDULE: Rule(TEAM | {Role.ASSISTANT}),
    SchedulingAction.WRITE_SCHEDULE: Rule(MANAGERS),
    SchedulingAction.WRITE_OWN_SCHEDULE: Rule(TEAM),
}
