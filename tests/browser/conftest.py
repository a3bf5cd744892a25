"""A running platform with its example businesses, and a real Chromium. `make browser-test` runs these tests."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, sync_playwright

from stack.environment import process_environment
from stack.folder import DataFolder
from tests.support.servers import fast_folder

#: Long, because the machine may be busy.
PATIENCE = 240.0


def chromium() -> str | None:
    """The browser: ``OMOTENASHI_CHROMIUM``, else the one on the PATH."""
    named = os.environ.get("OMOTENASHI_CHROMIUM")
    return named or shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.fixture(scope="session")
def site() -> Iterator[str]:
    """The address of a platform with its example data."""
    folder = Path(tempfile.mkdtemp(prefix="omotenashi browser ", dir=fast_folder()))
    folder.chmod(0o711)
    data = DataFolder.at(folder / "data")
    command = [sys.executable, "-m", "stack", "up", "--free-ports", "--data-dir", str(folder / "data")]
    with (folder / "up.out").open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, env=process_environment({}))
    try:
        deadline = time.monotonic() + PATIENCE
        while "Stop with Ctrl-C" not in (folder / "up.out").read_text():
            assert process.poll() is None, (folder / "up.out").read_text()
            assert time.monotonic() < deadline, (folder / "up.out").read_text()
            time.sleep(0.2)
        address = f"http://127.0.0.1:{data.remembered().ports['api']}"
        assert httpx.get(f"{address}/health/live").status_code == 200
        yield address
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Skips every test that needs it where there is no browser."""
    path = chromium()
    if path is None:
        pytest.skip("no chromium on the PATH: install it with the system's packages, or name it in OMOTENASHI_CHROMIUM")
    with sync_playwright() as playwright:
        # A page of another site may not ask this machine, which is where the platform runs here.
        local = "--disable-features=LocalNetworkAccessChecks"
        started = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", local])
        yield started
        started.close()
