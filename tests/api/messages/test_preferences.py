"""Preferences by login and by link, one-click unsubscription, consents and their proof."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from api.access.guest_links import MESSAGE_HEADER
from api.http.envelope import Envelope
from api.v1.messages.preferences.schemas import PreferencesRead, RecipientPreferencesRead
from db.engine.session import Database as Pool
from domain.messages.consent import ConsentPurpose, ConsentSource
from domain.messages.kinds import NoticeKind
from domain.messages.permissions import LINK_LASTS
from domain.messages.preferences import SWITCHED
from tests.api.conftest import PREFIX, Clock, client_of, error_of, rules_of
from tests.api.messages.test_notifications import queued_notice
from tests.api.pages.visitor import Visitor
from tests.api.salon import StaffedSalon, counted, keyed
from tests.support import data

REMINDER = {"kind": "booking_reminder", "channel": "email", "position": None}
OFF, ON = {**REMINDER, "enabled": False}, {**REMINDER, "enabled": True}
FORM = {"Accept": "text/html", "Content-Type": "application/x-www-form-urlencoded"}


async def queued_for_guest(pool: Pool, salon: StaffedSalon, kind: NoticeKind = NoticeKind.BOOKING_REMINDER) -> str:
    """A message to a customer without a login."""
    customer = await data.add_customer(pool, salon.ids.business_id)
    start = salon.at(9 + (await counted(pool, "bookings"))["bookings"])
    booking = await data.add_booking(pool, salon.ids, start, user_id=None, customer_id=customer)
    async with pool.unit_of_work(salon.ids.scope) as work:
        made = await work.messages.notices.queue(kind, booking, salon.ids.business_id, f"{kind}:{booking}", {})
    return str(made)


def token_of(app: FastAPI, notice: str) -> str:
    token: str = app.state.services.message_links.token(UUID(notice))
    return token


@asynccontextmanager
async def reader(app: FastAPI, notice: str) -> AsyncIterator[AsyncClient]:
    """Somebody with the link of the message and without a login."""
    async with client_of(app, **{MESSAGE_HEADER: token_of(app, notice)}) as http:
        yield http


async def stored(pool: Pool) -> list[dict[str, Any]]:
    return await data.rows(
        pool,
        "SELECT user_id, customer_id, business_id, kind, enabled, source FROM notification_preferences ORDER BY id",
    )


async def test_preferences_of_a_login_are_what_it_chose(salon: StaffedSalon, pool: Pool) -> None:
    answer = await salon.customer.get("/notifications/preferences")
    Envelope[PreferencesRead].model_validate_json(answer.content, extra="forbid")
    assert {one["kind"]: one["enabled"] for one in answer.json()["data"]["choices"]} == {
        "booking_reminder": True,
        "review_requested": True,
        "review_replied": True,
        "review_posted": True,
    }
    changed = await salon.customer.put("/notifications/preferences", json={"choices": [OFF]})
    assert {**OFF, "business_id": None} in changed.json()["data"]["choices"]
    again = await salon.customer.put("/notifications/preferences", json={"choices": [OFF]})
    assert again.json() == changed.json()
    [row] = await stored(pool)
    assert (row["user_id"], row["business_id"], row["source"]) == (salon.customer.id, None, "login")
    others = await salon.other_owner.get("/notifications/preferences")
    assert {**ON, "business_id": None} in others.json()["data"]["choices"]


@pytest.mark.parametrize(
    ("choice", "wrong"),
    [
        ({**OFF, "kind": "booking_cancelled"}, ("choices.0.kind", "always_sent")),
        ({**OFF, "channel": "in_app"}, ("choices.0.channel", "always_shown")),
    ],
)
async def test_preferences_refuse_what_cannot_be_switched_off(
    salon: StaffedSalon, pool: Pool, choice: dict[str, Any], wrong: tuple[str, str]
) -> None:
    answer = await salon.customer.put("/notifications/preferences", json={"choices": [choice]})
    assert answer.status_code == 422
    assert rules_of(answer) == {wrong}
    assert await stored(pool) == []


async def test_link_opens_the_choices_of_its_recipient_alone(app: FastAPI, salon: StaffedSalon, pool: Pool) -> None:
    mine, other = await queued_for_guest(pool, salon), await queued_for_guest(pool, salon)
    async with reader(app, mine) as http:
        shown = await http.get(f"{PREFIX}/notifications/{mine}/preferences")
        Envelope[RecipientPreferencesRead].model_validate_json(shown.content, extra="forbid")
        choices = shown.json()["data"]["choices"]
        assert {one["kind"] for one in choices} == {"booking_reminder", "review_replied", "review_requested"}
        for path in ("preferences", "unsubscribe"):
            send = http.get if path == "preferences" else http.post
            assert error_of(await send(f"{PREFIX}/notifications/{other}/{path}"))[0] in {403, 404}
        assert error_of(await http.get(f"{PREFIX}/notifications/{other}"))[0] in {401, 404}
        changed = await http.put(f"{PREFIX}/notifications/{mine}/preferences", json={"choices": [OFF]})
    chosen = {one["kind"]: one["enabled"] for one in changed.json()["data"]["choices"]}
    assert chosen == {"booking_reminder": False, "review_replied": True, "review_requested": True}
    [row] = await stored(pool)
    assert (row["user_id"], row["business_id"], row["source"]) == (None, salon.ids.business_id, "link")
    assert row["customer_id"] is not None


async def test_link_of_a_booking_opens_no_choices(app: FastAPI, salon: StaffedSalon, pool: Pool) -> None:
    notice = await queued_for_guest(pool, salon)
    [row] = await data.rows(pool, "SELECT booking_id FROM notification_outbox")
    token = app.state.services.booking_links.token(row["booking_id"])
    async with client_of(app, **{MESSAGE_HEADER: token}) as http:
        assert error_of(await http.get(f"{PREFIX}/notifications/{notice}/preferences"))[0] == 401


async def test_link_ends_after_its_time(app: FastAPI, salon: StaffedSalon, pool: Pool, clock: Clock) -> None:
    notice = await queued_for_guest(pool, salon)
    async with reader(app, notice) as http:
        clock.ahead = LINK_LASTS - timedelta(minutes=1)
        assert (await http.get(f"{PREFIX}/notifications/{notice}/preferences")).status_code == 200
        clock.ahead = LINK_LASTS + timedelta(minutes=1)
        assert error_of(await http.get(f"{PREFIX}/notifications/{notice}/preferences"))[0] == 410


async def test_people_who_work_there_do_not_choose_for_a_customer(salon: StaffedSalon, pool: Pool) -> None:
    notice = await queued_notice(pool, salon, NoticeKind.BOOKING_REMINDER)
    body = {"choices": [OFF]}
    for person in (salon.owner, salon.staff, salon.assistant):
        answer = await person.put(f"/notifications/{notice}/preferences", json=body)
        assert error_of(answer) == (403, "forbidden")
    hidden = await salon.other_owner.put(f"/notifications/{notice}/preferences", json=body)
    assert error_of(hidden) == (404, "not_found")
    mine = await salon.customer.put(f"/notifications/{notice}/preferences", json=body)
    assert mine.status_code == 200
    [row] = await stored(pool)
    assert (row["user_id"], row["business_id"], row["source"]) == (salon.customer.id, salon.ids.business_id, "login")


_MULTIPART = (
    b'--xyz\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--xyz--\r\n',
    {"Content-Type": "multipart/form-data; boundary=xyz"},
)
_PLAIN = (b"List-Unsubscribe=One-Click", {"Content-Type": "application/x-www-form-urlencoded"})


@pytest.mark.parametrize(("body", "headers"), [_PLAIN, _MULTIPART])
async def test_unsubscribing_by_one_click_switches_this_kind_off_without_a_cookie(
    app: FastAPI, salon: StaffedSalon, pool: Pool, body: bytes, headers: dict[str, str]
) -> None:
    notice = await queued_for_guest(pool, salon)
    for _ in range(2):
        answer = await salon.nobody.post(f"/messages/{token_of(app, notice)}", content=body, headers=headers)
        assert answer.status_code == 200, answer.text
    rows = await stored(pool)
    assert {(row["kind"], row["enabled"], row["source"]) for row in rows} == {("booking_reminder", False, "one_click")}
    assert len(rows) == len(SWITCHED), "it does not come through another channel instead"


async def test_unsubscribing_from_a_message_that_is_always_sent_is_refused(
    app: FastAPI, salon: StaffedSalon, pool: Pool
) -> None:
    notice = await queued_for_guest(pool, salon, NoticeKind.BOOKING_CANCELLED)
    body, headers = _PLAIN
    answer = await salon.nobody.post(f"/messages/{token_of(app, notice)}", content=body, headers=headers)
    assert answer.status_code == 422
    assert await stored(pool) == []


async def test_opening_the_page_changes_nothing(app: FastAPI, salon: StaffedSalon, pool: Pool) -> None:
    notice = await queued_for_guest(pool, salon)
    page = await salon.nobody.get(f"/messages/{token_of(app, notice)}", headers={"Accept": "text/html"})
    assert page.status_code == 200
    assert "checked" in page.text
    assert await stored(pool) == []


async def test_page_saves_choices_and_consent(app: FastAPI, salon: StaffedSalon, pool: Pool) -> None:
    notice = await queued_for_guest(pool, salon)
    address = f"/messages/{token_of(app, notice)}"
    visitor = Visitor(salon.nobody)
    await visitor.open(address)
    page = await visitor.send(address, kind="review_replied:email", purpose="offers")
    assert "Your choices are saved" in page.text
    assert {row["kind"]: row["enabled"] for row in await stored(pool)} == {
        "booking_reminder": False,
        "review_replied": True,
        "review_requested": False,
    }
    [consent] = await data.rows(pool, "SELECT granted, source, wording, language, notice_id FROM consents")
    assert (consent["granted"], consent["source"], str(consent["notice_id"])) == (True, "link", notice)
    assert consent["wording"].endswith("may send me offers and invitations (advertising) by e-mail")
    await visitor.open(address)
    await visitor.send(address, purpose="offers")
    assert len(await data.rows(pool, "SELECT id FROM consents")) == 1, "the same answer is not written twice"
    await visitor.open(address)
    await visitor.send(address)
    answers = await data.rows(pool, "SELECT granted FROM consents ORDER BY id")
    assert [row["granted"] for row in answers] == [True, False]


async def test_page_takes_a_withdrawal_from_a_customer_who_was_deleted(
    app: FastAPI, salon: StaffedSalon, pool: Pool
) -> None:
    notice = await queued_for_guest(pool, salon)
    address = f"/messages/{token_of(app, notice)}"
    visitor = Visitor(salon.nobody)
    await visitor.open(address)
    await visitor.send(address, purpose="offers")
    await data.rows(pool, "UPDATE customers SET deleted_at = now() WHERE id IN (SELECT customer_id FROM consents)")
    await visitor.open(address)
    page = await visitor.send(address)
    assert "Your choices are saved" in page.text
    answers = await data.rows(pool, "SELECT granted FROM consents ORDER BY id")
    assert [row["granted"] for row in answers] == [True, False]


async def test_withdrawal_counts_for_every_record_with_the_address(
    app: FastAPI, salon: StaffedSalon, pool: Pool
) -> None:
    """Two records of one business, one of another: the law is about the address, the answer about the business."""
    notice = await queued_for_guest(pool, salon)
    [row] = await data.rows(
        pool,
        "SELECT c.id, c.email FROM notification_outbox n JOIN customers c ON c.id = n.customer_id WHERE n.id = :id",
        id=UUID(notice),
    )
    other = await data.add_salon(pool)
    twin = await data.add_customer(pool, salon.ids.business_id, email=str(row["email"]).upper())
    elsewhere = await data.add_customer(pool, other.business_id, email=row["email"])
    for customer in (row["id"], twin, elsewhere):
        scope = other.scope if customer == elsewhere else salon.ids.scope
        async with pool.unit_of_work(scope) as work:
            await work.messages.preferences.answer(
                customer, ConsentPurpose.OFFERS, True, "ja", ConsentSource.STAFF, actor_id=salon.ids.owner_id
            )
    visitor = Visitor(salon.nobody)
    await visitor.open(f"/messages/{token_of(app, notice)}")
    await visitor.send(f"/messages/{token_of(app, notice)}")
    answers = await data.rows(pool, "SELECT customer_id, granted FROM consents ORDER BY id")
    last = {one["customer_id"]: one["granted"] for one in answers}
    assert last == {row["id"]: False, twin: False, elsewhere: True}


async def test_page_refuses_a_form_from_elsewhere(app: FastAPI, salon: StaffedSalon, pool: Pool) -> None:
    notice = await queued_for_guest(pool, salon)
    answer = await salon.nobody.post(f"/messages/{token_of(app, notice)}", content=b"kind=x", headers=FORM)
    assert answer.status_code == 403
    assert await stored(pool) == []


async def test_page_of_a_link_that_is_not_ours_is_not_found(salon: StaffedSalon) -> None:
    for token in ("k1.AAAA", "x" * 90):
        page = await salon.nobody.get(f"/messages/{token}", headers={"Accept": "text/html"})
        assert page.status_code == 404


async def test_consents_are_recorded_by_staff_and_listed_with_their_proof(salon: StaffedSalon, pool: Pool) -> None:
    customer = str(await data.add_customer(pool, salon.ids.business_id))
    body = {"customer_id": customer, "purpose": "offers", "granted": True, "language": "ja"}
    made = await salon.staff.post("/notifications/consents", json=body, headers=keyed())
    assert made.status_code == 201, made.text
    assert made.json()["data"]["actor_id"] == str(salon.staff.id)
    assert "（広告）" in made.json()["data"]["wording"]
    withdrawn = await salon.staff.post("/notifications/consents", json={**body, "granted": False})
    listed = await salon.owner.get("/notifications/consents", params={"customer_id": customer})
    assert listed.json()["data"] == [withdrawn.json()["data"], made.json()["data"]]
    refused = await salon.other_owner.post("/notifications/consents", json=body)
    unknown = await salon.other_owner.post("/notifications/consents", json={**body, "customer_id": str(uuid4())})
    assert error_of(refused) == error_of(unknown) == (404, "not_found")
    assert error_of(await salon.assistant.post("/notifications/consents", json=body)) == (403, "forbidden")
