"""Named profiles of timeouts and retries, and the pauses between tries. Every workflow uses these."""

from datetime import timedelta

from temporalio.common import RetryPolicy
from temporalio.workflow import ActivityConfig, LocalActivityConfig

from workflows.support import queues

#: A transaction on Postgres. It is retried without a limit until Postgres is back. Pauses longer than the threshold are
#: timers of the server, so that a long outage does not keep thousands of workflow tasks open.
STEP = LocalActivityConfig(
    start_to_close_timeout=timedelta(seconds=20),
    retry_policy=RetryPolicy(
        initial_interval=timedelta(milliseconds=250), backoff_coefficient=2, maximum_interval=timedelta(minutes=1)
    ),
    local_retry_threshold=timedelta(seconds=8),
)

#: A person's command, one transaction on Postgres. A person waits and the run's lock is held: only `unavailable` is
#: retried, for an hour at most. An unexpected error is not retried.
COMMAND = STEP | LocalActivityConfig(
    schedule_to_close_timeout=timedelta(hours=1),
    retry_policy=RetryPolicy(
        initial_interval=timedelta(milliseconds=250),
        backoff_coefficient=2,
        maximum_interval=timedelta(minutes=1),
        non_retryable_error_types=["internal_error"],
    ),
)

#: A run accepts times up to this far from now.
FURTHEST = timedelta(days=3660)

#: A booking's run continues as a new one after this many commands and events, or when the server suggests it. The
#: server refuses the 2,001st update of a run.
MESSAGES_PER_RUN = 1000
#: How many ids of applied events a continued run gets. Applying an event twice changes nothing.
EVENTS_CARRIED = 200

#: Close an intent at the end of the hold. Others may want the time, so after a minute the result counts as unknown.
CLOSE = ActivityConfig(
    task_queue=queues.PAYMENTS,
    start_to_close_timeout=timedelta(seconds=25),
    schedule_to_close_timeout=timedelta(seconds=60),
    retry_policy=RetryPolicy(
        initial_interval=timedelta(seconds=1), backoff_coefficient=2, maximum_interval=timedelta(seconds=15)
    ),
)

#: Capture, void or refund after the decision. Nobody waits for the answer, but it must succeed.
MOVE = ActivityConfig(
    task_queue=queues.PAYMENTS,
    start_to_close_timeout=timedelta(seconds=25),
    schedule_to_close_timeout=timedelta(minutes=15),
    retry_policy=RetryPolicy(
        initial_interval=timedelta(seconds=2), backoff_coefficient=2, maximum_interval=timedelta(minutes=2)
    ),
)

#: The evidence of a dispute is sent within this time, also by a run that was late.
LAST_TRY = timedelta(minutes=1)

#: Ask the provider for the status of a refund.
POLL = ActivityConfig(
    task_queue=queues.PAYMENTS,
    start_to_close_timeout=timedelta(seconds=25),
    schedule_to_close_timeout=timedelta(minutes=5),
    retry_policy=RetryPolicy(
        initial_interval=timedelta(seconds=2), backoff_coefficient=2, maximum_interval=timedelta(minutes=1)
    ),
)

#: Compare one page of payments with the provider, with a heartbeat for each payment that it is asked about.
RECONCILE = ActivityConfig(
    task_queue=queues.PAYMENTS,
    start_to_close_timeout=timedelta(minutes=30),
    schedule_to_close_timeout=timedelta(hours=2),
    heartbeat_timeout=timedelta(minutes=1),
    retry_policy=RetryPolicy(
        initial_interval=timedelta(seconds=5), backoff_coefficient=2, maximum_interval=timedelta(minutes=5)
    ),
)

#: The same at a business's own account. Its keys may be revoked, and the other accounts must not wait for it.
RECONCILE_ACCOUNT = RECONCILE | ActivityConfig(
    retry_policy=RetryPolicy(initial_interval=timedelta(seconds=5), backoff_coefficient=2, maximum_attempts=4)
)

#: Send one message; ``schedule_to_close_timeout`` is added: the message's own deadline. One try must have ended before
#: the next may check an attempt that was left open (`domain.messages.sending.UNKNOWN_FOR`).
SEND = ActivityConfig(
    task_queue=queues.NOTICES,
    start_to_close_timeout=timedelta(seconds=40),
    retry_policy=RetryPolicy(
        initial_interval=timedelta(seconds=5), backoff_coefficient=3, maximum_interval=timedelta(hours=1)
    ),
)

#: Inspect an uploaded file and make its public variants. Retried while the storage is down, for a day at most.
INSPECT = ActivityConfig(
    task_queue=queues.MEDIA,
    start_to_close_timeout=timedelta(minutes=3),
    schedule_to_close_timeout=timedelta(hours=24),
    retry_policy=RetryPolicy(
        initial_interval=timedelta(seconds=2), backoff_coefficient=3, maximum_interval=timedelta(minutes=10)
    ),
)

