"""Commands over HTTP through a real Temporal, real workers and a real relay."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio
from fastapi import FastAPI
from httpx import Response
from temporalio.client import Client, WorkflowExecutionStatus

from api.app import create_app
from api.http.envelope import Envelope
from api.v1.bookings.bookings.command_client import BookingCommands
from api.v1.bookings.bookings.schemas import BookingChangedRead
from db.engine.session import Database as Pool
from domain.errors import WrongState
from runtime.settings import Settings
from runtime.temporal import connect
from tests.api.conftest import PREFIX, Clock, Person, error_of
from tests.api.salon import WRITTEN, StaffedSalon, counted, keyed, staffed_salon
from tests.e2e.platform import end_all, running_platform, running_relay, running_workers
from tests.support import data, servers
from workflows.support import ids


@dataclass
class Live:
    """A salon whose API knows a Temporal."""

    salon: StaffedSalon
    app: FastAPI
    settings: Settings
    client: Client
    pool: Pool

    async def book(self, start_at: datetime | None = None, **more: Any) -> str:
        """Staff books for the customer: confirmed at once."""
        wanted = self.salon.booking_body(start_at, customer_id=str(self.salon.ids.customer_id), **more)
        answer = await self.salon.staff.post("/bookings", json=wanted, headers=keyed())
        assert answer.status_code == 201, answer.text
        return str(answer.json()["data"]["id"])

    async def status(self, booking_id: str) -> str:
        [row] = await data.rows(self.pool, "SELECT status FROM bookings WHERE id = CAST(:id AS uuid)", id=booking_id)
        return str(row["status"])


@asynccontextmanager
async def opened_live(
    database: servers.Database, pool: Pool, clock: Clock, address: str, **service: Any
) -> AsyncIterator[Live]:
    settings = database.settings(temporal_address=address, temporal_rpc_timeout=timedelta(seconds=10))
    client = await connect(settings, process="test")
    app = create_app(settings, database=pool, temporal=client, password_rounds=4, now=clock.now)
    async with app.router.lifespan_context(app), staffed_salon(app, pool, clock, **service) as salon:
        yield Live(salon, app, settings, client, pool)


@pytest_asyncio.fixture
async def live(database: servers.Database, pool: Pool, clock: Clock, temporal_server: str) -> AsyncIterator[Live]:
    """With workers and relay."""
    async with (
        opened_live(database, pool, clock, temporal_server) as opened,
        running_platform(opened.settings, opened.client),
    ):
        yield opened


@pytest_asyncio.fixture
async def stalled(database: servers.Database, pool: Pool, clock: Clock, temporal_server: str) -> AsyncIterator[Live]:
    """Temporal is there, but neither workers nor relay."""
    async with opened_live(database, pool, clock, temporal_server) as opened:
        await end_all(opened.client)
        yield opened
        await end_all(opened.client)


def soon(clock: Clock) -> datetime:
    """A start on the grid in half an hour at most: early enough to check in, late enough to book."""
    now = clock.now().replace(second=0, microsecond=0)
    return now + timedelta(minutes=30 - now.minute % 15)


async def command(person: Person, booking_id: str, name: str, key: str | None = None, **body: Any) -> Response:
    return await person.post(f"/bookings/{booking_id}/{name}", json=body, headers=keyed(key))


def read(answer: Response) -> BookingChangedRead:
    assert answer.status_code == 200, answer.text
    return Envelope[BookingChangedRead].model_validate_json(answer.content, extra="forbid").data


async def eventually(condition: Callable[[], Any], seconds: float = 10.0) -> None:
    async with asyncio.timeout(seconds):
        while not await condition():  # noqa: ASYNC110  (another process changes it)
            await asyncio.sleep(0.05)


async def test_visit_goes_from_check_in_to_completion(live: Live, clock: Clock) -> None:
    salon = live.salon
    booking = await live.book(soon(clock))
    assert error_of(await command(salon.staff, booking, "complete")) == (409, "wrong_state")
    assert error_of(await command(salon.customer, booking, "check-in")) == (403, "forbidden")
    assert error_of(await command(salon.staff, booking, "no-show")) == (422, "rule_broken")
    assert read(await command(salon.staff, booking, "check-in")).status == "checked_in"
    done = read(await command(salon.staff, booking, "complete", reason="全部終わりました"))
    assert done.status == "completed"
    assert error_of(await command(salon.owner, booking, "cancel")) == (409, "wrong_state")
    history = (await salon.owner.get(f"/bookings/{booking}/history")).json()["data"]
    assert [row["to_status"] for row in history] == ["pending", "confirmed", "checked_in", "completed"]
    assert history[-1]["actor_id"] == str(salon.staff.id)
    assert history[-1]["reason"] == "全部終わりました"


async def test_undo_of_a_step_of_staff_within_its_time(live: Live, clock: Clock) -> None:
    salon = live.salon
    setting = "UPDATE business_settings SET undo_within = interval '10 minutes' WHERE business_id = :id"
    await data.rows(live.pool, setting, id=salon.ids.business_id)
    booking = await live.book(soon(clock))
    assert error_of(await command(salon.staff, booking, "undo")) == (409, "wrong_state")
    checked = read(await command(salon.staff, booking, "check-in"))
    assert checked.undo_until is not None
    for person in (salon.customer, salon.assistant):
        assert error_of(await command(person, booking, "undo")) == (403, "forbidden")
    assert error_of(await command(salon.other_owner, booking, "undo")) == (404, "not_found")
    first = await command(salon.staff, booking, "undo", key="u-1", reason="別の方でした")
    assert (read(first).status, read(first).undo_until) == ("confirmed", None)
    assert (await command(salon.staff, booking, "undo", key="u-1", reason="別の方でした")).content == first.content
    assert error_of(await command(salon.staff, booking, "undo")) == (409, "wrong_state")
    history = (await salon.owner.get(f"/bookings/{booking}/history")).json()["data"]
    assert [row["event"] for row in history][-2:] == ["checked_in", "undone"]
    assert history[-1]["reason"] == "別の方でした"


async def test_same_key_gives_the_same_bytes_and_one_change(live: Live) -> None:
    booking = await live.book()
    first = await command(live.salon.customer, booking, "cancel", key="c-1", reason="風邪")
    again = await command(live.salon.customer, booking, "cancel", key="c-1", reason="風邪")
    assert read(first).status == "cancelled"
    assert again.content == first.content
    assert again.headers["idempotent-replayed"] == "true"
    other = await command(live.salon.customer, booking, "cancel", key="c-1", reason="別の理由")
    assert error_of(other) == (422, "idempotency_key_reused")
    over = await command(live.salon.customer, booking, "cancel", key="c-2")
    assert error_of(over) == (409, "wrong_state")
    assert over.json()["error"]["details"] == {"status": "cancelled", "wanted": "cancelled"}
    history = (await live.salon.owner.get(f"/bookings/{booking}/history")).json()["data"]
    assert [row["event"] for row in history].count("cancelled") == 1
    bare = await live.salon.customer.post(f"/bookings/{booking}/cancel")
    assert error_of(bare) == (422, "idempotency_key_required")


async def test_assistant_cancels_a_visit_of_their_own_as_a_customer(live: Live) -> None:
    """Not in the name of the business, which would cost nothing."""
    theirs = await live.book()
    assert error_of(await command(live.salon.assistant, theirs, "cancel")) == (403, "forbidden")
    own = await live.book(live.salon.at(12))
    await data.rows(
        live.pool,
        "UPDATE bookings SET user_id = :user WHERE id = CAST(:id AS uuid)",
        user=live.salon.assistant.id,
        id=own,
    )
    assert read(await command(live.salon.assistant, own, "cancel")).status == "cancelled"
    [row] = await data.rows(live.pool, "SELECT cancelled_by FROM bookings WHERE status = 'cancelled'")
    assert row == {"cancelled_by": "customer"}


async def test_twenty_duplicates_of_a_command_are_one_change(live: Live) -> None:
    booking = await live.book()
    answers = await asyncio.gather(*(command(live.salon.customer, booking, "cancel", key="c-20") for _ in range(20)))
    good = [answer for answer in answers if answer.status_code == 200]
    assert good
    assert len({answer.content for answer in good}) == 1
    assert {error_of(answer) for answer in answers if answer not in good} <= {(409, "request_in_progress")}
    history = (await live.salon.owner.get(f"/bookings/{booking}/history")).json()["data"]
    assert [row["event"] for row in history].count("cancelled") == 1


async def test_reschedule_answers_the_loser_with_free_times(live: Live) -> None:
    salon = live.salon
    booking = await live.book(salon.at(10), resource_ids=[str(salon.ids.resources[0])])
    for resource in salon.ids.resources:
        await live.book(salon.at(14), resource_ids=[str(resource)])
    taken = await command(salon.customer, booking, "reschedule", start_at=salon.at(14).isoformat())
    assert error_of(taken) == (409, "slot_taken")
    alternatives = taken.json()["error"]["details"]["alternatives"]
    assert len(alternatives) == 3
    past = await command(salon.customer, booking, "reschedule", start_at="2020-01-01T10:00:00+09:00")
    assert error_of(past) == (422, "outside_booking_window")
    moved = read(await command(salon.customer, booking, "reschedule", start_at=alternatives[0]))
    assert moved.start_at == datetime.fromisoformat(alternatives[0])
    assert (moved.version, moved.items[0].start_at) == (1, moved.start_at)
    again = await live.book(salon.at(10), resource_ids=[str(salon.ids.resources[0])])  # the old time is free
    assert again != booking


async def test_no_show_is_recorded_after_the_start(live: Live) -> None:
    booking = await live.book()
    await data.rows(live.pool, "UPDATE bookings SET start_at = now() - interval '2 hours', end_at = now()")
    assert read(await command(live.salon.staff, booking, "no-show", waive_penalty=True)).status == "no_show"


async def test_approval_by_the_business(
    database: servers.Database, pool: Pool, clock: Clock, temporal_server: str
) -> None:
    kind = {"payment_mode": "at_venue", "approval_mode": "manual"}
    async with (
        opened_live(database, pool, clock, temporal_server, **kind) as live,
        running_platform(live.settings, live.client),
    ):
        salon = live.salon
        made = [
            (await salon.customer.post("/bookings", json=salon.booking_body(salon.at(hour)), headers=keyed())).json()[
                "data"
            ]
            for hour in (10, 12)
        ]
        assert {one["status"] for one in made} == {"pending"}
        assert error_of(await command(salon.customer, made[0]["id"], "confirm")) == (403, "forbidden")
        assert read(await command(salon.staff, made[0]["id"], "confirm")).status == "confirmed"
        declined = read(await command(salon.staff, made[1]["id"], "decline", reason="満席のため"))
        assert declined.status == "declined"
        assert error_of(await command(salon.staff, made[1]["id"], "confirm")) == (409, "wrong_state")


async def test_command_before_the_relay_starts_the_run_itself(stalled: Live) -> None:
    """And the relay's start, when it comes, finds the booking's run there already."""
    booking = await stalled.book()
    async with running_workers(stalled.settings, stalled.client):
        assert read(await command(stalled.salon.customer, booking, "cancel")).status == "cancelled"
        handle = stalled.client.get_workflow_handle(ids.booking(booking))  # type: ignore[arg-type]
        first = (await handle.describe()).run_id
        async with running_relay(stalled.settings, stalled.client):

            async def delivered() -> bool:
                [row] = await data.rows(
                    stalled.pool,
                    "SELECT count(*) AS waiting FROM outbox WHERE command = 'booking.start' AND delivered_at IS NULL",
                )
                return bool(row["waiting"] == 0)

            await eventually(delivered)
        assert (await handle.describe()).run_id == first


async def test_booking_whose_run_was_ended_by_force_gets_a_new_one(live: Live) -> None:
    booking = await live.book()
    handle = live.client.get_workflow_handle(ids.booking(booking))  # type: ignore[arg-type]

    async def runs() -> bool:
        return bool(await data.rows(live.pool, "SELECT 1 FROM outbox WHERE delivered_at IS NOT NULL"))

    await eventually(runs)
    await handle.terminate("an operator")
    assert read(await command(live.salon.customer, booking, "cancel")).status == "cancelled"


async def test_answer_that_was_lost_is_found_after_the_run_is_over(live: Live) -> None:
    """The API died between the workflow and its own last transaction: the key is free again, the run is closed."""
    booking = await live.book()
    first = await command(live.salon.customer, booking, "cancel", key="lost")
    handle = live.client.get_workflow_handle(ids.booking(booking))  # type: ignore[arg-type]

    async def closed() -> bool:
        return (await handle.describe()).status is not WorkflowExecutionStatus.RUNNING

    await eventually(closed)
    await data.rows(live.pool, "DELETE FROM idempotency_keys WHERE key = 'lost'")
    again = await command(live.salon.customer, booking, "cancel", key="lost")
    assert again.content == first.content
    assert "idempotent-replayed" not in again.headers


async def test_command_that_was_executed_is_answered_when_the_run_refuses_its_repeat(
    live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker died after the commit; another event gave the run the new status before the repeat came."""
    booking = await live.book()
    first = read(await command(live.salon.customer, booking, "cancel", key="c-1"))
    await data.rows(live.pool, "DELETE FROM idempotency_keys")

    async def refused(*_: object) -> None:
        raise WrongState({"status": "cancelled", "wanted": "cancelled"})

    monkeypatch.setattr(BookingCommands, "send", refused)
    again = read(await command(live.salon.customer, booking, "cancel", key="c-1"))
    assert (again.status, again.penalty) == (first.status, first.penalty)
    assert error_of(await command(live.salon.customer, booking, "cancel", key="c-2")) == (409, "wrong_state")


