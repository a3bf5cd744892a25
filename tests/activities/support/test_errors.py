"""Refusals reach a workflow as codes."""

import dataclasses
from types import SimpleNamespace
from typing import Any

import pytest
import structlog
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput

from activities.support.errors import ContextInterceptor, ErrorInterceptor
from db.engine.context import WORKFLOW
from domain.errors import DomainError, Unavailable, WrongState
from domain.scheduling.errors import SlotTaken
from providers.errors import OutcomeUnknown, ProviderError, ProviderRefused, ProviderUnavailable


class Raises(ActivityInboundInterceptor):
    """Stands for the activity."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    async def execute_activity(self, input: Any) -> Any:
        raise self.error


async def raised_by(error: Exception) -> BaseException:
    """What comes out of the interceptor."""
    with pytest.raises(Exception) as caught:  # noqa: PT011 - the type is what is asked for
        await ErrorInterceptor().intercept_activity(Raises(error)).execute_activity(None)  # type: ignore[arg-type]
    return caught.value


@pytest.mark.parametrize(
    ("error", "final"),
    [
        (WrongState({"status": "expired", "wanted": "confirmed"}), True),
        (SlotTaken({"alternatives": []}), True),
        (Unavailable({"dependency": "postgres"}), False),
    ],
)
async def test_refusal_carries_its_code_and_details(error: DomainError, final: bool) -> None:
    raised = await raised_by(error)
    assert isinstance(raised, ApplicationError)
    assert (raised.type, raised.details, raised.non_retryable) == (error.code, (error.details,), final)


@pytest.mark.parametrize(
    ("error", "final"),
    [(ProviderRefused("no"), True), (ProviderUnavailable("429"), False), (OutcomeUnknown("timeout"), False)],
)
async def test_provider_error_carries_its_class(error: ProviderError, final: bool) -> None:
    raised = await raised_by(error)
    assert isinstance(raised, ApplicationError)
    assert (raised.type, raised.message, raised.non_retryable) == (type(error).__name__, error.reason, final)
    assert raised.__cause__ is None


async def test_unexpected_error_travels_as_its_class_name_alone() -> None:
    refusal = await raised_by(KeyError("taro@example.com"))
    assert isinstance(refusal, ApplicationError)
    assert (refusal.type, refusal.non_retryable) == ("internal_error", False)
    assert "taro" not in f"{refusal.message} {refusal.details} {refusal.__cause__}"


class RecordsDetails(ActivityInboundInterceptor):
    """Stands for an activity that gives back what its lines of the log carry."""

    def __init__(self) -> None:
        pass

    async def execute_activity(self, input: Any) -> Any:
        return {**structlog.contextvars.get_contextvars(), "audited": WORKFLOW.get()}


async def test_log_lines_of_an_activity_name_its_business() -> None:
    environment = ActivityEnvironment()
    environment.info = dataclasses.replace(
        environment.info, workflow_id="booking/b-1", activity_type="expire_booking", attempt=3
    )

    async def run(*arguments: object) -> Any:
        asked = ExecuteActivityInput(fn=run, args=arguments, executor=None, headers={})
        return await ContextInterceptor().intercept_activity(RecordsDetails()).execute_activity(asked)

    known = {"workflow_id": "booking/b-1", "audited": "booking/b-1", "activity": "expire_booking", "attempt": 3}
    assert await environment.run(run) == known
    assert await environment.run(run, "text") == known
    assert await environment.run(run, SimpleNamespace(business_id="s-1")) == {**known, "business_id": "s-1"}
    assert "workflow_id" not in structlog.contextvars.get_contextvars()
