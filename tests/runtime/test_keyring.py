"""Signing keys in a file: made, taken up while running, retired."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from domain.errors import Unauthenticated
from runtime.keyring import KeyRing, Keys, UnusableKeys, read_keys, write_keys
from runtime.links import Links, Purpose
from runtime.roles import ProcessRole
from runtime.sealing import Sealed, Sealer, Unsealable
from runtime.settings import DEVELOPMENT_KEY, Environment, Settings, UnsafeSettings

NOW = datetime(2026, 11, 21, 1, 30, tzinfo=UTC)
ID = UUID(int=7)
OWNER = UUID(int=1).bytes


def test_keyring_reads_what_was_written(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    keys = Keys.fresh(NOW).rotated(NOW + timedelta(days=90))
    write_keys(path, keys)
    assert read_keys(path) == keys
    assert path.stat().st_mode & 0o777 == 0o600
    assert len(keys.keys) == 2
    assert all(len(key) == 32 for key in keys.keys.values())
    assert list(tmp_path.iterdir()) == [path]


def test_running_ring_takes_up_a_new_key_and_lets_go_of_an_old_one(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    first = Keys.fresh(NOW)
    write_keys(path, first)
    ring = KeyRing.of(Settings(jwt_keys_file=path))
    old = ring.derived("x")
    second = first.rotated(NOW)
    write_keys(path, second)
    assert (ring.current, ring.oldest) == (second.current, first.current)
    assert ring.derived("x", first.current) == old != ring.derived("x")
    write_keys(path, second.without(first.current))
    assert list(ring.keys) == [second.current]
    with pytest.raises(KeyError):
        ring.derived("x", first.current)


@pytest.mark.parametrize("broken", ["", "{", "[]", '{"current": "a", "keys": []}'])
def test_broken_file_changes_nothing_and_starts_nothing(tmp_path: Path, broken: str) -> None:
    path = tmp_path / "keys.json"
    keys = Keys.fresh(NOW)
    write_keys(path, keys)
    ring = KeyRing.of(Settings(jwt_keys_file=path))
    path.write_text(broken)
    assert (ring.current, ring.keys) == (keys.current, keys.keys)
    with pytest.raises(UnusableKeys):
        KeyRing.of(Settings(jwt_keys_file=path))
    path.unlink()
    assert ring.current == keys.current
    write_keys(path, again := keys.rotated(NOW))
    assert ring.current == again.current


def test_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    write_keys(path, Keys.fresh(NOW))
    for mode in (0o640, 0o604):
        os.chmod(path, mode)
        with pytest.raises(UnusableKeys, match="chmod 600"):
            read_keys(path)


def test_weak_keys_and_the_public_one_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    write_keys(path, Keys("a", {"a": b"short"}, {"a": NOW}))
    with pytest.raises(UnusableKeys, match="32 bytes"):
        read_keys(path)
    public = Keys("a", {"a": DEVELOPMENT_KEY.encode()}, {"a": NOW}).rotated(NOW)
    write_keys(path, public)
    settings = Settings(jwt_keys_file=path)
    assert len(KeyRing.of(settings).keys) == 2
    with pytest.raises(UnsafeSettings, match="OMOTENASHI_JWT_KEYS_FILE"):
        KeyRing.of(settings.model_copy(update={"environment": Environment.PRODUCTION}))


def test_payloads_are_not_encrypted_with_the_public_key_in_production() -> None:
    settings = Settings(role=ProcessRole.MIGRATE)
    assert KeyRing.of_payloads(settings).current == "t1"
    production = settings.model_copy(update={"environment": Environment.PRODUCTION})
    with pytest.raises(UnsafeSettings, match="OMOTENASHI_TEMPORAL_KEY"):
        KeyRing.of_payloads(production)


@pytest.mark.parametrize("role", [ProcessRole.BOOKINGS, ProcessRole.RELAY, ProcessRole.MIGRATE])
def test_role_without_a_signing_key_signs_and_reads_no_link_in_production(role: ProcessRole) -> None:
    development = Settings(role=role)
    forged = Links(KeyRing.of(development)).issue(Purpose.BOOKING, ID, NOW)
    ring = KeyRing.of(development.model_copy(update={"environment": Environment.PRODUCTION}))
    assert dict(ring.keys) == {}
    with pytest.raises(KeyError):
        Links(ring).issue(Purpose.BOOKING, ID, NOW)
    with pytest.raises(Unauthenticated):
        Links(ring).read(Purpose.BOOKING, forged, NOW)


@pytest.mark.parametrize("role", [ProcessRole.API, ProcessRole.NOTICES, ProcessRole.ALL])
def test_role_that_signs_does_not_start_with_the_public_key_in_production(role: ProcessRole) -> None:
    settings = Settings(role=role).model_copy(update={"environment": Environment.PRODUCTION})
    with pytest.raises(UnsafeSettings, match="OMOTENASHI_JWT_KEY"):
        KeyRing.of(settings)


def test_key_that_signs_cannot_be_retired() -> None:
    keys = Keys.fresh(NOW)
    with pytest.raises(ValueError, match=keys.current):
        keys.without(keys.current)


def test_sealing() -> None:
    keys = {"k1": b"1" * 32, "k2": b"2" * 32}
    old = Sealer(KeyRing("k1", {"k1": keys["k1"]}), "x").seal(b"secret", OWNER)
    new = Sealer(KeyRing("k2", keys), "x")
    assert new.open(old, OWNER) == b"secret"
    again = new.seal(b"secret", OWNER)
    assert again.kid == "k2"
    assert again.blob != new.seal(b"secret", OWNER).blob
    for bad in (
        Sealed("k3", old.blob),
        Sealed("k2", old.blob),
        Sealed("k1", b""),
        Sealed("k1", old.blob[:-1]),
        Sealed("k1", bytes([old.blob[0] ^ 1]) + old.blob[1:]),
    ):
        with pytest.raises(Unsealable):
            new.open(bad, OWNER)
    with pytest.raises(Unsealable):
        new.open(old, UUID(int=2).bytes)
    with pytest.raises(Unsealable):
        Sealer(new.keys, "y").open(old, OWNER)
