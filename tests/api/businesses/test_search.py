"""Finding businesses: by words, kind, place and distance, in four orders, page by page."""

from typing import Any

import pytest
from httpx import AsyncClient

from db.engine.session import Database as Pool
from domain.businesses.search import grams_of
from domain.kana import search_form
from tests.api.business_setup import approve, create_business
from tests.api.conftest import PREFIX, Person, error_of, outcome
from tests.support import data

SHIBUYA = {"latitude": 35.6595, "longitude": 139.7005}

BUSINESSES: dict[str, dict[str, Any]] = {
    "花": {"name": {"ja": "花"}, "prefecture": "東京都", "city": "渋谷区", "location": SHIBUYA},
    "ヘアサロン花": {
        "name": {"ja": "ヘアサロン花", "en": "Hair Salon Hana"},
        "prefecture": "東京都",
        "city": "港区",
        "location": {"latitude": 35.6580, "longitude": 139.7516},
    },
    "サロン・ド・京": {
        "name": {"ja": "サロン・ド・京", "en": "Salon de Kyo"},
        "prefecture": "京都府",
        "location": {"latitude": 35.0116, "longitude": 135.7681},
        "vertical": "spa",
    },
    "ＢＡＲＢＥＲ 100%": {
        "name": {"ja": "ＢＡＲＢＥＲ 100%", "en": "Barber_100%"},
        "description": {"ja": "花のある店です。", "en": "A salon with flowers."},
        "vertical": "barber",
    },
}


@pytest.fixture
async def town(owner: Person, pool: Pool) -> dict[str, str]:
    """Ids by the Japanese name, in the order they were founded."""
    made = {}
    for name, body in BUSINESSES.items():
        made[name] = (await create_business(owner, **body))["id"]
        await approve(pool, made[name])
    await create_business(owner, name={"ja": "花の下書き"})
    return made


async def found(client: AsyncClient, **params: Any) -> list[str]:
    answer = await client.get(f"{PREFIX}/businesses", params=params, headers={"Accept-Language": "ja"})
    assert answer.status_code == 200, answer.text
    return [one["name"]["ja"] for one in answer.json()["data"]]


@pytest.mark.parametrize(
    ("q", "names"),
    [
        ("花", ["花", "ヘアサロン花"]),
        ("サロン", ["サロン・ド・京", "ヘアサロン花"]),
        ("さろん", ["サロン・ド・京", "ヘアサロン花"]),
        ("ｻﾛﾝ", ["サロン・ド・京", "ヘアサロン花"]),
        ("HAIR salon", ["ヘアサロン花"]),
        ("渋谷", ["花"]),
        ("港区　さろん", ["ヘアサロン花"]),
        ("花の", ["ＢＡＲＢＥＲ 100%"]),
        ("flowers", ["ＢＡＲＢＥＲ 100%"]),
        ("barber 100%", ["ＢＡＲＢＥＲ 100%"]),
        ("r_1", ["ＢＡＲＢＥＲ 100%"]),
        ("%", ["ＢＡＲＢＥＲ 100%"]),
        ("京", ["サロン・ド・京"]),
        ("京都", ["サロン・ド・京"]),
        ("京都府", ["サロン・ド・京"]),
        ("東京都 花", ["花", "ヘアサロン花"]),
        ("ンサロ", []),
        ("サロン花ヘア", []),
        ("下書き", []),
    ],
)
async def test_search_finds_words(client: AsyncClient, town: dict[str, str], q: str, names: list[str]) -> None:
    assert await found(client, q=q) == names


async def test_search_ranks_closer_names_higher(client: AsyncClient, owner: Person, pool: Pool) -> None:
    for name in ("山の花屋", "店", "花屋", "花"):
        description = {"ja": "花の店"} if name == "店" else {"ja": "x"}
        business = await create_business(owner, name={"ja": name}, description=description)
        await approve(pool, business["id"])
    assert await found(client, q="花") == ["花", "花屋", "山の花屋"]
    assert await found(client, q="花の") == ["店"]


async def test_search_orders_and_filters(client: AsyncClient, town: dict[str, str]) -> None:
    assert await found(client) == list(BUSINESSES)[::-1]
    assert await found(client, sort="name") == ["ＢＡＲＢＥＲ 100%", "サロン・ド・京", "ヘアサロン花", "花"]
    for prefecture in ("東京都", "Tokyo", "13"):
        assert await found(client, prefecture=prefecture, sort="newest") == ["ヘアサロン花", "花"]
    assert await found(client, vertical="spa", q="サロン") == ["サロン・ド・京"]
    english = await client.get(f"{PREFIX}/businesses", params={"sort": "name"}, headers={"Accept-Language": "en"})
    names = [one["name"]["text"] for one in english.json()["data"]]
    assert names == ["Barber_100%", "Hair Salon Hana", "Salon de Kyo", "花"]


