"""The deployment files agree with the code: nothing here starts a container, everything else is checked."""

import asyncio
import os
import re
import subprocess
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import yaml
from pydantic import SecretStr

from db.migrate import upgrade
from providers.payments.registry import LIMITS, payment_providers
from runtime.keyring import KeyRing
from runtime.roles import NEEDED_BY, ProcessRole
from runtime.settings import Environment, Settings, UnsafeSettings
from stack.binaries import postgres_folder
from stack.namespace import RETENTION
from stack.platform import WORKER_ROLES
from stack.servers.postgres import EXTENSIONS, SUPERUSER
from tests.support.cases import for_each
from tests.support.servers import asyncpg_url, run_bare_postgres

ROOT = Path(__file__).parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if service["image"].startswith("omotenashi:")}
ONE_SHOT = {"temporal-schema", "temporal-namespace", "migrate"}
LASTING = {name: service for name, service in SERVICES.items() if name not in ONE_SHOT}

_VARIABLE = re.compile(r"\$\{(\w+)(?:(:\?|:-)([^}]*))?\}")

#: Secrets of what a deployment may do without.
OPTIONAL = frozenset(
    {
        *("OMOTENASHI_PAYJP_API_KEY", "OMOTENASHI_PAYJP_WEBHOOK_TOKEN", "OMOTENASHI_PAYJP_PUBLIC_KEY"),
        *("OMOTENASHI_STRIPE_WEBHOOK_PREVIOUS_SECRET", "OMOTENASHI_PAYJP_WEBHOOK_PREVIOUS_TOKEN"),
        "OMOTENASHI_TEMPORAL_API_KEY",
        *("OMOTENASHI_TWILIO_AUTH_TOKEN", "OMOTENASHI_LINE_ACCESS_TOKEN", "OMOTENASHI_LINE_CHANNEL_SECRET"),
        *("OMOTENASHI_VAPID_PRIVATE_KEY", "OMOTENASHI_SMTP_PASSWORD"),
    }
)

#: What an operator would set; the shape that production settings ask for.
SECRETS = {
    "POSTGRES_PASSWORD": "superuser-password",
    "POSTGRES_OWNER_PASSWORD": "owner-password",
    "POSTGRES_APP_PASSWORD": "app-password",
    "POSTGRES_TEMPORAL_PASSWORD": "temporal-password",
    "REDIS_PASSWORD": "redis-password",
    "OMOTENASHI_PUBLIC_URL": "https://booking.example",
    "OMOTENASHI_JWT_KEY": "k" * 40,
    "OMOTENASHI_TEMPORAL_KEY": "t" * 40,
    "OMOTENASHI_STRIPE_API_KEY": "sk_live_x",
    "OMOTENASHI_STRIPE_PUBLIC_KEY": "pk_live_x",
    "OMOTENASHI_STRIPE_WEBHOOK_SECRET": "whsec_x",
    "OMOTENASHI_SENDGRID_API_KEY": "SG.x",
    "OMOTENASHI_SENDGRID_WEBHOOK_PUBLIC_KEY": "public",
    "OMOTENASHI_EMAIL_FROM": "no-reply@booking.example",
    "OMOTENASHI_SUPPORT_EMAIL": "support@booking.example",
    "OMOTENASHI_S3_PUBLIC_URL": "https://files.booking.example",
    "OMOTENASHI_S3_ACCESS_KEY": "access",
    "OMOTENASHI_S3_SECRET_KEY": "secret",
    "OMOTENASHI_TRUSTED_PROXIES": '["10.0.0.0/8"]',
    "OMOTENASHI_METRICS_TOKEN": "m" * 20,
}


def interpolate(value: str, variables: dict[str, str]) -> str:
    """As Compose does it: `${NAME:?message}`, `${NAME:-default}`, `$$`."""

    def replace(match: re.Match[str]) -> str:
        name, kind, rest = match.groups()
        if variables.get(name):
            return variables[name]
        if kind == ":?":
            raise KeyError(name)
        return rest or ""

    return _VARIABLE.sub(replace, value).replace("$$", "$")


#: Of PAY.JP all or nothing is set; a secret before only while one is exchanged; the owner's URL is a default.
NOT_DEMANDED = {
    *("payjp_api_key", "payjp_public_key", "payjp_webhook_token", "database_owner_url"),
    *("stripe_webhook_previous_secret", "payjp_webhook_previous_token", "temporal_api_key"),
    # A channel without keys is off.
    *("twilio_account_sid", "twilio_auth_token", "twilio_from", "vapid_private_key"),
    *("line_access_token", "line_channel_secret", "line_login_channel_id"),
    *("smtp_host", "smtp_username", "smtp_password"),
}