async def test_command_without_workers_is_503_and_its_key_works_later(stalled: Live) -> None:
    booking = await stalled.book()
    salon = stalled.salon
    slow = stalled.settings.model_copy(update={"temporal_rpc_timeout": timedelta(milliseconds=800)})
    parts = stalled.app.state.services
    stalled.app.state.services = replace(parts, settings=slow)
    answer = await command(salon.customer, booking, "cancel", key="later")
    assert error_of(answer) == (503, "unavailable")
    assert int(answer.headers["retry-after"]) >= 1
    assert answer.json()["error"]["details"]["dependency"] == "temporal"
    assert (await salon.customer.get(f"/bookings/{booking}")).json()["data"]["status"] == "confirmed"
    stalled.app.state.services = parts
    async with running_workers(stalled.settings, stalled.client), running_relay(stalled.settings, stalled.client):
        again = read(await command(salon.customer, booking, "cancel", key="later"))
        assert again.status == "cancelled"
    history = (await salon.owner.get(f"/bookings/{booking}/history")).json()["data"]
    assert [row["event"] for row in history].count("cancelled") == 1


async def test_commands_work_again_after_temporal_was_away(
    database: servers.Database, pool: Pool, clock: Clock, temporal_server: str, app: FastAPI
) -> None:
    """``app`` knows a Temporal that is not there: reads and new bookings go on, commands wait."""
    async with staffed_salon(app, pool, clock) as salon:
        wanted = salon.booking_body(customer_id=str(salon.ids.customer_id))
        made = await salon.staff.post("/bookings", json=wanted, headers=keyed())
        assert made.status_code == 201, made.text
        booking = made.json()["data"]["id"]
        started = datetime.now(UTC)
        answer = await command(salon.customer, booking, "cancel", key="away")
        assert error_of(answer) == (503, "unavailable")
        assert "retry-after" in answer.headers
        assert datetime.now(UTC) - started < timedelta(seconds=8)
        assert (await salon.customer.get(f"/bookings/{booking}")).status_code == 200
        assert (await salon.customer.get("/bookings")).status_code == 200
        assert (await salon.nobody.get(f"{PREFIX}/bookings/{booking}")).status_code == 401
        assert (await counted(pool, *WRITTEN))["idempotency_keys"] == 1  # the booking's own: the command's is free

        settings = database.settings(temporal_address=temporal_server)
        client = await connect(settings, process="test")
        app.state.services = replace(app.state.services, temporal=client, settings=settings)
        async with running_platform(settings, client):
            assert read(await command(salon.customer, booking, "cancel", key="away")).status == "cancelled"