async def test_search_near_a_point(client: AsyncClient, town: dict[str, str]) -> None:
    near = await client.get(f"{PREFIX}/businesses", params=SHIBUYA)
    assert [(one["name"]["ja"], one["distance_m"]) for one in near.json()["data"]] == [
        ("花", 0),
        ("ヘアサロン花", pytest.approx(4620, abs=60)),
    ]
    assert await found(client, **SHIBUYA, radius_km=1) == ["花"]
    assert await found(client, **SHIBUYA, radius_km=5, sort="name", q="サロン") == ["ヘアサロン花"]
    assert await found(client, latitude=35.0, longitude=135.77, radius_km=2) == ["サロン・ド・京"]
    far = await client.get(f"{PREFIX}/businesses", params={"q": "花"})
    assert {one["distance_m"] for one in far.json()["data"]} == {None}


@pytest.mark.parametrize(
    "params",
    [{"sort": "newest"}, {"sort": "name"}, {"q": "店"}, {"q": "店", "sort": "name"}, {**SHIBUYA, "radius_km": 50}],
)
async def test_pages_are_whole_while_businesses_come_and_go(
    client: AsyncClient, owner: Person, pool: Pool, params: dict[str, Any]
) -> None:
    """Names, ranks and distances that many share; one that comes and one that goes between two pages."""
    made = []
    for number in range(7):
        business = await create_business(owner, name={"ja": f"店{number // 3}"}, location=SHIBUYA)
        await approve(pool, business["id"])
        made.append(business["id"])
    seen: list[str] = []
    cursor = None
    while True:
        more = {"cursor": cursor} if cursor else {}
        page = (await client.get(f"{PREFIX}/businesses", params={**params, **more, "limit": 2})).json()
        seen += [one["id"] for one in page["data"]]
        cursor = page["meta"]["next_cursor"]
        if cursor is None:
            break
        if len(seen) == 2:
            gone = next(one for one in made if one not in seen)
            made.remove(gone)
            await owner.delete(f"/owner/businesses/{gone}")
    assert len(set(seen)) == len(seen)
    assert set(seen) == set(made)


@pytest.mark.parametrize(
    ("params", "refusal"),
    [
        ({"latitude": 35}, [("longitude", "with_the_other")]),
        ({"radius_km": 5}, [("latitude", "with_the_other")]),
        ({"latitude": 91, "longitude": 0}, [("latitude", "less_than_equal")]),
        ({**SHIBUYA, "radius_km": 0}, [("radius_km", "greater_than")]),
        ({"sort": "distance"}, [("sort", "distance_with_a_point")]),
        ({"sort": "relevance"}, [("sort", "relevance_with_q")]),
        ({"q": "　 "}, [("q", "not_empty")]),
        ({"q": "a b c d e f"}, [("q", "at_most_five_words")]),
        ({"prefecture": "Edo"}, [("prefecture", "prefecture")]),
        ({"sort": "price"}, [("sort", "enum")]),
    ],
)
async def test_search_refuses_bad_questions(client: AsyncClient, params: dict[str, Any], refusal: object) -> None:
    assert outcome(await client.get(f"{PREFIX}/businesses", params=params)) == refusal


async def test_cursor_belongs_to_its_order(client: AsyncClient, town: dict[str, str]) -> None:
    page = await client.get(f"{PREFIX}/businesses", params={"sort": "name", "limit": 1})
    cursor = page.json()["meta"]["next_cursor"]
    for other in ({"sort": "newest"}, SHIBUYA, {"q": "花"}):
        answer = await client.get(f"{PREFIX}/businesses", params={**other, "cursor": cursor})
        assert error_of(answer) == (400, "malformed")


async def test_directory_follows_the_business(client: AsyncClient, owner: Person, pool: Pool) -> None:
    business = await create_business(owner, name={"ja": "昔の店"})
    path = f"/owner/businesses/{business['id']}"
    assert await found(client, q="昔の店") == []
    await approve(pool, business["id"])
    assert await found(client, q="昔の店") == ["昔の店"]
    await owner.put(path, json={"name": {"ja": "今の店"}, "prefecture": "奈良県"})
    assert await found(client, q="昔の店") == []
    assert await found(client, q="今の店", prefecture="奈良") == ["今の店"]
    await data.rows(pool, "UPDATE businesses SET status = 'suspended'")
    assert await found(client, q="今の店") == []
    await data.rows(pool, "UPDATE businesses SET status = 'approved'")
    assert await found(client, q="今の店") == ["今の店"]


TEXTS = ("ＣＵＴ＆ｶﾗｰ", "ヴィーナス ヘア", "Café Ü 花　ヶ丘", "①㍻ﾊﾟﾋﾟ", "ÄÖ ヵゝヾ", "a  b")


async def test_postgres_and_python_see_one_form(pool: Pool) -> None:
    for written in TEXTS:
        [row] = await data.rows(
            pool, "SELECT search_form(:t) AS form, search_grams(search_form(:t)) AS grams", t=written
        )
        assert row["form"] == search_form(written)
        for word in row["form"].split():
            assert set(grams_of(word)) <= set(row["grams"]), written
            assert set(word) <= set(row["grams"])
        assert not any(" " in gram for gram in row["grams"])
