"""The short form of ``make chaos``: a hundred bookings, every kind of process killed once. Its own process, as a person
runs it; the long form is by ``python -m tests.chaos``."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from stack.environment import process_environment
from tests.chaos.plan import KINDS

_BOOKINGS = 100


@pytest.mark.chaos
@pytest.mark.timeout(500)
def test_hundred_bookings_outlive_the_death_of_every_process(tmp_path: Path) -> None:
    report = tmp_path / "chaos.json"
    ended = subprocess.run(
        [
            *(sys.executable, "-m", "tests.chaos", "--seed", "3", "--rounds", "1"),
            *("--bookings", str(_BOOKINGS), "--report", str(report)),
        ],
        capture_output=True,
        text=True,
        env=process_environment({}),
        timeout=480,
        check=False,
    )
    assert ended.returncode == 0, f"{ended.stdout}\n{ended.stderr}"
    found = json.loads(report.read_text())
    assert found["wrong"] == []
    assert found["audit"]["violations"] == 0
    assert found["audit"]["unchecked"] == {}
    assert found["kills"] == dict.fromkeys(KINDS, 1)
    assert sum(found["ends"].values()) == _BOOKINGS
    # Something lived through it, else the run shows nothing.
    assert found["ends"].get("confirmed", 0) > 0
    assert found["retries"]
