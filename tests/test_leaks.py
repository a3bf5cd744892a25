"""The search for secrets in logs can fail."""

import logging
from pathlib import Path

import pytest
import structlog

from tests.leaks import PLANTED, check_files, leaks_in, watch

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
def test_a_secret_is_found(secret: str) -> None:
    assert leaks_in(f"something with {secret} in it")


def test_a_harmless_line_is_no_leak() -> None:
    for line in ("request method=POST path=/api/v1/auth/login status=401", "postgresql+asyncpg://app@127.0.0.1/db"):
        assert not leaks_in(line)


def test_a_test_that_logs_a_password_fails(request: pytest.FixtureRequest) -> None:
    with pytest.raises(AssertionError, match="logged secrets"), watch(request.node):
        logging.getLogger("somewhere").info("trying %s", "Sakura-" + "2026")
    with pytest.raises(AssertionError, match="logged secrets"), watch(request.node):
        structlog.get_logger().warning("login failed", tried="Wrong-" + "2026")


def test_what_production_masks_is_no_leak(request: pytest.FixtureRequest) -> None:
    with watch(request.node):
        structlog.get_logger().warning("login failed", password="Wrong-2026", by="hanako@example.jp")
        logging.getLogger("httpx").warning("sent Authorization: Bearer %s", "abcdefghijklmnopq")


def test_a_file_with_a_secret_is_found(tmp_path: Path) -> None:
    (tmp_path / "api.log").write_text("all is well\n")
    check_files(tmp_path)
    (tmp_path / "worker.log").write_text("trying Sakura-2026\n")
    with pytest.raises(AssertionError, match=r"worker\.log"):
        check_files(tmp_path)
