"""Habits of all that runs on Temporal: explicit names, one argument, nothing that differs between two replays."""

import ast
import dataclasses
import inspect
import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, get_args, get_type_hints
from unittest.mock import Mock

import pytest
from temporalio import activity
from temporalio.workflow import _Definition

from tests.support.cases import for_each
from workers.registry import worker_specs
from workflows.processes import PROCESSES
from workflows.support import options, queues

ROOT = Path(__file__).parents[2]
SPECS = worker_specs(Mock())
WORKFLOWS = [each for spec in SPECS.values() for each in spec.workflows]
ACTIVITIES = {_each.__qualname__: _each for spec in SPECS.values() for _each in spec.activities}
MODULES = sorted((ROOT / "workflows").rglob("*.py"))
#: What a replay would see differently; the workflow's own clock and random numbers are in `temporalio.workflow`.
FORBIDDEN = re.compile(
    r"\b(datetime\.now|datetime\.utcnow|date\.today|time\.time|time\.monotonic|random\.|secrets\.|uuid4\(|uuid1\("
    r"|os\.environ|asyncio\.sleep|asyncio\.wait_for|asyncio\.timeout|asyncio\.gather|logging\.getLogger|structlog)"
)


def _activity_name(each: Callable[..., Any]) -> str:
    definition = activity._Definition.must_from_callable(each)
    assert definition.name is not None
    return definition.name


def _decorators(path: Path, of: str) -> list[ast.expr]:
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        for decorator in getattr(node, "decorator_list", []):
            if ast.unparse(decorator).startswith(of):
                found.append(decorator)
    return found


@pytest.mark.parametrize(
    "of", ["activity.defn", "workflow.defn", "workflow.signal", "workflow.update", "workflow.query"]
)
def test_temporal_names_are_written_down(of: str) -> None:
    room = "activities" if of.startswith("activity") else "workflows"
    found = [(path, each) for path in (ROOT / room).rglob("*.py") for each in _decorators(path, of)]
    assert found
    for path, decorator in found:
        named = isinstance(decorator, ast.Call) and any(word.arg == "name" for word in decorator.keywords)
        assert named, f"{path}: @{of} without name=: a renamed method would strand open runs"


def test_activities_are_named_by_noun_and_verb_once() -> None:
    names = Counter(_activity_name(each) for each in ACTIVITIES.values())
    assert [name for name, count in names.items() if count > 1] == []
    assert [name for name in names if not re.fullmatch(r"[a-z]+\.[a-z_]+", name)] == []


def test_activities_are_registered() -> None:
    written = set()
    for path in (ROOT / "activities").rglob("*.py"):
        for decorator in _decorators(path, "activity.defn"):
            assert isinstance(decorator, ast.Call)
            written |= {ast.literal_eval(word.value) for word in decorator.keywords if word.arg == "name"}
    assert {_activity_name(each) for each in ACTIVITIES.values()} == written


@for_each("name", sorted(ACTIVITIES))
def test_activity_takes_one_frozen_dataclass(name: str) -> None:
    hints = get_type_hints(ACTIVITIES[name])
    hints.pop("return")
    (argument,) = hints.values()
    _assert_frozen(argument)


@for_each("each", WORKFLOWS)
def test_workflow_and_its_messages_take_one_frozen_dataclass(each: type) -> None:
    definition = _Definition.must_from_class(each)
    handlers = [definition.run_fn, *(signal.fn for signal in definition.signals.values())]
    handlers += [update.fn for update in definition.updates.values()]
    for handler in handlers:
        hints = get_type_hints(handler)
        hints.pop("return", None)
        (argument,) = hints.values()
        _assert_frozen(argument)


@for_each("each", WORKFLOWS)
def test_run_reads_like_the_process(each: type) -> None:
    lines = inspect.getsource(_Definition.must_from_class(each).run_fn).splitlines()
    assert len(lines) <= 40


def test_updates_have_a_validator() -> None:
    updates = {name: update for each in WORKFLOWS for name, update in _Definition.must_from_class(each).updates.items()}
    assert updates
    assert [name for name, update in updates.items() if update.validator is None] == []


