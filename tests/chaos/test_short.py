"""The short form of ``make chaos``: bookings at three payment providers, every kind of process killed once.

Its own process, as a person runs it. In ``make test-all`` twice as many, and 500 payments at each provider while
worker, relay and sandbox are killed; more by ``python -m tests.chaos``."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from domain.payments.providers import ProviderName
from stack.environment import process_environment
from tests.chaos.plan import KINDS
from tests.support.sampling import examples, is_whole

_BOOKINGS = examples(50, whole=100)


#: Of so many bookings 500 at least are paid for or tried to.
_LONG = 600
_KILLED = ("worker", "relay", "sandbox")
_ROUNDS = 6


def _run(report: Path, limit: float, *arguments: str) -> dict[str, Any]:
    """What the run reports, after it ended well."""
    ended = subprocess.run(
        [sys.executable, "-m", "tests.chaos", "--report", str(report), *arguments],
        capture_output=True,
        text=True,
        env=process_environment({}),
        timeout=limit,
        check=False,
    )
    assert ended.returncode == 0, f"{ended.stdout}\n{ended.stderr}"
    found: dict[str, Any] = json.loads(report.read_text())
    assert found["wrong"] == []
    assert found["audit"]["violations"] == 0
    assert found["audit"]["unchecked"] == {}
    return found


@pytest.mark.chaos
@pytest.mark.skipif(not is_whole(), reason="make test-all")
@pytest.mark.timeout(1500)
@pytest.mark.parametrize("provider", [name.value for name in ProviderName])
def test_five_hundred_payments_equal_the_provider_to_the_yen(tmp_path: Path, provider: str) -> None:
    """Declined and lost cards, forged and late webhooks: `tests.chaos.money` compares each payment."""
    asked = ("--seed", "21", "--rounds", str(_ROUNDS), "--bookings", str(_LONG), "--hold", "150")
    found = _run(tmp_path / "chaos.json", 1400, *asked, "--kill", *_KILLED, "--providers", provider)
    assert found["kills"] == dict.fromkeys(_KILLED, _ROUNDS)
    assert found["payments"][f"{provider} opened"] >= 500
    assert found["payments"][f"{provider} taken"] > found["payments"][f"{provider} given back"] > 0
    assert found["forged_webhooks_refused"] > 0


@pytest.mark.chaos
@pytest.mark.timeout(500)
def test_bookings_outlive_the_death_of_every_process(tmp_path: Path) -> None:
    asked = ("--seed", "3", "--rounds", "1", "--bookings", str(_BOOKINGS))
    found = _run(tmp_path / "chaos.json", 480, *asked)
    assert found["kills"] == dict.fromkeys(KINDS, 1)
    assert sum(found["ends"].values()) == _BOOKINGS
    # Something lived through it, else the run shows nothing.
    assert found["ends"].get("confirmed", 0) > 0
    assert found["retries"]
    assert all(found["payments"][f"{provider} opened"] for provider in ProviderName)
    assert found["forged_webhooks_refused"] > 0
