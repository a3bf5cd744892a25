"""Many small cases of one test, asked in one go."""

import functools
import inspect
from collections.abc import Callable, Iterable
from itertools import count
from typing import Any

import pytest

Test = Callable[..., None]

#: So many cases that failed are shown in full.
_SHOWN = 10


class CasesFailed(AssertionError):
    """Names the cases that failed, and how."""


def for_each(
    names: str | tuple[str, ...], cases: Iterable[Any], ids: Callable[[Any], object] | None = None
) -> Callable[[Test], Test]:
    """Like ``pytest.mark.parametrize``, as one test: it asks every case, and its failure names all that failed.

    For hundreds of cases that need no fixture and take less than a millisecond each. As tests of their own each costs
    pytest and the processes of ``-n`` 6 ms more.
    """
    parts = [name.strip() for name in names.split(",")] if isinstance(names, str) else list(names)
    given = [_values(case, len(parts), ids) for case in cases]

    def decorate(test: Test) -> Test:
        @functools.wraps(test)
        def asked(**fixtures: Any) -> None:
            failed = {}
            for number, (label, values) in zip(count(1), given, strict=False):
                try:
                    test(**dict(zip(parts, values, strict=True)), **fixtures)
                except (Exception, pytest.fail.Exception) as error:
                    failed[f"{number}. {label}"] = error
            assert given, "there is no case"
            if failed:
                raise CasesFailed(_report(failed, len(given))) from next(iter(failed.values()))

        signature = inspect.signature(test)
        left = [each for name, each in signature.parameters.items() if name not in parts]
        setattr(asked, "__signature__", signature.replace(parameters=left))  # noqa: B010 - pytest asks for fixtures by it
        return asked

    return decorate


def _values(case: Any, number: int, ids: Callable[[Any], object] | None) -> tuple[str, tuple[Any, ...]]:
    """The case's name and its values."""
    if hasattr(case, "values") and hasattr(case, "marks"):  # pytest.param
        return case.id or repr(case.values), tuple(case.values)
    values = (case,) if number == 1 else tuple(case)
    return ", ".join(str(ids(value)) if ids else repr(value) for value in values), values


def _report(failed: dict[str, BaseException], number: int) -> str:
    lines = [f"{label[:200]}: {type(error).__name__}: {error}" for label, error in list(failed.items())[:_SHOWN]]
    more = [f"and {len(failed) - _SHOWN} more"] if len(failed) > _SHOWN else []
    return "\n".join([f"{len(failed)} of {number} cases failed", *lines, *more])
