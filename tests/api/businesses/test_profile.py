"""What a business says about itself, the addresses it had, and its end."""

from datetime import UTC, datetime, timedelta

import pytest
from fastapi.routing import iter_route_contexts
from httpx import AsyncClient

from db.engine.session import Database as Pool
from domain.business_status import NEVER_PUBLIC, BusinessStatus
from domain.businesses.profile import Vertical
from domain.businesses.slug import RESERVED
from tests.api.access.test_permissions import the_app
from tests.api.business_setup import (
    NAME,
    approve,
    assign,
    create_business,
    create_resource,
    create_service,
    open_salon,
    put_booking,
    rows,
)
from tests.api.conftest import PREFIX, Person, error_of, rules_of
from tests.support.servers import Database

NOTICE = {"ja": "販売業者: 株式会社花", "en": "Seller: Hana Inc."}


async def test_profile_stores_typed_values_in_one_form(owner: Person) -> None:
    business = await create_business(
        owner,
        postal_code="〒１５０－０００１",
        prefecture="Tokyo",
        phone="０３-5550-0123",
        website="https://日本.example/予約",
        invoice_number="t7-1234-5678-9012",
        legal_notice=NOTICE,
    )
    assert business["postal_code"] == "150-0001"
    assert business["prefecture"] == {"code": "13", "ja": "東京都", "en": "Tokyo", "text": "Tokyo"}
    assert (business["phone"], business["phone_as_typed"]) == ("+81355500123", "０３-5550-0123")
    assert business["invoice_number"] == "T7123456789012"
    assert business["legal_notice"] == {**NOTICE, "text": NOTICE["en"]}
    path = f"/owner/businesses/{business['id']}"
    gone = (await owner.put(path, json={"phone": None, "prefecture": None, "legal_notice": None})).json()["data"]
    assert [gone[name] for name in ("phone", "phone_as_typed", "prefecture", "legal_notice")] == [None] * 4
    japanese = await owner.get(f"/businesses/{business['id']}", headers={"Accept-Language": "ja"})
    assert japanese.json()["data"]["name"]["text"] == NAME["ja"]


async def test_names_that_nobody_can_read_get_kind_and_place(owner: Person) -> None:
    business = await create_business(owner, name={"ja": "花"}, postal_code="150-0001")
    assert business["slug"].startswith("salon-shibuya-")
    kana = await create_business(owner, name={"ja": "はなのや"})
    assert kana["slug"] == "hananoya"


async def test_old_slug_leads_to_the_new_one_for_good(
    client: AsyncClient, owner: Person, other_owner: Person, pool: Pool
) -> None:
    business = await create_business(owner)
    await approve(pool, business["id"])
    path = f"/owner/businesses/{business['id']}"
    for slug in ("hana-two", "hana-three"):
        assert (await owner.put(path, json={"slug": slug})).status_code == 200
    for former in ("salon-hana", "hana-two", "HANA-TWO"):
        moved = await client.get(f"{PREFIX}/businesses/slug/{former}")
        assert (moved.status_code, moved.headers["location"]) == (308, f"{PREFIX}/businesses/slug/hana-three")
        found = await client.get(f"{PREFIX}/businesses/slug/{former}", follow_redirects=True)
        assert found.json()["data"]["id"] == business["id"]
    # Nobody else gets it, chosen or made from a name; its business may return to it.
    body = {"name": NAME, "vertical": "salon"}
    chosen = await other_owner.post("/owner/businesses", json={**body, "slug": "salon-hana"})
    assert error_of(chosen) == (409, "already_exists")
    made = await create_business(other_owner)
    assert made["slug"].startswith("salon-hana-")
    taken = await other_owner.put(f"/owner/businesses/{made['id']}", json={"slug": "hana-two"})
    assert error_of(taken) == (409, "already_exists")
    assert (await owner.put(path, json={"slug": "salon-hana"})).json()["data"]["slug"] == "salon-hana"
    assert (await client.get(f"{PREFIX}/businesses/slug/salon-hana")).status_code == 200


async def test_drafts_old_slug_says_nothing(client: AsyncClient, owner: Person) -> None:
    business = await create_business(owner)
    await owner.put(f"/owner/businesses/{business['id']}", json={"slug": "hana-two"})
    for slug in ("salon-hana", "hana-two", "nobodys"):
        assert error_of(await client.get(f"{PREFIX}/businesses/slug/{slug}")) == (404, "not_found")


