"""No secret reaches a log. Everything that a test makes the platform log is written as production writes it and
searched here; a test that logs a secret fails, and so does one whose processes wrote one into their files.

What a test plants and no pattern finds is in :data:`PLANTED`: add yours. What the API hands to a test's client and
a client sends to it, :func:`planting` finds for itself.
"""

import json
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import pytest

from api.access.guest_links import HEADER, MESSAGE_HEADER, WAITLIST_HEADER
from runtime.logging import QUIET, forward_to_logging
from runtime.settings import DEVELOPMENT_KEY, Environment, Settings

#: Passwords and keys of the tests' people and servers.
PLANTED = {"Sakura-2026", "Wrong-2026", DEVELOPMENT_KEY}

#: Fields of bodies that hold secrets without a shape of their own.
_FIELDS = frozenset(
    {"access_token", "refresh_token", "challenge_token", "token", "secret", "otpauth_uri", "recovery_codes", "link"}
)
#: Shorter than this is no secret, but a test's nonsense.
_SHORTEST = 8

SHAPES = {
    "JWT": re.compile(r"eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]{8,}"),
    "provider key": re.compile(r"\b(?:(?:sk|rk)_(?:test|live)_\w{4,}|whsec_\w{4,}|SG\.[\w.-]{4,})"),
    "client secret of a card payment": re.compile(r"\b(?:pi|seti)_\w+_secret_\w+"),
    "bearer token": re.compile(r"(?i)\bbearer [\w.+/~-]{12,}"),
    "password hash": re.compile(r"\$2[aby]\$\d\d\$[./\w]{20,}"),
    "card number": re.compile(r"\b4242[ -]?4242[ -]?4242[ -]?4242\b"),
    "password in a URL": re.compile(r"\w+://[^\s:/@]*:[^\s@/•]+@"),
    "key of an authenticator app": re.compile(r"otpauth://"),
    "signed link": re.compile(r"[?&](?:token|signature|X-Amz-Signature)=(?!•)[\w.-]{12,}"),
    "e-mail address of a person": re.compile(r"[\w.+-]+@example\.(?:jp|com)\b"),
}


def leaks_in(text: str) -> list[str]:
    """What the text gives away, without repeating it."""
    found = [f"planted secret ({secret[:2]}…)" for secret in PLANTED if secret in text]
    return found + [name for name, shape in SHAPES.items() if shape.search(text)]


async def planting(response: httpx.Response) -> None:
    """A hook of an ``httpx.AsyncClient``: plants what the request carried and what the answer gave."""
    for header in (HEADER, WAITLIST_HEADER, MESSAGE_HEADER):
        plant(response.request.headers.get(header))
    await response.aread()
    # A file that was sent as it was read, and what a redirection repeats, cannot be read again: neither holds a field.
    with suppress(httpx.RequestNotRead):
        if response.is_success:
            _plant_json(response.request.content)
    _plant_json(response.content)


def _plant_json(body: bytes) -> None:
    with suppress(ValueError):
        _plant_fields(json.loads(body))


def plant(*secrets: object) -> None:
    """From here to the end of the test, a log with one of these fails it."""
    PLANTED.update(one for one in secrets if isinstance(one, str) and len(one) >= _SHORTEST)


def _plant_fields(body: object) -> None:
    if isinstance(body, dict):
        for name, value in body.items():
            if name in _FIELDS:
                plant(*(value if isinstance(value, list) else [value]))
            else:
                _plant_fields(value)
    elif isinstance(body, list):
        for value in body:
            _plant_fields(value)


def check_files(folder: Path) -> None:
    """Raises AssertionError if a log file of a process gives something away, files that were put aside included."""
    for file in sorted({*folder.rglob("*.log"), *folder.rglob("*.log.[0-9]*"), *folder.rglob("*.out")}):
        text = file.read_text(encoding="utf-8", errors="replace")
        for line in text.splitlines():
            assert not leaks_in(line), f"{file.name} holds {leaks_in(line)}"


class _Watcher(logging.Handler):
    """Reads every record as production would write it."""

    def __init__(self) -> None:
        super().__init__()
        self.formatter = forward_to_logging(Settings(_env_file=None, environment=Environment.TEST), "test")
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        assert self.formatter is not None
        if record.levelno < QUIET.get(record.name, logging.NOTSET):
            return  # no process of ours writes it
        for leak in leaks_in(self.formatter.format(record)):
            self.found.append(f"{record.name}: {leak}")


_WATCHER = _Watcher()


@contextmanager
def watch(node: pytest.Item) -> Iterator[None]:
    """Every record of what runs inside; raises AssertionError at the end if one gave something away."""
    root = logging.getLogger()
    level, handlers, before, planted = root.level, root.handlers[:], _WATCHER.found, PLANTED.copy()
    _WATCHER.found = []
    root.setLevel(min(level, logging.INFO) if level else logging.INFO)
    root.addHandler(_WATCHER)
    try:
        yield
    finally:
        if _WATCHER not in handlers:
            root.removeHandler(_WATCHER)
        root.setLevel(level)
        found, _WATCHER.found = _WATCHER.found, before
        PLANTED.intersection_update(planted)  # whose they were is gone with the test
    assert not found, f"{node.name} logged secrets: {sorted(set(found))}"
