"""Cancellation policies: their tiers, and the one default."""

import asyncio
from typing import Any

from domain.catalogue.cancellation import MoveRules
from tests.api.business_setup import create_business, create_resource, create_service, service_body
from tests.api.catalogue.test_services import add_legal_notice
from tests.api.conftest import Person, error_of, rules_of

TIERS = [{"hours_before": 48, "penalty_percent": 0}, {"hours_before": 0, "penalty_percent": 100}]


async def add(owner: Person, business_id: str, **changed: Any) -> dict[str, Any]:
    body = {"business_id": business_id, "name": {"en": "Standard"}, "tiers": TIERS, **changed}
    answer = await owner.post("/policies", json=body)
    assert answer.status_code == 201, answer.text
    data: dict[str, Any] = answer.json()["data"]
    return data


async def defaults(owner: Person, business_id: str) -> list[str]:
    listed = await owner.get("/policies", params={"business_id": business_id})
    return [one["id"] for one in listed.json()["data"] if one["is_default"]]


async def test_policy_that_came_first_is_the_default_until_another_is(owner: Person) -> None:
    business = (await create_business(owner))["id"]
    first = await add(owner, business)
    assert (first["is_default"], first["no_show_percent"], first["tiers"]) == (True, 100, TIERS)
    second = await add(owner, business)
    assert await defaults(owner, business) == [first["id"]]
    changed = await owner.put(f"/policies/{second['id']}", json={"is_default": True, "no_show_percent": 50})
    assert changed.json()["data"]["no_show_percent"] == 50
    assert await defaults(owner, business) == [second["id"]]
    third = await add(owner, business, is_default=True)
    assert await defaults(owner, business) == [third["id"]]
    assert (await owner.get(f"/policies/{third['id']}")).json()["data"] == third


async def test_rules_for_moves_are_stored_and_changed(owner: Person) -> None:
    business = (await create_business(owner))["id"]
    made = await add(owner, business)
    assert made["moves"] == MoveRules().to_json()
    strict = {"max_moves": 1, "hours_before": 24, "in_paid_tier": "refuse", "penalty_kept_days": 30}
    changed = await owner.put(f"/policies/{made['id']}", json={"moves": strict})
    assert changed.json()["data"]["moves"] == strict
    assert (await owner.get(f"/policies/{made['id']}")).json()["data"]["moves"] == strict
    refused = await owner.put(f"/policies/{made['id']}", json={"moves": {"max_moves": 101}})
    assert error_of(refused) == (422, "invalid_input")


async def test_default_policies_set_at_once_leave_one(owner: Person) -> None:
    business = (await create_business(owner))["id"]
    await asyncio.gather(*(add(owner, business, is_default=True) for _ in range(5)))
    assert len(await defaults(owner, business)) == 1


BAD_POLICIES: list[tuple[dict[str, Any], tuple[str, str]]] = [
    ({"tiers": TIERS[::-1]}, ("tiers", "hours_descend")),
    ({"tiers": [TIERS[0], TIERS[0]]}, ("tiers", "hours_descend")),
    (
        {"tiers": [{"hours_before": 1, "penalty_percent": 101}]},
        ("tiers.0.penalty_percent", "less_than_equal"),
    ),
    ({"tiers": [{"hours_before": -1, "penalty_percent": 1}]}, ("tiers.0.hours_before", "greater_than_equal")),
    ({"no_show_percent": 101}, ("no_show_percent", "less_than_equal")),
]


async def test_bad_policies_are_refused(owner: Person) -> None:
    business = (await create_business(owner))["id"]
    good = await add(owner, business)
    for changed, what in BAD_POLICIES:
        body = {"business_id": business, "name": {"en": "Standard"}, "tiers": TIERS, **changed}
        assert rules_of(await owner.post("/policies", json=body)) == {what}, changed
        assert rules_of(await owner.put(f"/policies/{good['id']}", json=changed)) == {what}, changed
    assert (await owner.get(f"/policies/{good['id']}")).json()["data"] == good


async def test_policy_that_services_name_stays(owner: Person) -> None:
    business = (await create_business(owner))["id"]
    policy = await add(owner, business)
    service = await create_service(owner, business, policy_id=policy["id"])
    path = f"/policies/{policy['id']}"
    refused = await owner.delete(path)
    assert error_of(refused) == (409, "conflict")
    assert refused.json()["error"]["details"] == {"services": [service["id"]]}
    await owner.put(f"/owner/services/{service['id']}", json={"policy_id": None})
    assert (await owner.delete(path)).status_code == 200
    assert error_of(await owner.get(path)) == (404, "not_found")
    assert (await add(owner, business))["is_default"] is True


async def test_policy_asks_no_fee_that_the_provider_refuses(owner: Person) -> None:
    """A card hold is captured for the fee alone, so each fee is at least what the provider takes."""
    business = (await create_business(owner))["id"]
    await add_legal_notice(owner, business)
    staff = await create_resource(owner, business)
    held = {
        "payment_mode": "card_hold",
        "price": {"amount": 1000, "currency": "JPY"},
        "requirements": [{"group": 0, "resource_ids": [str(staff)]}],
    }
    service = await create_service(owner, business, **held)
    small = [{"hours_before": 24, "penalty_percent": 4}]
    refused = await owner.post("/policies", json={"business_id": business, "name": {"en": "Small"}, "tiers": small})
    assert rules_of(refused) == {("tiers", "fee_less_than_the_provider_takes")}
    assert refused.json()["error"]["details"]["services"] == [service["id"]]
    policy = await add(owner, business, no_show_percent=100)
    changed = await owner.put(f"/policies/{policy['id']}", json={"no_show_percent": 4})
    assert rules_of(changed) == {("no_show_percent", "fee_less_than_the_provider_takes")}
    assert (await owner.put(f"/policies/{policy['id']}", json={"no_show_percent": 5})).status_code == 200
    cheaper = await owner.put(f"/owner/services/{service['id']}", json={"price": {"amount": 999, "currency": "JPY"}})
    assert rules_of(cheaper) == {("no_show_percent", "fee_less_than_the_provider_takes")}
    another = await owner.post(
        "/owner/services", json=service_body(business, **{**held, "price": {"amount": 900, "currency": "JPY"}})
    )
    assert rules_of(another) == {("no_show_percent", "fee_less_than_the_provider_takes")}
