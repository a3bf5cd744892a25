"""Every committed history replays on the code of today; a changed order of steps does not."""

from unittest.mock import Mock

import pytest
from temporalio.worker import Replayer
from temporalio.workflow import NondeterminismError, _Definition

from tests.replay.changed import ConfirmsBeforeMoney
from tests.replay.outcomes import FOLDER, OUTCOMES, path_of, read
from tests.replay.record import STORIES
from tests.support.servers import CONVERTER
from tests.support.workflow_sandbox import workflow_runner
from workers.registry import worker_specs

WORKFLOWS = {
    _Definition.must_from_class(each).name: each for spec in worker_specs(Mock()).values() for each in spec.workflows
}
ALL = [(kind, outcome) for kind, outcomes in OUTCOMES.items() for outcome in outcomes]


def _replayer(*workflows: type) -> Replayer:
    return Replayer(workflows=workflows, data_converter=CONVERTER, workflow_runner=workflow_runner())


@pytest.mark.parametrize(("kind", "outcome"), ALL)
async def test_replays(kind: str, outcome: str) -> None:
    assert path_of(kind, outcome).exists(), "record it: python -m tests.replay.record"
    # Alone: a replayer loads every workflow that it is given into the sandbox.
    await _replayer(WORKFLOWS[kind]).replay_workflow(read(kind, outcome))


@pytest.mark.parametrize("outcome", ["paid_completed", "expired"])
async def test_changed_order_does_not_replay(outcome: str) -> None:
    with pytest.raises(NondeterminismError):
        await _replayer(ConfirmsBeforeMoney).replay_workflow(read("booking", outcome))


def test_workflows_have_recorded_outcomes() -> None:
    assert set(WORKFLOWS) == set(OUTCOMES)


def test_outcomes_can_be_recorded_and_no_file_is_left_over() -> None:
    assert {kind: set(stories) for kind, stories in STORIES.items()} == {
        kind: set(outcomes) for kind, outcomes in OUTCOMES.items()
    }
    lying = {(path.parent.name, path.stem) for path in FOLDER.glob("*/*.json")}
    assert lying == set(ALL)
