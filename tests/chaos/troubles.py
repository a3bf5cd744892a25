"""The provider from hell: a part of all calls and webhooks goes wrong, as long as customers come."""

from typing import Any

from tests.chaos.caller import Caller

_CALLS = ("payment_intents.create", "payment_intents.confirm", "payment_intents.cancel", "refunds.create")
#: Longer than our own patience with the provider, so that the answer is lost.
_SILENCE = 6.0


def faults() -> list[dict[str, Any]]:
    """What is ordered; shares are of all matching calls, one after the other in this order."""
    ordered: list[dict[str, Any]] = []
    for call in _CALLS:
        ordered += [
            {"operation": call, "kind": "error_500", "share": 0.05},
            {"operation": call, "kind": "error_500_after_success", "share": 0.04},
            {"operation": call, "kind": "timeout_after_success", "share": 0.03, "seconds": _SILENCE},
            {"operation": call, "kind": "rate_limited", "share": 0.02},
        ]
    ordered += [
        {"operation": "mail.send", "kind": "error_500", "share": 0.02},
        {"operation": "mail.send", "kind": "error_500_after_success", "share": 0.02},
        {"operation": "mail.send", "kind": "timeout_after_success", "share": 0.02, "seconds": _SILENCE},
        {"operation": "mail.send", "kind": "rate_limited", "share": 0.02},
        {"operation": "webhook", "kind": "duplicate", "share": 0.15},
        {"operation": "webhook", "kind": "reorder", "share": 0.10, "seconds": 4.0},
        {"operation": "webhook", "kind": "late", "share": 0.10, "seconds": 4.0},
    ]
    return ordered


async def order(sandbox: Caller) -> None:
    """From now on."""
    for fault in faults():
        answer = await sandbox.ask("POST", "/sandbox/faults", {**fault, "times": None}, form=False)
        if answer.status != 201:
            raise RuntimeError(f"the sandbox does not know {fault}: {answer.content!r}")


async def end(sandbox: Caller) -> None:
    """No more."""
    await sandbox.ask("DELETE", "/sandbox/faults", form=False)
