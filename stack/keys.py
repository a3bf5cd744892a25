"""Making and retiring signing keys. Every running process reads a change by itself."""

from datetime import UTC, datetime
from pathlib import Path

from api.v1.customers.notes.handlers import reseal_notes
from api.v1.identity.two_factor.handlers import SEALED_FOR, reseal
from db.engine.session import Scope, connect
from runtime.keyring import KeyRing, Keys, UnusableKeys, read_keys, write_keys
from runtime.sealing import Sealer
from runtime.settings import DEVELOPMENT_KEY, Settings

#: A key should be replaced this often; `describe` says when it is due.
DAYS = 90


def describe(settings: Settings) -> str:
    """The ids, the newest last, with their age. Raises UnusableKeys."""
    keys, now = read_keys(_file(settings)), datetime.now(UTC)
    ages = {kid: (now - keys.made[kid]).days for kid in keys.keys}
    lines = [f"{kid}  {ages[kid]} days old  {'signs' if kid == keys.current else 'verifies'}" for kid in keys.keys]
    if ages[keys.current] >= DAYS:
        lines.append("It is time for a new one: omotenashi keys rotate")
    return "\n".join(lines)


def rotate(settings: Settings) -> str:
    """Make a new key. The first time the file begins with the key of the settings, so that its tokens stay valid.
    Raises UnusableKeys."""
    path, now = _file(settings), datetime.now(UTC)
    keys = (read_keys(path) if path.exists() else _of_settings(settings, now)).rotated(now)
    write_keys(path, keys)
    return f"{keys.current} signs from now on"


async def retire(settings: Settings, kid: str) -> str:
    """Delete an earlier key, after its sealed secrets were sealed with the current one. Raises UnusableKeys."""
    path = _file(settings)
    keys = read_keys(path)
    if kid not in keys.keys:
        raise UnusableKeys(f"{path} has no key {kid}")
    if kid == keys.current:
        raise UnusableKeys(f"{kid} signs: make a new one first")
    count = await _reseal(settings, KeyRing(keys.current, keys.keys))
    write_keys(path, keys.without(kid))
    return f"{kid} is retired; {count} second factors were sealed again"


async def _reseal(settings: Settings, ring: KeyRing) -> int:
    database = connect(settings)
    try:
        async with database.unit_of_work(Scope.platform()) as work:
            rows = await work.identity.two_factor.list_with_other_keys(ring.current)
            for row in rows:
                await reseal(work, Sealer(ring, SEALED_FOR), row)
            await reseal_notes(work, ring)
            await work.payments.accounts.reseal(ring)
    finally:
        await database.close()
    return len(rows)


def _file(settings: Settings) -> Path:
    if settings.jwt_keys_file is None:
        raise UnusableKeys("OMOTENASHI_JWT_KEYS_FILE says where the keys are; it is not set")
    return settings.jwt_keys_file


def _of_settings(settings: Settings, now: datetime) -> Keys:
    key = settings.jwt_key.get_secret_value()
    if key == DEVELOPMENT_KEY:
        return Keys("", {}, {})
    kid = settings.jwt_key_id
    return Keys(kid, {kid: key.encode()}, {kid: now})
