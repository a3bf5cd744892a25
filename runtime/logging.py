"""Logging of a process: structlog for our own events and the standard library's records alike, secrets masked.

Context that belongs to every line of a request or activity (``request_id``, ``user_id``, ``business_id``,
``workflow_id``) is bound with :func:`bound`.
"""

import functools
import logging
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson
import structlog
from pydantic import SecretStr
from structlog.typing import EventDict, Processor, WrappedLogger

from runtime import tracing
from runtime.settings import Settings

MASK = "•••"

#: A key is secret if one of its words is.
_SECRET_WORDS = frozenset(
    {
        *("password", "passwd", "passphrase", "secret", "token", "authorization", "cookie", "credential"),
        *("credentials", "signature", "card", "cvc", "cvv", "jwt", "otp", "dsn"),
    }
)
_SECRET_KEYS = frozenset({"api_key", "apikey", "jwt_key", "access_key", "secret_key", "private_key", "card_number"})
_WORDS = re.compile(r"[a-z0-9]+")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")

#: Patterns of secrets inside a text: provider keys, bearer tokens, JWTs, passwords in URLs, card numbers.
#: Every caller can write into the log, with the path of a request. So each pattern begins at the start of a word, or
#: consumes what it has matched: no character is examined more than a few times.
_SECRET_TEXTS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\b(sk|rk|pk|whsec|SG)([_.])[\w.\-]{6,}"), rf"\1\2{MASK}"),
    (re.compile(r"\b(pi|seti)_(\w+)_secret_\w+"), rf"\1_\2_secret_{MASK}"),
    (re.compile(r"\b((?i:bearer|basic))\s+[\w.\-+/=~]{6,}"), rf"\1 {MASK}"),
    (re.compile(r"\beyJ[\w\-]{5,}(?:\.[\w\-]*)*"), MASK),
    (re.compile(r"(?<!\w)(\w+://[^\s:/@]*):[^\s@/]+@"), rf"\1:{MASK}@"),
    (re.compile(r"\b(?:\d[ -]?){13,18}\d\b"), MASK),
    # An e-mail address is no secret, but personal data: ids are enough.
    (re.compile(r"(?<![\w.+\-])[\w.+\-]+@((?:[\w\-]+\.)+[A-Za-z]{2,})\b"), rf"{MASK}@\1"),
)

#: Matches wherever one of them does; nearly every text has none, so one search is enough.
_ANY_SECRET = re.compile("|".join(f"(?:{pattern.pattern})" for pattern, _ in _SECRET_TEXTS))

QUIET = {"httpx": logging.WARNING, "httpcore": logging.WARNING, "botocore": logging.WARNING, "stripe": logging.WARNING}


@functools.lru_cache(maxsize=4096)
def is_secret(key: str) -> bool:
    """Whether the value under this key must not be logged."""
    words = _WORDS.findall(_CAMEL.sub("_", key).lower())
    return (
        "_".join(words) in _SECRET_KEYS or "_".join(words[-2:]) in _SECRET_KEYS or not _SECRET_WORDS.isdisjoint(words)
    )


def mask_text(text: str) -> str:
    """The text without what looks like a secret."""
    if _ANY_SECRET.search(text) is None:
        return text
    for pattern, replacement in _SECRET_TEXTS:
        text = pattern.sub(replacement, text)
    return text


def masked(value: Any) -> Any:
    """A copy of a logged value without secrets, at any depth."""
    match value:
        case str():
            return mask_text(value)
        case SecretStr():
            return MASK
        case Mapping():
            return {key: MASK if is_secret(str(key)) else masked(inner) for key, inner in value.items()}
        case list() | tuple() | set() | frozenset():
            return [masked(inner) for inner in value]
        case BaseException():
            return mask_text(repr(value))
        case _:
            return value


def name_workflow(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """The structlog processor that adds the workflow to a line of ``workflow.logger``."""
    about: Mapping[str, Any] = getattr(event.get("_record"), "temporal_workflow", None) or {}
    for name in ("workflow_id", "workflow_type"):
        if name in about:
            event.setdefault(name, about[name])
    return event


def name_trace(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """The structlog processor that adds the id of the present trace, where traces are sent."""
    trace_id = tracing.trace_id()
    if trace_id is not None:
        event.setdefault("trace_id", trace_id)
    return event


def mask_secrets(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """The structlog processor that masks secrets; it is the last one before rendering."""
    for key, value in event.items():
        if key.startswith("_"):
            continue  # structlog's own
        event[key] = MASK if is_secret(key) else masked(value)
    return event


def configure(settings: Settings, process: str) -> None:
    """Set up logging of this process on standard error. Called once, by ``main``.

    Args:
        settings: level, and JSON or console.
        process: named in every line, for example ``api`` or ``worker-payments``.
    """

    _lines.process = process if settings.log_json else None
    handler = _lines.handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(forward_to_logging(settings, process))
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
        old.close()
    root.addHandler(handler)
    root.setLevel(settings.log_level.upper())
    for name, level in QUIET.items():
        logging.getLogger(name).setLevel(level)


def forward_to_logging(settings: Settings, process: str) -> logging.Formatter:
    """Send structlog's events through the standard library, and return the formatter of all records."""

    def name_process(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
        event.setdefault("process", process)
        return event

    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        name_workflow,
        name_trace,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        name_process,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    return _formatter(settings, shared)


def _formatter(settings: Settings, shared: list[Processor]) -> logging.Formatter:
    # The traceback is turned into text before masking: exceptions quote values.
    rendering: list[Processor] = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        mask_secrets,
    ]
    if settings.log_json:
        rendering.append(structlog.processors.JSONRenderer(ensure_ascii=False, default=str))
    else:
        # Its own traceback would show the variables of every function, passwords among them.
        plain = structlog.dev.plain_traceback
        rendering.append(structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=plain))
    return structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=rendering)


@dataclass
class _Lines:
    """Where :func:`log_line` writes. ``process`` is None while lines are not written as JSON."""

    process: str | None = None
    handler: logging.StreamHandler[Any] | None = None


_lines = _Lines()


def log_line(log: structlog.stdlib.BoundLogger, name: str, event: str, fields: Mapping[str, Any]) -> None:
    """An event of level info that every request writes. As JSON it looks as any other, but is built at once: the chain
    of processors of structlog and of the standard library takes longer than a short request.

    Args:
        log: writes it where lines are not JSON.
        name: name of the logger.
        event: what happened.
        fields: values that JSON has.
    """
    if _lines.process is None or _lines.handler is None:
        log.info(event, **fields)
        return
    if not logging.getLogger(name).isEnabledFor(logging.INFO):
        return
    line = {**structlog.contextvars.get_contextvars(), **fields}
    if tracing.is_on():
        line["trace_id"] = tracing.trace_id()
    line = {key: MASK if is_secret(key) else masked(value) for key, value in line.items()}
    line |= {"event": event, "level": "info", "logger": name, "process": _lines.process}
    line["timestamp"] = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    written = orjson.dumps(line, default=str)
    # One call: lines of several threads do not mix. Where the log cannot be written, the request goes on.
    with suppress(OSError, ValueError):
        _lines.handler.stream.write(written.decode() + "\n")
        _lines.handler.flush()


@contextmanager
def bound(**context: str) -> Iterator[None]:
    """Add context to every line logged inside, in this task and the tasks it starts."""
    with structlog.contextvars.bound_contextvars(**context):
        yield
