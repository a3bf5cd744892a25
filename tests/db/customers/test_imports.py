"""Imports of customers: rows of every kind, the same file again, and a worker that dies in the middle."""

import asyncio
import csv
import io
from uuid import UUID

import pytest

from activities.customers.imports import CustomerImportActivities, ImportStepInput
from db.customers import imports
from db.engine.session import Database
from domain.customers.csv_files import read_csv
from domain.customers.importing import choose_columns
from domain.customers.search import read_search
from runtime.phone_numbers import read_phone
from tests.races.overlap import Step, overlap
from tests.support import data
from tests.support.data import NOW
from tests.support.desk import Desk

HEADER = ("顧客名", "フリガナ", "電話番号", "メールアドレス", "誕生日", "会員番号", "タグ", "顧客メモ")


def plausible(n: int) -> list[str]:
    """A row as a salon in Japan may have it; every 20th has something that cannot be read."""
    name = ("山田 花子", "佐藤　太郎", "林", "髙橋 蓮", "Smith John")[n % 5]
    phone = (f"090-{n:04}-5678", f"０８０{n:08}", f"70{n:08}", f"03-{1000 + n:04}-5678", "")[n % 5 if n % 20 else 4]
    born = ("1985/4/29", "S60.4.29", "昭和60年4月29日", "19850429", "1985-04-29", "", "13月")[n % 7]
    kana = ("ﾔﾏﾀﾞ ﾊﾅｺ", "さとう たろう", "", "タカハシ レン", "Smith")[n % 5]
    return [name, kana, phone, f"user{n}@example.jp", born, str(n), "VIP;新規" if n % 9 == 0 else "", f"メモ{n}"]


#: Rows that are no customer: without a name, with too many cells, with a name that is none.
BAD = (
    ["", "", "090-1234-5678", "", "", "", "", ""],
    ["林", "", "", "", "", "", "", "", "one cell too many"],
    ["090-1111-2222", "", "", "", "", "", "", ""],
    ["https://example.jp", "", "", "", "", "", "", ""],
)


def file_of(rows: list[list[str]], encoding: str = "cp932", tail: str = "") -> bytes:
    target = io.StringIO()
    csv.writer(target, lineterminator="\r\n").writerows([HEADER, *rows])
    return (target.getvalue() + tail).encode(encoding)


async def begin(desk: Desk, content: bytes) -> UUID:
    file = read_csv(content)
    columns = choose_columns(file.header, {})
    return await desk.within(lambda work: work.customers.imports.begin(desk.salon.business_id, content, file, columns))


async def take_all(desk: Desk, import_id: UUID) -> imports.ImportRow:
    steps = CustomerImportActivities(desk.database, lambda: NOW)
    while await steps.take_page(ImportStepInput(import_id, desk.salon.business_id)):
        pass
    return await desk.within(lambda work: work.customers.imports.get(import_id))


async def customers(desk: Desk) -> int:
    sql = "SELECT count(*)::int AS n FROM customers WHERE business_id = :id AND deleted_at IS NULL AND user_id IS NULL"
    [row] = await data.rows(desk.database, sql, id=desk.salon.business_id)
    found: int = row["n"]
    return found


@pytest.mark.parametrize("encoding", ["cp932", "utf-8-sig"])
async def test_import_of_5000_rows_takes_the_plausible_ones(desk: Desk, encoding: str) -> None:
    good = [plausible(n) for n in range(4900)]
    twice = [plausible(n) for n in range(60)]
    rows = good + [BAD[n % len(BAD)] for n in range(39)] + twice
    content = file_of(rows, encoding, tail='"open,,,,,,,\r\n')
    done = await take_all(desk, await begin(desk, content))
    assert (done.rows, done.taken, done.known, done.refused) == (5000, 4900, 60, 40)
    assert await customers(desk) == 4900
    assert done.taken >= 0.98 * len(good)
    assert done.finished_at == NOW
    refused = await desk.within(lambda work: work.customers.imports.list_report(done.id, "refused", 0, 100))
    assert {row.reason for row in refused} == {"no_name", "columns", "quotes"}
    waits = "SELECT 1 FROM customer_import_rows WHERE import_id = :id AND (cells IS NOT NULL OR outcome = 'waiting')"
    assert await data.rows(desk.database, waits, id=done.id) == [], "what people wrote is kept once"
    left_out = "SELECT count(*)::int AS n FROM customer_import_rows WHERE import_id = :id AND left_out <> '{}'"
    [unread] = await data.rows(desk.database, left_out, id=done.id)
    assert unread["n"] > 100
    [one] = await desk.within(
        lambda work: work.customers.list_customers(read_search("user3@example.jp"), None, None, 5)
    )
    assert (one.family_name, one.given_name, one.phone) == ("髙橋", "蓮", "+81310035678")
    notes = await desk.within(lambda work: work.customers.notes.list_notes(one.id, None, 5))
    assert [note.body for note in notes] == ["メモ3"]


