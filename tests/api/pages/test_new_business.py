"""The form of a new business: what it refuses beside which field, and that it makes one business."""

import re
from uuid import UUID

import pytest_asyncio
from fastapi import FastAPI

from db.engine.session import Database as Pool
from tests.api.conftest import Clock
from tests.api.pages.console import entered
from tests.api.pages.visitor import Visitor
from tests.support import data

NEW = {
    **{"name.ja": "はじめ理容室", "name.en": "Hajime Barber", "vertical": "barber", "slug": "hajime-barber"},
    **{"postal_code": "150-0001", "prefecture": "東京都", "city": "渋谷区", "phone": "03-5550-0199"},
    "address.ja": "神宮前4丁目1-2",
}
#: What is typed wrong, and the field that says so.
WRONG = (
    ({"slug": "x"}, "slug", 422),
    ({"slug": "console"}, "slug", 422),
    ({"slug": "taken-slug"}, "slug", 409),
    ({"phone": "12"}, "phone", 422),
    ({"postal_code": "1"}, "postal_code", 422),
    ({"prefecture": "Atlantis"}, "prefecture", 422),
    ({"vertical": ""}, "vertical", 422),
    ({"name.ja": "", "name.en": ""}, "name", 422),
)


@pytest_asyncio.fixture
async def newcomer(app: FastAPI, pool: Pool, clock: Clock) -> Visitor:
    """The browser of a login that has no business and has not confirmed its address."""
    return await entered(app, pool, clock, await data.add_user(pool))


async def owned(pool: Pool, slug: str) -> list[UUID]:
    """The businesses with this slug."""
    return [row["id"] for row in await data.rows(pool, "SELECT id FROM businesses WHERE slug = :slug", slug=slug)]


async def test_new_business_is_refused_beside_its_fields_and_keeps_what_was_typed(
    newcomer: Visitor, pool: Pool
) -> None:
    await data.add_business(pool, slug="taken-slug")
    for wrong, field, status in WRONG:
        await newcomer.open("/console/new")
        page = await newcomer.send("/console/new", **{**NEW, **wrong})
        assert page.status_code == status, (wrong, page.text)
        assert re.search(rf'<p class="wrong" id="{field}-note">[^<]+</p>', page.text), (wrong, page.text)
        assert 'value="渋谷区"' in page.text
        assert wrong == {"vertical": ""} or '<option value="barber" selected>' in page.text
    assert await owned(pool, "hajime-barber") == []


async def test_new_business_sent_twice_is_made_once(newcomer: Visitor, pool: Pool) -> None:
    form = await newcomer.open("/console/new")
    made = []
    for _ in range(2):
        newcomer.page = form
        made.append((await newcomer.send("/console/new", **NEW)).url.path)
    assert made == [f"/console/{one}/start" for one in await owned(pool, "hajime-barber")] * 2
    page = await newcomer.open("/console")
    assert page.url.path == made[0], "the only business is a draft"


async def test_new_business_without_a_business_is_offered_in_both_languages(newcomer: Visitor) -> None:
    for language, name, place in (("ja", "店舗を登録する", "北海道"), ("en", "Register a business", "Hokkaido")):
        await newcomer.open("/console", lang=language)
        assert newcomer.links("/console/new") == ["/console/new"]
        page = await newcomer.open("/console/new")
        assert newcomer.heading() == name
        assert f">{place}</option>" in page.text


async def test_new_business_is_submitted_only_when_nothing_is_missing(newcomer: Visitor, pool: Pool) -> None:
    """Before that, the place of the button has a link to each missing thing."""
    await newcomer.open("/console/new")
    page = await newcomer.send("/console/new", **NEW)
    start = page.url.path
    place = page.text[page.text.index('<h2 id="submit">') :]
    assert "/start/submit" not in page.text
    missing = re.findall(
        r'<li><a href="([^"]+)">', page.text.partition('<ol class="steps-list"')[2].partition("</ol>")[0]
    )
    assert missing
    assert re.findall(r'<li><a href="([^"]+)">', place.partition("</section>")[0]) == missing
    answer = await newcomer.send(f"{start}/submit")
    assert 400 <= answer.status_code < 500
    assert newcomer.alert()


async def test_new_business_needs_a_login(visitor: Visitor) -> None:
    assert (await visitor.open("/console/new")).url.path == "/console/login"
    assert (await visitor.http.post("/console/new", data=NEW)).status_code == 403


async def test_console_of_a_draft_says_what_is_next_to_those_who_may_do_it(
    app: FastAPI, pool: Pool, clock: Clock, newcomer: Visitor
) -> None:
    await newcomer.open("/console/new")
    page = await newcomer.send("/console/new", **NEW)
    business = page.url.path.split("/")[2]
    page = await newcomer.open(f"/console/{business}/today")
    assert "Not public yet: see what is missing" in page.text
    helper = await data.add_user(pool)
    await data.rows(
        pool,
        "INSERT INTO staff_assignments (business_id, user_id, role) VALUES (:business, :user, 'staff') RETURNING id",
        business=business,
        user=helper,
    )
    page = await (await entered(app, pool, clock, helper)).open("/console")
    assert page.url.path == f"/console/{business}/today"
    assert "Not public yet" not in page.text
