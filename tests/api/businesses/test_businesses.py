"""Founding, reading, changing and listing businesses."""

import asyncio
import re
from uuid import uuid4

from httpx import AsyncClient

from db.engine.session import Database as Pool
from tests.api.business_setup import NAME, approve, create_business, open_salon, rows
from tests.api.conftest import PREFIX, Person, Statements, error_of, outcome, rules_of
from tests.support.servers import Database


async def test_business_begins_as_a_draft_that_only_its_owner_sees(
    client: AsyncClient, owner: Person, other_owner: Person, pool: Pool
) -> None:
    business = await create_business(
        owner, prefecture="東京都", phone="03-5550-0123", location={"latitude": 35.6672, "longitude": 139.7076}
    )
    assert business["status"] == "draft"
    assert business["slug"] == "salon-hana"
    assert (business["time_zone"], business["currency"]) == ("Asia/Tokyo", "JPY")
    assert business["phone"] == "+81355500123"
    assert business["location"] == {"latitude": 35.6672, "longitude": 139.7076}
    path = f"{PREFIX}/businesses/{business['id']}"
    for part in ("", "/hours", "/settings", "/services"):
        assert error_of(await client.get(path + part)) == (404, "not_found")
        assert error_of(await other_owner.http.get(path + part)) == (404, "not_found")
        assert (await owner.http.get(path + part)).status_code == 200
    assert error_of(await client.get(f"{PREFIX}/businesses/slug/salon-hana")) == (404, "not_found")

    await approve(pool, business["id"])
    for part in ("", "/hours", "/settings", "/services"):
        assert (await client.get(path + part)).status_code == 200
    by_slug = await client.get(f"{PREFIX}/businesses/slug/Salon-Hana")
    assert by_slug.json()["data"]["id"] == business["id"]


async def test_names_come_in_the_callers_language(owner: Person) -> None:
    business = await create_business(owner)
    for language, text in (("ja", "サロン花"), ("en-GB", "Salon Hana"), ("fr;q=0.9, en;q=0.1", "Salon Hana")):
        answer = await owner.get(f"/businesses/{business['id']}", headers={"Accept-Language": language})
        assert answer.json()["data"]["name"] == {**NAME, "text": text}


async def test_name_in_one_language_stands_for_both(owner: Person) -> None:
    business = await create_business(owner, name={"ja": "花"})
    assert business["name"] == {"ja": "花", "en": None, "text": "花"}
    assert re.fullmatch(r"salon-[0-9a-f]{4}", business["slug"])


async def test_generated_slugs_step_aside_and_chosen_ones_do_not(owner: Person, other_owner: Person) -> None:
    await create_business(owner)
    second = await create_business(other_owner)
    assert second["slug"].startswith("salon-hana-")
    taken = await other_owner.post("/owner/businesses", json={"name": NAME, "vertical": "salon", "slug": "salon-hana"})
    assert error_of(taken) == (409, "already_exists")
    moved = await other_owner.put(f"/owner/businesses/{second['id']}", json={"slug": "salon-hana"})
    assert error_of(moved) == (409, "already_exists")
    assert moved.json()["error"]["details"] == {"field": "slug"}


async def test_businesses_of_one_name_made_at_once_get_different_slugs(owner: Person) -> None:
    made = await asyncio.gather(*(create_business(owner) for _ in range(6)))
    assert len({business["slug"] for business in made}) == 6