async def test_import_of_the_same_file_again_makes_nothing(desk: Desk) -> None:
    content = file_of([plausible(n) for n in range(10)])
    first = await begin(desk, content)
    await take_all(desk, first)
    assert await begin(desk, content) == first
    await take_all(desk, first)
    assert await customers(desk) == 10
    orders = await data.rows(
        desk.database,
        "SELECT 1 FROM outbox WHERE business_id = :id AND command = 'customer_import.start'",
        id=desk.salon.business_id,
    )
    assert len(orders) == 1


async def test_import_of_a_newer_file_makes_only_those_who_are_new(desk: Desk) -> None:
    nameless_contact = ["木村 さくら", "", "", "", "", "", "", ""]
    await take_all(desk, await begin(desk, file_of([plausible(1), nameless_contact])))
    changed = [*plausible(1)[:-1], "another note"]
    done = await take_all(desk, await begin(desk, file_of([changed, nameless_contact, plausible(2)], "utf-8")))
    assert (done.taken, done.known) == (1, 2)
    assert await customers(desk) == 3


async def test_import_makes_a_deleted_customer_again_and_follows_a_merge(desk: Desk) -> None:
    done = await take_all(desk, await begin(desk, file_of([["木村 一"] + [""] * 7, ["木村 二"] + [""] * 7])))
    first, second = await desk.within(lambda work: work.customers.imports.list_report(done.id, None, 0, 5))
    assert first.customer_id
    assert second.customer_id
    gone, merged = first.customer_id, second.customer_id
    await desk.within(lambda work: work.customers.remove(gone, NOW))
    await desk.within(lambda work: work.customers.merges.merge(desk.salon.customer_id, merged, NOW))
    again = await take_all(desk, await begin(desk, file_of([["木村 一"] + [""] * 7, ["木村 二"] + [""] * 7], "utf-8")))
    assert (again.taken, again.known) == (1, 1)


async def test_take_page_goes_on_after_a_page_that_was_lost(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker dies before it commits: the next one decides the same rows, once."""
    monkeypatch.setattr(imports, "PAGE", 4)
    import_id = await begin(desk, file_of([plausible(n) for n in range(10)]))

    async def dies(database: Database) -> None:
        async with database.unit_of_work(desk.salon.scope) as work:
            assert await work.customers.imports.take_page(import_id, NOW, read_phone) in (4, 2)
            raise RuntimeError

    for _ in range(3):
        with pytest.raises(RuntimeError):
            await dies(desk.database)
        assert await desk.within(lambda work: work.customers.imports.take_page(import_id, NOW, read_phone)) in (4, 2)
    done = await take_all(desk, import_id)
    assert (done.taken, done.known, await customers(desk)) == (10, 0, 10)


async def test_import_refuses_the_row_that_the_database_does_not_store(desk: Desk) -> None:
    import_id = await begin(desk, file_of([plausible(n) for n in range(9)]))

    def read(number: str) -> str | None:
        return "\x00" if number.endswith("1003-5678") else read_phone(number)

    taken = await desk.within(lambda work: work.customers.imports.take_page(import_id, NOW, read))
    done = await take_all(desk, import_id)
    assert (taken, done.taken, done.known, done.refused, done.finished_at) == (9, 8, 0, 1, NOW)
    [refused] = await desk.within(lambda work: work.customers.imports.list_report(import_id, "refused", 0, 5))
    assert refused.reason == "not_stored"
    assert await customers(desk) == 8


async def test_imports_with_the_same_people_at_once_take_each_person_once(desk: Desk) -> None:
    """Two files that differ, some people in both: nobody twice, nobody lost, and both reports name the same records."""
    people = [plausible(n) for n in range(400)]
    files = [await begin(desk, file_of(rows)) for rows in (people[:300], people[:99:-1])]
    first, second = await asyncio.gather(*(take_all(desk, one) for one in files))
    assert await customers(desk) == 400
    assert (first.taken + second.taken, first.known + second.known) == (400, 200)
    assert (first.refused, second.refused) == (0, 0)
    records = """SELECT count(*)::int AS n FROM customer_import_rows r JOIN customers c ON c.id = r.customer_id
                  WHERE r.import_id = :id"""
    for done in (first, second):
        [row] = await data.rows(desk.database, records, id=done.id)
        assert row["n"] == done.taken + done.known == 300


async def test_take_page_waits_for_the_page_of_another_file(desk: Desk) -> None:
    """The first page is taken and not committed yet when the other one begins."""
    people = [plausible(n) for n in range(20)]
    one, other = [await begin(desk, file_of(rows)) for rows in (people, people[::-1])]

    def take(import_id: UUID) -> Step:
        return lambda work: work.customers.imports.take_page(import_id, NOW, read_phone)

    assert await overlap(desk.database, desk.salon.scope, take(one), take(other)) == (20, 20)
    assert await customers(desk) == 20
    later = await desk.within(lambda work: work.customers.imports.get(other))
    assert (later.taken, later.known) == (0, 20)
