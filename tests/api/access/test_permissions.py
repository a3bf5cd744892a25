"""Every route carries its permission; every role may what the table says; no tenant meets another's."""

import inspect
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

from fastapi import FastAPI
from fastapi.routing import APIRoute, RouteContext, iter_route_contexts
from httpx import AsyncClient

from api.access.callers import anonymous_caller, authenticated_caller, public_caller
from api.access.listing import ListPermission
from api.access.operators import AuditReaderPermission, OperatorPermission
from api.access.permissions import LinkPermission, Permission, PublicPermission
from api.access.signed_webhooks import signed_webhook
from api.app import create_app
from api.v1.identity.two_factor.handlers import challenged
from db.engine.session import Database as Pool
from domain.permissions import RULES, allowed
from domain.roles import Role
from runtime.settings import Environment, Settings
from tests.api.business_setup import (
    EVERY_DAY,
    NAME,
    OpenSalon,
    assign,
    create_business,
    create_resource,
    create_service,
    open_salon,
    rows,
    service_body,
)
from tests.api.conftest import PASSWORD, PREFIX, Login, Person, error_of
from tests.support.servers import Database

#: What anybody may ask without a login. A route that is not here answers 401 to them.
PUBLIC = frozenset(
    {
        "GET /",
        "GET /metrics",
        "GET /health",
        "GET /health/live",
        "GET /health/ready",
        "POST /api/v1/auth/register",
        "POST /api/v1/auth/login",
        "POST /api/v1/auth/refresh",
        "POST /api/v1/auth/verify-email",
        "POST /api/v1/auth/resend-verification",
        "POST /api/v1/auth/forgot-password",
        "POST /api/v1/auth/reset-password",
        "POST /api/v1/auth/2fa/cancel-reset",
        "POST /api/v1/auth/export/fetch",
        "GET /api/v1/auth/erasures/{erasure_id}",
        "GET /api/v1/businesses",
        "GET /api/v1/businesses/slug/{slug}",
        "GET /api/v1/businesses/{business_id}",
        "GET /api/v1/businesses/{business_id}/services",
        "GET /api/v1/businesses/{business_id}/hours",
        "GET /api/v1/businesses/{business_id}/settings",
        "GET /api/v1/businesses/{business_id}/holidays",
        "GET /api/v1/businesses/{business_id}/staff",
        "GET /api/v1/postal-codes/{postal_code}",
        "GET /api/v1/services",
        "GET /api/v1/services/{service_id}",
        "GET /api/v1/resources",
        "GET /api/v1/resources/{resource_id}",
        "GET /api/v1/availability",
        "GET /api/v1/media",
        "GET /api/v1/media/{media_id}",
        "GET /api/v1/media/{media_id}/variants/{variant}",
        "GET /api/v1/notifications/brand/{business_id}",
        "GET /api/v1/notifications/logo/{business_id}",
        "GET /api/v1/notifications/links/{code}",
        "GET /api/v1/availability/resources",
        "GET /api/v1/reviews",
        "GET /api/v1/reviews/{review_id}",
        "POST /api/v1/reviews/{review_id}/report",
        "GET /api/v1/businesses/{business_id}/reviews/stats",
        "POST /api/v1/bookings",
        "POST /api/v1/waitlist",
        "POST /api/v1/bookings/series",
        "GET /api/v1/calendars/{token}.ics",
        "GET /api/v1/businesses/{business_id}/calendar.ics",
    }
)
#: What a provider asks, by its signature.
SIGNED = frozenset(
    {
        "POST /api/v1/payments/webhook/{provider}",
        "POST /api/v1/payments/webhook/{provider}/{account_id}",
        "POST /api/v1/notifications/webhook/sendgrid",
        "POST /api/v1/notifications/webhook/twilio",
        "POST /api/v1/notifications/webhook/line",
    }
)
#: What the signed link of a booking, of an entry of the waitlist, or of a message, opens without a login.
LINKED = frozenset(
    {
        "GET /api/v1/notifications/{notification_id}/preferences",
        "PUT /api/v1/notifications/{notification_id}/preferences",
        "POST /api/v1/notifications/{notification_id}/unsubscribe",
        "GET /api/v1/bookings/{booking_id}",
        "GET /api/v1/bookings/{booking_id}/history",
        "GET /api/v1/bookings/{booking_id}/timeline",
        "GET /api/v1/bookings/{booking_id}/events",
        "GET /api/v1/bookings/{booking_id}/availability",
        "POST /api/v1/bookings/{booking_id}/cancellation-quote",
        "POST /api/v1/bookings/{booking_id}/cancel",
        "POST /api/v1/bookings/{booking_id}/confirm-address",
        "POST /api/v1/bookings/{booking_id}/reschedule",
        "POST /api/v1/bookings/{booking_id}/reschedule-quote",
        "GET /api/v1/bookings/{booking_id}/reaccommodation",
        "POST /api/v1/bookings/{booking_id}/reaccommodation/accept",
        "POST /api/v1/bookings/{booking_id}/reaccommodation/decline",
        "GET /api/v1/waitlist/{entry_id}",
        "DELETE /api/v1/waitlist/{entry_id}",
        "POST /api/v1/waitlist/{entry_id}/accept",
        "POST /api/v1/waitlist/{entry_id}/decline",
        "POST /api/v1/waitlist/{entry_id}/confirm-address",
        "GET /api/v1/bookings/{booking_id}/review",
        "POST /api/v1/reviews",
        "PUT /api/v1/reviews/{review_id}",
        "DELETE /api/v1/reviews/{review_id}/delete",
        "POST /api/v1/payments/checkout",
        "POST /api/v1/payments/intent",
        "POST /api/v1/payments/confirm",
        "GET /api/v1/payments/{payment_id}/receipt",
        "POST /api/v1/payments/{payment_id}/receipt",
        "GET /api/v1/payments/{payment_id}/refunds/{refund_id}/receipt",
    }
)


