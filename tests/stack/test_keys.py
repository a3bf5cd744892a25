"""Making and retiring keys while they are in use."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from pydantic import SecretStr
from temporalio.client import Client, ScheduleActionExecutionStartWorkflow, ScheduleHandle, WorkflowHandle

from api.access.tokens import Login, Tokens
from api.v1.customers.notes.handlers import SEALED_FOR as HEALTH_NOTES
from api.v1.identity.two_factor.handlers import SEALED_FOR
from db.customers.note_tables import CustomerNote
from db.engine.session import Scope
from domain.errors import Unauthenticated, Unavailable
from runtime.keyring import KeyRing, Keys, UnusableKeys, read_keys, write_keys
from runtime.payload_codec import KEY_ID
from runtime.sealing import Sealed, Sealer
from runtime.settings import Settings
from runtime.temporal import connect
from stack import payload_keys
from stack.keys import describe, retire, rotate
from tests.support import data
from tests.support.servers import Database
from workers.schedules import SCHEDULES, write_schedules

NOW = datetime(2026, 11, 21, 1, 30, tzinfo=UTC)
LOGIN = Login(UUID(int=1), False, UUID(int=2))


async def test_rotation_under_use(database: Database, tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    first = Keys.fresh(NOW)
    write_keys(path, first)
    settings = database.settings(jwt_keys_file=path)
    tokens = Tokens(KeyRing.of(settings), timedelta(minutes=15))
    old = tokens.issue(LOGIN, NOW)
    sealed = Sealer(tokens.ring, SEALED_FOR).seal(b"JBSW", LOGIN.user_id.bytes)
    async with data.opened(database) as pool:
        user_id = await data.add_user(pool, id=LOGIN.user_id)
        async with pool.unit_of_work(Scope.platform()) as work:
            await work.identity.two_factor.begin(user_id, sealed.blob, sealed.kid)
        salon = await data.add_salon(pool)
        health = Sealer(tokens.ring, HEALTH_NOTES).seal("そば".encode(), salon.business_id.bytes)
        about = {
            "customer_id": salon.customer_id,
            "kind": "allergy",
            "body_encrypted": health.blob,
            "key_id": health.kid,
        }
        note_id = await data.add(pool, CustomerNote, business_id=salon.business_id, **about)

        assert rotate(settings).endswith("signs from now on")
        new = tokens.issue(LOGIN, NOW)
        assert tokens.read(old, NOW) == tokens.read(new, NOW) == LOGIN
        assert old.split(".")[0] != new.split(".")[0]  # another kid

        with pytest.raises(UnusableKeys, match="make a new one first"):
            await retire(settings, tokens.ring.current)
        with pytest.raises(UnusableKeys, match="has no key"):
            await retire(settings, "k0")
        assert (await retire(settings, first.current)).endswith("1 second factors were sealed again")
        with pytest.raises(Unauthenticated):
            tokens.read(old, NOW)
        assert tokens.read(new, NOW) == LOGIN
        async with pool.unit_of_work(Scope.platform()) as work:
            row = await work.identity.two_factor.find(user_id)
        assert row is not None
        opened = Sealer(tokens.ring, SEALED_FOR).open(Sealed(row.key_id, row.totp_encrypted), user_id.bytes)
        assert opened == b"JBSW"
        async with pool.unit_of_work(salon.scope) as work:
            note = await work.customers.notes.get(note_id)
        assert note.key_id == tokens.ring.current
        assert note.body_encrypted is not None
        sealed = Sealed(note.key_id, note.body_encrypted)
        assert Sealer(tokens.ring, HEALTH_NOTES).open(sealed, salon.business_id.bytes).decode() == "そば"


def test_key_file_begins_with_the_key_of_the_settings(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    before = Settings(jwt_key=SecretStr("k" * 40), jwt_key_id="k7")
    token = Tokens(KeyRing.of(before), timedelta(minutes=15)).issue(LOGIN, NOW)
    after = Settings(jwt_key=SecretStr("k" * 40), jwt_key_id="k7", jwt_keys_file=path)
    rotate(after)
    assert Tokens(KeyRing.of(after), timedelta(minutes=15)).read(token, NOW) == LOGIN
    # The public development key is not worth keeping.
    other = tmp_path / "other.json"
    rotate(Settings(jwt_keys_file=other))
    assert len(read_keys(other).keys) == 1


def test_keys_command_says_what_the_keys_are(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    keys = Keys.fresh(datetime.now(UTC) - timedelta(days=91))
    write_keys(path, keys)
    said = describe(Settings(jwt_keys_file=path))
    assert f"{keys.current}  91 days old  signs" in said
    assert "keys rotate" in said
    rotate(Settings(jwt_keys_file=path))
    said = describe(Settings(jwt_keys_file=path))
    assert f"{keys.current}  91 days old  verifies" in said
    assert "It is time" not in said
    with pytest.raises(UnusableKeys, match="not set"):
        describe(Settings())


async def test_payload_key_is_kept_while_a_run_of_its_time_is_stored(temporal_server: str, tmp_path: Path) -> None:
    path = tmp_path / "payload-keys.json"
    first = Keys.fresh(NOW)
    write_keys(path, first)
    settings = Settings(temporal_keys_file=path, temporal_address=temporal_server)
    client = await connect(settings)
    run = await client.start_workflow("unknown", id=f"keys/{tmp_path.name}", task_queue="nobody")
    assert payload_keys.rotate(settings).endswith("encrypts from now on")
    assert "decrypts" in payload_keys.describe(settings)
    with pytest.raises(UnusableKeys, match="stored runs may need"):
        await payload_keys.retire(settings, first.current)
    with pytest.raises(UnusableKeys, match="make a new one first"):
        await payload_keys.retire(settings, read_keys(path).current)
    await run.terminate("the test is over")
    # As if the key had been replaced before anything was stored.
    long_ago = Keys.fresh(NOW - timedelta(days=9000)).rotated(NOW - timedelta(days=8000))
    write_keys(path, long_ago)
    assert await payload_keys.retire(settings, next(iter(long_ago.keys))) == f"{next(iter(long_ago.keys))} is retired"
    assert list(read_keys(path).keys) == [long_ago.current]


async def test_payload_key_is_kept_while_schedules_or_their_runs_use_it(temporal_server: str, tmp_path: Path) -> None:
    path = tmp_path / "payload-keys.json"
    # Replaced long before anything was stored: no other run needs them.
    first = Keys.fresh(NOW - timedelta(days=9000))
    write_keys(path, first)
    settings = Settings(temporal_keys_file=path, temporal_address=temporal_server)
    client = await connect(settings)
    await write_schedules(client)
    schedule = client.get_schedule_handle(SCHEDULES[0].id)
    try:
        run = await _begun(client, schedule)
        unused = first.rotated(NOW - timedelta(days=8500))
        keys = unused.rotated(NOW - timedelta(days=8000))
        write_keys(path, keys)
        with pytest.raises(UnusableKeys, match="they were written again"):
            await payload_keys.retire(settings, first.current)
        action = (await schedule.describe()).raw_description.schedule.action.start_workflow
        assert action.input.payloads[0].metadata[KEY_ID] == keys.current.encode()
        with pytest.raises(UnusableKeys, match="schedules that used it began them"):
            await payload_keys.retire(settings, first.current)
        assert await payload_keys.retire(settings, unused.current) == f"{unused.current} is retired"
        await run.terminate("the test is over")
    finally:
        for each in SCHEDULES:
            await client.get_schedule_handle(each.id).delete()
    assert list(read_keys(path).keys) == [first.current, keys.current]


async def _begun(client: Client, schedule: ScheduleHandle) -> WorkflowHandle[Any, Any]:
    """A run of the schedule, once Temporal lists it."""
    await schedule.trigger()
    async with asyncio.timeout(30):
        while True:
            actions = (await schedule.describe()).info.recent_actions
            for action in [one.action for one in actions]:
                assert isinstance(action, ScheduleActionExecutionStartWorkflow)
                listed = await client.count_workflows(f'WorkflowId = "{action.workflow_id}"')
                if listed.count:
                    return client.get_workflow_handle(action.workflow_id)
            await asyncio.sleep(0.05)


async def test_payload_key_is_kept_while_temporal_does_not_answer(tmp_path: Path) -> None:
    path = tmp_path / "payload-keys.json"
    first = Keys.fresh(NOW)
    write_keys(path, first.rotated(NOW))
    settings = Settings(temporal_keys_file=path, temporal_address="127.0.0.1:1")
    with pytest.raises(Unavailable):
        await payload_keys.retire(settings, first.current)
    assert first.current in read_keys(path).keys
