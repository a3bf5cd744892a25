"""Merging two records and undoing it: everything that points to them moves, and the totals equal a recount."""

from typing import Any
from uuid import UUID

import pytest

from db.customers import merging
from db.customers.merging import MOVED
from db.customers.note_tables import CustomerNote, HealthNoteRead
from db.engine.session import Database, Scope
from db.messages.preference_tables import Consent, NotificationPreference
from db.messages.tables import Notice
from db.tables import Base
from domain.customers.errors import CustomersHaveTwoLogins, UnmergeRefused
from domain.customers.merging import UNDO_WITHIN
from domain.errors import NotFound
from tests.db.customers.test_totals import _KEPT, _RECOUNT
from tests.support import data
from tests.support.data import HOUR, NOW
from tests.support.desk import Desk

#: Tables that lead to a customer and do not move, and why.
STAY = {
    "customers": "merged_into leads to the record that was kept",
    "customer_merges": "the merge itself",
    "customer_import_rows": "the report of an import; the record that a row became",
    "customer_search": "one row for each record; a trigger on customers writes it",
    "customer_pairs_apart": "what somebody said about two records",
    "customer_totals": "follow the bookings; a trigger writes them",
}


async def customers_of(pool: Database, business_id: UUID) -> dict[str, dict[UUID, UUID | None]]:
    """Whose each row is, by table."""
    found = {}
    for table in MOVED:
        rows = await data.rows(pool, f"SELECT id, customer_id FROM {table} WHERE business_id = :id", id=business_id)
        found[table] = {row["id"]: row["customer_id"] for row in rows}
    return found


async def totals_are_right(pool: Database, business_id: UUID) -> bool:
    kept = await data.rows(pool, _KEPT, id=business_id)
    return kept == await data.rows(pool, _RECOUNT, id=business_id)


async def fill(desk: Desk, customer_id: UUID, start: int) -> None:
    """A visit, a no-show, one ahead, notes, a reading of one, and a message of a campaign."""
    pool, salon = desk.database, desk.salon
    for n, status in enumerate(("completed", "no_show", "confirmed")):
        at = NOW + (start + 2 * n) * HOUR
        await data.add_booking(pool, salon, at, status=status, customer_id=customer_id, user_id=None)
    note = {"business_id": salon.business_id, "customer_id": customer_id}
    await data.add(pool, CustomerNote, **note, kind="general", body="note")
    sealed = {"kind": "allergy", "body_encrypted": b"x", "key_id": "k1"}
    health = await data.add(pool, CustomerNote, **note, **sealed)
    await data.add(pool, HealthNoteRead, **note, reader_id=salon.owner_id, note_ids=[health])
    series = """INSERT INTO booking_series (business_id, customer_id, start_at, recurrence, time_zone)
                VALUES (:business, :customer, :at, '{}', 'Asia/Tokyo')"""
    await data.rows(pool, series, business=salon.business_id, customer=customer_id, at=NOW)
    said = {
        "purpose": "offers",
        "granted": True,
        "source": "staff",
        "language": "ja",
        "wording": "案内",
        "actor_id": salon.owner_id,
    }
    await data.add(pool, Consent, **note, **said)
    kind = "booking_reminder" if customer_id == salon.customer_id else "review_replied"
    wants = {"kind": kind, "channel": "email", "enabled": True, "source": "link"}
    await data.add(pool, NotificationPreference, **note, **wants)
    message = {"audience": "customer", "kind": "booking_confirmed", "channel": "in_app", "language": "ja"}
    more = {"dedupe_key": f"of {customer_id}", "user_id": salon.owner_id}
    notice = await data.add(pool, Notice, **note, **message, **more)
    send = """WITH g AS (INSERT INTO campaigns (business_id, name, texts, count_days)
                         VALUES (:business, 'summer', '{}', 14) RETURNING id)
              INSERT INTO marketing_sends (business_id, customer_id, campaign_id, notice_id)
              SELECT :business, :customer, id, :notice FROM g"""
    await data.rows(pool, send, business=salon.business_id, customer=customer_id, notice=notice)


async def test_moved_is_every_table_that_leads_to_a_customer() -> None:
    leading = {
        table.name
        for table in Base.metadata.sorted_tables
        for key in table.foreign_keys
        if key.column.table.name == "customers"
    }
    assert leading - set(STAY) == set(MOVED)


async def test_merge_leads_new_rows_on_in_every_moved_table(pool: Database) -> None:
    found = await data.rows(
        pool, "SELECT tgrelid::regclass::text AS name FROM pg_trigger WHERE tgname = 'follow_merge'"
    )
    assert {row["name"] for row in found} == set(MOVED)


