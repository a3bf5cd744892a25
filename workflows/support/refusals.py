"""Refusals of activities, read by code: the foreseen ones are part of the process, the others are bugs."""

from collections.abc import Iterator
from contextlib import contextmanager

from temporalio.exceptions import ActivityError, ApplicationError, FailureError, TimeoutError

from activities.support.errors import UNEXPECTED
from domain.errors import InvalidInput, Unavailable, WrongState


def refusal_in(error: FailureError) -> ApplicationError:
    """The coded refusal inside; raises the error again if there is none (cancelled). A local activity's is the error
    itself, a normal one's is its cause."""
    cause = error.cause if isinstance(error, ActivityError) else error
    if isinstance(cause, TimeoutError):
        # A command that found Postgres away for as long as its profile allows.
        details = {"dependency": "postgres", "retry_after": 2}
        return ApplicationError(Unavailable.code, details, type=Unavailable.code, non_retryable=True)
    if not isinstance(cause, ApplicationError):
        raise error
    return ApplicationError(cause.message, *cause.details, type=cause.type, non_retryable=True)


def wrong_state(status: str, wanted: str) -> ApplicationError:
    """The refusal that the API knows from `domain.errors.WrongState`."""
    details = {"status": str(status), "wanted": str(wanted)}
    return ApplicationError(WrongState.code, details, type=WrongState.code, non_retryable=True)


def invalid_time(field: str) -> ApplicationError:
    """The refusal of a time that no run can wait for; the API knows it from `domain.errors.InvalidInput`."""
    details = InvalidInput.at(field, "too_far").details
    return ApplicationError(InvalidInput.code, details, type=InvalidInput.code, non_retryable=True)


def is_unexpected(refusal: ApplicationError) -> bool:
    """A person has to look: it is a bug, or Postgres was away for as long as a command may wait."""
    return refusal.type in {UNEXPECTED, Unavailable.code}


def workflow_task_failure(step: str, refusal: ApplicationError) -> RuntimeError:
    """A refusal that nobody foresaw: it stops this task, not the run, which goes on when the fix is deployed."""
    return RuntimeError(f"{step} was refused: {refusal.type}")


@contextmanager
def fail_workflow_task(step: str) -> Iterator[None]:
    """Around a step that has no refusals."""
    try:
        yield
    except FailureError as error:
        raise workflow_task_failure(step, refusal_in(error)) from None
