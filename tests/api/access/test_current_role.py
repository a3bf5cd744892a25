"""What somebody is in a business is read with every request: what ends, ends with the very next one."""

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import pytest_asyncio
from fastapi import FastAPI
from httpx import AsyncClient

from api.access.callers import ApiServices
from api.access.guest_links import HEADER
from api.access.tokens import Login
from db.engine.session import Database as Pool
from tests.api.conftest import PREFIX, Clock, Statements, client_of, error_of
from tests.api.salon import StaffedSalon, keyed, staffed_salon
from tests.support import data


@pytest_asyncio.fixture
async def salon(app: FastAPI, pool: Pool, clock: Clock) -> AsyncIterator[StaffedSalon]:
    async with staffed_salon(app, pool, clock) as opened:
        yield opened


async def test_role_that_changed_counts_at_once(salon: StaffedSalon, pool: Pool) -> None:
    policy, path = {"no_show_percent": 90}, f"/policies/{salon.ids.policy_id}"
    for role, status in (("manager", 200), ("staff", 403), ("assistant", 403), ("manager", 200)):
        await data.rows(
            pool, "UPDATE staff_assignments SET role = :role WHERE user_id = :id", role=role, id=salon.staff.id
        )
        assert (await salon.staff.put(path, json=policy)).status_code == status, role
    await data.rows(pool, "UPDATE staff_assignments SET ended_at = now() WHERE user_id = :id", id=salon.staff.id)
    assert error_of(await salon.staff.put(path, json=policy)) == (404, "not_found")
    new = "UPDATE businesses SET owner_id = :owner WHERE id = :id"
    await data.rows(pool, new, owner=salon.staff.id, id=salon.ids.business_id)
    assert (await salon.staff.put(path, json=policy)).status_code == 200
    assert error_of(await salon.owner.put(path, json=policy)) == (404, "not_found")


async def test_operator_may_not_review_a_business_of_their_own(
    app: FastAPI, salon: StaffedSalon, pool: Pool, clock: Clock
) -> None:
    """An admin who owns a business, or works for it, is that and no more where it is approved or suspended."""
    business = f"/admin/businesses/{salon.ids.business_id}"
    [review] = await data.rows(
        pool,
        "INSERT INTO business_verifications (business_id) VALUES (:id) RETURNING id",
        id=salon.ids.business_id,
    )
    work, note = f"{PREFIX}/admin/verifications/{review['id']}", {"note": "x"}
    for person in (salon.owner, salon.staff):
        await data.rows(pool, "UPDATE users SET platform_role = 'admin' WHERE id = :id", id=person.id)
        _, token = await _session(app, pool, clock, person.id, is_admin=True)
        async with client_of(app, Authorization=f"Bearer {token}") as admin:
            for path, body in (("approve", {"version": "0" * 32}), ("suspend", {"reason": "x"}), ("reinstate", None)):
                assert error_of(await admin.post(f"{PREFIX}{business}/{path}", json=body)) == (403, "forbidden"), path
            assert error_of(await admin.get(f"{PREFIX}{business}")) == (403, "forbidden")
            assert error_of(await admin.put(work, json=note)) == (403, "forbidden")
    await data.rows(pool, "UPDATE users SET platform_role = 'admin' WHERE id = :id", id=salon.other_owner.id)
    _, token = await _session(app, pool, clock, salon.other_owner.id, is_admin=True)
    async with client_of(app, Authorization=f"Bearer {token}") as admin:
        assert (await admin.put(work, json=note)).status_code == 200
        answer = await admin.post(f"{PREFIX}{business}/suspend", json={"reason": "x"})
        assert answer.status_code == 200, answer.text


async def test_permission_costs_no_round_trip(salon: StaffedSalon, statements: Statements) -> None:
    for person in (salon.owner, salon.staff, salon.assistant):
        statements.clear()
        assert (await person.get(f"/policies/{salon.ids.policy_id}")).status_code == 200
        assert len(statements) == 2, statements.sent  # who may, and the policy
    statements.clear()
    assert error_of(await salon.other_owner.get(f"/policies/{salon.ids.policy_id}")) == (404, "not_found")
    assert len(statements) == 1, statements.sent


async def _session(app: FastAPI, pool: Pool, clock: Clock, user_id: UUID, is_admin: bool = False) -> tuple[UUID, str]:
    now, services = clock.now(), app.state.services
    assert isinstance(services, ApiServices)
    values = {"user_id": user_id, "now": now, "until": now + timedelta(days=7)}
    [row] = await data.rows(
        pool,
        "INSERT INTO user_sessions (user_id, last_used_at, expires_at) VALUES (:user_id, :now, :until) RETURNING id",
        **values,
    )
    return row["id"], services.tokens.issue(Login(user_id, is_admin, row["id"]), now)