async def test_merge_moves_everything_and_unmerge_gives_it_back(pool: Database, desk: Desk) -> None:
    salon = desk.salon
    other = await data.add_customer(pool, salon.business_id, phone="+819012345678", tags=["VIP"])
    await fill(desk, salon.customer_id, 100)
    await fill(desk, other, 200)
    before, records = (
        await customers_of(pool, salon.business_id),
        "SELECT * FROM customers WHERE business_id = :id ORDER BY id",
    )
    kept_before = await data.rows(pool, records, id=salon.business_id)
    assert all(set(rows.values()) == {salon.customer_id, other} for rows in before.values())

    await desk.within(lambda work: work.customers.merges.merge(salon.customer_id, other, NOW))
    assert {owner for rows in (await customers_of(pool, salon.business_id)).values() for owner in rows.values()} == {
        salon.customer_id
    }
    assert await totals_are_right(pool, salon.business_id)
    whole = await desk.within(lambda work: work.customers.get(salon.customer_id))
    assert (whole.visits, whole.no_shows, whole.phone, whole.tags) == (2, 2, "+819012345678", ["VIP"])
    with pytest.raises(NotFound):
        await desk.within(lambda work: work.customers.get(other))
    assert len(await desk.within(lambda work: work.customers.list_customers(None, None, None, 10))) == 1

    await desk.within(lambda work: work.customers.merges.unmerge(salon.customer_id, other, NOW))
    assert await customers_of(pool, salon.business_id) == before
    assert await totals_are_right(pool, salon.business_id)
    drop = {"updated_at"}
    after = await data.rows(pool, records, id=salon.business_id)
    assert [{k: v for k, v in row.items() if k not in drop} for row in after] == [
        {k: v for k, v in row.items() if k not in drop} for row in kept_before
    ]
    with pytest.raises(NotFound):
        await desk.within(lambda work: work.customers.merges.unmerge(salon.customer_id, other, NOW))


@pytest.mark.parametrize(("kept_wants", "other_wants"), [(True, False), (False, True), (True, True)])
async def test_merge_keeps_that_somebody_wants_no_messages(
    pool: Database, desk: Desk, kept_wants: bool, other_wants: bool
) -> None:
    salon = desk.salon
    other = await data.add_customer(pool, salon.business_id)
    for customer_id, enabled in ((salon.customer_id, kept_wants), (other, other_wants)):
        wants = {"kind": "booking_reminder", "channel": "email", "enabled": enabled, "source": "link"}
        about = {"business_id": salon.business_id, "customer_id": customer_id}
        await data.add(pool, NotificationPreference, **about, **wants)
    await desk.within(lambda work: work.customers.merges.merge(salon.customer_id, other, NOW))
    [row] = await data.rows(
        pool, "SELECT enabled FROM notification_preferences WHERE customer_id = :id", id=salon.customer_id
    )
    assert row["enabled"] == (kept_wants and other_wants)


async def test_unmerge_leaves_what_was_made_since_and_the_login_goes_with_its_bookings(
    pool: Database, desk: Desk
) -> None:
    salon = desk.salon
    kept = await data.add_customer(pool, salon.business_id)
    await desk.within(lambda work: work.customers.merges.merge(kept, salon.customer_id, NOW))
    by_login = await data.add_booking(pool, salon, status="completed", customer_id=salon.customer_id)
    by_phone = await data.add_booking(pool, salon, NOW + 90 * HOUR, customer_id=kept, user_id=None)
    assert (await customers_of(pool, salon.business_id))["bookings"] == {by_login: kept, by_phone: kept}, (
        "it follows the merge"
    )
    await desk.within(lambda work: work.customers.merges.unmerge(kept, salon.customer_id, NOW))
    assert (await customers_of(pool, salon.business_id))["bookings"] == {by_login: salon.customer_id, by_phone: kept}
    assert await totals_are_right(pool, salon.business_id)
    records = await data.rows(pool, "SELECT id, user_id FROM customers WHERE business_id = :id", id=salon.business_id)
    assert {row["id"]: row["user_id"] for row in records} == {kept: None, salon.customer_id: salon.user_id}