#: Delete old rows of one table in batches, with a heartbeat after each batch.
SWEEP = ActivityConfig(
    task_queue=queues.PLATFORM,
    start_to_close_timeout=timedelta(minutes=30),
    schedule_to_close_timeout=timedelta(hours=1),
    heartbeat_timeout=timedelta(minutes=1),
    retry_policy=RetryPolicy(
        initial_interval=timedelta(seconds=5), backoff_coefficient=2, maximum_interval=timedelta(minutes=5)
    ),
)

#: The same for files; it runs on the queue whose workers have the storage client.
SWEEP_FILES = SWEEP | ActivityConfig(task_queue=queues.MEDIA)

#: Mark the business days that ended or changed: a few statements.
COLLECT_DAYS = ActivityConfig(
    task_queue=queues.ANALYTICS,
    start_to_close_timeout=timedelta(minutes=30),
    schedule_to_close_timeout=timedelta(hours=1),
    retry_policy=RetryPolicy(
        initial_interval=timedelta(seconds=5), backoff_coefficient=2, maximum_interval=timedelta(minutes=5)
    ),
)

#: Compute all marked business days, page by page with a heartbeat after each page.
COMPUTE_DAYS = ActivityConfig(
    task_queue=queues.ANALYTICS,
    start_to_close_timeout=timedelta(hours=2),
    schedule_to_close_timeout=timedelta(hours=5),
    heartbeat_timeout=timedelta(minutes=2),
    retry_policy=RetryPolicy(
        initial_interval=timedelta(seconds=5), backoff_coefficient=2, maximum_interval=timedelta(minutes=5)
    ),
)

#: Write or remove the file of an export of figures: a heartbeat after each page, and joining the pages takes up to
#: some minutes.
FIGURES_FILES = ActivityConfig(
    task_queue=queues.ANALYTICS,
    start_to_close_timeout=timedelta(hours=1),
    schedule_to_close_timeout=timedelta(hours=24),
    heartbeat_timeout=timedelta(minutes=5),
    retry_policy=RetryPolicy(
        initial_interval=timedelta(seconds=2), backoff_coefficient=2, maximum_interval=timedelta(minutes=15)
    ),
)

#: Write or remove the file of an export. The storage may be down for a day.
FILES = ActivityConfig(
    task_queue=queues.PLATFORM,
    start_to_close_timeout=timedelta(minutes=2),
    schedule_to_close_timeout=timedelta(hours=24),
    retry_policy=RetryPolicy(
        initial_interval=timedelta(seconds=2), backoff_coefficient=2, maximum_interval=timedelta(minutes=15)
    ),
)
#: The last e-mail of an erasure is sent within a day; after this time the address is removed in any case.
LAST_EMAIL_WITHIN = timedelta(hours=26)
#: The pause between two checks whether the e-mail was sent.
CHECK_EMAIL_EVERY = timedelta(minutes=30)

#: Pauses between two tries to get the provider's answer: doubled each time, up to the second value. One try is about 15
#: events of a history that may have 51,200, so a provider may be down for two months. A payment event ends a pause.
FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(minutes=30)
#: An alert is raised after this many tries without an answer of the provider.
ALERT_AFTER = 3
#: So many times the outcome of a movement is recorded where the ledger's checks refuse it; then a person looks.
RECORD_TRIES = 3

#: An authorization that would expire before the visit is paid is renewed this long before it expires.
RENEW_AHEAD = timedelta(hours=24)
#: The money of a visit is captured within this time after it is due.
CAPTURE_WITHIN = timedelta(hours=2)

#: How long a hold is extended for a payment that is `processing` when the hold ends.
KEEP_FOR_PROCESSING = timedelta(hours=1)
#: A hold has ended by the clock of its run, and not by that of the database: it is asked again after this pause.
CLOCKS_DIFFER = timedelta(seconds=1)
#: Added to an extended hold, so that it is longer than the pause before the next try.
KEEP_MARGIN = timedelta(minutes=2)

#: Events about our own movements come soon after them: a run waits for them this long before it ends. A later event
#: starts a new run.
WAIT_FOR_EVENTS = timedelta(minutes=10)
#: A visit that nobody closed is completed by the system this long after its end, and an attention item is filed.
UNATTENDED = timedelta(days=30)
#: After an undo a visit does not end by itself sooner than this.
AFTER_UNDO = timedelta(hours=1)

#: Between two polls of a refund that is pending at the provider. Usually the provider's event ends the wait; polling
#: is the fallback for one that was lost.
FIRST_POLL_PAUSE = timedelta(minutes=5)
LONGEST_POLL_PAUSE = timedelta(hours=24)


def next_pause(pause: timedelta, longest: timedelta) -> timedelta:
    """The next pause: twice this one, at most ``longest``."""
    return min(pause * 2, longest)
