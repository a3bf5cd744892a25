"""A stack of servers that the read-only tests share, and a folder for those that need their own."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stack.running import RunningUp, up
from tests.support.servers import fast_folder


@pytest.fixture
def place() -> Iterator[Path]:
    """A short-lived folder with a space in its name, outside pytest's own (see ``tests.support.servers``)."""
    folder = Path(tempfile.mkdtemp(prefix="omotenashi test ", dir=fast_folder()))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def stack() -> Iterator[RunningUp]:
    """Running servers; a test may kill a child, not stop the stack."""
    folder = Path(tempfile.mkdtemp(prefix="omotenashi test ", dir=fast_folder()))
    folder.chmod(0o711)
    with up(folder / "data") as running:
        yield running
        running.stop()
    shutil.rmtree(folder, ignore_errors=True)
