"""The console's lists and forms: each opens, saves what was typed, and says beside the field what the API refuses."""

import re
from urllib.parse import urlencode

import pytest
from fastapi import FastAPI

from db.engine.session import Database as Pool
from db.engine.session import Scope
from domain.platform.files import FILE_LASTS
from tests.api.conftest import Clock
from tests.api.pages.console import booked, entered
from tests.api.pages.visitor import Visitor
from tests.api.salon import StaffedSalon
from tests.support import data

LISTS = (
    *("services", "resources", "policies", "customers", "team", "invitations", "time-off", "payments", "receipts"),
    *("notices", "waitlist", "moved", "media", "reviews", "analytics", "till", "setup", "start", "days", "share"),
    *("profile", "settings", "hours", "brand"),
)
FORMS = ("services/new", "resources/new", "policies/new", "customers/new", "invitations/new", "time-off/new")


def console(salon: StaffedSalon, path: str) -> str:
    return f"/console/{salon.ids.business_id}/{path}"


def note_of(text: str, field: str) -> str:
    found = re.findall(rf'<p class="wrong" id="{re.escape(field)}-note">([^<]*)<', text)
    return found[0] if found else ""


async def test_console_pages_open_and_are_hidden_from_others(
    app: FastAPI, pool: Pool, clock: Clock, owner: Visitor, salon: StaffedSalon
) -> None:
    other = await entered(app, pool, clock, salon.other.owner_id)
    for path in (*LISTS, *FORMS):
        page = await owner.open(console(salon, path))
        assert page.status_code == 200, (path, page.text[:500])
        assert (await other.open(console(salon, path))).status_code == 404, path


async def test_service_is_made_found_changed_and_removed(owner: Visitor, salon: StaffedSalon, pool: Pool) -> None:
    await owner.open(console(salon, "services/new"))
    typed = {
        "name.ja": "眉カット",
        "name.en": "Eyebrows",
        "price": "1200",
        "tax_percent": "10",
        "duration_minutes": "15",
    }
    staff = str(salon.ids.resources[0])
    page = await owner.send(console(salon, "services/new"), **typed, need_staff=staff, is_active="1")
    assert "Saved." in page.text, page.text
    [row] = await data.rows(pool, "SELECT id, price, is_active FROM services WHERE name->>'en' = 'Eyebrows'")
    assert (row["price"], row["is_active"]) == (1200, True)
    found = await owner.open(console(salon, "services"), q="Eyebrows")
    assert str(row["id"]) in found.text
    page = await owner.open(console(salon, f"services/{row['id']}"))
    assert f'value="{staff}" checked' in page.text
    page = await owner.send(
        console(salon, f"services/{row['id']}"), **{**typed, "price": "1500"}, is_active="1", need_staff=staff
    )
    assert "Saved." in page.text, page.text
    [again] = await data.rows(pool, "SELECT price FROM services WHERE id = :id", id=row["id"])
    assert again["price"] == 1500
    await owner.open(console(salon, f"services/{row['id']}"))
    assert "Saved." in (await owner.send(console(salon, f"services/{row['id']}/remove"))).text


async def test_form_says_beside_the_field_what_is_wrong_and_keeps_what_was_typed(
    owner: Visitor, salon: StaffedSalon, pool: Pool
) -> None:
    await owner.open(console(salon, "services/new"))
    page = await owner.send(
        console(salon, "services/new"), **{"name.ja": "眉カット", "price": "many", "duration_minutes": "100000"}
    )
    assert page.status_code == 422
    assert note_of(page.text, "price")
    assert note_of(page.text, "duration_minutes")
    assert 'value="many"' in page.text
    assert 'value="眉カット"' in page.text


async def test_form_sent_twice_makes_one_record(owner: Visitor, salon: StaffedSalon, pool: Pool) -> None:
    form = await owner.open(console(salon, "customers/new"))
    for _ in range(2):
        owner.page = form
        await owner.send(console(salon, "customers/new"), family_name="二度", phone="03-5550-0101")
    rows = await data.rows(pool, "SELECT id FROM customers WHERE family_name = '二度'")
    assert len(rows) == 1


async def test_hours_list_the_bookings_that_would_lose_their_time(
    owner: Visitor, salon: StaffedSalon, pool: Pool
) -> None:
    booking = await booked(salon)
    await owner.open(console(salon, "hours"))
    page = await owner.send(
        console(salon, "hours"), **{"week.monday.0.opens": "23:00", "week.monday.0.closes": "23:30"}
    )
    assert page.status_code == 409
    assert booking in page.text
    assert 'name="confirm"' in page.text
    week = {"week.monday.0.opens": "23:00", "week.monday.0.closes": "23:30", "confirm": "1"}
    assert "Saved." in (await owner.send(console(salon, "hours"), **week)).text


async def test_settings_and_profile_are_saved(owner: Visitor, salon: StaffedSalon, pool: Pool) -> None:
    page = await owner.open(console(salon, "settings"))
    assert page.status_code == 200
    fields = {"hold_for": "20", "hold_for.unit": "minutes", "payment_mode": "at_venue", "guest_booking": "1"}
    page = await owner.send(console(salon, "settings"), **fields)
    assert "Saved." in page.text, page.text
    await owner.open(console(salon, "profile"))
    page = await owner.send(console(salon, "profile"), **{"name.ja": "新しい名前", "name.en": "New name"})
    assert "Saved." in page.text, page.text
    [row] = await data.rows(pool, "SELECT name FROM businesses WHERE id = :id", id=salon.ids.business_id)
    assert row["name"] == {"ja": "新しい名前", "en": "New name"}


