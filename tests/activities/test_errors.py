"""Refusals reach a workflow as codes."""

from typing import Any

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.worker import ActivityInboundInterceptor

from activities.errors import CodedRefusals
from domain.errors import DomainError, SlotTaken, Unavailable, WrongState
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
        await CodedRefusals().intercept_activity(Raises(error)).execute_activity(None)  # type: ignore[arg-type]
    return caught.value


@pytest.mark.parametrize(
    ("error", "final"),
    [
        (WrongState({"status": "expired", "wanted": "confirmed"}), True),
        (SlotTaken({"alternatives": []}), True),
        (Unavailable({"dependency": "postgres"}), False),
    ],
)
async def test_a_refusal_carries_its_code_and_details(error: DomainError, final: bool) -> None:
    told = await raised_by(error)
    assert isinstance(told, ApplicationError)
    assert (told.type, told.details, told.non_retryable) == (error.code, (error.details,), final)


@pytest.mark.parametrize(
    ("error", "final"),
    [(ProviderRefused("no"), True), (ProviderUnavailable("429"), False), (OutcomeUnknown("timeout"), False)],
)
async def test_a_provider_error_carries_its_class(error: ProviderError, final: bool) -> None:
    told = await raised_by(error)
    assert isinstance(told, ApplicationError)
    assert (told.type, told.message, told.non_retryable) == (type(error).__name__, error.reason, final)
    assert told.__cause__ is None


async def test_a_bug_stays_a_bug() -> None:
    assert isinstance(await raised_by(KeyError("x")), KeyError)
