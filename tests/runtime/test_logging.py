"""What reaches the log, and what must not."""

import io
import json
import logging
import sys
import time
from collections.abc import Iterator

import pytest
import structlog
from pydantic import SecretStr

from runtime import tracing
from runtime.logging import MASK, bound, configure, is_secret, log_line, mask_text, masked
from runtime.settings import Environment, Settings


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """JSON lines of a process named ``test``; the test runner's own logging comes back afterwards."""
    root = logging.getLogger()
    handlers, level, configured = root.handlers[:], root.level, structlog.get_config()
    root.handlers = []
    output = io.StringIO()
    monkeypatch.setattr(sys, "stderr", output)
    configure(Settings(log_json=True, log_level="info"), "test")
    yield output
    root.handlers, root.level = handlers, level
    structlog.configure(**configured)


def _lines(log: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in log.getvalue().splitlines()]


def test_our_events_and_the_standard_librarys_have_one_shape(log: io.StringIO) -> None:
    structlog.get_logger("ours").info("held", seats=2)
    logging.getLogger("theirs").warning("slow %s", "query")
    ours, theirs = _lines(log)
    assert (ours["event"], ours["seats"], ours["level"], ours["logger"]) == ("held", 2, "info", "ours")
    assert (theirs["event"], theirs["level"], theirs["logger"]) == ("slow query", "warning", "theirs")
    assert ours["process"] == theirs["process"] == "test"
    assert str(ours["timestamp"]).endswith("Z")


def test_log_line_looks_like_any_other_and_has_no_secrets(log: io.StringIO) -> None:
    fields = {"method": "GET", "path": "/x/ai@example.com", "status": 200, "milliseconds": 0.4, "token": "abcdef"}
    ours = structlog.get_logger("ours")
    with bound(request_id="req_1", business_id="b1"):
        ours.info("request", **fields)
        log_line(ours, "ours", "request", fields)
    usual, quick = _lines(log)
    stamps = [line.pop("timestamp") for line in (usual, quick)]
    assert quick == usual
    assert (quick["path"], quick["token"]) == (f"/x/{MASK}@example.com", MASK)
    assert all(str(stamp).endswith("Z") and "T" in str(stamp) for stamp in stamps)


def test_lines_of_a_trace_have_its_id(log: io.StringIO) -> None:
    traces = Settings(environment=Environment.TEST, traces_endpoint="http://127.0.0.1:1/v1/traces", traces_share=0)
    ours = structlog.get_logger("ours")
    with tracing.running(traces, "test"), tracing.request("GET /", None):
        trace = tracing.trace_id()
        ours.info("held")
        log_line(ours, "ours", "request", {"status": 200})
        logging.getLogger("theirs").warning("slow")
    ours.info("held")
    log_line(ours, "ours", "request", {"status": 200})
    assert trace is not None
    assert [line.get("trace_id") for line in _lines(log)] == [trace, trace, trace, None, None]


def test_log_line_is_left_out_above_its_level(log: io.StringIO) -> None:
    logging.getLogger("quiet").setLevel(logging.WARNING)
    log_line(structlog.get_logger("quiet"), "quiet", "request", {"status": 200})
    assert _lines(log) == []


def test_context_is_bound_for_a_while_and_reaches_both(log: io.StringIO) -> None:
    with bound(request_id="req_1", business_id="b1"):
        structlog.get_logger().info("inside")
        logging.getLogger("theirs").info("inside")
    structlog.get_logger().info("outside")
    first, second, third = _lines(log)
    assert first["request_id"] == second["request_id"] == "req_1"
    assert "request_id" not in third


def test_line_of_a_workflow_says_whose_it_is(log: io.StringIO) -> None:
    about = {"workflow_id": "booking/b-1", "workflow_type": "booking", "attempt": 1}
    logging.getLogger("temporalio.workflow").warning("no word", extra={"temporal_workflow": about})
    logging.getLogger("theirs").warning("no word")
    ours, theirs = _lines(log)
    assert (ours["workflow_id"], ours["workflow_type"]) == ("booking/b-1", "booking")
    assert "workflow_id" not in theirs


@pytest.mark.parametrize(
    "key",
    [
        *("password", "new_password", "token", "accessToken", "Authorization", "client_secret", "stripe_api_key"),
        *("card", "card_number", "Set-Cookie", "jwt_key", "s3_secret_key", "webhookSignature", "credentials"),
    ],
)
def test_secret_keys(key: str) -> None:
    assert is_secret(key)


@pytest.mark.parametrize("key", ["key", "idempotency_key", "business_id", "discard", "event", "monkey", "tokyo"])
def test_log_keeps_other_keys(key: str) -> None:
    assert not is_secret(key)


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("using sk_live_51HxAbCdEf to pay", "51HxAbCdEf"),
        ("whsec_abcdef123456", "abcdef123456"),
        ("SG.abcdefgh.ijklmnop", "ijklmnop"),
        ("pi_123_secret_456", "456"),
        ("Authorization: Bearer abc.def-ghi", "abc.def-ghi"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln", "c2ln"),
        ("postgresql+asyncpg://app:hunter22@db:5432/x", "hunter22"),
        ("card 4242 4242 4242 4242 declined", "4242 4242"),
        ("4242424242424242", "42424242"),
        ("no such person: hana.ko+x@mail.b.example", "hana.ko"),
    ],
)
def test_secrets_inside_texts(text: str, secret: str) -> None:
    assert secret not in mask_text(text)
    assert MASK in mask_text(text)


@pytest.mark.parametrize(
    "text", ["booking 018f3c1e-7b6a-7cc0-9c5d-2f1a4b5c6d7e held", "5000 JPY at 2026-12-05T10:00:00Z", "app@127.0.0.1"]
)
def test_plain_texts_stay(text: str) -> None:
    assert mask_text(text) == text


@pytest.mark.parametrize(
    "piece",
    ["a", "a.", "-", "a@", "a@a.", "pi_", "eyJ", "-eyJ", "eyJ.", "a://", "://a:", "bearer ", "1-", "sk_", "card"],
)
def test_masking_is_fast_for_any_text(piece: str) -> None:
    """As long as a path may be. A pattern that looks again from every letter takes half a minute for these."""
    began = time.process_time()
    for text in (piece * (32_000 // len(piece)), "a@" + piece * (32_000 // len(piece))):
        mask_text(text)
    assert time.process_time() - began < 2


def test_masking_reaches_any_depth() -> None:
    value = {"data": [{"client_secret": "x", "amount": 5}, ("sk_test_abcdef",)], "key": SecretStr("hidden")}
    assert masked(value) == {"data": [{"client_secret": MASK, "amount": 5}, [f"sk_{MASK}"]], "key": MASK}


@pytest.mark.parametrize("log_json", [True, False])
def test_traceback_shows_no_variables(log: io.StringIO, log_json: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", log)
    configure(Settings(log_json=log_json, log_level="info"), "test")
    password = "-".join(("Momiji", "2026"))
    try:
        raise ValueError(len(password))
    except ValueError:
        structlog.get_logger("ours").exception("failed")
        logging.getLogger("theirs").exception("failed")
    assert log.getvalue().count("ValueError") >= 2
    assert password not in log.getvalue()


def test_traceback_is_masked_too(log: io.StringIO) -> None:
    try:
        raise ValueError("refused sk_live_51HxAbCdEf")
    except ValueError:
        logging.getLogger("theirs").exception("failed")
    (line,) = _lines(log)
    assert "ValueError" in str(line["exception"])
    assert "51HxAbCdEf" not in log.getvalue()