async def test_slug_that_was_never_public_is_free_after_a_rename(
    client: AsyncClient, owner: Person, other_owner: Person, pool: Pool
) -> None:
    draft = await create_business(owner, slug="hana-one")
    body = {"name": NAME, "vertical": "salon"}
    early = await other_owner.post("/owner/businesses", json={**body, "slug": "hana-one"})
    assert error_of(early) == (409, "already_exists")
    path = f"/owner/businesses/{draft['id']}"
    assert (await owner.put(path, json={"slug": "hana-two"})).status_code == 200
    theirs = await other_owner.post("/owner/businesses", json={**body, "slug": "hana-one"})
    assert theirs.status_code == 201
    assert error_of(await owner.put(path, json={"slug": "hana-one"})) == (409, "already_exists")
    await approve(pool, draft["id"])
    assert (await owner.put(path, json={"slug": "hana-three"})).status_code == 200
    moved = await client.get(f"{PREFIX}/businesses/slug/hana-two")
    assert (moved.status_code, moved.headers["location"]) == (308, f"{PREFIX}/businesses/slug/hana-three")
    late = await other_owner.put(f"/owner/businesses/{theirs.json()['data']['id']}", json={"slug": "hana-two"})
    assert error_of(late) == (409, "already_exists")


@pytest.mark.parametrize("status", BusinessStatus)
@pytest.mark.parametrize("end", ["rename", "delete"])
async def test_slug_that_was_public_stays_reserved(
    owner: Person, other_owner: Person, database: Database, status: BusinessStatus, end: str
) -> None:
    business = await create_business(owner, slug="hana-one")
    await rows(database, "UPDATE businesses SET status = $2 WHERE id = $1::uuid", business["id"], status)
    path = f"/owner/businesses/{business['id']}"
    ended = await (owner.put(path, json={"slug": "hana-two"}) if end == "rename" else owner.delete(path))
    assert ended.status_code in {200, 204}
    theirs = await other_owner.post("/owner/businesses", json={"name": NAME, "vertical": "salon", "slug": "hana-one"})
    assert theirs.status_code == (201 if status in NEVER_PUBLIC else 409)


async def test_my_businesses_say_the_callers_role(owner: Person, other_owner: Person, database: Database) -> None:
    mine, theirs = await create_business(owner), await create_business(other_owner)
    await create_business(other_owner)
    await rows(
        database,
        "INSERT INTO staff_assignments (business_id, user_id, role) VALUES ($1::uuid, $2, 'manager')",
        theirs["id"],
        owner.id,
    )
    listed = (await owner.get("/owner/businesses")).json()["data"]
    assert [(one["id"], one["role"]) for one in listed] == [(mine["id"], "owner"), (theirs["id"], "manager")]


async def test_business_ends_when_nothing_is_to_come(
    client: AsyncClient, owner: Person, customer: Person, pool: Pool, database: Database
) -> None:
    salon = await open_salon(pool, owner)
    past = await put_booking(database, salon, datetime.now(UTC) - timedelta(days=3), status="completed")
    booking = await put_booking(database, salon, datetime.now(UTC) + timedelta(days=3))
    path = f"/owner/businesses/{salon.id}"
    await assign(database, salon.id, customer, "manager")
    assert error_of(await customer.delete(path)) == (403, "forbidden")
    refused = await owner.delete(path)
    assert error_of(refused) == (409, "would_break_bookings")
    details = refused.json()["error"]["details"]
    assert (details["count"], [one["id"] for one in details["bookings"]]) == (1, [str(booking)])
    await rows(database, "UPDATE bookings SET status = 'cancelled' WHERE id = $1", booking)
    assert (await owner.delete(path)).json()["data"] == {"id": str(salon.id)}
    for gone in ("", "/hours", "/staff", "/services"):
        assert error_of(await client.get(f"{PREFIX}/businesses/{salon.id}{gone}")) == (404, "not_found")
    assert error_of(await owner.delete(path)) == (404, "not_found")
    assert (await client.get(f"{PREFIX}/businesses")).json()["data"] == []
    assert (await owner.get("/owner/businesses")).json()["data"] == []
    assert len(await rows(database, "SELECT 1 FROM bookings WHERE id = $1", past)) == 1


async def test_staff_and_days_are_public(client: AsyncClient, owner: Person, pool: Pool) -> None:
    salon = await open_salon(pool, owner)
    idle = await create_resource(owner, salon.id)
    await owner.put(f"/owner/resources/{idle}", json={"is_active": False})
    staff = (await client.get(f"{PREFIX}/businesses/{salon.id}/staff")).json()["data"]
    assert [set(one) for one in staff] == [{"id", "name"}] * 2
    assert [one["id"] for one in staff] == [str(one) for one in salon.staff]
    day = (datetime.now(UTC) + timedelta(days=40)).date().isoformat()
    await owner.put(f"/owner/businesses/{salon.id}/holidays", json={"days": [{"day": day, "name": "休業"}]})
    days = (await client.get(f"{PREFIX}/businesses/{salon.id}/holidays")).json()["data"]
    assert days == {"time_zone": "Asia/Tokyo", "one_off": [{"day": day, "ranges": [], "name": "休業"}]}