def api_routes(app: FastAPI) -> Iterator[RouteContext]:
    """Every operation, with its whole path."""
    for context in iter_route_contexts(app.routes):
        if isinstance(context.original_route, APIRoute):
            yield context


def the_app() -> FastAPI:
    return create_app(Settings(environment=Environment.TEST))


def name_of(route: RouteContext) -> str:
    (method,) = route.methods or ()
    return f"{method} {route.path}"


_PERMISSIONS = (Permission, PublicPermission, LinkPermission, ListPermission, OperatorPermission, AuditReaderPermission)


def permissions_of(route: RouteContext) -> list[Any]:
    return [
        one.call
        for one in route.dependant.dependencies
        if isinstance(one.call, _PERMISSIONS)
        or one.call in {anonymous_caller, challenged, authenticated_caller, public_caller, signed_webhook}
    ]


def test_routes_say_who_may() -> None:
    for route in api_routes(the_app()):
        name = name_of(route)
        found = permissions_of(route)
        if not name.split()[1].startswith("/api/v1/"):
            assert found == []
            continue
        assert len(found) == 1, f"{name} has no permission, or two"
        public = isinstance(found[0], PublicPermission) or found[0] in {anonymous_caller, public_caller}
        assert public == (name in PUBLIC), name
        assert (found[0] is signed_webhook) == (name in SIGNED), name
        assert isinstance(found[0], LinkPermission) == (name in LINKED), name


def test_public_routes_are_the_listed_ones() -> None:
    names = {name_of(route) for route in api_routes(the_app())}
    assert names >= PUBLIC | SIGNED


def test_endpoints_are_short() -> None:
    """Parse, authorize, one call, return."""
    for route in api_routes(the_app()):
        source = inspect.getsource(route.endpoint)
        body = source[source.rindex('"""') + 3 :] if '"""' in source else source
        assert len([line for line in body.splitlines() if line.strip()]) <= 12, route.path
        assert "try:" not in body, route.path


async def test_anonymous_caller_gets_answers_of_public_routes_alone(client: AsyncClient) -> None:
    for route in api_routes(the_app()):
        name = name_of(route)
        method, path = name.split()
        for parameter in route.dependant.path_params:
            path = path.replace(f"{{{parameter.name}}}", str(uuid4()))
        answer = await client.request(method, path, json={} if method in {"POST", "PUT"} else None)
        assert (answer.status_code == 401) == (name not in PUBLIC | SIGNED), f"{name}: {answer.text}"


def writes(salon: OpenSalon, policy: str) -> dict[str, tuple[str, str, dict[str, Any] | None]]:
    """Every operation on a business that asks for a role, by the action that its permission names."""
    business = str(salon.id)
    return {
        "business.update": ("PUT", f"/owner/businesses/{business}", {"city": "港区"}),
        "hours.update": ("PUT", f"/owner/businesses/{business}/hours", {"weekly": EVERY_DAY}),
        "hours.update days": ("PUT", f"/owner/businesses/{business}/holidays", {"days": []}),
        "settings.write": ("PUT", f"/owner/businesses/{business}/settings", {"auto_complete": True}),
        "service.write add": ("POST", "/owner/services", service_body(business)),
        "service.write": ("PUT", f"/owner/services/{salon.service}", {"category": {"en": "hair"}}),
        "resource.write add": (
            "POST",
            "/owner/resources",
            {"business_id": business, "kind": "room", "name": {"en": "Room"}},
        ),
        "resource.write": ("PUT", f"/owner/resources/{salon.room}", {"capacity": 1}),
        "policy.write add": (
            "POST",
            "/policies",
            {"business_id": business, "name": {"en": "Free"}, "tiers": [], "is_default": True},
        ),
        "policy.write": ("PUT", f"/policies/{policy}", {"no_show_percent": 90}),
        "catalogue.read policies": ("GET", f"/policies?business_id={business}", None),
        "catalogue.read policy": ("GET", f"/policies/{policy}", None),
        # Last, because they end things.
        "service.write end": ("DELETE", f"/owner/services/{salon.service}", None),
        "resource.write end": ("DELETE", f"/owner/resources/{salon.room}", None),
        "policy.write end": ("DELETE", f"/policies/{policy}", None),
        "business.delete": ("DELETE", f"/owner/businesses/{business}", None),
    }