async def test_unmerge_of_merges_in_a_row_is_from_the_last(pool: Database, desk: Desk) -> None:
    salon = desk.salon
    second, third = [await data.add_customer(pool, salon.business_id) for _ in range(2)]
    booking = await data.add_booking(pool, salon, customer_id=third, user_id=None)
    await desk.within(lambda work: work.customers.merges.merge(second, third, NOW))
    await desk.within(lambda work: work.customers.merges.merge(salon.customer_id, second, NOW))
    late = await data.add_booking(pool, salon, NOW + 90 * HOUR, customer_id=third, user_id=None)
    assert (await customers_of(pool, salon.business_id))["bookings"] == {
        booking: salon.customer_id,
        late: salon.customer_id,
    }
    with pytest.raises(UnmergeRefused):
        await desk.within(lambda work: work.customers.merges.unmerge(second, third, NOW))
    await desk.within(lambda work: work.customers.merges.unmerge(salon.customer_id, second, NOW))
    await desk.within(lambda work: work.customers.merges.unmerge(second, third, NOW))
    assert (await customers_of(pool, salon.business_id))["bookings"][booking] == third


async def test_unmerge_is_refused_after_its_time(pool: Database, desk: Desk) -> None:
    salon = desk.salon
    other = await data.add_customer(pool, salon.business_id)
    await desk.within(lambda work: work.customers.merges.merge(salon.customer_id, other, NOW))
    with pytest.raises(UnmergeRefused):
        await desk.within(lambda work: work.customers.merges.unmerge(salon.customer_id, other, NOW + UNDO_WITHIN))


async def test_merge_with_another_business_or_another_login_is_refused(pool: Database, desk: Desk) -> None:
    salon = desk.salon
    elsewhere = await data.add_customer(pool, (await data.add_salon(pool)).business_id)
    login = await data.add_customer(pool, salon.business_id, user_id=await data.add_user(pool))
    with pytest.raises(NotFound):
        await desk.within(lambda work: work.customers.merges.merge(salon.customer_id, elsewhere, NOW))
    with pytest.raises(CustomersHaveTwoLogins):
        await desk.within(lambda work: work.customers.merges.merge(salon.customer_id, login, NOW))


async def test_list_pairs_finds_what_records_have_in_common(pool: Database, desk: Desk) -> None:
    business_id = desk.salon.business_id

    async def add(**values: Any) -> UUID:
        return await data.add_customer(pool, business_id, **{"email": None, **values})

    first = await add(phone="+819012345678", email="A@example.jp")
    second = await add(phone="+819012345678")
    third = await add(email="a@example.jp", family_name="別", birthday=NOW.date())
    fourth = await add(family_name="別", given_name="愛", birthday=NOW.date())
    for _ in range(11):
        await add(phone="+81312345678")
    pairs, further = await desk.within(lambda work: work.customers.merges.list_pairs(business_id, None, 10))
    assert further is None
    assert [(pair.customer_id, pair.duplicate_id, pair.reasons) for pair in pairs] == [
        (third, fourth, ["name_and_birthday"]),
        (first, third, ["email"]),
        (first, second, ["phone"]),
    ]
    after = (fourth, third)
    rest, _ = await desk.within(lambda work: work.customers.merges.list_pairs(business_id, after, 10))
    assert rest == pairs[1:]


async def test_list_pairs_compares_some_records_at_once_and_finds_all(
    pool: Database, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(merging, "READ", 3)
    business_id = desk.salon.business_id
    phones = ["+819000000001", None, None, None, None, "+819000000001", None, "+819000000002", "+819000000002"]
    ids = [await data.add_customer(pool, business_id, email=None, phone=phone) for phone in phones]
    found: list[tuple[UUID, UUID]] = []
    pages, after = 0, None
    async with desk.database.unit_of_work(Scope.tenant(business_id)) as work:
        while pages == 0 or after is not None:
            pairs, after = await work.customers.merges.list_pairs(business_id, after, 5)
            found += [(pair.customer_id, pair.duplicate_id) for pair in pairs]
            pages += 1
    assert found == [(ids[7], ids[8]), (ids[0], ids[5])]
    assert pages > 3


async def test_pair_that_is_two_people_is_not_proposed_again(desk: Desk) -> None:
    """Said in any order, twice, and without hiding the pairs that the records make with others."""
    pool, salon = desk.database, desk.salon
    first, second, third = [
        await data.add_customer(pool, salon.business_id, phone="+819000000001", email=None) for _ in range(3)
    ]

    async def pairs() -> set[tuple[object, object]]:
        async with pool.unit_of_work(salon.scope) as work:
            found, _ = await work.customers.merges.list_pairs(salon.business_id, None, 10)
        return {(pair.customer_id, pair.duplicate_id) for pair in found}

    assert await pairs() == {(first, second), (first, third)}
    async with pool.unit_of_work(salon.scope) as work:
        await work.customers.merges.keep_apart(third, first)
        await work.customers.merges.keep_apart(first, third)
    assert await pairs() == {(first, second), (second, third)}
    other = await data.add_salon(pool)
    async with pool.unit_of_work(other.scope) as work:
        with pytest.raises(NotFound):
            await work.customers.merges.keep_apart(first, second)