async def test_postal_code_lookup(client: AsyncClient) -> None:
    for written in ("150-0001", "1500001", "〒150-0001"):
        found = await client.get(f"{PREFIX}/postal-codes/{written}")
        assert found.json()["data"] == {
            "postal_code": "150-0001",
            "places": [
                {
                    "prefecture": {"code": "13", "ja": "東京都", "en": "Tokyo", "text": "Tokyo"},
                    "city": {"ja": "渋谷区", "kana": "シブヤク", "romaji": "Shibuyaku"},
                    "neighborhood": {"ja": "神宮前", "kana": "ジングウマエ", "romaji": "Jingumae"},
                }
            ],
        }
    assert error_of(await client.get(f"{PREFIX}/postal-codes/000-0000")) == (404, "not_found")
    assert error_of(await client.get(f"{PREFIX}/postal-codes/abc"))[0] == 422
    shared = (await client.get(f"{PREFIX}/postal-codes/4980000")).json()
    assert len(shared["data"]["places"]) > 1


def test_reserved_slugs_include_every_first_part_of_a_path() -> None:
    """The page of a business stands at ``/{slug}``, beside everything else that stands there."""
    paths = {getattr(context, "path_format", None) or "" for context in iter_route_contexts(the_app().routes)}
    firsts = {path.strip("/").removeprefix("api/v1/").split("/")[0].partition(".")[0] for path in paths}
    words = {word for word in firsts if word and not word.startswith("{")} | {"api", *Vertical}
    assert len(words) > 20
    assert words <= RESERVED, words - RESERVED


async def test_reserved_slugs_are_refused(owner: Person) -> None:
    body = {"name": {"en": "Admin"}, "vertical": "salon"}
    for slug in ("api", "admin", "login", "www"):
        answer = await owner.post("/owner/businesses", json={**body, "slug": slug})
        assert rules_of(answer) == {("slug", "reserved")}, slug
    made = await owner.post("/owner/businesses", json=body)
    assert made.json()["data"]["slug"].startswith("salon-")


async def test_payment_provider_must_be_offered_and_take_the_currency(owner: Person) -> None:
    yen, dollars = await create_business(owner), await create_business(owner, currency="USD")
    assert yen["payment_provider"] == "stripe"
    for provider in ("payjp_v1", "payjp_v2", "stripe"):
        changed = await owner.put(f"/owner/businesses/{yen['id']}", json={"payment_provider": provider})
        assert changed.json()["data"]["payment_provider"] == provider
    refused = await owner.put(f"/owner/businesses/{dollars['id']}", json={"payment_provider": "payjp_v2"})
    assert error_of(refused) == (422, "currency_mismatch")
    unknown = await owner.put(f"/owner/businesses/{yen['id']}", json={"payment_provider": "paypal"})
    assert unknown.status_code == 422
    unset = await owner.put(f"/owner/businesses/{yen['id']}", json={"payment_provider": None})
    assert unset.status_code == 422
    for business in (yen, dollars):
        shown = (await owner.get(f"/businesses/{business['id']}")).json()["data"]
        assert shown["payment_provider"] == "stripe"


async def test_provider_that_refuses_the_price_of_a_service_is_not_chosen(owner: Person, pool: Pool) -> None:
    """Stripe takes up to 99 999 999 yen, PAY.JP up to 9 999 999."""
    salon = await open_salon(pool, owner, legal_notice=NOTICE)
    price = {"amount": 10_000_000, "currency": "JPY"}
    needed = [{"group": 0, "resource_ids": [str(salon.staff[0])]}]
    service = await create_service(owner, salon.id, payment_mode="prepay", price=price, requirements=needed)
    path = f"/owner/businesses/{salon.id}"
    refused = await owner.put(path, json={"payment_provider": "payjp_v2"})
    details = refused.json()["error"]["details"]
    [field] = details["fields"]
    assert (field["field"], field["rule"]) == ("payment_provider", "more_than_the_provider_takes")
    assert details["services"] == [service["id"]]
    assert (await owner.get(f"/businesses/{salon.id}")).json()["data"]["payment_provider"] == "stripe"
    await owner.put(f"/owner/services/{service['id']}", json={"payment_mode": "at_venue"})
    assert (await owner.put(path, json={"payment_provider": "payjp_v2"})).status_code == 200