async def test_customer_page_shows_notes_and_history(owner: Visitor, salon: StaffedSalon, pool: Pool) -> None:
    booking = await booked(salon)
    [row] = await data.rows(pool, "SELECT customer_id FROM bookings WHERE id = :id", id=booking)
    address = console(salon, f"customers/{row['customer_id']}")
    page = await owner.open(address)
    assert booking in page.text
    page = await owner.send(f"{address}/notes", kind="preference", body="窓側の席がお好み")
    assert "窓側の席がお好み" in page.text, page.text
    [note] = await data.rows(pool, "SELECT id FROM customer_notes")
    page = await owner.send(f"{address}/notes/{note['id']}/remove")
    assert "窓側の席がお好み" not in page.text


async def test_days_are_added_and_removed(owner: Visitor, salon: StaffedSalon, pool: Pool) -> None:
    day = salon.at(0, days=20).date().isoformat()
    await owner.open(console(salon, "days"))
    page = await owner.send(console(salon, "days"), do="add", day=day, name="社員旅行")
    assert "社員旅行" in page.text, page.text
    page = await owner.send(console(salon, "days"), do="remove", day=day)
    assert "社員旅行" not in page.text


async def test_invitation_is_sent_and_withdrawn(owner: Visitor, salon: StaffedSalon, pool: Pool) -> None:
    await data.rows(
        pool, "UPDATE users SET email_verified_at = now() WHERE id = :id RETURNING id", id=salon.ids.owner_id
    )
    await owner.open(console(salon, "invitations/new"))
    page = await owner.send(console(salon, "invitations/new"), email="new@example.jp", role="staff")
    assert "new@example.jp" in page.text, page.text
    [row] = await data.rows(pool, "SELECT id FROM staff_invitations")
    page = await owner.send(console(salon, f"invitations/{row['id']}/withdraw"))
    assert "new@example.jp" not in page.text


async def test_form_after_a_lost_session_goes_to_the_login(owner: Visitor, salon: StaffedSalon, pool: Pool) -> None:
    await owner.open(console(salon, "customers/new"))
    await data.rows(pool, "UPDATE user_sessions SET ended_at = now() RETURNING id")
    page = await owner.send(console(salon, "customers/new"), family_name="失効")
    assert page.url.path == "/console/login"
    assert await data.rows(pool, "SELECT id FROM customers WHERE family_name = '失効'") == []


@pytest.mark.parametrize("path", ["customers/nonsense", "services/00000000-0000-0000-0000-000000000000", "payments/x"])
async def test_unknown_records_are_not_found(owner: Visitor, salon: StaffedSalon, path: str) -> None:
    assert (await owner.open(console(salon, path))).status_code in {404, 422}


async def test_qr_code_is_of_the_public_page(owner: Visitor, salon: StaffedSalon) -> None:
    code = await owner.open(console(salon, "share/code.svg"))
    assert code.headers["content-type"] == "image/svg+xml"
    assert "<svg" in code.text
    query = urlencode({"from": "2026-11-01", "to": "2026-11-30"})
    assert (await owner.open(console(salon, f"analytics/figures.csv?{query}"))).status_code == 200
    query = urlencode({"from": "2024-01-01", "to": "2026-11-30"})
    assert "Write a CSV file" in (await owner.open(console(salon, f"analytics?{query}"))).text


async def test_analytics_file_is_asked_for_and_fetched_by_forms_alone(
    owner: Visitor, salon: StaffedSalon, pool: Pool, clock: Clock
) -> None:
    """Another site can send a browser to any address, but cannot send a form with the token."""
    asked = {"from": "2024-01-01", "to": "2026-11-30"}
    page = await owner.open(console(salon, f"analytics/figures.csv?{urlencode(asked)}"))
    assert page.url.path.endswith("/analytics")
    assert "A range has at most 367 days." in page.text
    assert await data.rows(pool, "SELECT 1 FROM analytics_exports") == []
    answer = await owner.http.post(console(salon, "analytics/exports"), data=asked, headers={"Accept": "text/html"})
    assert answer.status_code == 403
    page = await owner.send(console(salon, "analytics/exports"))
    assert "1 Jan 2024 – 30 Nov 2026 (CSV)" in page.text, page.text
    assert "2024年1月1日〜2026年11月30日（CSV）" in (await owner.open(f"{console(salon, 'analytics')}?lang=ja")).text
    await owner.open(f"{console(salon, 'analytics')}?lang=en")
    [export] = await data.rows(pool, "SELECT id FROM analytics_exports")
    async with pool.unit_of_work(Scope.platform()) as work:
        assert await work.analytics.exports.mark_ready(export["id"], 9, clock.now(), clock.now() + FILE_LASTS)
    address = console(salon, f"analytics/exports/{export['id']}")
    assert (await owner.http.get(address)).status_code in {404, 405}
    await owner.open(console(salon, "analytics"))
    page = await owner.send(address)
    assert page.status_code == 200, page.text
    assert owner.links(f"analytics-exports/{export['id']}.csv")


async def test_analytics_files_beyond_the_limit_are_refused_in_a_sentence(owner: Visitor, salon: StaffedSalon) -> None:
    for day in range(1, 5):
        asked = {"from": f"2024-01-0{day}", "to": "2026-11-30"}
        await owner.open(console(salon, f"analytics?{urlencode(asked)}"))
        page = await owner.send(console(salon, "analytics/exports"))
    assert page.status_code == 422
    assert owner.alert() == "Three of your files are still being written. Please try again when one of them is ready."
