"""Making and retiring the keys that encrypt what Temporal stores. Every running process reads a change by itself."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from temporalio.service import RPCError

from domain.errors import Unavailable
from runtime.keyring import Keys, UnusableKeys, read_keys, write_keys
from runtime.settings import DEVELOPMENT_KEY, Settings
from runtime.temporal import connect
from stack.keys import DAYS

#: For processes on other machines, which see the new file a little later.
_DISTRIBUTION = timedelta(hours=1)


def describe(settings: Settings) -> str:
    """The ids, the newest last, with their age. Raises UnusableKeys."""
    keys, now = read_keys(_file(settings)), datetime.now(UTC)
    ages = {kid: (now - keys.made[kid]).days for kid in keys.keys}
    lines = [f"{kid}  {ages[kid]} days old  {'encrypts' if kid == keys.current else 'decrypts'}" for kid in keys.keys]
    if ages[keys.current] >= DAYS:
        lines.append("It is time for a new one: omotenashi keys rotate --payloads")
    return "\n".join(lines)


def rotate(settings: Settings) -> str:
    """Make a new key. The first time the file begins with the key of the settings, so that stored runs stay readable.
    Raises UnusableKeys."""
    path, now = _file(settings), datetime.now(UTC)
    keys = (read_keys(path) if path.exists() else _of_settings(settings, now)).rotated(now)
    write_keys(path, keys)
    return f"{keys.current} encrypts from now on"


async def retire(settings: Settings, kid: str) -> str:
    """Delete an earlier key, if no run that may have used it is stored any more. Raises UnusableKeys, and Unavailable
    while Temporal does not answer."""
    path = _file(settings)
    keys = read_keys(path)
    if kid not in keys.keys:
        raise UnusableKeys(f"{path} has no key {kid}")
    if kid == keys.current:
        raise UnusableKeys(f"{kid} encrypts: make a new one first")
    replaced_at = _replaced_at(keys, kid)
    count = await _runs_before(settings, replaced_at + _DISTRIBUTION)
    if count:
        raise UnusableKeys(f"{count} stored runs may need {kid}: they began before {replaced_at:%Y-%m-%d %H:%M} UTC")
    write_keys(path, keys.without(kid))
    return f"{kid} is retired"


def _replaced_at(keys: Keys, kid: str) -> datetime:
    kids = list(keys.keys)
    return keys.made[kids[kids.index(kid) + 1]]


async def _runs_before(settings: Settings, time: datetime) -> int:
    """How many runs Temporal stores, open or closed, that began before ``time``."""
    try:
        client = await connect(settings, process="keys")
        found = await client.count_workflows(f'StartTime < "{time.astimezone(UTC).isoformat()}"')
    except (RPCError, RuntimeError) as error:
        raise Unavailable({"service": "temporal"}) from error
    return found.count


def _file(settings: Settings) -> Path:
    if settings.temporal_keys_file is None:
        raise UnusableKeys("OMOTENASHI_TEMPORAL_KEYS_FILE says where the keys are; it is not set")
    return settings.temporal_keys_file


def _of_settings(settings: Settings, now: datetime) -> Keys:
    """The development key stays too: a machine's own runs need it."""
    kid = settings.temporal_key_id
    key = settings.temporal_key.get_secret_value()
    return Keys("", {}, {}) if key == DEVELOPMENT_KEY else Keys(kid, {kid: key.encode()}, {kid: now})