def role_of(service: str) -> ProcessRole:
    """The role that the process of a service reads its settings with."""
    return ProcessRole(OURS[service]["command"][-1])


def texts(value: Any) -> list[str]:
    """Every scalar in a structure."""
    match value:
        case dict():
            return [text for inner in value.values() for text in texts(inner)]
        case list():
            return [text for inner in value for text in texts(inner)]
        case _:
            return [str(value)]


def test_processes_have_their_service() -> None:
    commands = [tuple(service["command"]) for service in OURS.values()]
    wanted = [("api",), ("relay",), ("migrate",), *(("worker", "--role", role) for role in WORKER_ROLES)]
    assert sorted(commands) == sorted(wanted)


@pytest.mark.parametrize("name", OURS)
def test_environment_is_the_settings_class(name: str) -> None:
    fields = {f"OMOTENASHI_{field.upper()}" for field in Settings.model_fields}
    assert set(OURS[name]["environment"]) <= fields


@pytest.mark.parametrize(
    "missing", ["OMOTENASHI_PAYJP_API_KEY", "OMOTENASHI_PAYJP_PUBLIC_KEY", "OMOTENASHI_PAYJP_WEBHOOK_TOKEN"]
)
def test_production_takes_pay_jp_whole_or_not_at_all(missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    live = {
        "OMOTENASHI_PAYJP_API_KEY": "sk_live_y",
        "OMOTENASHI_PAYJP_PUBLIC_KEY": "pk_live_y",
        "OMOTENASHI_PAYJP_WEBHOOK_TOKEN": "whook_y",
    }
    for variable, value in OURS["api"]["environment"].items():
        monkeypatch.setenv(variable, interpolate(value, SECRETS))
    assert set(payment_providers(Settings(role=ProcessRole.API))) == {"stripe"}
    for variable, value in live.items():
        monkeypatch.setenv(variable, value)
    assert set(payment_providers(Settings(role=ProcessRole.API))) == set(LIMITS)
    monkeypatch.setenv(missing, "")
    if missing == "OMOTENASHI_PAYJP_API_KEY":
        assert set(payment_providers(Settings(role=ProcessRole.API))) == {"stripe"}
    else:
        with pytest.raises(UnsafeSettings, match=missing):
            Settings(role=ProcessRole.API)


@pytest.mark.parametrize("name", OURS)
def test_production_accepts_the_settings(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in [variable for variable in os.environ if variable.startswith("OMOTENASHI_")]:
        monkeypatch.delenv(variable)
    for variable, value in OURS[name]["environment"].items():
        monkeypatch.setenv(variable, interpolate(value, SECRETS))
    role = role_of(name)
    settings = Settings(role=role)
    assert settings.environment is Environment.PRODUCTION
    assert settings.cors_origins == ()
    for setting, needed_by in NEEDED_BY.items():
        variable = f"OMOTENASHI_{setting.upper()}"
        assert (variable in OURS[name]["environment"]) is (role in needed_by), f"{name}: {variable}"
        if role in needed_by and setting not in NOT_DEMANDED:
            kept = os.environ[variable]
            monkeypatch.delenv(variable)
            with pytest.raises(UnsafeSettings, match=variable):
                Settings(role=role)
            monkeypatch.setenv(variable, kept)


@pytest.mark.parametrize("name", OURS)
def test_processes_encrypt_payloads_with_one_key(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The migration too: workers read the inputs of the schedules that it writes."""
    for variable in [variable for variable in os.environ if variable.startswith("OMOTENASHI_")]:
        monkeypatch.delenv(variable)
    for variable, value in OURS[name]["environment"].items():
        monkeypatch.setenv(variable, interpolate(value, SECRETS))
    ring = KeyRing.of_payloads(Settings(role=role_of(name)))
    assert ring.keys == {"t1": SECRETS["OMOTENASHI_TEMPORAL_KEY"].encode()}


def test_secret_settings_say_who_needs_them() -> None:
    secret = {name for name, field in Settings.model_fields.items() if field.annotation is SecretStr}
    assert secret - set(NEEDED_BY) == {"database_url", "redis_url"}, "these two are for every process"


@pytest.mark.parametrize("written", ["none", "None", '["10.1.0.0/16"]'])
def test_production_wants_its_proxies_named_or_denied(written: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable, value in OURS["api"]["environment"].items():
        monkeypatch.setenv(variable, interpolate(value, SECRETS))
    monkeypatch.setenv("OMOTENASHI_TRUSTED_PROXIES", written)
    assert Settings(role=ProcessRole.API).trusted_proxies == (() if written.lower() == "none" else ("10.1.0.0/16",))
    monkeypatch.delenv("OMOTENASHI_TRUSTED_PROXIES")
    with pytest.raises(UnsafeSettings, match="OMOTENASHI_TRUSTED_PROXIES"):
        Settings(role=ProcessRole.API)


def test_owner_role_is_known_to_the_migration_alone() -> None:
    knowing = [name for name, service in OURS.items() if "OWNER_PASSWORD" in str(service)]
    assert knowing == ["migrate"]


def test_addresses_name_services_of_this_file() -> None:
    for name, service in OURS.items():
        for text in texts(service["environment"]):
            for host in re.findall(r"(?:@|://)(?:[^@/\s]*@)?([a-z][a-z-]+):\d+", interpolate(text, SECRETS)):
                assert host in SERVICES, f"{name}: {host}"


def test_secrets_have_no_value_in_the_file() -> None:
    for name, service in SERVICES.items():
        for key, value in (service.get("environment") or {}).items():
            if re.search(r"PASSWORD|PWD|SECRET|_KEY|AUTH|TOKEN", key):
                assert _VARIABLE.fullmatch(value), f"{name}: {key}"
                assert ":?" in value or key in OPTIONAL, f"{name}: {key} may be missing"
    whole = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    demanded = set(re.findall(r"\$\{(\w+):\?", whole))
    assert demanded == set(SECRETS)


@for_each("missing", SECRETS)
def test_missing_secret_stops_the_start_by_name(missing: str) -> None:
    given = {name: value for name, value in SECRETS.items() if name != missing}
    with pytest.raises(KeyError, match=missing):
        interpolate("\n".join(texts(SERVICES)), given)


@pytest.mark.parametrize("name", SERVICES)
def test_images_are_pinned_and_nobody_is_root(name: str) -> None:
    service = SERVICES[name]
    if name not in OURS:
        assert re.fullmatch(r"[\w./-]+:v?\d+\.\d+[\w.-]*", service["image"]), service["image"]
    uid, gid = service["user"].split(":")
    assert int(uid) > 0
    assert int(gid) > 0
    assert "no-new-privileges:true" in service["security_opt"]
    assert not service.get("privileged", False)


@pytest.mark.parametrize("name", LASTING)
def test_lasting_services_have_a_health_check_and_restart(name: str) -> None:
    assert LASTING[name]["restart"] == "unless-stopped"
    assert LASTING[name]["healthcheck"]["test"][0] in {"CMD", "CMD-SHELL"}


@pytest.mark.parametrize("name", sorted(ONE_SHOT))
def test_one_time_services_do_not_restart(name: str) -> None:
    assert SERVICES[name]["restart"] == "on-failure"
    waiting = [
        service["depends_on"][name]["condition"]
        for service in SERVICES.values()
        if name in service.get("depends_on", {})
    ]
    assert waiting
    assert set(waiting) == {"service_completed_successfully"}


def test_dependencies_exist_and_are_waited_for_by_a_condition_they_can_meet() -> None:
    for name, service in SERVICES.items():
        for needed, how in service.get("depends_on", {}).items():
            assert needed in SERVICES, f"{name}: {needed}"
            once = needed in ONE_SHOT
            assert how["condition"] == ("service_completed_successfully" if once else "service_healthy"), name


def test_servers_are_not_open_to_the_world() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert set(published) == {"api", "storage", "temporal-ui"}
    for name, ports in published.items():
        assert all(port.startswith("127.0.0.1:") for port in ports), name
    assert COMPOSE["networks"]["data"]["internal"] is True
    for name in ("postgres", "redis", "temporal"):
        assert SERVICES[name]["networks"] == ["data"]


def test_storage_is_reached_through_its_gateway_alone() -> None:
    """The filer behind it reads and deletes every file for everybody, the master drops a whole bucket."""
    flags = SERVICES["storage"]["command"]
    assert flags[0] == "server"  # `mini` has one address for all of its parts
    assert {"-ip.bind=127.0.0.1", "-ip=127.0.0.1", "-disableHttp", "-filer.disableHttp"} <= set(flags)
    assert [flag for flag in flags if "0.0.0.0" in flag] == ["-s3.ip.bind=0.0.0.0"]  # noqa: S104
    reached_by = {name for name, service in SERVICES.items() if "files" in service.get("networks", [])}
    assert reached_by == {"storage", "api", "worker-media", "worker-platform", "worker-analytics"}
    assert SERVICES["storage"]["networks"] == ["files", "published"]
    assert [name for name, service in SERVICES.items() if "published" in service.get("networks", [])] == ["storage"]


def test_address_of_a_proxy_on_the_same_host_is_fixed_and_documented() -> None:
    """It is not loopback. Unknown, the whole world would share the limits of one address."""
    [network] = COMPOSE["networks"]["outside"]["ipam"]["config"]
    first = next(ip_network(interpolate(network["subnet"], {})).hosts())
    assert f"{first}/32" in (ROOT / "docs/operations.md").read_text(encoding="utf-8")
    assert "outside" in SERVICES["api"]["networks"]


def test_volumes_and_configs_are_declared() -> None:
    for name, service in SERVICES.items():
        for volume in service.get("volumes", []):
            assert volume.split(":")[0] in COMPOSE["volumes"], name
        for config in service.get("configs", []):
            assert config["source"] in COMPOSE["configs"], name


def test_closed_workflows_are_kept_as_long_as_on_one_machine() -> None:
    hours = int(RETENTION.total_seconds() // 3600)
    assert f"--retention {hours}h" in SERVICES["temporal-namespace"]["command"][0]


def test_image_is_pinned_and_nobody_is_root_in_it() -> None:
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    bases = [line.split()[1] for line in lines if line.startswith("FROM ")]
    assert len(bases) == 2
    assert all(re.fullmatch(r"python:3\.11\.\d+-slim", base) for base in bases)
    users = [line.split()[1] for line in lines if line.startswith("USER ")]
    assert users == [OURS["api"]["user"]]
    assert any("uv sync --frozen --no-dev" in line for line in lines)


def test_build_context_holds_every_package_and_no_more() -> None:
    kept = {
        line[1:].strip()
        for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
        if line[:1] == "!"
    }
    packages = re.search(
        r"packages = \[([^\]]*)\]", (ROOT / "pyproject.toml").read_text(encoding="utf-8").split("wheel]")[1]
    )
    assert packages is not None
    wanted = set(re.findall(r'"(\w+)"', packages.group(1)))
    assert wanted <= kept
    assert kept - wanted <= {"pyproject.toml", "uv.lock", "README.md", "analytics"}


async def test_postgres_set_up_makes_what_the_migrations_need(tmp_path: Path) -> None:
    script = tmp_path / "roles.sh"
    script.write_text(COMPOSE["configs"]["postgres-roles"]["content"].replace("$$", "$"))
    async with run_bare_postgres() as server:
        result = await asyncio.to_thread(
            subprocess.run,
            ["bash", str(script)],
            env={
                "PATH": f"{postgres_folder() / 'bin'}:/usr/bin:/bin",
                "PGHOST": "127.0.0.1",
                "PGPORT": str(server.port),
                "POSTGRES_USER": SUPERUSER,
                "OWNER_PASSWORD": 'it\'s "quoted"',
                "APP_PASSWORD": "app",
                "TEMPORAL_PASSWORD": "temporal",
            },
            capture_output=True,
            text=True,
            check=False,
        )
        assert result.returncode == 0, result.stderr
        await upgrade(
            Settings(
                database_owner_url=SecretStr(asyncpg_url(server, "omotenashi_owner")),
                database_url=SecretStr(asyncpg_url(server, "omotenashi_app")),
            )
        )
        connection = await asyncpg.connect(server.url(SUPERUSER, "omotenashi"), ssl=False)
        try:
            installed = {row["extname"] for row in await connection.fetch("SELECT extname FROM pg_extension")}
            owners = await connection.fetch(
                "SELECT datname, pg_get_userbyid(datdba) AS owner FROM pg_database WHERE NOT datistemplate"
            )
            passwords = await connection.fetchval("SELECT count(*) FROM pg_authid WHERE rolpassword LIKE 'SCRAM%'")
        finally:
            await connection.close()
    assert set(EXTENSIONS) <= installed
    assert {row["datname"]: row["owner"] for row in owners} == {
        "postgres": SUPERUSER,
        "omotenashi": "omotenashi_owner",
        "temporal": "temporal",
        "temporal_visibility": "temporal",
    }
    assert passwords == 3


def test_media_worker_has_no_way_out_of_the_host() -> None:
    """Its decoder reads files that anybody uploads, and sends nothing to anybody."""
    assert SERVICES["worker-media"]["networks"]
    for name in SERVICES["worker-media"]["networks"]:
        assert COMPOSE["networks"][name] == {"internal": True}, name
