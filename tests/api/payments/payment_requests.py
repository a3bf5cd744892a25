"""Short ways to a booking that waits for money, and to the money."""

from typing import Any
from uuid import UUID

from httpx import Response

from db.engine.session import Database as Pool
from db.engine.session import Scope
from tests.api.conftest import Person
from tests.api.salon import StaffedSalon, keyed
from tests.support import data

RETURN = "https://book.example/paid"


async def held(salon: StaffedSalon, hour: int = 10) -> str:
    """A booking of the customer's that waits for its money."""
    answer = await salon.customer.post("/bookings", json=salon.booking_body(salon.at(hour)), headers=keyed())
    assert answer.status_code == 201, answer.text
    return str(answer.json()["data"]["id"])


async def intent(person: Person, booking_id: str, key: str | None = None) -> Response:
    """Open the payment."""
    return await person.post("/payments/intent", json={"booking_id": booking_id}, headers=keyed(key))


async def confirm(
    person: Person, payment_id: str, card: str = "pm_card_visa", key: str | None = None, **more: Any
) -> Response:
    """Pay."""
    body = {"payment_id": payment_id, "payment_method": card, "return_url": RETURN, **more}
    return await person.post("/payments/confirm", json=body, headers=keyed(key))


async def opened(salon: StaffedSalon, hour: int = 10) -> str:
    """The id of a payment that waits for its card."""
    answer = await intent(salon.customer, await held(salon, hour))
    assert answer.status_code == 201, answer.text
    return str(answer.json()["data"]["payment_id"])


async def paid(salon: StaffedSalon, pool: Pool, hour: int = 10) -> str:
    """The id of a payment that was captured, with its events applied."""
    payment_id = await opened(salon, hour)
    answer = await confirm(salon.customer, payment_id)
    assert answer.status_code == 200, answer.text
    await apply_events(pool)
    return payment_id


async def apply_events(pool: Pool) -> None:
    """What the booking's workflow does with the inbox."""
    for row in await data.rows(pool, "SELECT id, received_at FROM payment_webhooks WHERE applied_at IS NULL"):
        async with pool.unit_of_work(Scope.platform()) as work:
            await work.payments.webhooks.apply(UUID(str(row["id"])), row["received_at"])
