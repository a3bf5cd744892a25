"""Which work goes first where a task queue has more than its workers can do, and whose: priorities and fairness keys.

Priorities are Temporal's: 1 is the first, 5 the last, 3 is that of runs that name none. Within one priority, runs of
different keys take turns, so that a business with many runs does not delay those of others. Activities have the
priority and key of their run. Source: docs.temporal.io/develop/task-queue-priority-fairness.
"""

from uuid import UUID

#: Money, and bookings, which may wait for money.
MONEY = 1
#: Messages that somebody waits for.
ANSWER = 2
#: Messages that nobody waits for at this moment.
REMINDER = 4
#: Advertising: after everything else.
CAMPAIGN = 5

#: The key of runs that belong to no business.
PLATFORM = "platform"


def business_key(business_id: UUID | None) -> str:
    """The fairness key of a business's runs; at most 64 bytes."""
    return PLATFORM if business_id is None else str(business_id)
