"""Interceptors of all activities: the one place where a ``DomainError`` becomes an ``ApplicationError``, and where the
workflow id is set for the audit trail and the log."""

from typing import Any

import structlog
from temporalio import activity
from temporalio.exceptions import ApplicationError, FailureError
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from db.engine.context import WORKFLOW
from domain.errors import DomainError, Unavailable
from providers.errors import ProviderError, ProviderRefused

log = structlog.get_logger(__name__)

#: Type of an error that is neither a ``DomainError`` nor an error of a provider: a bug.
UNEXPECTED = "internal_error"


class _ErrorInbound(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        try:
            return await super().execute_activity(input)
        except DomainError as error:
            raise ApplicationError(
                error.code, error.details, type=error.code, non_retryable=not isinstance(error, Unavailable)
            ) from error
        except ProviderError as error:
            # Only the code is sent to Temporal: a provider's message may quote what was sent to it.
            raise ApplicationError(
                error.reason, type=type(error).__name__, non_retryable=isinstance(error, ProviderRefused)
            ) from None
        except FailureError:
            raise
        except Exception as error:
            # Only the class name is sent to Temporal: an error message may quote stored data.
            log.exception("activity_failed_unexpectedly")
            passing = isinstance(error, OSError)
            raise ApplicationError(
                type(error).__name__, {"error": type(error).__name__}, type=Unavailable.code if passing else UNEXPECTED
            ) from None


class _ContextInbound(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        # Each try runs in its own context, so nothing has to be reset.
        info = activity.info()
        WORKFLOW.set(info.workflow_id)
        about = {"workflow_id": info.workflow_id, "activity": info.activity_type, "attempt": info.attempt}
        business_id = getattr(input.args[0], "business_id", None) if input.args else None
        if business_id is not None:
            about["business_id"] = str(business_id)
        structlog.contextvars.bind_contextvars(**about)
        return await super().execute_activity(input)


class ContextInterceptor(Interceptor):
    """Sets the workflow id for the audit trail, and adds workflow, activity, attempt and (if the input has one)
    business to every log line."""

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        return _ContextInbound(next)


class ErrorInterceptor(Interceptor):
    """Turns ``DomainError`` into ``ApplicationError(type=code, details)``. Only ``unavailable`` is retryable: a repeat
    does not change other refusals. Errors of providers have their class name as type. Unexpected errors get the type
    `UNEXPECTED`; the caller's options decide whether that is retried."""

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        return _ErrorInbound(next)
