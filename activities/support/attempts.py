"""The attempt number of an activity, and what it means for idempotency keys.

Stripe stores the first answer of a key for a day, also a 500 ("Idempotent requests" in its API reference). With one key
only, a movement that got a 500 could not succeed until the key expires.
"""

from temporalio import activity


def is_repeat() -> bool:
    """Whether an earlier try of this activity may have had its effect. False outside of an activity."""
    return activity.in_activity() and activity.info().attempt > 1


def key_of_try(name: str) -> str:
    """The idempotency key of this try: ``name`` for the first, a new key for each repeat. Only for calls that are
    idempotent by the state of their object, such as closing or capturing an intent."""
    if not is_repeat():
        return name
    info = activity.info()
    return f"{name}:{info.activity_id}:{info.attempt}"
