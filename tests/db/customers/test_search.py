"""Customers are found as Postgres stores them, in one's own business alone."""

from uuid import UUID

import pytest
import pytest_asyncio

from db.engine.session import Database
from domain.customers.search import customer_form, phone_digits, pieces_of, read_search
from tests.support import data
from tests.support.desk import Desk

NAMES = (
    "山田 花子",
    "髙橋﨑",
    "ﾔﾏﾀﾞ･ﾊﾅｺ",
    "O'Neil-Smith",
    "𠮷野\u200b家",
    "葛\U000e0101城",
    "Ａｌｉ Ｂｉ",
    "ーゔヵ=々〆",
    "aあbい1２",
)
PHONES = ("+819012345678", "０９０ー１２３４", "+81(0)3-1234-5678", "+14155552671")


async def test_sql_forms_are_those_of_the_domain(pool: Database) -> None:
    for name in NAMES:
        [row] = await data.rows(
            pool, "SELECT customer_form(:t) AS form, customer_pieces(' ' || customer_form(:t)) AS pieces", t=name
        )
        assert row["form"] == customer_form(name)
        assert set(row["pieces"]) == pieces_of(f" {customer_form(name)}")
    for phone in PHONES:
        [row] = await data.rows(pool, "SELECT customer_phone_digits(:t) AS digits", t=phone)
        assert row["digits"] == phone_digits(phone)


async def found(pool: Database, desk: Desk, words: str | None, tag: str | None = None) -> list[UUID]:
    async with pool.unit_of_work(desk.salon.scope) as work:
        rows = await work.customers.list_customers(read_search(words) if words else None, tag, None, 20)
        return [row.id for row in rows]


@pytest_asyncio.fixture
async def hanako(pool: Database, desk: Desk) -> UUID:
    values = {
        "family_name": "髙田",
        "given_name": "花子",
        "family_name_kana": "タカダ",
        "given_name_kana": "ハナコ",
        "phone": "+819012345678",
        "email": "Hanako.T@example.jp",
        "tags": ["VIP"],
    }
    await data.add_customer(pool, desk.salon.business_id, family_name="林", given_name="Li")
    return await data.add_customer(pool, desk.salon.business_id, **values)


@pytest.mark.parametrize(
    "words",
    [
        *("髙田", "高田", "花子", "高田花子", "花子 高田", "田花", "たかだ", "ｶﾀﾞ", "タカダハナコ", "はな"),
        *(
            "09012345678",
            "090-1234",
            "+81 90 1234 5678",
            "５６７８",
            "HANAKO",
            "hanako.t@example.jp",
            "t@ex",
            "高田 5678",
        ),
    ],
)
async def test_list_customers_finds_whatever_way_it_is_typed(
    pool: Database, desk: Desk, hanako: UUID, words: str
) -> None:
    assert await found(pool, desk, words) == [hanako]


@pytest.mark.parametrize("words", ["高山", "花子 林", "09099999999", "hanako@", "子花", "na"])
async def test_list_customers_finds_nobody_else(pool: Database, desk: Desk, hanako: UUID, words: str) -> None:
    assert await found(pool, desk, words) == []


async def test_list_customers_follows_every_change(pool: Database, desk: Desk, hanako: UUID) -> None:
    assert await found(pool, desk, "花子", "VIP") == [hanako]
    assert await found(pool, desk, None, "VIP") == [hanako]
    assert await found(pool, desk, None, "VI") == []
    assert (await found(pool, desk, None))[0] == hanako
    await data.rows(pool, "UPDATE customers SET given_name = '月子', tags = '{}' WHERE id = :id", id=hanako)
    assert await found(pool, desk, "花子") == []
    assert await found(pool, desk, None, "VIP") == []
    assert await found(pool, desk, "月子") == [hanako]
    await data.rows(pool, "UPDATE customers SET deleted_at = now() WHERE id = :id", id=hanako)
    assert await found(pool, desk, "月子") == []


async def test_list_customers_finds_no_other_business_s(pool: Database, desk: Desk, hanako: UUID) -> None:
    other = Desk(pool, await data.add_salon(pool))
    theirs = await data.add_customer(pool, other.salon.business_id, family_name="高田", given_name="花子")
    assert await found(pool, desk, "高田") == [hanako]
    assert await found(pool, other, "高田") == [theirs]
