"""Services: what they must be, what they require, and who may touch them."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from httpx import AsyncClient

from db.engine.session import Database as Pool
from tests.api.business_setup import (
    create_business,
    create_resource,
    create_service,
    open_salon,
    put_booking,
    rows,
    service_body,
)
from tests.api.conftest import PREFIX, Person, Statements, error_of, outcome, rules_of
from tests.support.servers import Database


async def test_service_is_read_as_it_was_made(client: AsyncClient, owner: Person, pool: Pool) -> None:
    salon = await open_salon(pool, owner, legal_notice={"en": "Seller: Hana Inc."})
    made = await create_service(
        owner,
        salon.id,
        description={"en": "With shampoo.\nAnd tea."},
        category={"ja": "ヘア", "en": "Hair"},
        tax_percent=8,
        buffer_after_minutes=10,
        party_max=3,
        payment_mode="deposit",
        deposit_amount={"amount": 1000, "currency": "JPY"},
        approval_mode="manual",
        requirements=[{"group": 1, "resource_ids": [str(salon.room), str(salon.room)]}],
    )
    read = (await client.get(f"{PREFIX}/services/{made['id']}")).json()["data"]
    assert read == made
    assert read["price"] == {"amount": 5500, "currency": "JPY"}
    assert read["deposit_amount"] == {"amount": 1000, "currency": "JPY"}
    assert read["requirements"] == [{"group": 1, "resource_ids": [str(salon.room)]}]
    assert read["description"] == {"ja": None, "en": "With shampoo.\nAnd tea.", "text": "With shampoo.\nAnd tea."}
    assert read["category"] == {"ja": "ヘア", "en": "Hair", "text": "Hair"}
    assert read["policy"] is None


async def test_modes_come_from_the_settings_unless_given(owner: Person) -> None:
    business = await create_business(owner)
    modes = {"payment_mode": "prepay", "approval_mode": "manual"}
    await owner.put(f"/owner/businesses/{business['id']}/settings", json=modes)
    silent = await create_service(owner, business["id"])
    assert {name: silent[name] for name in modes} == modes
    created = await create_service(owner, business["id"], payment_mode="none", approval_mode="instant")
    assert (created["payment_mode"], created["approval_mode"]) == ("none", "instant")


BAD_SERVICES: list[tuple[dict[str, Any], object]] = [
    ({"price": {"amount": -1, "currency": "JPY"}}, [("price.amount", "greater_than_equal")]),
    ({"price": {"amount": 10.5, "currency": "JPY"}}, [("price.amount", "int_type")]),
    ({"price": {"amount": 5500, "currency": "USD"}}, (422, "currency_mismatch")),
    ({"price": {"amount": 5500, "currency": "XYZ"}}, (422, "currency_mismatch")),
    ({"price": 5500}, [("price", "model_attributes_type")]),
    ({"duration_minutes": 0}, [("duration_minutes", "greater_than_equal")]),
    ({"duration_minutes": 1441}, [("duration_minutes", "less_than_equal")]),
    ({"buffer_before_minutes": -1}, [("buffer_before_minutes", "greater_than_equal")]),
    ({"tax_percent": 9}, [("tax_percent", "known_tax_rate")]),
    ({"capacity": 0}, [("capacity", "greater_than_equal")]),
    ({"party_min": 3, "party_max": 2}, [("party_max", "not_below_party_min")]),
    ({"payment_mode": "deposit"}, [("deposit_percent", "percent_or_amount")]),
    ({"deposit_percent": 20}, [("payment_mode", "deposit_for_a_deposit")]),
    (
        {"payment_mode": "prepay", "price": {"amount": 0, "currency": "JPY"}},
        [("price", "positive_for_online_payment")],
    ),
    (
        {"payment_mode": "deposit", "deposit_amount": {"amount": 6000, "currency": "JPY"}},
        [("deposit_amount", "at_most_price")],
    ),
    (
        {"payment_mode": "deposit", "deposit_amount": {"amount": 10, "currency": "USD"}},
        (422, "currency_mismatch"),
    ),
    ({"requirements": [{"group": 0, "resource_ids": []}]}, [("requirements.0.resource_ids", "too_short")]),
    ({"requirements": [{"group": 0, "resource_ids": [str(uuid4())]}]}, [("requirements", "unknown_resource")]),
    ({"policy_id": str(uuid4())}, [("policy_id", "unknown")]),
    ({"name": {}}, [("name", "ja_or_en")]),
    ({"colour": "red"}, [("colour", "extra_forbidden")]),
]


async def test_bad_services_are_not_written(owner: Person) -> None:
    business = await create_business(owner)
    found = []
    for changed, _ in BAD_SERVICES:
        answer = await owner.post("/owner/services", json=service_body(business["id"], **changed))
        found.append((changed, outcome(answer)))
    assert found == BAD_SERVICES
    assert (await owner.get("/services", params={"business_id": business["id"]})).json()["data"] == []


async def test_requirement_group_is_given_once(owner: Person) -> None:
    business = await create_business(owner)
    resource = await create_resource(owner, business["id"])
    group = {"group": 0, "resource_ids": [str(resource)]}
    answer = await owner.post("/owner/services", json=service_body(business["id"], requirements=[group, group]))
    assert rules_of(answer) == {("requirements", "unique")}


async def test_resources_and_policies_of_another_business_are_unknown(owner: Person, other_owner: Person) -> None:
    mine, theirs = await create_business(owner), await create_business(other_owner)
    resource = await create_resource(other_owner, theirs["id"])
    policy = await other_owner.post(
        "/policies", json={"business_id": theirs["id"], "name": {"en": "Free"}, "tiers": []}
    )
    requirements = [{"group": 0, "resource_ids": [str(resource)]}]
    answer = await owner.post("/owner/services", json=service_body(mine["id"], requirements=requirements))
    assert rules_of(answer) == {("requirements", "unknown_resource")}
    policy_id = policy.json()["data"]["id"]
    answer = await owner.post("/owner/services", json=service_body(mine["id"], policy_id=policy_id))
    assert rules_of(answer) == {("policy_id", "unknown")}
    # Nor between two businesses of one owner.
    second = await create_business(other_owner)
    answer = await other_owner.post("/owner/services", json=service_body(second["id"], requirements=requirements))
    assert rules_of(answer) == {("requirements", "unknown_resource")}


async def test_change_is_checked_against_the_whole(owner: Person) -> None:
    business = await create_business(owner)
    service = await create_service(owner, business["id"], payment_mode="deposit", deposit_percent=20)
    path = f"/owner/services/{service['id']}"
    free = await owner.put(path, json={"price": {"amount": 0, "currency": "JPY"}})
    assert rules_of(free) == {("price", "positive_for_online_payment")}
    both = await owner.put(path, json={"deposit_amount": {"amount": 100, "currency": "JPY"}})
    assert rules_of(both) == {("deposit_percent", "percent_or_amount")}
    dollars = await owner.put(path, json={"price": {"amount": 100, "currency": "USD"}})
    assert error_of(dollars) == (422, "currency_mismatch")
    assert rules_of(await owner.put(path, json={"party_min": 2})) == {("party_max", "not_below_party_min")}
    salon = await owner.put(path, json={"payment_mode": "at_venue"})
    assert salon.json()["data"]["deposit_percent"] is None
    amount = await owner.put(
        path, json={"payment_mode": "deposit", "deposit_amount": {"amount": 100, "currency": "JPY"}}
    )
    assert amount.json()["data"]["deposit_amount"]["amount"] == 100


async def test_requirements_are_replaced_whole(owner: Person, pool: Pool) -> None:
    salon = await open_salon(pool, owner)
    path = f"/owner/services/{salon.service}"
    unchanged = await owner.put(path, json={"category": {"en": "hair"}})
    assert len(unchanged.json()["data"]["requirements"]) == 2
    changed = await owner.put(path, json={"requirements": [{"group": 3, "resource_ids": [str(salon.room)]}]})
    assert changed.json()["data"]["requirements"] == [{"group": 3, "resource_ids": [str(salon.room)]}]


async def test_inactive_services_are_for_those_who_work_there(
    client: AsyncClient, owner: Person, customer: Person, pool: Pool
) -> None:
    salon = await open_salon(pool, owner)
    await owner.put(f"/owner/services/{salon.service}", json={"is_active": False})
    for path in (f"/services?business_id={salon.id}", f"/businesses/{salon.id}/services"):
        assert (await client.get(PREFIX + path)).json()["data"] == []
        assert (await customer.get(path)).json()["data"] == []
        assert [one["id"] for one in (await owner.get(path)).json()["data"]] == [str(salon.service)]
    assert error_of(await client.get(f"{PREFIX}/services/{salon.service}")) == (404, "not_found")
    assert (await owner.get(f"/services/{salon.service}")).json()["data"]["is_active"] is False
    assert (await owner.get("/services")).json()["data"] == []


async def test_service_with_bookings_is_removed_with_open_eyes(
    client: AsyncClient, owner: Person, pool: Pool, database: Database
) -> None:
    salon = await open_salon(pool, owner)
    booking = await put_booking(database, salon, datetime.now(UTC) + timedelta(days=3))
    path = f"/owner/services/{salon.service}"
    refused = await owner.delete(path)
    assert error_of(refused) == (409, "would_break_bookings")
    assert [one["id"] for one in refused.json()["error"]["details"]["bookings"]] == [str(booking)]
    assert (await client.get(f"{PREFIX}/services/{salon.service}")).status_code == 200
    assert (await owner.delete(path, params={"confirm": "true"})).json()["data"] == {"id": str(salon.service)}
    assert error_of(await owner.get(f"/services/{salon.service}")) == (404, "not_found")
    assert error_of(await owner.delete(path)) == (404, "not_found")
    # The booking stands as agreed: there is nothing to be done about it.
    assert [row["status"] for row in await rows(database, "SELECT status FROM bookings")] == ["confirmed"]
    assert await rows(database, "SELECT booking_id FROM attention") == []


async def test_service_without_bookings_is_just_removed(owner: Person, pool: Pool) -> None:
    salon = await open_salon(pool, owner)
    assert (await owner.delete(f"/owner/services/{salon.service}")).status_code == 200


async def test_page_costs_the_same_with_one_service_and_with_many(
    client: AsyncClient, owner: Person, pool: Pool, statements: Statements
) -> None:
    salon = await open_salon(pool, owner)
    path = f"{PREFIX}/services"
    costs = []
    for more in (0, 12):
        requirements = [{"group": 0, "resource_ids": [str(one) for one in salon.staff]}]
        for _ in range(more):
            await create_service(owner, salon.id, requirements=requirements, category={"en": "hair"})
        statements.clear()
        answer = await client.get(path, params={"business_id": str(salon.id), "limit": 100})
        assert len(answer.json()["data"]) == 1 + more
        costs.append(len(statements))
    assert costs == [2, 2]
    hair = await client.get(path, params={"category": "hair", "limit": 5})
    assert len(hair.json()["data"]) == 5
    assert hair.json()["meta"]["next_cursor"] is not None


async def test_services_of_a_business_that_is_not_there(client: AsyncClient) -> None:
    answer = await client.get(f"{PREFIX}/services", params={"business_id": str(uuid4())})
    assert error_of(answer) == (404, "not_found")
    assert rules_of(await client.get(f"{PREFIX}/services/nonsense")) == {("service_id", "uuid_parsing")}


async def test_service_shows_the_policy_that_counts(client: AsyncClient, owner: Person, pool: Pool) -> None:
    salon = await open_salon(pool, owner)
    policies = []
    for percent in (10, 20):
        body = {
            "business_id": str(salon.id),
            "name": {"en": f"{percent} %"},
            "tiers": [{"hours_before": 0, "penalty_percent": percent}],
        }
        policies.append((await owner.post("/policies", json=body)).json()["data"]["id"])

    async def shown() -> UUID:
        read = await client.get(f"{PREFIX}/services/{salon.service}")
        return read.json()["data"]["policy"]["id"]

    assert await shown() == policies[0]  # the default
    await owner.put(f"/owner/services/{salon.service}", json={"policy_id": policies[1]})
    assert await shown() == policies[1]


async def test_prices_that_the_provider_refuses_are_not_saved(owner: Person, pool: Pool) -> None:
    """The owner hears it when saving, and not each customer when paying."""
    business = (await open_salon(pool, owner)).id
    await add_legal_notice(owner, business)
    prepaid = {"payment_mode": "prepay"}
    cases: list[tuple[dict[str, Any], str, str]] = [
        ({**prepaid, "price": {"amount": 49, "currency": "JPY"}}, "price", "less"),
        ({**prepaid, "price": {"amount": 100_000_000, "currency": "JPY"}}, "price", "more"),
        (
            {"payment_mode": "deposit", "deposit_percent": 5, "price": {"amount": 500, "currency": "JPY"}},
            "deposit_percent",
            "less",
        ),
        (
            {**prepaid, "price": {"amount": 50_000_000, "currency": "JPY"}, "capacity": 3, "party_max": 3},
            "price",
            "more",
        ),
    ]
    for changed, field, which in cases:
        answer = await owner.post("/owner/services", json=service_body(business, **changed))
        assert rules_of(answer) == {(field, f"{which}_than_the_provider_takes")}, answer.text
        assert answer.json()["error"]["details"]["least"] == 50
    made = await create_service(owner, business, **prepaid, price={"amount": 50, "currency": "JPY"})
    refused = await owner.put(f"/owner/services/{made['id']}", json={"price": {"amount": 49, "currency": "JPY"}})
    assert rules_of(refused) == {("price", "less_than_the_provider_takes")}


async def add_legal_notice(owner: Person, business_id: object) -> None:
    notice = {"legal_notice": {"ja": "販売業者: 株式会社花"}}
    assert (await owner.put(f"/owner/businesses/{business_id}", json=notice)).status_code == 200
