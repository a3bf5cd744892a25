"""What every activity has around it: the one place where a refusal of the domain becomes an error of Temporal, and
the name of the workflow for the audit trail and the log."""

from typing import Any

import structlog
from temporalio import activity
from temporalio.exceptions import ApplicationError, FailureError
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from db.engine.context import WORKFLOW
from domain.errors import DomainError, Unavailable
from providers.errors import ProviderError, ProviderRefused

log = structlog.get_logger(__name__)

#: Type of an error that is neither a refusal of the domain nor one of a provider: a bug.
UNEXPECTED = "internal_error"


class _CodedRefusals(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        try:
            return await super().execute_activity(input)
        except DomainError as error:
            raise ApplicationError(
                error.code, error.details, type=error.code, non_retryable=not isinstance(error, Unavailable)
            ) from error
        except ProviderError as error:
            # Only the code travels: a provider's error may quote what was sent.
            raise ApplicationError(
                error.reason, type=type(error).__name__, non_retryable=isinstance(error, ProviderRefused)
            ) from None
        except FailureError:
            raise
        except Exception as error:
            # Only the class's name travels: the message of an error may quote what was stored.
            log.exception("activity_failed_unexpectedly")
            passing = isinstance(error, OSError)
            raise ApplicationError(
                type(error).__name__, {"error": type(error).__name__}, type=Unavailable.code if passing else UNEXPECTED
            ) from None


class _NamedSteps(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        # Each try runs in a context of its own, so there is nothing to take back.
        info = activity.info()
        WORKFLOW.set(info.workflow_id)
        about = {"workflow_id": info.workflow_id, "activity": info.activity_type, "attempt": info.attempt}
        business_id = getattr(input.args[0], "business_id", None) if input.args else None
        if business_id is not None:
            about["business_id"] = str(business_id)
        structlog.contextvars.bind_contextvars(**about)
        return await super().execute_activity(input)


class NamedSteps(Interceptor):
    """Tells the audit trail which workflow a change belongs to, and every line of the log which workflow, activity,
    attempt and, where the input names it, business."""

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        return _NamedSteps(next)


class CodedRefusals(Interceptor):
    """Turns ``DomainError`` into ``ApplicationError(type=code, details)``. Only ``unavailable`` is tried again: every
    other refusal stays the same however often it is asked. Provider errors keep their class's name as type. What nobody
    foresaw gets the type `UNEXPECTED`; the caller's profile says whether that is tried again."""

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        return _CodedRefusals(next)
