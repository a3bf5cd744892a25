"""A deferred module is loaded by its first use, and the API does not load what few requests need."""

import gc
import subprocess
import sys

import pytest

from runtime.starting import deferred, loading


def loaded_by(code: str) -> set[str]:
    """The names of the modules that a new process has loaded after ``code``."""
    script = f"{code}\nimport sys; print(*sys.modules, sep='\\n')"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
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


def test_api_does_not_load_polars_and_boto3() -> None:
    """Each takes a fifteenth of the whole, and a process that never reads figures or files never needs it."""
    assert not {"polars", "boto3", "botocore"} & loaded_by("import api.main")
