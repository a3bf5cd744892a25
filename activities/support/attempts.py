"""Which try of its activity a step is, and what follows from it for keys.

Stripe answers a key with its first answer for a day, a 500 too ("Idempotent requests" of its API reference): under one
key alone a movement that met one would not end before the key is forgotten.
"""

from temporalio import activity


def is_repeat() -> bool:
    """Whether an earlier try of this activity may have had its effect. Never outside of an activity."""
    return activity.in_activity() and activity.info().attempt > 1


def key_of_try(name: str) -> str:
    """The key of this try: ``name`` itself for the first, one of its own for a repeat. Only for what is idempotent by
    the state of its object, as closing and capturing an intent are."""
    if not is_repeat():
        return name
    info = activity.info()
    return f"{name}:{info.activity_id}:{info.attempt}"
