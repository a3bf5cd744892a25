"""A deferred module is loaded by its first use, and the API does not load what few requests need."""

import gc
import subprocess
import sys

import pytest

from runtime.starting import deferred, loading
from stack.environment import process_environment


def loaded_by(code: str) -> set[str]:
    """The names of the modules that a new process has loaded after ``code``."""
    script = f"{code}\nimport sys; print(*sys.modules, sep='\\n')"
    # With bytecode, as `omotenashi up` starts them: without, a start takes several times as long.
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, env=process_environment({})
    )
    return set(done.stdout.splitlines())


def test_deferred_loads_a_module_when_it_is_used() -> None:
    assert "wave" not in loaded_by("from runtime.starting import deferred; deferred('wave')")
    assert "wave" in loaded_by("from runtime.starting import deferred; deferred('wave').open")


def test_deferred_raises_what_an_import_would() -> None:
    with pytest.raises(ModuleNotFoundError):
        _ = deferred("no_such_module_at_all").anything


def test_loading_turns_the_collector_off_and_on_again() -> None:
    with loading():
        assert not gc.isenabled()
    assert gc.isenabled()
    with pytest.raises(ZeroDivisionError), loading():
        raise ZeroDivisionError
    assert gc.isenabled()


#: Libraries that take long to load and that a process needs for single requests alone.
HEAVY = {"polars", "boto3", "botocore", "stripe", "payjp", "payjpv2", "requests"}
#: The project's own modules grow with every feature; what the start loads of others is bounded.
OWN = {"domain", "runtime", "db", "providers", "analytics", "activities", "workflows", "workers", "api", "stack"}
#: Redis loads the metrics of OpenTelemetry where its SDK is installed, which are 60 of them.
MOST_OF_OTHERS = 1650


@pytest.mark.parametrize("module", ["api.main", "workers.main", "workers.outbox_relay"])
def test_start_of_a_process_loads_no_heavy_library(module: str) -> None:
    loaded = loaded_by(f"import {module}")
    assert not HEAVY & loaded
    assert len([name for name in loaded if name.startswith("holidays.countries.")]) <= 2
    assert len([name for name in loaded if name.split(".")[0] not in OWN]) < MOST_OF_OTHERS


def test_holidays_of_other_countries_can_be_loaded_afterwards() -> None:
    code = "import db.scheduling.public_holidays, holidays; holidays.country_holidays('DE', years=2026)"
    assert "holidays.countries.germany" in loaded_by(code)
