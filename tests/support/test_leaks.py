"""The search for secrets in logs can fail."""

import asyncio
import logging
import sys
from pathlib import Path

import httpx
import pytest
import structlog

from stack.processes import Program
from tests.support.leaks import PLANTED, check_files, leaks_in, planting, watch
from tests.support.servers import running

LEAKS = [
    *sorted(PLANTED),
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.abcdefghijklmnop",
    "sk_live_abcdef",
    "whsec_abcdef",
    "SG.abcdef.ghi",
    "pi_123_secret_456",
    "Authorization: Bearer abcdefghijklmnopq",
    "$2b$04$abcdefghijklmnopqrstuvwxyz./012345",
    "4242 4242 4242 4242",
    "postgresql://me:hidden@host/db",
    "otpauth://totp/x",
    "GET /guest?token=abcdefghijklmnop",
    "hanako@example.jp",
]


@pytest.mark.parametrize("secret", LEAKS)
def test_secret_is_found(secret: str) -> None:
    assert leaks_in(f"something with {secret} in it")


def test_harmless_line_is_no_leak() -> None:
    for line in ("request method=POST path=/api/v1/auth/login status=401", "postgresql+asyncpg://app@127.0.0.1/db"):
        assert not leaks_in(line)


def test_test_that_logs_a_password_fails(request: pytest.FixtureRequest) -> None:
    with pytest.raises(AssertionError, match="logged secrets"), watch(request.node):
        logging.getLogger("somewhere").info("trying %s", "Sakura-" + "2026")
    with pytest.raises(AssertionError, match="logged secrets"), watch(request.node):
        structlog.get_logger().warning("login failed", tried="Wrong-" + "2026")


def test_masked_secret_is_no_leak(request: pytest.FixtureRequest) -> None:
    with watch(request.node):
        structlog.get_logger().warning("login failed", password="Wrong-2026", by="hanako@example.jp")
        logging.getLogger("httpx").warning("sent Authorization: Bearer %s", "abcdefghijklmnopq")


def test_file_with_a_secret_is_found(tmp_path: Path) -> None:
    (tmp_path / "api.log").write_text("all is well\n")
    check_files(tmp_path)
    (tmp_path / "worker.log").write_text("trying Sakura-2026\n")
    with pytest.raises(AssertionError, match=r"worker\.log"):
        check_files(tmp_path)


async def test_tokens_of_answers_and_requests_are_planted(request: pytest.FixtureRequest) -> None:
    handed = {"data": {"refresh_token": "z-g3pdbbWq1x", "two": [{"recovery_codes": ["abcd-efgh-1", "abcd-efgh-2"]}]}}
    answer = httpx.MockTransport(lambda _: httpx.Response(200, json=handed))
    hooks = {"response": [planting]}

    async def log_secret(secret: str) -> None:
        async with httpx.AsyncClient(transport=answer, base_url="http://api.test", event_hooks=hooks) as http:
            with watch(request.node):
                await http.post("/", json={"token": "sent-by-a-client"}, headers={"X-Booking-Token": "k1.of-a-booking"})
                logging.getLogger("somewhere").info("the secret is %s.", secret)

    for secret in ("z-g3pdbbWq1x", "abcd-efgh-2", "k1.of-a-booking", "sent-by-a-client"):
        with pytest.raises(AssertionError, match="logged secrets"):
            await log_secret(secret)
    with watch(request.node):
        logging.getLogger("somewhere").info("a secret of another test: z-g3pdbbWq1x")


async def test_process_that_writes_a_secret_fails_who_started_it(tmp_path: Path) -> None:
    script = "import time; print('ready Wrong-' + '2026', flush=True); time.sleep(60)"
    program = Program("leaky", (sys.executable, "-c", script), {}, tmp_path)

    async def run_it() -> None:
        async with running(program, tmp_path), asyncio.timeout(30):
            while "ready" not in (tmp_path / "logs" / "leaky.log").read_text():  # noqa: ASYNC110 - nothing announces it
                await asyncio.sleep(0.02)

    with pytest.raises(AssertionError, match=r"leaky\.log"):
        await run_it()