BAD_BUSINESSES: list[tuple[dict[str, object], object]] = [
    ({"time_zone": "Asia/Edo"}, [("time_zone", "iana_zone")]),
    ({"time_zone": "localtime"}, [("time_zone", "iana_zone")]),
    ({"currency": "XXX"}, (422, "currency_mismatch")),
    ({"currency": "jpy"}, [("currency", "string_pattern_mismatch")]),
    ({"slug": "Salon Hana"}, [("slug", "three_to_sixty_of_a_z_0_9_hyphen")]),
    ({"slug": "-ab"}, [("slug", "three_to_sixty_of_a_z_0_9_hyphen")]),
    ({"name": {}}, [("name", "ja_or_en")]),
    ({"name": {"ja": "  "}}, [("name.ja", "string_too_short")]),
    ({"name": {"ja": "花\u0000"}}, [("name.ja", "control_characters")]),
    ({"name": {"ja": "花\nび"}}, [("name.ja", "one_line")]),
    ({"name": {"fr": "Fleur"}}, [("name.fr", "extra_forbidden")]),
    ({"vertical": "casino"}, [("vertical", "enum")]),
    ({"phone": "12"}, [("phone", "phone")]),
    ({"website": "javascript:alert(1)"}, [("website", "website")]),
    ({"website": "https://user:secret@example.jp"}, [("website", "website")]),
    ({"website": "https://example.jp:99999"}, [("website", "website")]),
    ({"website": "https://example"}, [("website", "website")]),
    ({"postal_code": "150-001"}, [("postal_code", "seven_digits")]),
    ({"prefecture": "Edo"}, [("prefecture", "prefecture")]),
    ({"invoice_number": "T123"}, [("invoice_number", "t_and_thirteen_digits")]),
    ({"invoice_number": "T6123456789012"}, [("invoice_number", "check_digit")]),
    ({"location": {"latitude": 91, "longitude": 0}}, [("location.latitude", "less_than_equal")]),
    ({"location": {"latitude": 35}}, [("location.longitude", "missing")]),
    ({"status": "approved"}, [("status", "extra_forbidden")]),
    ({"owner_id": str(uuid4())}, [("owner_id", "extra_forbidden")]),
]


async def test_bad_input_writes_nothing(owner: Person) -> None:
    found = []
    for changed, _ in BAD_BUSINESSES:
        answer = await owner.post("/owner/businesses", json={"name": NAME, "vertical": "salon", **changed})
        found.append((changed, outcome(answer)))
    assert found == BAD_BUSINESSES
    assert (await owner.get("/owner/businesses")).json()["data"] == []


async def test_changes_touch_only_what_is_sent(owner: Person) -> None:
    business = await create_business(owner, city="渋谷区", email="a@example.jp")
    path = f"/owner/businesses/{business['id']}"
    changed = await owner.put(path, json={"city": "港区", "email": None})
    assert changed.status_code == 200
    assert changed.json()["message"] == "Updated."
    data = changed.json()["data"]
    assert (data["city"], data["email"], data["name"]["en"]) == ("港区", None, "Salon Hana")
    assert (await owner.put(path, json={})).json()["data"]["city"] == "港区"
    assert rules_of(await owner.put(path, json={"name": None})) == {("name", "not_null")}
    assert rules_of(await owner.put(path, json={"currency": "USD"})) == {("currency", "extra_forbidden")}


async def test_my_businesses_are_those_of_the_caller(owner: Person, other_owner: Person) -> None:
    mine = await create_business(owner)
    await create_business(other_owner)
    listed = (await owner.get("/owner/businesses")).json()
    assert [one["id"] for one in listed["data"]] == [mine["id"]]
    assert listed["meta"] == {"next_cursor": None, "limit": 20}


async def test_public_list_shows_approved_ones_page_by_page(
    client: AsyncClient, owner: Person, pool: Pool, statements: Statements
) -> None:
    made = []
    for number in range(5):
        vertical = "spa" if number == 4 else "salon"
        business = await create_business(owner, vertical=vertical, prefecture="大阪府" if number else "東京都")
        await approve(pool, business["id"])
        made.append(business["id"])
    await create_business(owner)  # a draft

    seen: list[str] = []
    cursor: str | None = None
    for _ in range(3):
        params = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        statements.clear()
        page = (await client.get(f"{PREFIX}/businesses", params=params)).json()
        assert len(statements) == 2  # whose transaction it is, and the page
        seen += [one["id"] for one in page["data"]]
        cursor = page["meta"]["next_cursor"]
    assert seen == made[::-1]
    assert cursor is None

    filtered = await client.get(f"{PREFIX}/businesses", params={"vertical": "spa", "prefecture": "大阪府"})
    assert [one["id"] for one in filtered.json()["data"]] == made[4:]