@for_each("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_workflows_call_nothing_that_a_replay_would_see_differently(path: Path) -> None:
    assert FORBIDDEN.findall(path.read_text()) == []


def test_queues_are_the_roles_of_workers() -> None:
    named = {value for name, value in vars(queues).items() if name.isupper()}
    assert set(SPECS) == named


@pytest.mark.parametrize("name", ["CLOSE", "MOVE", "POLL", "STEP", "SEND", "SWEEP", "FILES"])
def test_option_profiles_limit_one_try(name: str) -> None:
    profile = getattr(options, name)
    assert profile["start_to_close_timeout"]
    assert profile["retry_policy"].maximum_interval


def test_activities_run_under_named_profiles_alone() -> None:
    calls = [
        node
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and "execute_" in ast.unparse(node.func) and "activity" in ast.unparse(node.func)
    ]
    assert len(calls) > 10
    for call in calls:
        assert [word.arg for word in call.keywords] == [None], ast.unparse(call)


#: Every text that travels through Temporal or the outbox, and why it is none that a person typed.
TEXTS = {
    **dict.fromkeys(
        (
            *(
                "AttentionInput.dedupe_key",
                "BookingCommand.command_id",
                "BookingSnapshot.code",
                "DecideInput.command_id",
                "ReviewDecision.command_id",
                "ReviewDecideInput.command_id",
                "CommandInput.command_id",
            ),
            *("MoneyResult.intent_id", "MoneyResult.movement_id", "MoneyResult.provider_ref", "MoneyTask.intent_id"),
            *(
                "MoneyTask.checkout_id",
                "MoneyTask.movement_id",
                "PollRefundInput.provider_ref",
                "VerificationCommand.command_id",
            ),
            *("FindOrderInput.movement_id", "MoveMoneyInput.movement_id", "OrderedMovement.movement_id"),
            *("CompareInput.cursor", "Compared.cursor"),
        ),
        "an id",
    ),
    **dict.fromkeys(
        (
            *("AttentionInput.kind", "Decided.status", "DecidedInput.status", "MaintenanceDone.failed"),
            *("MaintenanceDone.removed", "MoneyTask.provider", "NoticeInput.kind", "RolloutInput.flag"),
            *("BookingSnapshot.currency", "MoneyTask.currency"),
            *(
                "AccountsInput.provider",
                "CompareInput.provider",
                "ProviderReconciled.provider",
                "ReconciliationInput.providers",
            ),
        ),
        "a word of the platform's own, such as a status",
    ),
    "MoneyResult.reason": "the provider's code, or the class of an error",
    **dict.fromkeys(("DecideInput.seen", "VerificationCommand.seen"), "a digest, checked by a pattern"),
    "AttentionInput.details": "ids, amounts and codes, written by workflows alone",
    "MarkInput.reason": "measures and counts",
}


def _arguments() -> Iterator[type]:
    """Every input of a workflow, an update, a signal and an activity, every answer of one, and every payload."""
    functions = list(ACTIVITIES.values())
    for each in WORKFLOWS:
        definition = _Definition.must_from_class(each)
        functions += [definition.run_fn]
        functions += [handler.fn for handler in (*definition.signals.values(), *definition.updates.values())]
    for function in functions:
        yield from get_type_hints(function).values()
    yield from (process.payload for process in PROCESSES)


def _texts(kind: Any, seen: set[Any]) -> Iterator[str]:
    """``Class.field`` of every text in a type, nested ones included; an enum is no text."""
    if dataclasses.is_dataclass(kind) and kind not in seen:
        seen.add(kind)
        for name, hint in get_type_hints(kind).items():
            parts = set(_parts(hint))
            if str in parts or Any in parts or object in parts:
                yield f"{kind.__name__}.{name}"  # type: ignore[union-attr]
            for part in parts:
                yield from _texts(part, seen)


def _parts(hint: Any) -> Iterator[Any]:
    yield hint
    for part in get_args(hint):
        yield from _parts(part)


def test_typed_text_does_not_travel_through_temporal() -> None:
    """Temporal keeps every input and every answer for weeks and shows them in its UI. What a person types is stored in
    Postgres and travels as an id (``command_texts``)."""
    seen: set[Any] = set()
    found = {text for kind in _arguments() for part in _parts(kind) for text in _texts(part, seen)}
    assert found == set(TEXTS)


def _assert_frozen(argument: type) -> None:
    assert dataclasses.is_dataclass(argument)
    assert argument.__dataclass_params__.frozen, argument  # type: ignore[attr-defined]


def test_helper_sees_a_thawed_one() -> None:
    @dataclasses.dataclass
    class Thawed:
        number: int = 0

    with pytest.raises(AssertionError):
        _assert_frozen(Thawed)