async def policy_of(salon: OpenSalon) -> str:
    body = {"business_id": str(salon.id), "name": NAME, "tiers": []}
    made = await salon.owner.post("/policies", json=body)
    return str(made.json()["data"]["id"])


async def ask(person: Person, operation: tuple[str, str, dict[str, Any] | None]) -> tuple[int, str]:
    method, path, body = operation
    answer = await person.http.request(method, PREFIX + path, json=body)
    return (answer.status_code, "") if answer.is_success else error_of(answer)


async def test_roles_may_what_the_table_says(log_in: Login, pool: Pool, database: Database) -> None:
    for role in (Role.ASSISTANT, Role.STAFF, Role.MANAGER, Role.OWNER):
        owner = await log_in()
        salon = await open_salon(pool, owner)
        person = owner
        if role is not Role.OWNER:
            person = await log_in()
            await assign(database, salon.id, person, role.value)
        by_name = {action.value: action for action in RULES}
        for name, operation in writes(salon, await policy_of(salon)).items():
            action = by_name[name.split()[0]]
            found = await ask(person, operation)
            if allowed(role, action):
                assert found[0] in {200, 201}, (role, name, found)
            else:
                assert found == (403, "forbidden"), (role, name)


async def test_owners_do_not_see_each_other(owner: Person, other_owner: Person, customer: Person, pool: Pool) -> None:
    """Another's object and one that does not exist answer alike, and nothing is changed."""
    salon = await open_salon(pool, owner)
    policy = await policy_of(salon)
    await open_salon(pool, other_owner)
    before = [(await owner.get(path)).content for path in seen(salon, policy)]
    for other_person in (other_owner, customer):
        for name, operation in writes(salon, policy).items():
            assert await ask(other_person, operation) == (404, "not_found"), name
    assert [(await owner.get(path)).content for path in seen(salon, policy)] == before


def seen(salon: OpenSalon, policy: str) -> list[str]:
    return [
        f"/businesses/{salon.id}",
        f"/businesses/{salon.id}/hours",
        f"/businesses/{salon.id}/settings",
        f"/services?business_id={salon.id}",
        f"/resources?business_id={salon.id}",
        f"/policies?business_id={salon.id}",
        f"/policies/{policy}",
    ]


async def test_former_assignment_gives_nothing(owner: Person, customer: Person, pool: Pool, database: Database) -> None:
    salon = await open_salon(pool, owner)
    await assign(database, salon.id, customer, "manager")
    path = f"/owner/businesses/{salon.id}"
    assert (await customer.put(path, json={"city": "港区"})).status_code == 200
    assert [one["id"] for one in (await customer.get("/owner/businesses")).json()["data"]] == [str(salon.id)]
    await rows(database, "UPDATE staff_assignments SET ended_at = now()")
    assert error_of(await customer.put(path, json={"city": "港区"})) == (404, "not_found")
    assert (await customer.get("/owner/businesses")).json()["data"] == []


async def test_drafts_do_not_show_in_anothers_lists(
    owner: Person, other_owner: Person, client: AsyncClient, pool: Pool
) -> None:
    draft = (await create_business(owner))["id"]
    service = (await create_service(owner, draft))["id"]
    resource = await create_resource(owner, draft)
    for person in (client, other_owner.http):
        assert (await person.get(f"{PREFIX}/services")).json()["data"] == []
        for path in (f"/services/{service}", f"/resources/{resource}", f"/services?business_id={draft}"):
            assert error_of(await person.get(PREFIX + path)) == (404, "not_found")
    assert [one["id"] for one in (await owner.get(f"/services?business_id={draft}")).json()["data"]] == [service]


async def test_admin_reads_and_does_not_write(owner: Person, log_in: Login, database: Database) -> None:
    draft = (await create_business(owner))["id"]
    admin = await log_in()
    await rows(database, "UPDATE users SET platform_role = 'admin' WHERE id = $1", admin.id)
    # The role is in the token: the next login has it.
    login = {"email": admin.email, "password": PASSWORD}
    token = (await admin.post("/auth/login", json=login)).json()["data"]["access_token"]
    admin.http.headers["Authorization"] = f"Bearer {token}"
    assert (await admin.get(f"/businesses/{draft}")).status_code == 200
    assert error_of(await admin.put(f"/owner/businesses/{draft}", json={"city": "x"})) == (403, "forbidden")
    assert error_of(await admin.post("/owner/businesses", json={"name": NAME, "vertical": "spa"})) == (
        403,
        "forbidden",
    )


def test_tenancy_matrix_has_every_id_of_every_route() -> None:
    """The matrix calls every endpoint with another tenant's ids; it must know what each of them is."""
    from tests.api.tenancy.asking import TABLES, operations

    places = {(operation.name, place.name) for operation in operations() for place in operation.places}
    unknown = sorted(f"{name}: {place}" for name, place in places if place not in TABLES)
    assert unknown == [], "name their tables in tests/api/tenancy/asking.py and put a row into them in world.py"
