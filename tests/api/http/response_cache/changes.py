"""Changes of a salon, each made as a client or a worker makes it, with the answers that it changes."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

from db.engine.session import Database as Pool
from db.onboarding.verifications import Deciding
from domain.onboarding.verification import Decision
from domain.platform.actor import ActorKind
from tests.api.business_setup import service_body
from tests.api.salon import StaffedSalon, keyed
from tests.support import data
from tests.support.desk import Desk


async def profile(salon: StaffedSalon, _: Pool) -> None:
    body = {"name": {"ja": "新しい名", "en": "New name"}}
    assert (await salon.owner.put(f"/owner/businesses/{salon.ids.business_id}", json=body)).status_code == 200


async def slug(salon: StaffedSalon, _: Pool) -> None:
    body = {"slug": f"moved-{uuid4().hex[:12]}"}
    assert (await salon.owner.put(f"/owner/businesses/{salon.ids.business_id}", json=body)).status_code == 200


async def opening_hours(salon: StaffedSalon, _: Pool) -> None:
    body = {"weekly": {"monday": [{"opens": "03:00", "closes": "04:00"}]}}
    assert (await salon.owner.put(f"/owner/businesses/{salon.ids.business_id}/hours", json=body)).status_code == 200


async def closed_day(salon: StaffedSalon, _: Pool) -> None:
    path = f"/owner/businesses/{salon.ids.business_id}/holidays"
    body = {"days": [{"day": str(salon.day.date()), "ranges": []}]}
    assert (await salon.owner.put(path, json=body)).status_code == 200


async def settings(salon: StaffedSalon, _: Pool) -> None:
    path = f"/owner/businesses/{salon.ids.business_id}/settings"
    answer = await salon.owner.put(path, json={"slot_interval_minutes": 60})
    assert answer.status_code == 200, answer.text


async def suspension(salon: StaffedSalon, pool: Pool) -> None:
    deciding = Deciding(Decision.SUSPENDED, uuid4().hex, salon.ids.owner_id, "苦情")
    async with pool.unit_of_work(salon.ids.scope) as work:
        await work.onboarding.verifications.suspend(salon.ids.business_id, deciding, salon.day)


async def service(salon: StaffedSalon, _: Pool) -> None:
    body = {"name": {"ja": "パーマ", "en": "Perm"}, "duration_minutes": 90}
    answer = await salon.owner.put(f"/owner/services/{salon.ids.service_id}", json=body)
    assert answer.status_code == 200, answer.text


async def service_gone(salon: StaffedSalon, _: Pool) -> None:
    assert (await salon.owner.delete(f"/owner/services/{salon.ids.service_id}")).status_code == 200


async def another_service(salon: StaffedSalon, _: Pool) -> None:
    needs = [{"group": 0, "resource_ids": [str(one) for one in salon.ids.resources]}]
    answer = await salon.owner.post("/owner/services", json=service_body(salon.ids.business_id, requirements=needs))
    assert answer.status_code == 201, answer.text


async def policy(salon: StaffedSalon, _: Pool) -> None:
    answer = await salon.owner.put(f"/policies/{salon.ids.policy_id}", json={"no_show_percent": 30})
    assert answer.status_code == 200, answer.text


async def resource(salon: StaffedSalon, _: Pool) -> None:
    path = f"/owner/resources/{salon.ids.resources[0]}"
    answer = await salon.owner.put(path, json={"name": {"ja": "幸子", "en": "Sachiko"}, "is_active": True})
    assert answer.status_code == 200, answer.text


async def resource_away(salon: StaffedSalon, _: Pool) -> None:
    answer = await salon.owner.put(f"/owner/resources/{salon.ids.resources[0]}", json={"is_active": False})
    assert answer.status_code == 200, answer.text


async def week_of_one(salon: StaffedSalon, _: Pool) -> None:
    week = {"weekly": {"monday": [{"opens": "10:00", "closes": "11:00"}]}}
    body = {"resource_id": str(salon.ids.resources[0]), "working_hours": week}
    assert (await salon.owner.put("/staff/working-hours", json=body)).status_code == 200


async def day_off(salon: StaffedSalon, _: Pool) -> None:
    body = {"resource_id": str(salon.ids.resources[0]), "first_day": str(salon.day.date()), "kind": "off"}
    answer = await salon.owner.post("/staff/exceptions", json=body)
    assert answer.status_code == 201, answer.text


async def hold(salon: StaffedSalon, _: Pool) -> None:
    answer = await salon.customer.post("/bookings", json=salon.booking_body(), headers=keyed())
    assert answer.status_code == 201, answer.text


def by_desk(verb: str, **more: Any) -> Callable[[StaffedSalon, Pool], Awaitable[None]]:
    """A step of a booking's run, made by a worker."""

    async def step(salon: StaffedSalon, pool: Pool) -> None:
        [row] = await data.rows(pool, "SELECT id FROM bookings WHERE business_id = :id", id=salon.ids.business_id)
        said = {name: value(salon) for name, value in more.items()}
        await Desk(pool, salon.ids).do(verb, row["id"], ActorKind.STAFF, salon.at(0, days=-1), **said)

    step.__name__ = verb
    return step


async def reassignment(salon: StaffedSalon, pool: Pool) -> None:
    [row] = await data.rows(pool, "SELECT id FROM bookings WHERE business_id = :id", id=salon.ids.business_id)
    body = {"booking_id": str(row["id"]), "resource_id": str(salon.ids.resources[1])}
    answer = await salon.owner.post("/staff/assign-to-booking", json=body, headers=keyed())
    assert answer.status_code == 200, answer.text


BOOKED = {"cancel", "reschedule", "reassignment"}

CHANGES = [
    (profile, "get_business"),
    (profile, "get_business_by_slug"),
    (slug, "get_business"),
    (slug, "get_business_by_slug"),
    (opening_hours, "get_hours"),
    (opening_hours, "get_availability"),
    (closed_day, "get_holidays"),
    (closed_day, "get_hours"),
    (closed_day, "get_availability"),
    (settings, "get_settings"),
    (settings, "get_availability"),
    *((suspension, name) for name in ("get_business", "get_business_by_slug", "get_hours", "get_holidays")),
    *((suspension, name) for name in ("list_business_services", "list_staff", "get_settings", "list_services")),
    *((suspension, name) for name in ("get_service", "list_resources", "get_resource")),
    *((suspension, name) for name in ("get_availability", "get_free_resources")),
    (service, "get_service"),
    (service, "list_services"),
    (service, "list_business_services"),
    (service, "get_availability"),
    (service_gone, "get_service"),
    (service_gone, "get_availability"),
    (another_service, "list_services"),
    (policy, "get_service"),
    (resource, "get_resource"),
    (resource, "list_resources"),
    (resource, "list_staff"),
    (resource, "get_free_resources"),
    (resource_away, "get_availability"),
    (resource_away, "get_resource"),
    (week_of_one, "get_availability"),
    (day_off, "get_availability"),
    (day_off, "get_free_resources"),
    (hold, "get_availability"),
    (hold, "get_free_resources"),
    (by_desk("cancel"), "get_availability"),
    (by_desk("reschedule", start_at=lambda salon: salon.at(15)), "get_availability"),
    (reassignment, "get_free_resources"),
]
