"""A provider whose calls are steps of a trace."""

import inspect
from typing import Any, TypeVar, cast

from runtime import tracing

P = TypeVar("P")


class _Traced:
    """Every asynchronous method of a provider as one step; all else is the provider's own."""

    def __init__(self, provider: Any, name: str) -> None:
        self._provider = provider
        self._name = name

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._provider, name)
        if name == "aclose" or not inspect.iscoroutinefunction(found):
            return found

        async def call(*arguments: Any, **more: Any) -> Any:
            with tracing.span(f"{self._name}.{name}", {"provider.name": self._name}):
                return await found(*arguments, **more)

        setattr(self, name, call)
        return call


def traced(provider: P, name: str) -> P:
    """The provider itself where this process sends no traces."""
    return cast(P, _Traced(provider, name)) if tracing.is_on() else provider
