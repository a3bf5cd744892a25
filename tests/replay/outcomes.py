"""Which histories there must be: for each workflow every way in which a run can end."""

import json
from pathlib import Path

from temporalio.client import WorkflowHistory

FOLDER = Path(__file__).parent / "histories"

OUTCOMES: dict[str, tuple[str, ...]] = {
    "booking": (
        *("paid_completed", "paid_checked_in_completed", "instant_completed", "approved", "paid_and_approved"),
        *("declined", "declined_by_deadline", "expired", "expired_found_paid", "expiry_unknown", "expiry_processing"),
        *("cancelled_unpaid", "cancelled_refunded", "cancelled_penalty_captured", "rescheduled", "no_show"),
        *("card_hold_captured", "capture_refused", "late_money_reinstated", "late_money_refunded", "resumed"),
        *("cancelled_by_operator", "unattended", "renewed_twice", "renewal_declined", "renewed_and_cancelled"),
        *("authorized_at_deadline", "new_card_captured", "new_card_too_late"),
        *("voucher_paid", "voucher_expired", "voucher_known_late", "cancelled_without_card", "kept_without_card"),
        *("no_show_final", "no_show_undone", "decline_undone", "capture_ordered", "void_ordered"),
    ),
    "refund": ("succeeded", "failed", "pending_then_succeeded", "provider_away", "already_over"),
    "dispute": ("reminded", "no_deadline", "ended_early"),
    "reconciliation": ("done", "provider_failed"),
    "notice": ("sent", "sent_after_retries", "given_up", "too_late"),
    "waitlist": ("nothing_to_offer", "answered", "silent", "look_repeated"),
    "review": ("published", "rejected", "no_decision", "hidden_after_publication", "deleted"),
    "reaccommodation": ("moved", "cancelled_by_deadline", "kept", "ended", "not_cancelled"),
    "business-verification": ("approved", "rejected", "asked_and_approved", "closed", "started_twice"),
    "flag-rollout": ("done", "stopped", "superseded", "paused", "cancelled"),
    "media": ("ready", "rejected", "storage_away", "given_up"),
    "maintenance": ("done", "step_failed", "files", "files_failed"),
    "daily-analytics": ("done", "business_failed", "round_failed", "marked_meanwhile"),
    "analytics-export": ("expired", "unwanted", "failed"),
    "business-archive": ("expired", "failed"),
    "customer-import": ("done", "database_away"),
    "campaign": ("done", "paused", "stopped", "continued"),
    "automation": ("off", "database_away"),
    "data-export": ("expired", "unwanted", "failed"),
    "two-factor-reset": ("done",),
    "account-erasure": ("done", "letter_waits", "storage_away"),
}


def path_of(workflow: str, outcome: str) -> Path:
    """Where the history lies."""
    return FOLDER / workflow / f"{outcome}.json"


def read(workflow: str, outcome: str) -> WorkflowHistory:
    """One history."""
    return WorkflowHistory.from_json(f"{workflow}/{outcome}", path_of(workflow, outcome).read_text())


def write(workflow: str, outcome: str, history: WorkflowHistory) -> None:
    """Store it, without what belongs to the machine it was recorded on."""
    path = path_of(workflow, outcome)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(_plain(json.loads(history.to_json())), indent=1, sort_keys=True) + "\n")


def _plain(value: object) -> object:
    if isinstance(value, dict):
        if value.get("kind") == "TASK_QUEUE_KIND_STICKY":
            return {**value, "name": "sticky"}
        return {key: _plain(inner) for key, inner in value.items() if key not in {"identity", "stackTrace"}}
    return [_plain(inner) for inner in value] if isinstance(value, list) else value
