"""The whole demo as a person runs it: every scene is an end-to-end test of its own."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from stack.demo.scenes import cancellation, cards, crash, crowd, expiry, late_money, opening, providers, review, visit
from stack.environment import process_environment
from tests.stack.running import wait_until_none

_TITLES = [
    *(opening.TITLE, review.TITLE, opening.LOOK),
    *(scene.TITLE for scene in (visit, expiry, cards, cancellation, providers, late_money, crash, crowd)),
]


@pytest.mark.chaos
def test_demo_plays_to_its_end_and_leaves_no_violation_and_no_process(place: Path) -> None:
    played = subprocess.run(
        [sys.executable, "-m", "stack", "demo", "--data-dir", str(place / "data")],
        capture_output=True,
        text=True,
        env=process_environment({}),
        timeout=280,
        check=False,
    )
    logs = "\n".join(f"--- {log.name}\n{log.read_text()[-2000:]}" for log in (place / "data" / "logs").glob("*.log"))
    assert played.returncode == 0, f"{played.stdout}\n{played.stderr}\n{logs}"
    titles = [line.partition("  ")[2] for line in played.stdout.splitlines() if line[:1].isdigit() and "  " in line]
    assert titles[: len(_TITLES)] == _TITLES
    assert "audit: 0 violations" in played.stdout
    assert "Temporal UI: http://127.0.0.1:" in played.stdout
    assert played.stderr == ""
    _assert_nobody_is_named(place / "data")
    assert wait_until_none(place) == []


#: What people of the demo typed, in the forms in which JSON may write it: names, a phone number, a note.
_TYPED = ("Yamada", "Hanako", "山田", visit.REQUEST, "03-5550-0123", "3-5550-0123")


def _assert_nobody_is_named(data: Path) -> None:
    """Neither Temporal nor Redis stores what people typed, and no log has it. Postgres does."""
    forms = {form for text in _TYPED for form in (text.encode(), json.dumps(text).strip('"').encode())}
    parts = {name: _bytes_below(data / name) for name in ("temporal", "redis", "logs")}
    # The runs are there, so the search would find a name.
    assert b"booking/" in parts["temporal"]
    assert b"binary/encrypted" in parts["temporal"]
    assert b'"booking_id"' not in parts["temporal"]
    assert parts["redis"]
    assert parts["logs"]
    assert any(form in _bytes_below(data / "postgres") for form in forms)
    found = {(name, form) for name, text in parts.items() for form in forms if form in text}
    assert found == set()


def _bytes_below(folder: Path) -> bytes:
    return b"\0".join(file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file())
