"""The name in kana: asked for in the booking form as the business sets it, kept with the customer, and the order of the
list of customers."""

import pytest

from db.engine.session import Database as Pool
from tests.api.conftest import PREFIX
from tests.api.pages.test_booking_flow import CONTACT, choose_time
from tests.api.pages.visitor import Visitor
from tests.api.salon import StaffedSalon, counted, keyed
from tests.support import data

KANA = {"family_name_kana": "さとう", "given_name_kana": "ｱｲ"}


async def ask(salon: StaffedSalon, setting: str) -> None:
    path = f"/owner/businesses/{salon.ids.business_id}/settings"
    answer = await salon.owner.put(path, json={"asks_kana": setting})
    assert answer.status_code == 200, answer.text
    assert answer.json()["data"]["asks_kana"] == setting


async def stored(pool: Pool) -> list[tuple[str | None, str | None]]:
    """The kana of those who were booked as 佐藤 愛."""
    found = await data.rows(
        pool,
        """SELECT c.family_name_kana, c.given_name_kana FROM bookings b JOIN customers c ON c.id = b.customer_id
            WHERE b.family_name = '佐藤' AND b.given_name = '愛' ORDER BY b.id""",
    )
    return [(row["family_name_kana"], row["given_name_kana"]) for row in found]


@pytest.mark.parametrize(("setting", "shown", "needed"), [("off", 0, 0), ("asked", 2, 0), ("demanded", 2, 2)])
async def test_booking_form_asks_for_kana_as_the_business_wants(
    visitor: Visitor, salon: StaffedSalon, slug: str, pool: Pool, setting: str, shown: int, needed: int
) -> None:
    await ask(salon, setting)
    await choose_time(visitor, salon, slug)
    assert visitor.page is not None
    assert visitor.page.text.count('_kana" type="text"') == shown
    assert visitor.page.text.count('_kana" type="text" value="" autocomplete="off" required') == needed
    page = await visitor.send(f"/{slug}/book", **CONTACT, step="confirm")
    if needed:
        assert (page.status_code, visitor.heading()) == (422, "About you")
        assert '<p class="wrong" id="family_name_kana-note">Please fill this in.</p>' in page.text
        page = await visitor.send(f"/{slug}/book", **CONTACT, **KANA, step="confirm")
        assert "さとう ｱｲ" in page.text
    page = await visitor.send(f"/{slug}/book", step="book")
    assert page.url.path.startswith("/bookings/"), page.text
    assert await stored(pool) == [("サトウ", "アイ") if needed else (None, None)]


async def test_booking_form_says_beside_the_field_that_it_is_no_kana(
    visitor: Visitor, salon: StaffedSalon, slug: str
) -> None:
    await ask(salon, "asked")
    await choose_time(visitor, salon, slug)
    page = await visitor.send(f"/{slug}/book", **CONTACT, family_name_kana="Sato", step="confirm")
    assert page.status_code == 422
    assert 'id="family_name_kana-note"' in page.text
    assert 'value="Sato"' in page.text


async def test_booking_form_says_which_names_and_kana_are_missing(
    visitor: Visitor, salon: StaffedSalon, slug: str
) -> None:
    await ask(salon, "demanded")
    await choose_time(visitor, salon, slug)
    page = await visitor.send(f"/{slug}/book", given_name="愛", step="confirm")
    for name in ("family_name", "family_name_kana", "given_name_kana"):
        assert f'<p class="wrong" id="{name}-note">' in page.text, name


async def test_booking_without_the_demanded_kana_is_refused_but_for_staff(salon: StaffedSalon, pool: Pool) -> None:
    await ask(salon, "demanded")
    body = salon.booking_body(salon.at(10), guest=CONTACT)
    for guest, field in (
        (CONTACT, "guest.family_name_kana guest.given_name_kana"),
        ({**CONTACT, "family_name_kana": "サトウ"}, "guest.given_name_kana"),
    ):
        answer = await salon.nobody.post(f"{PREFIX}/bookings", json={**body, "guest": guest}, headers=keyed())
        assert answer.status_code == 422, answer.text
        assert [one["field"] for one in answer.json()["error"]["details"]["fields"]] == field.split()
    assert await counted(pool, "bookings") == {"bookings": 0}
    single = {"family_name": "佐藤", "family_name_kana": "サトウ", "email": "ai@example.jp"}
    answer = await salon.nobody.post(f"{PREFIX}/bookings", json={**body, "guest": single}, headers=keyed())
    assert answer.status_code == 201, answer.text
    answer = await salon.staff.post("/bookings", json={**body, "start_at": salon.at(14).isoformat()}, headers=keyed())
    assert answer.status_code == 201, answer.text
    answer = await salon.customer.post(
        "/bookings", json={**salon.booking_body(salon.at(12)), "guest": None}, headers=keyed()
    )
    assert answer.status_code == 201, answer.text


