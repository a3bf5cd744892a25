"""Named profiles of time limits and retries, and the pauses between the tries of a process. The only place for them."""

from datetime import timedelta

from temporalio.common import RetryPolicy
from temporalio.workflow import ActivityConfig, LocalActivityConfig

from workflows.support import queues

#: A transaction on Postgres. It is tried until Postgres is back: a durable command has no time limit. Pauses longer
#: than the threshold are timers of the server, so that a long outage does not keep thousands of tasks open.
STEP = LocalActivityConfig(
    start_to_close_timeout=timedelta(seconds=20),
    retry_policy=RetryPolicy(
        initial_interval=timedelta(milliseconds=250), backoff_coefficient=2, maximum_interval=timedelta(minutes=1)
    ),
    local_retry_threshold=timedelta(seconds=8),
)

#: A person's command, one transaction on Postgres. Somebody waits and the run's lock is held: only `unavailable` is
#: tried again, for an hour at most. An error that nobody foresaw ends it at once.
COMMAND = STEP | LocalActivityConfig(
    schedule_to_close_timeout=timedelta(hours=1),
    retry_policy=RetryPolicy(
        initial_interval=timedelta(milliseconds=250),
        backoff_coefficient=2,
        maximum_interval=timedelta(minutes=1),
        non_retryable_error_types=["internal_error"],
    ),
)

#: How far from now a time may be that a run is asked to wait for.
FURTHEST = timedelta(days=3660)

#: A booking's run continues as a new one after so many commands and events, or when the server suggests it. The server
#: refuses the 2,001st update of a run.
MESSAGES_PER_RUN = 1000
#: How many of the last events a continued run knows as applied; applying one twice changes nothing.
EVENTS_CARRIED = 200

#: Close an intent at the hold's deadline. Somebody may want the time, so after a minute the answer is "unknown".
CLOSE = ActivityConfig(
    task_queue=queues.PAYMENTS,
    start_to_close_timeout=timedelta(seconds=25),
    schedule_to_close_timeout=timedelta(seconds=60),
    retry_policy=RetryPolicy(
        initial_interval=timedelta(seconds=1), backoff_coefficient=2, maximum_interval=timedelta(seconds=15)
    ),
)

#: Capture, void or refund after the decision: nobody waits, but it must happen.
MOVE = ActivityConfig(
    task_queue=queues.PAYMENTS,
    start_to_close_timeout=timedelta(seconds=25),
    schedule_to_close_timeout=timedelta(minutes=15),
    retry_policy=RetryPolicy(
        initial_interval=timedelta(seconds=2), backoff_coefficient=2, maximum_interval=timedelta(minutes=2)
    ),
)

#: Ask the provider for the status of a refund.
POLL = ActivityConfig(
    task_queue=queues.PAYMENTS,
    start_to_close_timeout=timedelta(seconds=25),
    schedule_to_close_timeout=timedelta(minutes=5),
    retry_policy=RetryPolicy(
        initial_interval=timedelta(seconds=2), backoff_coefficient=2, maximum_interval=timedelta(minutes=1)
    ),
)

#: Send one message; ``schedule_to_close_timeout`` is added, it is the message's own time to give up. One try must be
#: over before the next may look at an attempt that was left open (`UNKNOWN_FOR` in `db.messages.commands.send`).
SEND = ActivityConfig(
    task_queue=queues.NOTICES,
    start_to_close_timeout=timedelta(seconds=40),
    retry_policy=RetryPolicy(
        initial_interval=timedelta(seconds=5), backoff_coefficient=3, maximum_interval=timedelta(hours=1)
    ),
)

#: Inspect an uploaded file and make what is shown of it. It waits while the storage is away, for a day at most.
LOOK = ActivityConfig(
    task_queue=queues.MEDIA,
    start_to_close_timeout=timedelta(minutes=3),
    schedule_to_close_timeout=timedelta(hours=24),
    retry_policy=RetryPolicy(
        initial_interval=timedelta(seconds=2), backoff_coefficient=3, maximum_interval=timedelta(minutes=10)
    ),
)

