"""One record of every kind that a page shows, and the address of that page."""

import base64
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from fastapi import FastAPI

from activities.templates.account_email import FORMS
from db.engine.session import Database as Pool
from db.engine.session import Scope
from runtime.links import Purpose
from tests.api.conftest import Clock
from tests.api.pages.console import booked
from tests.api.salon import StaffedSalon, keyed
from tests.support import data
from tests.support.reviews import add_visit
from tests.support.waitlist import add_offer


async def _made(salon: StaffedSalon, path: str, body: dict[str, Any]) -> str:
    answer = await salon.owner.post(path, json=body, headers=keyed())
    assert answer.status_code == 201, answer.text
    return str(answer.json()["data"]["id"])


async def add_dispute(pool: Pool, payment_id: UUID, due_at: datetime) -> UUID:
    """An open dispute of a payment, with its evidence."""
    [row] = await data.rows(
        pool,
        "INSERT INTO payment_disputes (business_id, payment_id, booking_id, provider_dispute_id, amount, currency,"
        " reason, due_at) SELECT business_id, id, booking_id, 'du_' || id, amount, currency, 'fraudulent', :due_at"
        " FROM booking_payments WHERE id = :id RETURNING id, business_id",
        id=payment_id,
        due_at=due_at,
    )
    async with pool.unit_of_work(Scope.tenant(row["business_id"])) as work:
        await work.payments.disputes.gather(row["id"])
    return row["id"]  # type: ignore[no-any-return]


async def detail_addresses(app: FastAPI, pool: Pool, clock: Clock, salon: StaffedSalon) -> dict[str, str]:
    """The address of one record by the path of its route."""
    services, now = app.state.services, clock.now().replace(microsecond=0)
    mine, business, first = f"/console/{salon.ids.business_id}", str(salon.ids.business_id), salon.ids.resources[0]
    booking = await booked(salon)
    due = await data.add_booking(
        pool,
        salon.ids,
        salon.at(12, days=1),
        status="pending",
        amount_due=6600,
        payment_mode="prepay",
        hold_expires_at=now + timedelta(minutes=10),
    )
    visit = await add_visit(pool, salon.ids, now - timedelta(hours=3))
    payment = await data.add_payment(pool, salon.ids, visit, status="captured")
    await data.add_payment(pool, salon.ids, due)
    entry, _ = await add_offer(pool, salon.ids, salon.at(15, days=2), now + timedelta(hours=1))
    [notice] = await data.rows(
        pool,
        "SELECT id FROM notification_outbox WHERE booking_id = :id AND audience = 'customer' LIMIT 1",
        id=booking,
    )
    [member] = (await salon.owner.get("/staff/assignments", params={"business_id": business, "limit": 1})).json()[
        "data"
    ]
    day = salon.at(0, days=3).date().isoformat()
    hours = {"starts_at": salon.at(16).isoformat(), "ends_at": salon.at(17).isoformat()}
    block = {"business_id": business, "resource_id": str(first), **hours}
    off = {"resource_id": str(first), "first_day": day, "last_day": day, "kind": "off"}
    days_off = await _made(salon, "/staff/exceptions", off)
    file = {"business_id": business, "file": base64.b64encode("氏名\n山田 花\n".encode()).decode()}
    imported = await salon.owner.post("/customers/import", json=file, headers=keyed())
    links = services.booking_links
    opened = [form.opens for form in FORMS.values() if form.opens is not None]
    return {
        **{one.path: one.address(services.links.issue(one.purpose, entry, now + timedelta(days=1))) for one in opened},
        "/bookings/{token}": f"/bookings/{links.token(UUID(booking))}",
        "/bookings/{token}/cancel": f"/bookings/{links.token(UUID(booking))}/cancel",
        "/bookings/{token}/move": f"/bookings/{links.token(UUID(booking))}/move",
        "/bookings/{token}/review": f"/bookings/{links.token(visit)}/review",
        "/bookings/{token}/pay": f"/bookings/{links.token(due)}/pay",
        "/waitlist/{token}": f"/waitlist/{services.links.issue(Purpose.WAITLIST, entry, now + timedelta(days=1))}",
        "/messages/{token}": f"/messages/{services.message_links.token(notice['id'])}",
        "/console/{business_id}/blocks/{block_id}": f"{mine}/blocks/{await _made(salon, '/blocks', block)}",
        "/console/{business_id}/bookings/{booking_id}": f"{mine}/bookings/{booking}",
        "/console/{business_id}/bookings/{booking_id}/move": f"{mine}/bookings/{booking}/move",
        "/console/{business_id}/resources/{record_id}/hours": f"{mine}/resources/{first}/hours",
        "/console/{business_id}/resources/{record_id}": f"{mine}/resources/{first}",
        "/console/{business_id}/payments/{record_id}": f"{mine}/payments/{payment}",
        "/console/{business_id}/payments/{record_id}/disputes/{dispute_id}": (
            f"{mine}/payments/{payment}/disputes/{await add_dispute(pool, payment, now + timedelta(days=7))}"
        ),
        "/console/{business_id}/services/{record_id}": f"{mine}/services/{salon.ids.service_id}",
        "/console/{business_id}/policies/{record_id}": f"{mine}/policies/{salon.ids.policy_id}",
        "/console/{business_id}/imports/{import_id}": f"{mine}/imports/{imported.json()['data']['id']}",
        "/console/{business_id}/texts/{kind}/{code}": f"{mine}/texts/booking_confirmed/ja",
        "/console/{business_id}/customers/{record_id}": f"{mine}/customers/{salon.ids.customer_id}",
        "/console/{business_id}/team/{record_id}": f"{mine}/team/{member['id']}",
        "/console/{business_id}/time-off/{record_id}": f"{mine}/time-off/{days_off}",
    }