@pytest.mark.parametrize(("setting", "shown"), [("off", 0), ("asked", 2), ("demanded", 2)])
async def test_form_of_staff_asks_for_kana_and_needs_none(
    owner: Visitor, salon: StaffedSalon, pool: Pool, setting: str, shown: int
) -> None:
    """Somebody on the telephone may not say how the name is written."""
    await ask(salon, setting)
    form = f"/console/{salon.ids.business_id}/new"
    for hour, kana in ((10, {}), (14, KANA if shown else {})):
        page = await owner.open(form)
        assert page.text.count('_kana" type="text"') == shown
        typed = {"service": str(salon.ids.service_id), "start": f"{salon.at(hour):%Y-%m-%dT%H:%M}", "what": "booking"}
        page = await owner.send(form, **typed, **CONTACT, **kana)
        assert page.url.path.endswith("/calendar"), page.text
    assert await stored(pool) == [(None, None), ("サトウ", "アイ") if shown else (None, None)]


async def test_form_of_staff_keeps_what_is_no_kana(owner: Visitor, salon: StaffedSalon) -> None:
    await ask(salon, "asked")
    form = f"/console/{salon.ids.business_id}/new"
    await owner.open(form)
    typed = {"service": str(salon.ids.service_id), "start": f"{salon.at(10):%Y-%m-%dT%H:%M}", "what": "booking"}
    page = await owner.send(form, **typed, **CONTACT, family_name_kana="Sato")
    assert page.status_code == 422
    assert 'id="family_name_kana-note"' in page.text
    assert 'value="Sato"' in page.text


async def test_waitlist_form_asks_for_kana(visitor: Visitor, salon: StaffedSalon, slug: str, pool: Pool) -> None:
    await ask(salon, "demanded")
    day = salon.at(0).date().isoformat()
    times = {"starts_at": salon.at(0).isoformat(), "ends_at": salon.at(0, days=1).isoformat()}
    body = {"business_id": str(salon.ids.business_id), **times}
    assert (await salon.owner.post("/blocks", json=body, headers=keyed())).status_code == 201
    page = await visitor.open(f"/{slug}/waitlist", service=str(salon.ids.service_id), day=day)
    assert page.text.count('_kana" type="text" value="" autocomplete="off" required') == 2
    days = {"first_day": day, "last_day": day}
    page = await visitor.send(f"/{slug}/waitlist", **CONTACT, **days)
    assert page.status_code == 422, page.text
    for name in ("family_name_kana", "given_name_kana"):
        assert f'<p class="wrong" id="{name}-note">' in page.text, name
    page = await visitor.send(f"/{slug}/waitlist", **CONTACT, **KANA, **days)
    assert page.url.path.startswith("/waitlist/"), page.text
    found = await data.rows(pool, "SELECT family_name_kana, given_name_kana FROM waitlist")
    assert [(row["family_name_kana"], row["given_name_kana"]) for row in found] == [("サトウ", "アイ")]


async def test_customers_are_listed_by_kana_and_by_newest(owner: Visitor, salon: StaffedSalon, pool: Pool) -> None:
    for family, kana in (("渡辺", "ワタナベ"), ("安藤", "アンドウ"), ("加藤", "カトウ")):
        body = {"business_id": str(salon.ids.business_id), "family_name": family, "family_name_kana": kana}
        answer = await salon.owner.post("/customers", json=body, headers=keyed())
        assert answer.status_code == 201, answer.text
    page = await owner.open(f"/console/{salon.ids.business_id}/customers")
    assert "アンドウ" in page.text
    assert placed(page.text) == ["安藤", "加藤", "渡辺"]
    page = await owner.open(f"/console/{salon.ids.business_id}/customers", order="newest")
    assert placed(page.text) == ["加藤", "安藤", "渡辺"]
    page = await owner.open(f"/console/{salon.ids.business_id}/customers", q="渡辺", order="kana")
    assert placed(page.text) == ["渡辺"]


def placed(page: str) -> list[str]:
    """The three in the order of the page."""
    found = {page.find(f">{one}</a>"): one for one in ("安藤", "加藤", "渡辺")}
    return [found[at] for at in sorted(found) if at >= 0]