async def test_session_that_ended_opens_nothing(salon: StaffedSalon, app: FastAPI, pool: Pool, clock: Clock) -> None:
    session_id, token = await _session(app, pool, clock, salon.owner.id)
    async with client_of(app, Authorization=f"Bearer {token}") as http:
        paths = (f"/policies/{salon.ids.policy_id}", "/bookings", "/owner/businesses", "/services")
        assert {(await http.get(PREFIX + path)).status_code for path in paths} == {200}
        ended = "UPDATE user_sessions SET ended_at = now(), end_reason = 'revoked' WHERE id = :id"
        await data.rows(pool, ended, id=session_id)
        for path in paths:
            answer = await http.get(PREFIX + path)
            assert error_of(answer) == (401, "unauthenticated"), path
            assert answer.json()["error"]["details"] == {"reason": "session_ended"}
        refused = await http.post(f"{PREFIX}/bookings", json=salon.booking_body(), headers=keyed())
        assert error_of(refused) == (401, "unauthenticated")


async def test_admin_who_is_none_any_more(salon: StaffedSalon, app: FastAPI, pool: Pool, clock: Clock) -> None:
    admin = await data.add_user(pool, platform_role="admin")
    _, token = await _session(app, pool, clock, admin, is_admin=True)
    booking = await data.add_booking(pool, salon.ids, salon.at(10))
    paths = (f"/bookings/{booking}", "/admin/attention", f"/audit?business_id={salon.ids.business_id}")
    async with client_of(app, Authorization=f"Bearer {token}") as http:
        assert {(await http.get(PREFIX + path)).status_code for path in paths} == {200}
        await data.rows(pool, "UPDATE users SET platform_role = 'user' WHERE id = :id", id=admin)
        for path in paths:
            answer = await http.get(PREFIX + path)
            assert error_of(answer) == (401, "unauthenticated"), path
            assert answer.json()["error"]["details"] == {"reason": "role_changed"}


async def _guest(salon: StaffedSalon, app: FastAPI, booking: UUID) -> AsyncClient:
    services: ApiServices = app.state.services
    return client_of(app, **{HEADER: services.booking_links.token(booking)})


async def test_suspended_business_goes_on_but_takes_no_new_bookings(
    salon: StaffedSalon, app: FastAPI, pool: Pool
) -> None:
    booking = await data.add_booking(pool, salon.ids, salon.at(10))
    await data.rows(pool, "UPDATE businesses SET status = 'suspended' WHERE id = :id", id=salon.ids.business_id)
    business, path = str(salon.ids.business_id), f"/bookings/{booking}"
    for person in (salon.owner, salon.staff, salon.assistant, salon.customer):
        assert (await person.get(path)).status_code == 200
    assert (await salon.customer.post(f"{path}/cancellation-quote")).status_code == 200
    assert (await salon.owner.put(f"/owner/businesses/{business}", json={"city": "港区"})).status_code == 200
    assert (await salon.staff.get(f"/bookings?business_id={business}")).json()["data"]
    async with await _guest(salon, app, booking) as guest:
        assert (await guest.get(PREFIX + path)).status_code == 200
    for person in (salon.other_owner.http, salon.nobody):
        for hidden in (f"/businesses/{business}", f"/services/{salon.ids.service_id}"):
            assert error_of(await person.get(PREFIX + hidden)) == (404, "not_found")
    wanted = salon.booking_body(salon.at(14))
    assert error_of(await salon.customer.post("/bookings", json=wanted, headers=keyed())) == (404, "not_found")


async def test_closed_business_keeps_its_bookings(salon: StaffedSalon, app: FastAPI, pool: Pool) -> None:
    booking = await data.add_booking(pool, salon.ids, salon.at(10))
    payment = await data.add_payment(pool, salon.ids, booking, status="captured")
    await data.rows(pool, "UPDATE businesses SET deleted_at = now() WHERE id = :id", id=salon.ids.business_id)
    business, path = str(salon.ids.business_id), f"/bookings/{booking}"
    for person in (salon.owner, salon.staff, salon.customer):
        assert (await person.get(path)).status_code == 200
        assert (await person.get(f"/payments/{payment}")).status_code == 200
    assert (await salon.owner.get(f"/bookings?business_id={business}")).json()["data"]
    assert (await salon.owner.get(f"/audit?business_id={business}")).status_code == 200
    refunded = await salon.owner.post(f"/payments/{payment}/refund", json={}, headers=keyed())
    assert refunded.status_code == 201, refunded.text
    assert (await salon.customer.post(f"{path}/cancellation-quote")).status_code == 200
    async with await _guest(salon, app, booking) as guest:
        assert (await guest.get(PREFIX + path)).status_code == 200
        intent = {"booking_id": str(booking)}
        paid = await guest.post(f"{PREFIX}/payments/intent", json=intent, headers=keyed())
        assert error_of(paid) == (404, "not_found")
    for answer in (
        await salon.owner.put(f"/owner/businesses/{business}", json={"city": "港区"}),
        await salon.owner.put(f"/policies/{salon.ids.policy_id}", json={"no_show_percent": 1}),
        await salon.staff.post(f"{path}/check-in", headers=keyed()),
        await salon.staff.put(path, json={"special_requests": "x"}),
        await salon.other_owner.get(path),
        await salon.customer.post("/bookings", json=salon.booking_body(salon.at(14)), headers=keyed()),
    ):
        assert error_of(answer) == (404, "not_found"), answer.request.url
