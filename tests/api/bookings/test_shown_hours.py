"""The hour that the list shows is the hour that is booked, the hour in the mail and the hour in the calendar file, on
the days on which the clock of the venue changes."""

import re
from datetime import UTC, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from fastapi import FastAPI

from activities.templates.render import compose
from db.engine.session import Database as Pool
from db.engine.session import Scope
from providers.email.interface import Email
from runtime.booking_links import BookingLinks
from runtime.keyring import KeyRing
from runtime.links import Links
from tests.api.conftest import Clock
from tests.api.salon import StaffedSalon, keyed, staffed_salon
from tests.support import data

LINKS = BookingLinks(Links(KeyRing("k1", {"k1": b"0" * 32})), "https://booking.example")


async def move_to(pool: Pool, salon: StaffedSalon, zone: str) -> None:
    """The salon stands in another zone and takes bookings far ahead, at every hour."""
    business = salon.ids.business_id
    await data.rows(pool, "UPDATE businesses SET time_zone = :zone WHERE id = :id", zone=zone, id=business)
    await data.rows(
        pool, "UPDATE business_settings SET booking_window = interval '400 days' WHERE business_id = :id", id=business
    )


async def confirmation(pool: Pool, booking_id: str, now: datetime) -> Email:
    [row] = await data.rows(
        pool,
        "SELECT id FROM notification_outbox WHERE booking_id = :id AND kind = 'booking_confirmed'"
        " AND audience = 'customer'",
        id=UUID(booking_id),
    )
    async with pool.unit_of_work(Scope.platform()) as work:
        return compose(await work.messages.notices.read_for_sending(row["id"]), now, LINKS)


def in_the_file(email: Email) -> datetime:
    [value] = re.findall(rb"(?m)^DTSTART:(\d{8}T\d{6}Z)\r?$", email.attachments[0].content)
    return datetime.strptime(value.decode(), "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "day"),
    [
        ("Europe/Berlin", "2027-03-28"),
        ("Europe/London", "2027-10-31"),
        ("America/New_York", "2027-03-14"),
        ("Australia/Lord_Howe", "2027-04-04"),
    ],
)
async def test_hour_in_the_list_is_the_hour_in_the_mail_and_in_the_file(
    app: FastAPI, pool: Pool, clock: Clock, zone: str, day: str
) -> None:
    async with staffed_salon(app, pool, clock, payment_mode="at_venue") as salon:
        await move_to(pool, salon, zone)
        asked = {"service_id": str(salon.ids.service_id), "from": day, "to": day}
        listed = (await salon.customer.get("/availability", params=asked)).json()["data"]["starts"]
        hours = {start["start_at"][11:16]: start["start_at"] for start in listed}
        for hour in ("00:30", "10:00", "17:00"):
            await check(pool, salon, clock, zone, hours[hour])


async def check(pool: Pool, salon: StaffedSalon, clock: Clock, zone: str, shown: str) -> None:
    made = await salon.customer.post(
        "/bookings", json=salon.booking_body(datetime.fromisoformat(shown)), headers=keyed()
    )
    assert made.status_code == 201, made.text
    booking: dict[str, Any] = made.json()["data"]
    assert booking["start_at"][:16] == shown[:16]
    email = await confirmation(pool, booking["id"], clock.now())
    instant = datetime.fromisoformat(shown)
    assert datetime.fromisoformat(booking["start_at"]) == instant
    assert in_the_file(email) == instant
    local = instant.astimezone(ZoneInfo(zone))
    assert f"{local:%H:%M}" == shown[11:16]
    assert f", {shown[11:16]}–" in email.text
