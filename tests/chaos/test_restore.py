"""The short form of the drill of a lost machine, in its own process, as a person runs it: in ``make test-all``.

It starts two stacks, which takes two minutes; ``tests/stack/test_backup.py`` restores a server in every run.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from stack.environment import process_environment
from tests.support.sampling import is_whole

_BOOKINGS = 30


@pytest.mark.chaos
@pytest.mark.skipif(not is_whole(), reason="make test-all")
@pytest.mark.timeout(600)
def test_restore_loses_no_acknowledged_booking_and_every_row_has_its_run(tmp_path: Path) -> None:
    report = tmp_path / "drill.json"
    asked = ("--seed", "5", "--bookings", str(_BOOKINGS), "--report", str(report))
    ended = subprocess.run(
        [sys.executable, "-m", "tests.chaos.restore", *asked],
        capture_output=True,
        text=True,
        env=process_environment({}),
        timeout=580,
        check=False,
    )
    assert ended.returncode == 0, f"{ended.stdout}\n{ended.stderr}"
    found = json.loads(report.read_text())
    assert (found["lost"], found["wrong"]) == (0, [])
    # Something was under way when the machine was lost, else the drill shows nothing.
    assert found["acknowledged"] >= _BOOKINGS // 2
    assert found["runs"]["booking"] > 0