async def test_settings_have_defaults_and_a_public_part(client: AsyncClient, owner: Person, pool: Pool) -> None:
    salon = await open_salon(pool, owner)
    public = (await client.get(f"{PREFIX}/businesses/{salon.id}/settings")).json()["data"]
    assert public == {
        "slot_interval_minutes": 15,
        "start_grid": "opening",
        "hold_for": "PT10M",
        "lead_time": "PT1H",
        "booking_window": "P60D",
        "approval_mode": "instant",
        "guest_booking": True,
        "asks_kana": "off",
        "address_proof_within": "PT30M",
        "phone_proof_within": "PT0S",
        "payment_mode": "at_venue",
        "language": "en",
    }
    own = (await owner.get(f"/businesses/{salon.id}/settings")).json()["data"]
    assert own["reminder_offsets"] == ["P1D"]


async def test_settings_are_changed(owner: Person) -> None:
    business = await create_business(owner)
    path = f"/owner/businesses/{business['id']}/settings"
    changed = await owner.put(path, json={"reminder_offsets": ["PT2H", 3], "hold_for": "PT5S", "auto_complete": False})
    data = changed.json()["data"]
    assert data["reminder_offsets"] == ["PT2H", "PT3S"]
    assert (data["hold_for"], data["auto_complete"], data["lead_time"]) == ("PT5S", False, "PT1H")


BAD_SETTINGS: list[tuple[dict[str, object], str]] = [
    ({"slot_interval_minutes": 0}, "slot_interval_minutes"),
    ({"hold_for": "PT0S"}, "hold_for"),
    ({"hold_for": "-PT5M"}, "hold_for"),
    ({"lead_time": "-PT1S"}, "lead_time"),
    ({"booking_window": "P800D"}, "booking_window"),
    ({"booking_window": 1e300}, "booking_window"),
    ({"reminder_offsets": ["P1D", "PT24H"]}, "reminder_offsets"),
    ({"reminder_offsets": ["PT1H"] * 6}, "reminder_offsets"),
    ({"approval_mode": "never"}, "approval_mode"),
    ({"payment_mode": None}, "payment_mode"),
    ({"has_public_holiday_row": True}, "has_public_holiday_row"),
]


async def test_approved_business_does_not_become_a_clinic(owner: Person, database: Database) -> None:
    """The review asked for the documents of the earlier vertical."""
    business = (await create_business(owner, vertical="spa"))["id"]
    path = f"/owner/businesses/{business}"
    assert (await owner.put(path, json={"vertical": "clinic"})).status_code == 200  # still a draft
    assert (await owner.put(path, json={"vertical": "spa"})).status_code == 200
    for status in ("approved", "suspended"):
        await rows(database, "UPDATE businesses SET status = $1 WHERE id = $2", status, business)
        assert error_of(await owner.put(path, json={"vertical": "clinic"})) == (409, "wrong_state")
        assert (await owner.put(path, json={"vertical": "fitness", "city": "京都市"})).status_code == 200
    assert (await owner.get(f"{path}/verification")).json()["data"]["status"] == "suspended"


async def test_bad_settings_are_refused(owner: Person) -> None:
    business = await create_business(owner)
    before = (await owner.get(f"/businesses/{business['id']}/settings")).json()["data"]
    for changed, field in BAD_SETTINGS:
        answer = await owner.put(f"/owner/businesses/{business['id']}/settings", json=changed)
        assert {name for name, _ in rules_of(answer)} == {field}, changed
    assert (await owner.get(f"/businesses/{business['id']}/settings")).json()["data"] == before


async def test_create_is_audited_with_caller_and_request(owner: Person, database: Database) -> None:
    answer = await owner.post(
        "/owner/businesses", json={"name": NAME, "vertical": "spa"}, headers={"X-Request-ID": "req-42"}
    )
    business = answer.json()["data"]["id"]
    await owner.put(f"/owner/businesses/{business}", json={"city": "京都市"}, headers={"X-Request-ID": "req-43"})
    found = await rows(
        database,
        "SELECT action, actor_kind, actor_id, request_id, ip::text, after->>'city' AS city FROM audit_logs"
        " WHERE entity = 'businesses' AND entity_id = $1 ORDER BY id",
        business,
    )
    assert [tuple(row) for row in found] == [
        ("insert", "customer", owner.id, "req-42", "127.0.0.1/32", None),
        ("update", "staff", owner.id, "req-43", "127.0.0.1/32", "京都市"),
    ]
