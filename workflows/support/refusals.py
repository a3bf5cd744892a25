"""Refusals of activities, read by their code. Expected refusals are part of the process, others are bugs."""

from collections.abc import Iterator
from contextlib import contextmanager

from temporalio.exceptions import ActivityError, ApplicationError, FailureError, TimeoutError

from activities.support.errors import UNEXPECTED
from domain.errors import InvalidInput, Unavailable, WrongState


def refusal_in(error: FailureError) -> ApplicationError:
    """The coded refusal in the error. Raises the error again if there is none (a cancellation). For a local activity
    the refusal is the error itself, for a normal activity it is the cause."""
    cause = error.cause if isinstance(error, ActivityError) else error
    if isinstance(cause, TimeoutError):
        # Postgres was unavailable for as long as the command's profile allows.
        details = {"dependency": "postgres", "retry_after": 2}
        return ApplicationError(Unavailable.code, details, type=Unavailable.code, non_retryable=True)
    if not isinstance(cause, ApplicationError):
        raise error
    return ApplicationError(cause.message, *cause.details, type=cause.type, non_retryable=True)


def wrong_state(status: str, wanted: str) -> ApplicationError:
    """`domain.errors.WrongState` as an error of Temporal; the API maps its code back."""
    details = {"status": str(status), "wanted": str(wanted)}
    return ApplicationError(WrongState.code, details, type=WrongState.code, non_retryable=True)


def invalid_time(field: str) -> ApplicationError:
    """The refusal of a time that is too far away. The API maps its code to `domain.errors.InvalidInput`."""
    details = InvalidInput.at(field, "too_far").details
    return ApplicationError(InvalidInput.code, details, type=InvalidInput.code, non_retryable=True)


def missing_reason() -> ApplicationError:
    """The refusal of a decision that needs a reason. The API maps its code to `domain.errors.InvalidInput`."""
    details = InvalidInput.at("reason", "missing").details
    return ApplicationError(InvalidInput.code, details, type=InvalidInput.code, non_retryable=True)


def is_unexpected(refusal: ApplicationError) -> bool:
    """Whether a person has to look: it is a bug, or Postgres was unavailable for longer than a command may wait."""
    return refusal.type in {UNEXPECTED, Unavailable.code}


def workflow_task_failure(step: str, refusal: ApplicationError) -> RuntimeError:
    """An unexpected refusal. It fails the workflow task, not the run: the run continues when a fix is deployed."""
    return RuntimeError(f"{step} was refused: {refusal.type}")


@contextmanager
def fail_workflow_task(step: str) -> Iterator[None]:
    """Around a step that must not be refused: a refusal fails the workflow task."""
    try:
        yield
    except FailureError as error:
        raise workflow_task_failure(step, refusal_in(error)) from None
