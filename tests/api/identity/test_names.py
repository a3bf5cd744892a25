"""Names over HTTP: every input that is a person's name has the one type for it."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from fastapi import FastAPI
from httpx import AsyncClient
from pydantic import BaseModel, TypeAdapter, ValidationError

from api.http.fields import Input, PersonName
from db.engine.session import Database as Pool
from tests.api.access.test_permissions import the_app
from tests.api.conftest import PASSWORD, PREFIX, Clock, rules_of
from tests.api.salon import StaffedSalon, keyed, staffed_salon
from tests.support import data


@pytest_asyncio.fixture
async def salon(app: FastAPI, pool: Pool, clock: Clock) -> AsyncIterator[StaffedSalon]:
    """A salon."""
    async with staffed_salon(app, pool, clock) as opened:
        yield opened


FAMILY = "👨\u200d👩\u200d👧"


def inputs() -> list[type[BaseModel]]:
    """Every schema of a request."""
    found, todo = [], list(Input.__subclasses__())
    while todo:
        one = todo.pop()
        found.append(one)
        todo += one.__subclasses__()
    return found


def test_names_of_people_in_requests_are_all_checked() -> None:
    the_app()  # so that every schema is there
    checked = 0
    for schema in inputs():
        for name, field in schema.model_fields.items():
            if name in {"family_name", "given_name"}:
                for refused in ("evil.com", "090-1234-5678"):
                    with pytest.raises(ValidationError):
                        TypeAdapter(field.rebuild_annotation()).validate_python(refused)
                checked += 1
    assert checked >= 4
    assert TypeAdapter(PersonName).validate_python(FAMILY) == FAMILY


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("\u200b", "invisible"),
        ("\u3164", "invisible"),
        ("see evil.com", "link"),
        ("090－1234－5678", "number_for_a_name"),
    ],
)
async def test_register_and_guests_refuse_what_is_no_name(
    client: AsyncClient, salon: StaffedSalon, name: str, rule: str
) -> None:
    body = {"email": "a@example.jp", "password": PASSWORD, "family_name": name, "given_name": "花子"}
    assert rules_of(await client.post(f"{PREFIX}/auth/register", json=body)) == {("family_name", rule)}
    wanted = salon.booking_body(guest={"family_name": name, "email": "ai@example.jp"})
    refused = await salon.nobody.post(f"{PREFIX}/bookings", json=wanted, headers=keyed())
    assert rules_of(refused) == {("guest.family_name", rule)}


async def test_post_bookings_takes_a_guest_with_one_name(salon: StaffedSalon, pool: Pool) -> None:
    wanted = salon.booking_body(guest={"family_name": FAMILY, "email": "ai@example.jp"})
    made = await salon.nobody.post(f"{PREFIX}/bookings", json=wanted, headers=keyed())
    assert made.status_code == 201, made.text
    [row] = await data.rows(pool, "SELECT family_name, given_name FROM bookings")
    assert row == {"family_name": FAMILY, "given_name": ""}
