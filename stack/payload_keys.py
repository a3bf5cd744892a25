"""Making and retiring the keys that encrypt what Temporal stores. Every running process reads a change by itself."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from temporalio.api.common.v1 import Payload
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from domain.errors import Unavailable
from runtime.keyring import Keys, UnusableKeys, read_keys, write_keys
from runtime.payload_codec import KEY_ID
from runtime.settings import DEVELOPMENT_KEY, Settings
from runtime.temporal import connect
from stack.keys import DAYS
from workers.schedules import SCHEDULES, write_schedules

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
    """Delete an earlier key, if no run that may have used it is stored any more. Schedules that still use it are
    written again with the current key; then it is refused until the runs that they began are gone. Raises UnusableKeys,
    and Unavailable while Temporal does not answer."""
    path = _file(settings)
    keys = read_keys(path)
    if kid not in keys.keys:
        raise UnusableKeys(f"{path} has no key {kid}")
    if kid == keys.current:
        raise UnusableKeys(f"{kid} encrypts: make a new one first")
    replaced_at = _replaced_at(keys, kid)
    try:
        client = await connect(settings, process="keys")
        if count := await _runs_before(client, replaced_at + _DISTRIBUTION):
            began = f"they began before {replaced_at:%Y-%m-%d %H:%M} UTC"
            raise UnusableKeys(f"{count} stored runs may need {kid}: {began}")
        if await _is_in_schedules(client, kid):
            await write_schedules(client)
            raise UnusableKeys(f"schedules used {kid}: they were written again; their runs may be stored still")
        if count := await _runs_of_schedules(client, kid):
            raise UnusableKeys(f"{count} stored runs need {kid}: schedules that used it began them")
    except (RPCError, RuntimeError) as error:
        raise Unavailable({"service": "temporal"}) from error
    write_keys(path, keys.without(kid))
    return f"{kid} is retired"


def _replaced_at(keys: Keys, kid: str) -> datetime:
    kids = list(keys.keys)
    return keys.made[kids[kids.index(kid) + 1]]


async def _runs_before(client: Client, time: datetime) -> int:
    """How many runs Temporal stores, open or closed, that began before ``time``."""
    found = await client.count_workflows(f'StartTime < "{time.astimezone(UTC).isoformat()}"')
    return found.count


async def _is_in_schedules(client: Client, kid: str) -> bool:
    """Whether a schedule's input is encrypted with the key. `migrate` writes all of them with the current one."""
    for each in SCHEDULES:
        try:
            found = await client.get_schedule_handle(each.id).describe()
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
            continue
        action = found.raw_description.schedule.action.start_workflow
        if _uses(action.input.payloads, kid):
            return True
    return False


async def _runs_of_schedules(client: Client, kid: str) -> int:
    """How many runs Temporal stores whose input a schedule gave, encrypted with the key: when such a run began
    is not enough to know. Some hundreds of calls."""
    count = 0
    async for run in client.list_workflows("TemporalScheduledById IS NOT NULL"):
        handle = client.get_workflow_handle(run.id, run_id=run.run_id)
        async for event in handle.fetch_history_events(page_size=1):
            count += _uses(event.workflow_execution_started_event_attributes.input.payloads, kid)
            break
    return count


def _uses(payloads: Iterable[Payload], kid: str) -> bool:
    return any(payload.metadata.get(KEY_ID) == kid.encode() for payload in payloads)


def _file(settings: Settings) -> Path:
    if settings.temporal_keys_file is None:
        raise UnusableKeys("OMOTENASHI_TEMPORAL_KEYS_FILE says where the keys are; it is not set")
    return settings.temporal_keys_file


def _of_settings(settings: Settings, now: datetime) -> Keys:
    """The development key stays too: a machine's own runs need it."""
    kid = settings.temporal_key_id
    key = settings.temporal_key.get_secret_value()
    return Keys("", {}, {}) if key == DEVELOPMENT_KEY else Keys(kid, {kid: key.encode()}, {kid: now})
