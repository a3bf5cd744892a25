"""What a run costs, counted from its history."""

from dataclasses import dataclass

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import WorkflowHistory

_LOCAL_ACTIVITY = "core_local_activity"
#: One action each, by "Temporal Cloud Actions" of the vendor's documentation. Search attributes at the start, queries
#: and refused updates are free.
_SINGLE = {
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED: "start",
    EventType.EVENT_TYPE_TIMER_STARTED: "timer",
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED: "signal",
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED: "update",
    EventType.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES: "upsert",
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CANCEL_REQUESTED: "cancel",
}


@dataclass(frozen=True)
class Cost:
    """Billable actions by kind, and events."""

    actions: dict[str, int]
    events: int

    @property
    def total(self) -> int:
        """All actions."""
        return sum(self.actions.values())


def cost_of(history: WorkflowHistory) -> Cost:
    """Every attempt of a normal activity is one action, all local activities of one workflow task are one."""
    actions: dict[str, int] = {}
    tasks_with_local: set[int] = set()
    for event in history.events:
        if event.event_type in _SINGLE:
            kind = _SINGLE[event.event_type]
            actions[kind] = actions.get(kind, 0) + 1
        elif event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_STARTED:
            attempts = event.activity_task_started_event_attributes.attempt
            actions["activity"] = actions.get("activity", 0) + attempts
        elif _is_local_activity(event):
            tasks_with_local.add(event.marker_recorded_event_attributes.workflow_task_completed_event_id)
    if tasks_with_local:
        actions["local"] = len(tasks_with_local)
    return Cost(actions, len(history.events))


def _is_local_activity(event: HistoryEvent) -> bool:
    return event.marker_recorded_event_attributes.marker_name == _LOCAL_ACTIVITY
