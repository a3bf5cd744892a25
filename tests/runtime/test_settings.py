"""What settings must say before a process starts."""

import subprocess
import sys

import pytest

from runtime.settings import Settings, UnsafeSettings, _is_public
from stack.environment import process_environment


def test_settings_are_refused_without_an_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMOTENASHI_ENVIRONMENT")
    with pytest.raises(UnsafeSettings, match="OMOTENASHI_ENVIRONMENT is missing: one of development, test, production"):
        Settings(_env_file=None)
    for environment in ("development", "test"):
        assert Settings(_env_file=None, environment=environment).environment == environment


@pytest.mark.parametrize("part", [("api",), ("worker", "--role", "payments"), ("relay",), ("migrate",), ("seed",)])
def test_parts_do_not_start_without_an_environment(part: tuple[str, ...], tmp_path: object) -> None:
    """They say so before they load their modules."""
    environment = {name: value for name, value in process_environment({}).items() if not name.startswith("OMOTENASHI_")}
    result = subprocess.run(
        [sys.executable, "-P", "-m", "stack", *part, "--data-dir", str(tmp_path)],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    assert result.returncode == 1
    assert "OMOTENASHI_ENVIRONMENT is missing" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://book.example.jp", True),
        ("https://book.example.jp:8443/app", True),
        ("http://book.example.jp", False),
        ("https://127.0.0.1:4000", False),
        ("https://[::1]", False),
        ("https://0.0.0.0", False),
        ("https://localhost", False),
        ("https://api.localhost", False),
        ("book.example.jp", False),
        ("", False),
    ],
)
def test_public_url_of_production(url: str, expected: bool) -> None:
    assert _is_public(url) is expected
    with pytest.raises(UnsafeSettings) as refused:
        Settings(_env_file=None, environment="production", public_url=url)
    assert ("OMOTENASHI_PUBLIC_URL" in str(refused.value)) is not expected


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"temporal_api_key": "key"}, "OMOTENASHI_TEMPORAL_API_KEY needs OMOTENASHI_TEMPORAL_TLS=true"),
        ({"temporal_tls_ca_file": "ca.pem"}, "OMOTENASHI_TEMPORAL_TLS_CA_FILE needs"),
        ({"temporal_tls_server_name": "temporal"}, "OMOTENASHI_TEMPORAL_TLS_SERVER_NAME needs"),
        (
            {"temporal_tls_cert_file": "a.pem", "temporal_tls_key_file": "b.pem"},
            "OMOTENASHI_TEMPORAL_TLS_CERT_FILE needs",
        ),
        ({"temporal_tls": "true", "temporal_tls_cert_file": "a.pem"}, "go together"),
        ({"temporal_tls": "true", "temporal_tls_key_file": "b.pem"}, "go together"),
    ],
)
def test_temporal_secrets_without_encryption_are_refused(settings: dict[str, str], expected: str) -> None:
    """A key that is sent in plain is a key that others have."""
    with pytest.raises(ValueError, match=expected):
        Settings(_env_file=None, environment="test", **settings)


def test_temporal_connection_is_plain_unless_a_setting_says_otherwise() -> None:
    settings = Settings(_env_file=None, environment="test", temporal_api_key="", temporal_tls="false")
    assert settings.temporal_tls is False
