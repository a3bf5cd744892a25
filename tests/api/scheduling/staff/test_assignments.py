"""Inviting people, what they may from then on, and the end of it."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import FastAPI

from db.engine.session import Database as Pool
from runtime.links import Purpose
from tests.api.business_setup import OpenSalon, assign, create_business, open_salon, put_booking, rows
from tests.api.conftest import Clock, Login, Person, error_of, rules_of
from tests.api.salon import keyed
from tests.support.servers import Database

TOKYO = ZoneInfo("Asia/Tokyo")


def in_a_week(hour: int) -> datetime:
    day = datetime.now(TOKYO).date() + timedelta(days=7)
    return datetime(day.year, day.month, day.day, hour, tzinfo=TOKYO)


def of(salon: OpenSalon) -> dict[str, str]:
    return {"business_id": str(salon.id)}


async def invite(owner: Person, salon: OpenSalon, email: str, **more: Any) -> dict[str, Any]:
    body = {"business_id": str(salon.id), "email": email, "role": "staff", **more}
    answer = await owner.post("/staff/assignments", json=body)
    assert answer.status_code == 201, answer.text
    data: dict[str, Any] = answer.json()["data"]
    return data


def token_of(app: FastAPI, invitation: dict[str, Any]) -> dict[str, str]:
    until = datetime.fromisoformat(invitation["expires_at"])
    token: str = app.state.services.links.issue(Purpose.STAFF_INVITATION, UUID(invitation["id"]), until)
    return {"token": token}


async def join(app: FastAPI, owner: Person, salon: OpenSalon, person: Person, **more: Any) -> dict[str, Any]:
    invitation = await invite(owner, salon, person.email, **more)
    answer = await person.post("/staff/invitations/accept", json=token_of(app, invitation))
    assert answer.status_code == 201, answer.text
    data: dict[str, Any] = answer.json()["data"]
    return data


async def test_invited_person_who_accepts_works_there(
    app: FastAPI, owner: Person, customer: Person, pool: Pool, database: Database
) -> None:
    salon = await open_salon(pool, owner)
    assert error_of(await customer.get("/staff/exceptions", params=of(salon))) == (
        404,
        "not_found",
    )
    invitation = await invite(owner, salon, customer.email.upper(), resource_name={"ja": "美咲", "en": "Misaki"})
    promised = await rows(
        database,
        "SELECT kind, user_id, facts->>'invitation_id' AS id FROM notification_outbox WHERE business_id IS NOT NULL",
    )
    assert [tuple(row) for row in promised] == [("staff_invited", None, invitation["id"])]
    assert len((await owner.get("/staff/invitations", params=of(salon))).json()["data"]) == 1
    token = token_of(app, invitation)
    headers = keyed()
    accepted = await customer.post("/staff/invitations/accept", json=token, headers=headers)
    assert accepted.status_code == 201, accepted.text
    made = accepted.json()["data"]
    assert (made["role"], made["name"]["en"], made["user_id"]) == ("staff", "Misaki", str(customer.id))
    again = await customer.post("/staff/invitations/accept", json=token, headers=headers)
    assert again.json()["data"]["id"] == made["id"]
    assert (await customer.get("/staff/exceptions", params=of(salon))).status_code == 200
    assert error_of(await customer.post("/staff/invitations/accept", json=token)) == (410, "gone")
    listed = (await owner.get("/staff/assignments", params=of(salon))).json()["data"]
    assert [one["id"] for one in listed] == [made["id"]]
    assert (await owner.get("/staff/invitations", params=of(salon))).json()["data"] == []


async def test_invitation_is_for_one_address_and_seven_days(
    app: FastAPI, owner: Person, customer: Person, log_in: Login, pool: Pool, clock: Clock
) -> None:
    salon = await open_salon(pool, owner)
    invitation = await invite(owner, salon, customer.email)
    token = token_of(app, invitation)
    other = await log_in()
    assert error_of(await other.post("/staff/invitations/accept", json=token)) == (403, "forbidden")
    assert error_of(await other.post("/staff/invitations/accept", json={"token": "x.y"})) == (401, "unauthenticated")
    twice = {"business_id": str(salon.id), "email": customer.email, "role": "manager"}
    assert error_of(await owner.post("/staff/assignments", json=twice)) == (409, "already_exists")
    clock.ahead = timedelta(days=7, seconds=1)
    assert app.state.services.now() > datetime.fromisoformat(invitation["expires_at"])


async def test_invitation_needs_an_approved_business_with_a_proven_owner(
    app: FastAPI, owner: Person, customer: Person, pool: Pool, database: Database
) -> None:
    draft = (await create_business(owner, name={"ja": "下書き"}))["id"]
    body = {"business_id": draft, "email": customer.email, "role": "staff"}
    answer = await owner.post("/staff/assignments", json=body)
    assert error_of(answer) == (409, "wrong_state")
    assert answer.json()["error"]["details"] == {"status": "draft", "wanted": "approved"}
    salon = await open_salon(pool, owner)
    invitation = await invite(owner, salon, customer.email)
    await rows(database, "UPDATE users SET email_verified_at = NULL WHERE id = $1 RETURNING id", owner.id)
    answers = [
        await owner.post("/staff/assignments", json={**body, "business_id": str(salon.id), "email": "b@example.jp"}),
        await owner.post(f"/staff/invitations/{invitation['id']}/resend"),
    ]
    for answer in answers:
        assert error_of(answer) == (409, "wrong_state")
        assert answer.json()["error"]["details"]["wanted"] == "email_verified"
    [queued] = await rows(database, "SELECT kind FROM notification_outbox WHERE kind = 'staff_invited'")
    assert queued["kind"] == "staff_invited"


async def test_invitation_can_be_sent_again_or_withdrawn(
    app: FastAPI, owner: Person, customer: Person, other_owner: Person, pool: Pool
) -> None:
    salon = await open_salon(pool, owner)
    invitation = await invite(owner, salon, customer.email)
    path = f"/staff/invitations/{invitation['id']}"
    assert error_of(await other_owner.post(f"{path}/resend")) == (404, "not_found")
    assert (await owner.post(f"{path}/resend")).json()["data"]["expires_at"] > invitation["expires_at"]
    assert (await owner.delete(path)).status_code == 200
    assert error_of(await customer.post("/staff/invitations/accept", json=token_of(app, invitation))) == (410, "gone")
    assert error_of(await owner.delete(path)) == (409, "wrong_state")
    await invite(owner, salon, customer.email)


async def test_invitation_is_refused_for_staff_and_for_a_linked_person(
    app: FastAPI, owner: Person, customer: Person, log_in: Login, pool: Pool
) -> None:
    salon = await open_salon(pool, owner)
    await join(app, owner, salon, customer, resource_id=str(salon.staff[0]))
    for email in (owner.email, customer.email):
        body = {"business_id": str(salon.id), "email": email, "role": "manager"}
        assert error_of(await owner.post("/staff/assignments", json=body)) == (409, "already_exists")
    for resource in (salon.staff[0], salon.room):
        body = {"business_id": str(salon.id), "email": "a@b.jp", "role": "staff", "resource_id": str(resource)}
        assert rules_of(await owner.post("/staff/assignments", json=body)) == {("resource_id", "unknown_or_taken")}
    body = {"business_id": str(salon.id), "email": "a@b.jp", "role": "owner"}
    assert rules_of(await owner.post("/staff/assignments", json=body)) == {("role", "enum")}


async def test_managers_manage_people_and_staff_do_not(
    app: FastAPI, owner: Person, customer: Person, log_in: Login, pool: Pool, database: Database
) -> None:
    salon = await open_salon(pool, owner)
    manager = await log_in()
    await assign(database, salon.id, manager, "manager")
    person = await join(app, manager, salon, customer, resource_id=str(salon.staff[0]))
    path = f"/staff/assignments/{person['id']}"
    assert error_of(await customer.get(path)) == (403, "forbidden")
    assert error_of(await customer.put(path, json={"role": "manager"})) == (403, "forbidden")
    assert (await manager.put(path, json={"role": "assistant"})).json()["data"]["role"] == "assistant"
    assert rules_of(await manager.put(path, json={"role": "owner"})) == {("role", "enum")}
    # In another business the same person may be something else.
    other = await open_salon(pool, manager)
    elsewhere = await join(app, manager, other, customer, role="manager")
    assert elsewhere["role"] == "manager"
    assert error_of(await owner.get(f"/staff/assignments/{elsewhere['id']}")) == (404, "not_found")


async def test_services_of_a_person(
    app: FastAPI, owner: Person, customer: Person, pool: Pool, database: Database
) -> None:
    salon = await open_salon(pool, owner)
    person = await join(app, owner, salon, customer, resource_name={"ja": "新人"})
    path = f"/staff/assignments/{person['id']}"
    assert person["service_ids"] == []
    changed = await owner.put(path, json={"service_ids": [str(salon.service)], "name": {"ja": "健太"}})
    assert changed.json()["data"]["service_ids"] == [str(salon.service)]
    assert changed.json()["data"]["name"]["ja"] == "健太"
    asked = "SELECT requirement_group FROM service_resources WHERE resource_id = $1"
    groups = await rows(database, asked, UUID(person["resource_id"]))
    assert [row[0] for row in groups] == [0]  # beside the others of the staff, not beside the room
    other = await open_salon(pool, customer)
    assert rules_of(await owner.put(path, json={"service_ids": [str(other.service)]})) == {
        ("service_ids", "unknown_service")
    }
    assert (await owner.put(path, json={"service_ids": []})).json()["data"]["service_ids"] == []


async def test_end_lists_the_bookings_and_hands_them_over(
    app: FastAPI, owner: Person, customer: Person, pool: Pool, database: Database
) -> None:
    salon = await open_salon(pool, owner)
    person = await join(app, owner, salon, customer, resource_id=str(salon.staff[0]))
    booking = await put_booking(database, salon, in_a_week(10))
    await rows(database, "UPDATE bookings SET preferred_resource_ids = $1", [salon.staff[0]])
    path = f"/staff/assignments/{person['id']}/terminate"
    refused = await owner.delete(path)
    assert error_of(refused) == (409, "would_break_bookings")
    assert [one["id"] for one in refused.json()["error"]["details"]["bookings"]] == [str(booking)]
    assert (await customer.get("/staff/exceptions", params=of(salon))).status_code == 200

    assert (await owner.delete(path, params={"confirm": "true"})).json()["data"]["ended_at"] is not None
    assert error_of(await customer.get("/staff/exceptions", params=of(salon))) == (
        404,
        "not_found",
    )
    live = "SELECT resource_id FROM resource_claims WHERE booking_id = $1 AND released_at IS NULL"
    assert {row[0] for row in await rows(database, live, booking)} == {salon.staff[1], salon.room}
    notices = await rows(
        database,
        "SELECT kind FROM notification_outbox WHERE business_id IS NOT NULL AND kind <> 'staff_invited' ORDER BY kind",
    )
    assert [row[0] for row in notices] == ["booking_reassigned", "staff_ended"]
    assert error_of(await owner.delete(path)) == (409, "wrong_state")


async def test_booking_goes_to_a_person_who_can_serve_it(
    owner: Person, other_owner: Person, pool: Pool, database: Database
) -> None:
    salon = await open_salon(pool, owner)
    booking = await put_booking(database, salon, in_a_week(10))
    await rows(database, """UPDATE bookings SET policy = '{"tiers": [], "no_show_percent": 0}'""")
    body = {"booking_id": str(booking), "resource_id": str(salon.staff[1]), "reason": "病欠"}
    path = "/staff/assign-to-booking"
    assert error_of(await other_owner.post(path, json=body)) == (404, "not_found")
    assert rules_of(await owner.post(path, json={**body, "resource_id": str(salon.room)})) == {
        ("resource_id", "not_staff")
    }
    moved = await owner.post(path, json=body)
    assert moved.status_code == 200, moved.text
    live = "SELECT resource_id FROM resource_claims WHERE booking_id = $1 AND released_at IS NULL ORDER BY unit, id"
    assert {row[0] for row in await rows(database, live, booking)} == {salon.staff[1], salon.room}
    history = await rows(database, "SELECT event, reason, actor_kind FROM booking_history")
    assert [tuple(row) for row in history] == [("reassigned", "病欠", "staff")]
    assert (
        await rows(database, "SELECT 1 FROM notification_outbox WHERE business_id IS NOT NULL") == []
    )  # nobody had asked for anybody
    # The other one is taken at that time by now.
    other = await put_booking(database, salon, in_a_week(12), staff=1)
    later = "UPDATE resource_claims SET starts_at = $2, ends_at = $3, released_at = NULL WHERE resource_id = $1"
    await rows(database, later, salon.staff[0], in_a_week(12), in_a_week(13))
    back = {"booking_id": str(other), "resource_id": str(salon.staff[0])}
    assert error_of(await owner.post(path, json=back)) == (409, "slot_taken")
    off = {"resource_id": str(salon.staff[0]), "first_day": str(in_a_week(9).date()), "kind": "off"}
    assert (await owner.post("/staff/exceptions", json=off, params={"confirm": "true"})).status_code == 201
    assert error_of(await owner.post(path, json=back)) == (422, "not_bookable")
