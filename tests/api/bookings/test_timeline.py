"""The timeline of a booking over HTTP."""

import ast
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from api.v1.bookings.timeline.sentences import BOOKING, MONEY, sentence
from db.engine.session import Database as Pool
from domain.bookings.timeline import Source, TimelineEntry
from domain.payments.status import Movement, Phase
from domain.platform.actor import ActorKind
from tests.api.conftest import Clock, error_of
from tests.api.salon import StaffedSalon, keyed
from tests.support import data
from tests.support.desk import Desk


async def paid_and_cancelled(salon: StaffedSalon, pool: Pool, clock: Clock) -> str:
    """A booking with everything: paid, moved by staff, cancelled by its customer with a refund."""
    desk = Desk(pool, salon.ids)
    held = await salon.customer.post("/bookings", json=salon.booking_body(), headers=keyed())
    booking = UUID(held.json()["data"]["id"])
    payment = await data.add_payment(pool, salon.ids, booking, status="captured")
    await data.rows(
        pool,
        """INSERT INTO payment_transactions (business_id, payment_id, movement_id, movement, phase, amount, currency,
               provider_ref) VALUES (:b, :p, 'm1', 'capture', 'intended', 6600, 'JPY', 'ch_secret')""",
        b=salon.ids.business_id,
        p=payment,
    )
    await data.rows(
        pool,
        """INSERT INTO payment_webhooks (provider, event_id, event_type, payment_id, event, event_created_at)
           VALUES ('stripe', 'evt_1', 'payment_intent.succeeded', :p, '{}', now())""",
        p=payment,
    )
    now = clock.now()
    await desk.do("confirm", booking, now=now)
    user = salon.staff.id
    await desk.do("reschedule", booking, ActorKind.STAFF, now, start_at=salon.at(14), actor_id=user)
    await desk.do("cancel", booking, ActorKind.CUSTOMER, now)
    return str(booking)


async def read_timeline(person: Any, booking: str, language: str = "ja", **params: str) -> Any:
    asked = {"Accept-Language": language}
    return await person.get(f"/bookings/{booking}/timeline", params=params, headers=asked)


async def test_timeline_is_whole_for_staff_and_short_for_the_customer(
    salon: StaffedSalon, pool: Pool, clock: Clock
) -> None:
    booking = await paid_and_cancelled(salon, pool, clock)
    whole = (await read_timeline(salon.staff, booking)).json()["data"]["entries"]
    short = (await read_timeline(salon.customer, booking)).json()["data"]["entries"]
    events = [entry["event"] for entry in whole]
    assert [event for event in events if event in BOOKING] == ["held", "confirmed", "rescheduled", "cancelled"]
    assert "payment_intent.succeeded" in events
    assert {"capture.succeeded"} <= set(events)
    assert any(entry["reference"] == "ch_secret" for entry in whole)
    assert len(short) < len(whole)
    assert {entry["source"] for entry in short} <= {"booking", "money", "message"}
    assert all(entry["reference"] is None for entry in short)
    [moved] = [entry for entry in whole if entry["event"] == "rescheduled"]
    assert "山田" in moved["actor"]
    [moved] = [entry for entry in short if entry["event"] == "rescheduled"]
    assert moved["actor"] == "お店"
    assert [entry["at"] for entry in whole] == sorted(entry["at"] for entry in whole)


async def test_timeline_is_written_in_the_reader_s_language(salon: StaffedSalon, pool: Pool, clock: Clock) -> None:
    booking = await paid_and_cancelled(salon, pool, clock)
    english = await read_timeline(salon.customer, booking, "en")
    texts = [entry["text"] for entry in english.json()["data"]["entries"]]
    assert "¥6,600 were paid." in texts
    assert any(text.startswith("The time was changed from") for text in texts)
    japanese = [entry["text"] for entry in (await read_timeline(salon.customer, booking)).json()["data"]["entries"]]
    assert "6,600円をお支払いいただきました。" in japanese


async def test_timeline_is_a_document_with_the_agreed_terms(salon: StaffedSalon, pool: Pool, clock: Clock) -> None:
    booking = await paid_and_cancelled(salon, pool, clock)
    await data.rows(pool, "UPDATE bookings SET family_name = '<b>*x*' WHERE id = CAST(:id AS uuid)", id=booking)
    document = await read_timeline(salon.staff, booking, format="markdown")
    assert document.headers["content-type"].startswith("text/markdown")
    assert ".md" in document.headers["content-disposition"]
    for part in ("50 %", "no-show: 100 %", "6,600円", "ch\\_secret", "\\<b\\>\\*x\\*"):
        assert part in document.text, part
    mine = await read_timeline(salon.customer, booking, format="markdown")
    assert "ch\\_secret" not in mine.text
    assert "\\<b\\>" not in mine.text


async def test_timeline_of_another_tenant_is_not_found(salon: StaffedSalon, pool: Pool, clock: Clock) -> None:
    booking = await paid_and_cancelled(salon, pool, clock)
    assert error_of(await read_timeline(salon.other_owner, booking)) == (404, "not_found")
    assert (await salon.nobody.get(f"/api/v1/bookings/{booking}/timeline")).status_code in {401, 404}


async def test_provider_events_of_another_business_are_not_read(salon: StaffedSalon, pool: Pool, clock: Clock) -> None:
    booking = await paid_and_cancelled(salon, pool, clock)
    other = Desk(pool, salon.other)
    found = await other.within(lambda work: work.bookings.timeline.entries(UUID(booking)))
    assert found == []


def test_sentences_exist_for_every_event_of_a_booking_and_every_movement() -> None:
    for movement in Movement:
        for phase in (Phase.INTENDED, Phase.SUCCEEDED, Phase.FAILED):
            assert f"{movement}.{phase}" in MONEY
    written = set()
    for path in (Path(__file__).parents[3] / "db" / "bookings" / "commands").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "change_of":
                names = [one.value for one in ast.walk(node.args[1]) if isinstance(one, ast.Constant)]
                written |= {name for name in names if isinstance(name, str)}
    assert written - BOOKING.keys() == set()


def test_sentence_of_a_move_has_both_times() -> None:
    at = data.NOW
    moved = TimelineEntry(
        at,
        Source.BOOKING,
        "rescheduled",
        details={"old_start_at": at.isoformat(), "start_at": (at + timedelta(hours=2)).isoformat()},
    )
    for language in ("ja", "en"):
        assert "{" not in sentence(moved, "Asia/Tokyo", language)
        assert sentence(moved, "Asia/Tokyo", language).count(":") == 2
