"""Who is believed about where a request comes from."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient
from pydantic import ValidationError
from structlog.testing import capture_logs

from api.app import create_app
from api.http.forwarded import TrustedProxies, parse_address
from db.engine.session import Database as Pool
from providers.cache.interface import Cache
from runtime.settings import Settings
from tests.api.conftest import PREFIX
from tests.support.data import rows
from tests.support.servers import Database

PROXIES = ("10.0.0.0/8", "fd00::/8")


def settled(peer: str, *forwarded: str, proxies: tuple[str, ...] = PROXIES) -> str:
    scope: dict[str, Any] = {
        "client": (peer, 1234),
        "headers": [(b"x-forwarded-for", value.encode()) for value in forwarded],
    }
    TrustedProxies(proxies).settle(scope)
    return str(scope["client"][0])


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        # Nobody in between: whatever the caller claims is its own invention.
        ("203.0.113.9", (), "203.0.113.9"),
        ("203.0.113.9", ("198.51.100.1",), "203.0.113.9"),
        # One proxy, two proxies.
        ("10.0.0.1", ("203.0.113.9",), "203.0.113.9"),
        ("10.0.0.1", ("203.0.113.9, 10.0.0.2",), "203.0.113.9"),
        # A forged start of the list stays hearsay, in one header or in two.
        ("10.0.0.1", ("198.51.100.1, 203.0.113.9",), "203.0.113.9"),
        ("10.0.0.1", ("198.51.100.1", "203.0.113.9"), "203.0.113.9"),
        ("10.0.0.1", ("10.9.9.9, 203.0.113.9, 10.0.0.2",), "203.0.113.9"),
        # Somebody inside asks through the proxy.
        ("10.0.0.1", ("10.0.0.7",), "10.0.0.7"),
        # What is no address ends the list.
        ("10.0.0.1", ("203.0.113.9, unknown",), "10.0.0.1"),
        ("10.0.0.1", ("203.0.113.9, evil', 10.0.0.2",), "10.0.0.2"),
        ("10.0.0.1", ("",), "10.0.0.1"),
        ("10.0.0.1", (" , ,",), "10.0.0.1"),
        # Ports, brackets, IPv4 mapped into IPv6.
        ("10.0.0.1", ("203.0.113.9:4711",), "203.0.113.9"),
        ("fd00::1", ("[2001:db8::9]:4711",), "2001:db8::9"),
        ("::ffff:10.0.0.1", ("::ffff:203.0.113.9",), "203.0.113.9"),
        ("::ffff:203.0.113.9", ("198.51.100.1",), "203.0.113.9"),
    ],
)
def test_client_is_the_first_from_the_right_that_is_no_proxy(
    peer: str, forwarded: tuple[str, ...], client: str
) -> None:
    assert settled(peer, *forwarded) == client


def test_forwarded_headers_are_ignored_without_the_setting() -> None:
    assert settled("10.0.0.1", "203.0.113.9", proxies=()) == "10.0.0.1"


def test_socket_without_an_address_is_left_as_it_is() -> None:
    scope: dict[str, Any] = {"client": None, "headers": []}
    TrustedProxies(PROXIES).settle(scope)
    assert scope["client"] is None
    assert settled("unix", "203.0.113.9") == "unix"


@pytest.mark.parametrize("written", ["", "x", "1.2.3", "1.2.3.4.5", "1.2.3.4/8", "١.2.3.4", "[", "1.2.3.4:80:90"])
def test_forwarded_value_that_is_no_address_is_ignored(written: str) -> None:
    assert parse_address(written) is None


@pytest.mark.parametrize("networks", [("0.0.0.0/0",), ("::/0",), ("10.0.0.0/33",), ("everybody",), ("10.0.0.1/8",)])
def test_setting_that_believes_everybody_stops_the_start(networks: tuple[str, ...]) -> None:
    with pytest.raises(ValidationError):
        Settings(_env_file=None, trusted_proxies=networks)


def test_forwarding_address_that_is_not_trusted_is_named_once() -> None:
    """The proxy of the compose file calls from a bridge: who names loopback alone has one limit for the whole world."""
    proxies = TrustedProxies(["127.0.0.1/32"])
    header = [(b"x-forwarded-for", b"203.0.113.9")]
    with capture_logs() as lines:
        for peer in ("172.30.14.1", "172.30.14.1", "127.0.0.1", "203.0.113.1"):
            proxies.settle({"client": (peer, 1), "headers": header})
        proxies.settle({"client": ("172.30.14.2", 1), "headers": []})
        for number in range(50):
            proxies.settle({"client": (f"172.30.15.{number}", 1), "headers": header})
    named = [line["peer"] for line in lines if line["event"] == "proxy_not_trusted"]
    assert (named[0], named.count("172.30.14.1"), len(named)) == ("172.30.14.1", 1, 20)
    assert "127.0.0.1" not in named


@pytest.fixture
async def behind_a_proxy(database: Database, pool: Pool, redis_cache: Cache) -> AsyncIterator[FastAPI]:
    app = create_app(database.settings(trusted_proxies=PROXIES), database=pool, cache=redis_cache, password_rounds=4)
    async with app.router.lifespan_context(app):
        yield app


async def test_audit_trail_names_the_client(behind_a_proxy: FastAPI, pool: Pool) -> None:
    for peer, expected in (("10.0.0.1", "203.0.113.9"), ("198.51.100.7", "198.51.100.7")):
        transport = ASGITransport(app=behind_a_proxy, client=(peer, 1))
        async with AsyncClient(transport=transport, base_url="http://api.test") as http:
            body = {
                "email": f"{peer}@b.example",
                "password": "Sakura-2026",
                "family_name": "山田",
                "given_name": "花子",
            }
            answer = await http.post(
                f"{PREFIX}/auth/register", json=body, headers={"X-Forwarded-For": "192.0.2.1, 203.0.113.9"}
            )
            assert answer.status_code == 201, answer.text
        found = await rows(
            pool, "SELECT host(ip) AS ip FROM audit_logs WHERE entity_id = :id", id=answer.json()["data"]["id"]
        )
        assert {row["ip"] for row in found} == {expected}