#: Sweep one table in batches: heartbeats say that it is alive, a day's schedule is the time it has.
SWEEP = ActivityConfig(
    task_queue=queues.PLATFORM,
    start_to_close_timeout=timedelta(minutes=30),
    schedule_to_close_timeout=timedelta(hours=1),
    heartbeat_timeout=timedelta(minutes=1),
    retry_policy=RetryPolicy(
        initial_interval=timedelta(seconds=5), backoff_coefficient=2, maximum_interval=timedelta(minutes=5)
    ),
)

#: The same for files, where the storage is at hand.
SWEEP_FILES = SWEEP | ActivityConfig(task_queue=queues.MEDIA)

#: Find the business days that ended or changed: some statements.
COLLECT_DAYS = ActivityConfig(
    task_queue=queues.ANALYTICS,
    start_to_close_timeout=timedelta(minutes=30),
    schedule_to_close_timeout=timedelta(hours=1),
    retry_policy=RetryPolicy(
        initial_interval=timedelta(seconds=5), backoff_coefficient=2, maximum_interval=timedelta(minutes=5)
    ),
)

#: Compute all business days that are to be computed, page by page with a heartbeat after each.
COMPUTE_DAYS = ActivityConfig(
    task_queue=queues.ANALYTICS,
    start_to_close_timeout=timedelta(hours=2),
    schedule_to_close_timeout=timedelta(hours=5),
    heartbeat_timeout=timedelta(minutes=2),
    retry_policy=RetryPolicy(
        initial_interval=timedelta(seconds=5), backoff_coefficient=2, maximum_interval=timedelta(minutes=5)
    ),
)

#: Write or remove the file of an export: the storage may be away for a day.
FILES = ActivityConfig(
    task_queue=queues.PLATFORM,
    start_to_close_timeout=timedelta(minutes=2),
    schedule_to_close_timeout=timedelta(hours=24),
    retry_policy=RetryPolicy(
        initial_interval=timedelta(seconds=2), backoff_coefficient=2, maximum_interval=timedelta(minutes=15)
    ),
)
#: The last e-mail to a person who is being forgotten is sent within a day; then its address goes in any case.
LAST_LETTER = timedelta(hours=26)
#: Between two looks whether it was sent.
LOOK_FOR_LETTER = timedelta(minutes=30)

#: Between two tries to learn the provider's word: doubled each time, up to the second figure. A try is some 15 events
#: of a history that may hold 51,200, so a provider may be away for two months; an event of the payment ends a pause.
FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(minutes=30)
#: An attention item is filed after this many tries without an answer of the provider.
HELP_AFTER = 3

#: An authorisation that would lapse before the visit is paid is renewed this long before it lapses.
RENEW_AHEAD = timedelta(hours=24)
#: A visit's money is captured within this time after it is due.
CAPTURE_WITHIN = timedelta(hours=2)

#: How long the time of a booking is kept for a payment that is `processing` when the hold ends.
KEEP_FOR_PROCESSING = timedelta(hours=1)
#: Added to a kept hold, so that it outlives the try it is kept for.
KEEP_MARGIN = timedelta(minutes=2)

#: Events about a movement of ours come soon after it; a run waits for them this long before it ends. Later events start
#: a new run.
LINGER = timedelta(minutes=10)
#: A visit that nobody closed is completed by the system this long after its end, and is filed for a person.
UNATTENDED = timedelta(days=30)

#: Between two polls of a refund that is pending at the provider. Usually the provider's event ends the wait; polling
#: is the fallback for one that was lost.
FIRST_LOOK = timedelta(minutes=5)
LONGEST_LOOK = timedelta(hours=24)


def longer(pause: timedelta, longest: timedelta) -> timedelta:
    """The next pause: twice this one, at most ``longest``."""
    return min(pause * 2, longest)
