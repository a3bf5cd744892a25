"""What people type with a command is in Postgres alone: in no workflow's history and in no row of the outbox."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI
from google.protobuf.message import Message
from httpx import Response
from temporalio.api.common.v1 import Payload
from temporalio.client import Client

from db.engine.session import Database as Pool
from tests.api.bookings.test_commands import Live, command, error_of, eventually, live, opened_live, read, soon, stalled
from tests.api.conftest import Clock
from tests.api.salon import keyed
from tests.e2e.platform import running_platform
from tests.support import data, servers
from workflows.support import ids

__all__ = ["live", "stalled"]

MARKER = "zebra-with-a-broken-leg"

#: Where people type a text, and how it is known that Temporal does not see it.
TYPED = {
    **dict.fromkeys(
        (
            f"/bookings/{{booking_id}}/{name}"
            for name in ("cancel", "reschedule", "check-in", "undo", "complete", "no-show")
        ),
        "a command of this module",
    ),
    **dict.fromkeys(
        (f"/bookings/{{booking_id}}/{name}" for name in ("confirm", "decline")),
        "a command of this module",
    ),
    "/staff/assign-to-booking": "a command of this module",
    **dict.fromkeys(
        ("/staff/exceptions", "/staff/exceptions/{exception_id}", "/blocks", "/blocks/{block_id}"),
        "reasons of this module that take a booking its time",
    ),
    "/admin/businesses/{business_id}/reject": "tests/api/onboarding/test_typed_texts.py",
    "/admin/businesses/{business_id}/request-info": "tests/api/onboarding/test_typed_texts.py",
    "/admin/businesses/{business_id}/suspend": "written by the request itself, no command",
}


def payloads_in(message: Any) -> Iterator[Payload]:
    """Every payload of a message of Temporal, however deep."""
    if isinstance(message, Payload):
        yield message
    elif isinstance(message, Message):
        for _, value in message.ListFields():
            yield from payloads_in(value)
    elif isinstance(message, Mapping):
        for value in message.values():
            yield from payloads_in(value)
    elif isinstance(message, Iterable) and not isinstance(message, str | bytes):
        for value in message:
            yield from payloads_in(value)


async def everything_about(client: Client, *workflow_ids: str) -> bytes:
    """The histories of runs as the server stores them, and their payloads decrypted: encryption does not replace that
    texts stay out of them."""
    codec = client.data_converter.payload_codec
    found = b""
    for workflow_id in workflow_ids:
        async for event in client.get_workflow_handle(workflow_id).fetch_history_events():
            found += event.SerializeToString()
            if codec is not None:
                found += b"".join([plain.data for plain in await codec.decode(list(payloads_in(event)))])
    return found


async def assert_only_in_postgres(client: Client, pool: Pool, *workflow_ids: str) -> None:
    """Raises AssertionError if the marker is in a history or in the outbox, or is still waiting to be moved."""
    histories = await everything_about(client, *workflow_ids)
    assert b"actor_kind" in histories, "the commands are there and can be read"
    assert MARKER.encode() not in histories
    assert await data.rows(pool, f"SELECT 1 FROM outbox o WHERE o::text LIKE '%{MARKER}%'") == []
    assert await data.rows(pool, "SELECT command_id FROM command_texts") == []


async def history_of(live: Live, booking_id: str) -> list[tuple[str, str | None]]:
    rows = (await live.salon.owner.get(f"/bookings/{booking_id}/history")).json()["data"]
    return [(row["event"], row["reason"]) for row in rows if row["reason"]]


async def test_texts_of_a_visit(live: Live, clock: Clock) -> None:
    salon = live.salon
    setting = "UPDATE business_settings SET undo_within = interval '10 minutes' WHERE business_id = :id"
    await data.rows(live.pool, setting, id=salon.ids.business_id)
    words = {"special_requests": MARKER}
    visit, missed, left = await live.book(soon(clock), **words), await live.book(), await live.book(salon.at(15))
    moved = {"start_at": salon.at(16).isoformat(), "reason": MARKER}
    steps: list[tuple[str, str, dict[str, Any]]] = [
        (visit, "check-in", {}),
        (visit, "undo", {}),
        (visit, "check-in", {}),
        (visit, "complete", {}),
        (left, "reschedule", moved),
        (left, "cancel", {}),
    ]
    for booking_id, name, body in steps:
        assert read(await command(salon.staff, booking_id, name, **{"reason": MARKER, **body}))
    await data.rows(
        live.pool,
        "UPDATE bookings SET start_at = now() - interval '2 hours', end_at = now() WHERE id = CAST(:id AS uuid)",
        id=missed,
    )
    for resource in salon.ids.resources:  # one of them serves already
        asked = {"booking_id": missed, "resource_id": str(resource), "reason": MARKER}
        await salon.owner.post("/staff/assign-to-booking", json=asked, headers=keyed())
    assert read(await command(salon.staff, missed, "no-show", reason=MARKER)).status == "no_show"
    assert await history_of(live, visit) == [
        ("checked_in", MARKER),
        ("undone", MARKER),
        ("checked_in", MARKER),
        ("completed", MARKER),
    ]
    assert await history_of(live, left) == [("rescheduled", MARKER), ("cancelled", MARKER)]
    assert ("no_show", MARKER) in await history_of(live, missed)
    await assert_only_in_postgres(live.client, live.pool, *(ids.booking(UUID(one)) for one in (visit, missed, left)))


async def test_texts_of_an_answer(database: servers.Database, pool: Pool, clock: Clock, temporal_server: str) -> None:
    kind = {"payment_mode": "at_venue", "approval_mode": "manual"}
    async with (
        opened_live(database, pool, clock, temporal_server, **kind) as live,
        running_platform(live.settings, live.client),
    ):
        salon, made = live.salon, {}
        for hour, name in ((10, "confirm"), (12, "decline")):
            wanted = salon.booking_body(salon.at(hour), special_requests=MARKER)
            taken: Response = await salon.customer.post("/bookings", json=wanted, headers=keyed())
            made[name] = taken.json()["data"]["id"]
            assert read(await command(salon.staff, made[name], name, reason=MARKER))
        assert await history_of(live, made["decline"]) == [("declined", MARKER)]
        await assert_only_in_postgres(live.client, pool, *(ids.booking(UUID(one)) for one in made.values()))


async def test_reasons_that_take_a_booking_its_time(live: Live) -> None:
    """A block or a day off starts a run for each booking that loses its time."""
    salon = live.salon
    blocked, moved, off, longer = [await live.book(salon.at(hour)) for hour in (10, 12, 15, 17)]
    confirmed = {"confirm": "true"}

    def hours(first: int, last: int) -> dict[str, str]:
        return {"starts_at": salon.at(first).isoformat(), "ends_at": salon.at(last).isoformat(), "reason": MARKER}

    business = {"business_id": str(salon.ids.business_id)}
    made = await salon.owner.post("/blocks", json={**business, **hours(10, 11)}, params=confirmed)
    assert made.status_code == 201, made.text
    path = f"/blocks/{made.json()['data']['id']}"
    changed = await salon.owner.put(path, json=hours(10, 13), params=confirmed)
    assert changed.status_code == 200, changed.text
    day = salon.at(10).date().isoformat()
    for resource in salon.ids.resources:
        away = {"resource_id": str(resource), "first_day": day, "last_day": day, "kind": "off", "reason": MARKER}
        part = {**away, "ranges": [{"opens": "15:00", "closes": "16:00"}]}
        leave = await salon.owner.post("/staff/exceptions", json=part, params=confirmed)
        assert leave.status_code == 201, leave.text
        path = f"/staff/exceptions/{leave.json()['data']['id']}"
        wider = {name: value for name, value in away.items() if name != "resource_id"}
        changed = await salon.owner.put(path, json=wider, params=confirmed)
        assert changed.status_code == 200, changed.text
    every = (blocked, moved, off, longer)

    async def is_under_way() -> bool:
        [row] = await data.rows(live.pool, "SELECT count(*) AS offered FROM reaccommodations")
        waiting = await data.rows(live.pool, "SELECT 1 FROM outbox WHERE command IS NOT NULL AND delivered_at IS NULL")
        return row["offered"] == len(every) and not waiting

    await eventually(is_under_way, seconds=60)
    runs = [ids.reaccommodation(UUID(one), 1) for one in every]
    histories = await everything_about(live.client, *runs)
    assert b"booking_id" in histories, "the runs are there and can be read"
    assert MARKER.encode() not in histories
    assert await data.rows(live.pool, f"SELECT 1 FROM outbox o WHERE o::text LIKE '%{MARKER}%'") == []


async def test_text_of_a_refused_command_is_deleted(live: Live) -> None:
    booking = await live.book()
    refused = await command(live.salon.staff, booking, "complete", reason=MARKER)
    assert error_of(refused) == (409, "wrong_state")
    assert await data.rows(live.pool, "SELECT 1 FROM command_texts") == []


async def test_text_waits_with_its_command(stalled: Live) -> None:
    """Nobody knows whether the command will be executed, so its text must be there when it is."""
    booking = await stalled.book()
    services = stalled.app.state.services
    short = stalled.settings.model_copy(update={"temporal_rpc_timeout": timedelta(milliseconds=800)})
    stalled.app.state.services = replace(services, settings=short)
    answer = await command(stalled.salon.customer, booking, "cancel", key="later", reason=MARKER)
    assert error_of(answer) == (503, "unavailable")
    stalled.app.state.services = services
    assert await data.rows(stalled.pool, "SELECT body FROM command_texts") == [{"body": MARKER}]
    async with running_platform(stalled.settings, stalled.client):
        assert read(await command(stalled.salon.customer, booking, "cancel", key="later", reason=MARKER))
    assert await history_of(stalled, booking) == [("cancelled", MARKER)]
    assert await data.rows(stalled.pool, "SELECT body FROM command_texts") == []


@pytest.mark.parametrize("field", ["reason"])
async def test_commands_with_a_text_are_all_in_this_module(app: FastAPI, field: str) -> None:
    document = app.openapi()

    def properties(schema: dict[str, Any]) -> dict[str, Any]:
        for branch in schema.get("anyOf", [schema]):
            name = branch.get("$ref", "").rpartition("/")[2]
            found: dict[str, Any] = document["components"]["schemas"].get(name, branch).get("properties", {})
            if found:
                return found
        return {}

    typed = set()
    for path, operations in document["paths"].items():
        for operation in operations.values():
            for content in operation.get("requestBody", {}).get("content", {}).values():
                schema = properties(content["schema"]).get(field, {})
                if any(kind.get("type") == "string" and "enum" not in kind for kind in schema.get("anyOf", [schema])):
                    typed.add(path.removeprefix("/api/v1"))
    assert typed == set(TYPED)
