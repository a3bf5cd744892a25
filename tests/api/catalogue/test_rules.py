"""What a catalogue must be to be sold from: bookable, within the law, and never at the cost of what stands."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from httpx import AsyncClient

from db.engine.session import Database as Pool
from tests.api.business_setup import (
    approve,
    create_business,
    create_resource,
    create_service,
    open_salon,
    put_booking,
    rows,
    service_body,
)
from tests.api.catalogue.test_policies import add, defaults
from tests.api.conftest import PREFIX, Person, error_of, rules_of
from tests.support.servers import Database

NOTICE = {"ja": "販売業者: 株式会社花"}


async def test_bookings_keep_their_terms_when_the_service_changes(
    owner: Person, pool: Pool, database: Database
) -> None:
    salon = await open_salon(pool, owner)
    await put_booking(database, salon, datetime.now(UTC) + timedelta(days=3))

    async def written() -> list[Any]:
        return [
            [tuple(row) for row in await rows(database, f"SELECT * FROM {table} ORDER BY 1")]
            for table in ("bookings", "booking_items", "resource_claims")
        ]

    before = await written()
    terms = {"price": {"amount": 9900, "currency": "JPY"}, "duration_minutes": 120, "tax_percent": 8, "party_max": 4}
    changed = await owner.put(f"/owner/services/{salon.service}", json={**terms, "buffer_after_minutes": 30})
    assert changed.json()["data"]["price"]["amount"] == 9900
    await owner.put(f"/owner/businesses/{salon.id}/settings", json={"lead_time": "PT5H", "approval_mode": "manual"})
    await add(owner, str(salon.id))
    assert await written() == before


async def test_active_service_can_be_booked(owner: Person) -> None:
    business = (await create_business(owner))["id"]
    idle = await create_service(owner, business)
    assert idle["is_active"] is False
    path = f"/owner/services/{idle['id']}"
    assert rules_of(await owner.put(path, json={"is_active": True})) == {("requirements", "needed_to_be_active")}
    answer = await owner.post("/owner/services", json=service_body(business, is_active=True))
    assert rules_of(answer) == {("requirements", "needed_to_be_active")}

    stylist, room = await create_resource(owner, business), await create_resource(owner, business, "room")
    await owner.put(f"/owner/resources/{room}", json={"is_active": False})
    both = [{"group": 0, "resource_ids": [str(stylist)]}, {"group": 1, "resource_ids": [str(room)]}]
    assert rules_of(await owner.put(path, json={"is_active": True, "requirements": both})) == {
        ("requirements", "no_active_resource")
    }
    active = await owner.put(path, json={"is_active": True, "requirements": both[:1]})
    assert active.json()["data"]["is_active"] is True
    assert rules_of(await owner.put(path, json={"requirements": []})) == {("requirements", "needed_to_be_active")}
    assert (await owner.put(path, json={"is_active": False, "requirements": []})).status_code == 200


@pytest.mark.parametrize("mode", ["prepay", "card_hold"])
async def test_online_payment_needs_the_legal_notice(owner: Person, pool: Pool, mode: str) -> None:
    salon = await open_salon(pool, owner)
    path = f"/owner/services/{salon.service}"
    refused = await owner.put(path, json={"payment_mode": mode})
    assert error_of(refused) == (422, "legal_notice_required")
    requirements = [{"group": 0, "resource_ids": [str(salon.room)]}]
    body = service_body(salon.id, payment_mode=mode, requirements=requirements)
    assert error_of(await owner.post("/owner/services", json=body)) == (422, "legal_notice_required")
    hidden = await owner.post("/owner/services", json={**body, "is_active": False})
    assert hidden.status_code == 201  # nobody is sold anything

    business = f"/owner/businesses/{salon.id}"
    assert (await owner.put(business, json={"legal_notice": NOTICE})).status_code == 200
    assert (await owner.put(path, json={"payment_mode": mode})).status_code == 200
    gone = await owner.put(business, json={"legal_notice": None})
    assert error_of(gone) == (422, "legal_notice_required")
    assert gone.json()["error"]["details"]["services"] == [str(salon.service)]
    assert (await owner.put(path, json={"payment_mode": "at_venue"})).status_code == 200
    assert (await owner.put(business, json={"legal_notice": None})).status_code == 200


async def test_draft_may_prepare_and_is_checked_before_it_is_seen(owner: Person, pool: Pool) -> None:
    business = (await create_business(owner))["id"]
    stylist = await create_resource(owner, business)
    requirements = [{"group": 0, "resource_ids": [str(stylist)]}]
    service = await create_service(owner, business, payment_mode="prepay", requirements=requirements)
    assert service["is_active"] is True
    await approve(pool, business)  # behind the submission's back
    gone = await owner.put(f"/owner/businesses/{business}", json={"legal_notice": None})
    assert error_of(gone) == (422, "legal_notice_required")


async def test_default_policy_is_always_one(owner: Person) -> None:
    business = (await create_business(owner))["id"]
    first, second = await add(owner, business), await add(owner, business)
    path = f"/policies/{first['id']}"
    assert rules_of(await owner.put(path, json={"is_default": False})) == {("is_default", "make_another_the_default")}
    refused = await owner.delete(path)
    assert error_of(refused) == (409, "conflict")
    assert refused.json()["error"]["details"] == {"rule": "make_another_the_default"}
    assert await defaults(owner, business) == [first["id"]]
    assert (await owner.put(f"/policies/{second['id']}", json={"is_default": False})).status_code == 200
    assert (await owner.put(f"/policies/{second['id']}", json={"is_default": True})).status_code == 200
    assert (await owner.delete(path)).status_code == 200
    assert (await owner.delete(f"/policies/{second['id']}")).status_code == 200  # the last one: cancelling is free


async def test_services_are_listed_by_filter_and_order(client: AsyncClient, owner: Person, pool: Pool) -> None:
    salon = await open_salon(pool, owner)
    requirements = [{"group": 0, "resource_ids": [str(salon.room)]}]
    for number, (name, price, minutes) in enumerate(
        [("カラー", 9000, 90), ("ｶﾗｰとカット", 9000, 120), ("スパ", 3000, 30)]
    ):
        await create_service(
            owner,
            salon.id,
            name={"ja": name},
            price={"amount": price, "currency": "JPY"},
            duration_minutes=minutes,
            category={"ja": "色", "en": "Colour"} if number < 2 else None,
            requirements=requirements,
            is_active=number != 1,
        )

    async def names(who: Any, **params: Any) -> list[str]:
        """Page by page, one at a time."""
        seen: list[str] = []
        cursor: dict[str, str] = {}
        while True:
            asked = {"business_id": str(salon.id), "limit": 1, **params, **cursor}
            page = (await who.get(f"{PREFIX}/services", params=asked, headers={"Accept-Language": "ja"})).json()
            seen += [one["name"]["ja"] for one in page["data"]]
            if page["meta"]["next_cursor"] is None:
                return seen
            cursor = {"cursor": page["meta"]["next_cursor"]}

    assert await names(owner.http) == ["カット", "カラー", "ｶﾗｰとカット", "スパ"]
    assert await names(owner.http, sort="price") == ["スパ", "カット", "カラー", "ｶﾗｰとカット"]
    assert await names(owner.http, sort="duration") == ["スパ", "カット", "カラー", "ｶﾗｰとカット"]
    assert await names(owner.http, sort="name") == ["カット", "カラー", "ｶﾗｰとカット", "スパ"]
    assert await names(owner.http, active="false") == ["ｶﾗｰとカット"]
    assert await names(owner.http, q="からー", active="true") == ["カラー"]
    for category in ("色", "Colour"):
        assert await names(owner.http, category=category) == ["カラー", "ｶﾗｰとカット"]
    assert await names(owner.http, category="colour") == []
    assert await names(owner.http, q="colour") == ["カラー", "ｶﾗｰとカット"]
    assert await names(client, q="カラー") == ["カラー"]
    assert await names(client, active="false") == []
    everywhere = await client.get(f"{PREFIX}/services", params={"q": "カラー"})
    assert rules_of(everywhere) == {("business_id", "needed_for_words_and_order")}
    rooms = await owner.get("/resources", params={"business_id": str(salon.id), "active": "false"})
    assert rooms.json()["data"] == []


async def test_default_policy_is_a_setting(owner: Person, other_owner: Person) -> None:
    business, other = (await create_business(owner))["id"], (await create_business(other_owner))["id"]
    path = f"/owner/businesses/{business}/settings"
    assert (await owner.get(f"/businesses/{business}/settings")).json()["data"]["default_policy_id"] is None
    first, second = await add(owner, business), await add(owner, business)
    theirs = await add(other_owner, other)
    assert (await owner.put(path, json={})).json()["data"]["default_policy_id"] == first["id"]
    changed = await owner.put(path, json={"default_policy_id": second["id"], "auto_complete": False})
    assert changed.json()["data"]["default_policy_id"] == second["id"]
    assert await defaults(owner, business) == [second["id"]]
    unknown = await owner.put(path, json={"default_policy_id": theirs["id"]})
    assert rules_of(unknown) == {("default_policy_id", "unknown")}
    assert await defaults(owner, business) == [second["id"]]
