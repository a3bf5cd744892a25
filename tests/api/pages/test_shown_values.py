"""What the console's pages say of values: numbers people call, days, steps of a fee, and hints that fit their form."""

import re

import pytest

from db.engine.session import Database as Pool
from tests.api.pages.visitor import Visitor
from tests.api.salon import StaffedSalon, keyed
from tests.support import data


def console(salon: StaffedSalon, path: str) -> str:
    return f"/console/{salon.ids.business_id}/{path}"


async def test_numbers_are_shown_as_people_call_them(
    owner: Visitor, visitor: Visitor, salon: StaffedSalon, slug: str, pool: Pool
) -> None:
    await owner.open(console(salon, "customers/new"))
    await owner.send(console(salon, "customers/new"), family_name="佐藤", phone="09012345678")
    page = await owner.open(console(salon, "customers"))
    assert "+81 90-1234-5678" in page.text
    page = await owner.open(console(salon, "customers"), lang="ja")
    assert "090-1234-5678" in page.text
    await data.rows(
        pool,
        "UPDATE businesses SET phone = '+81355500123', phone_as_typed = '03-5550-0123' WHERE id = :id",
        id=salon.ids.business_id,
    )
    page = await visitor.open(f"/{slug}")
    assert "+81 3-5550-0123" in page.text
    assert "03-5550-0123" in (await visitor.open(f"/{slug}", lang="ja")).text


@pytest.mark.parametrize(
    ("language", "steps"),
    [
        ("ja", "2日前まで 0%・1日前まで 50%・それ以降 100%"),
        ("en", "until 2 days before 0%・until 1 day before 50%・after that 100%"),
    ],
)
async def test_steps_of_a_fee_say_until_when(owner: Visitor, salon: StaffedSalon, language: str, steps: str) -> None:
    tiers = [{"hours_before": hours, "penalty_percent": fee} for hours, fee in ((48, 0), (24, 50), (0, 100))]
    body = {
        "business_id": str(salon.ids.business_id),
        "name": {"en": "Steps"},
        "tiers": tiers,
        "no_show_percent": 100,
    }
    assert (await salon.owner.post("/policies", json=body, headers=keyed())).status_code == 201
    assert steps in (await owner.open(console(salon, "policies"), lang=language)).text


async def test_day_of_the_till_is_written_as_every_day(owner: Visitor, salon: StaffedSalon) -> None:
    page = await owner.open(console(salon, "till"), day="2026-11-21", lang="ja")
    assert "11月21日（土）" in re.findall("<h1>.*</h1>", page.text)[0]


async def test_hints_fit_their_form(owner: Visitor, salon: StaffedSalon) -> None:
    service = await owner.open(console(salon, "services/new"))
    assert "makes it a class" in service.text
    assert "the rule of the business applies" in service.text
    assert "makes it a class" not in (await owner.open(console(salon, "resources/new"))).text
    assert "the rule of the business applies" not in (await owner.open(console(salon, "settings"))).text


async def test_start_page_of_a_public_business_asks_for_nothing(owner: Visitor, salon: StaffedSalon) -> None:
    page = await owner.open(console(salon, "start"))
    assert 'class="steps-list"' not in page.text


async def test_categories_are_shown_in_the_language_of_the_page(
    owner: Visitor, visitor: Visitor, salon: StaffedSalon, slug: str
) -> None:
    """Three services of one category, whose English name is typed once."""
    written = ({"ja": "カット", "en": "Cuts"}, {"ja": "カット"}, {"en": "Cuts"})
    for number, names in enumerate(written):
        await owner.open(console(salon, "services/new"))
        page = await owner.send(
            console(salon, "services/new"),
            **{"name.ja": f"髪{number}", "price": "1200", "tax_percent": "10", "duration_minutes": "15"},
            **{f"category.{language}": name for language, name in names.items()},
            need_staff=str(salon.ids.resources[0]),
            is_active="1",
        )
        assert "Saved." in page.text, page.text
    for language, name in (("ja", "カット"), ("en", "Cuts")):
        page = await visitor.open(f"/{slug}", lang=language)
        assert page.text.count(f'<h3 class="part">{name}</h3>') == 1, page.text
        page = await visitor.open(f"/{slug}/book")
        assert page.text.count(f"<legend>{name}</legend>") == 1
    assert "Cuts・" in (await owner.open(console(salon, "services"), lang="en")).text


async def test_category_of_one_language_is_shown_in_the_other(
    owner: Visitor, visitor: Visitor, salon: StaffedSalon, slug: str
) -> None:
    body = {"category": {"ja": "スパ"}}
    answer = await salon.owner.put(f"/owner/services/{salon.ids.service_id}", json=body)
    assert answer.status_code == 200, answer.text
    assert '<h3 class="part">スパ</h3>' in (await visitor.open(f"/{slug}", lang="en")).text