async def _cannot_keep(live: Live) -> str:
    """A booking tomorrow whose day the owner closes."""
    salon = live.salon
    booking_id = await live.book(salon.at(10))
    day = {"days": [{"day": str(salon.day.date()), "ranges": []}]}
    path = f"/owner/businesses/{salon.ids.business_id}/holidays"
    assert error_of(await salon.owner.put(path, json=day)) == (409, "would_break_bookings")
    closed = await salon.owner.put(path, json=day, params={"confirm": "true"})
    assert closed.status_code == 200, closed.text
    return booking_id


async def _decided(live: Live, booking_id: str) -> str:
    """How the run of the offer ends."""
    handle = live.client.get_workflow_handle(ids.reaccommodation(UUID(booking_id), 1), result_type=str)
    async with asyncio.timeout(20):
        return str(await handle.result())


async def test_accept_moves_a_stranded_booking_to_the_offered_time(live: Live) -> None:
    salon, booking_id = live.salon, await _cannot_keep(live)
    path = f"/bookings/{booking_id}/reaccommodation"
    offer = (await salon.customer.get(path)).json()["data"]
    assert (offer["status"], offer["reason"], len(offer["alternatives"])) == ("open", "holidays", 3)
    assert error_of(await salon.other_owner.get(path)) == (404, "not_found")
    asked = {"json": {"start_at": salon.at(10, days=1).isoformat()}, "headers": keyed()}
    moved = await salon.customer.post(f"{path}/accept", **asked)
    assert moved.status_code == 200, moved.text
    assert (await salon.customer.post(f"{path}/accept", **asked)).json() == moved.json()
    asked["headers"] = keyed()
    assert error_of(await salon.customer.post(f"{path}/accept", **asked)) == (409, "wrong_state")
    assert (await salon.customer.get(path)).json()["data"]["status"] == "moved"
    assert await _decided(live, booking_id) == "moved"


async def test_decline_of_an_offered_time_costs_nothing(live: Live) -> None:
    salon, booking_id = live.salon, await _cannot_keep(live)
    quote = (await salon.customer.post(f"/bookings/{booking_id}/cancellation-quote")).json()["data"]
    assert quote["penalty"]["amount"] == 0
    declined = await salon.customer.post(f"/bookings/{booking_id}/reaccommodation/decline", headers=keyed())
    assert declined.status_code == 200, declined.text
    assert await live.status(booking_id) == "cancelled"
    assert await _decided(live, booking_id) == "cancelled"
