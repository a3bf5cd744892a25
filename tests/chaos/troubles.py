"""The provider from hell: a part of all calls and webhooks goes wrong, as long as customers come."""

from typing import Any

from tests.chaos.caller import Caller

#: Those of Stripe, PAY.JP's v1 and v2 that move money or decide whether it moves.
_CALLS = (
    *("payment_intents.create", "payment_intents.confirm", "payment_intents.cancel", "refunds.create"),
    *("payjp_v1.customers.create", "payjp_v1.customers.update", "payjp_v1.cards.create", "payjp_v1.charges.create"),
    *("payjp_v1.charges.tds_finish", "payjp_v1.charges.refund"),
    *("payjp_v2.payment_flows.create", "payjp_v2.payment_flows.confirm", "payjp_v2.payment_flows.cancel"),
    "payjp_v2.payment_refunds.create",
)
#: Those with idempotency keys at PAY.JP.
_KEYED = tuple(call for call in _CALLS if call.startswith("payjp_v2."))
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
    for call in _KEYED:
        ordered += [
            {"operation": call, "kind": "idempotency_timeout", "share": 0.02},
            {"operation": call, "kind": "idempotency_down", "share": 0.02},
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
