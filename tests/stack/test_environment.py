"""The settings that a stack gives its processes."""

from pathlib import Path

import pytest

from runtime.settings import Environment, Settings
from stack.environment import process_environment, settings_environment
from stack.folder import DataFolder
from stack.platform import Platform
from stack.ports import DEFAULT_PORTS
from tests.stack.reports import SilentReporter


def test_variables_are_all_settings() -> None:
    names = {f"OMOTENASHI_{name.upper()}" for name in Settings.model_fields}
    assert set(settings_environment(DEFAULT_PORTS)) <= names


def test_addresses_of_the_settings_are_the_stacks_own(monkeypatch: pytest.MonkeyPatch) -> None:
    ports = {name: 20_000 + number for number, name in enumerate(DEFAULT_PORTS)}
    for name, value in settings_environment(ports).items():
        monkeypatch.setenv(name, value)
    settings = Settings()
    assert settings.environment is Environment.DEVELOPMENT
    for name in Settings.model_fields:
        # The metrics' address is where a process listens, which the stack does not ask for.
        if name.endswith(("_url", "_address")) and name != "temporal_metrics_address":
            value = getattr(settings, name)
            text = value.get_secret_value() if hasattr(value, "get_secret_value") else value
            assert "127.0.0.1:200" in text, name
    assert settings.api_port == ports["api"]


def test_stack_wins_over_the_callers_addresses_and_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMOTENASHI_STRIPE_API_KEY", "sk_live_real")
    monkeypatch.setenv("OMOTENASHI_LOG_LEVEL", "DEBUG")
    environment = process_environment(settings_environment(DEFAULT_PORTS))
    assert environment["OMOTENASHI_STRIPE_API_KEY"] == "sk_test_sandbox"
    assert environment["OMOTENASHI_LOG_LEVEL"] == "DEBUG"


def test_bytecode_goes_to_the_cache_where_it_may_not_lie_beside_the_sources(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.delenv("PYTHONPYCACHEPREFIX", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    environment = process_environment({})
    assert "PYTHONDONTWRITEBYTECODE" not in environment
    assert environment["PYTHONPYCACHEPREFIX"].startswith(str(tmp_path))


async def test_platform_says_the_settings_of_its_processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMOTENASHI_ENVIRONMENT")
    async with Platform(DataFolder.at(tmp_path / "data"), SilentReporter(), free_ports=True) as platform:
        settings = platform.settings()
        assert settings.api_port == platform.ports["api"]
        written = Settings(_env_file=platform.folder.environment_file)
        assert written == settings
