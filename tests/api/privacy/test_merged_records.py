"""The erasure of a person whose record was merged with others."""

from db.engine.session import Database as Pool
from tests.api.conftest import Login
from tests.api.privacy.conftest import Hands
from tests.api.privacy.person import plant
from tests.api.privacy.test_erasure import ASK
from tests.support import data
from tests.support.servers import Database


async def test_anonymise_forgets_merged_records_and_what_a_merge_kept(
    log_in: Login, pool: Pool, database: Database, hands: Hands
) -> None:
    """Also what went into the person's record without an address of theirs; nothing can be undone afterwards."""
    ayumi = await plant(log_in, pool, database)
    salon = ayumi.salons[0]
    by_phone = await data.add_customer(
        pool, salon.business_id, family_name="きさらぎ", email=None, phone="+815011112222"
    )
    async with pool.unit_of_work(salon.scope) as work:
        await work.customers.merges.merge(ayumi.records[0], by_phone, hands.clock.now())
    await ayumi.login.post("/auth/me/erasure", json=ASK)
    await hands.erasures.anonymise(await hands.erasure_of(ayumi.login.id))
    [left] = await data.rows(pool, "SELECT family_name, phone FROM customers WHERE id = :id", id=by_phone)
    assert (left["family_name"], left["phone"]) == ("—", None)
    assert await data.rows(pool, "SELECT 1 FROM customer_merges") == []
    trail = "SELECT before, after FROM audit_logs WHERE entity = 'customers' AND entity_id = :id"
    assert "5011112222" not in str(await data.rows(pool, trail, id=str(by_phone)))


async def test_anonymise_leaves_the_record_of_another_login_that_theirs_went_into(
    log_in: Login, pool: Pool, database: Database, hands: Hands
) -> None:
    ayumi = await plant(log_in, pool, database)
    salon, guest = ayumi.salons[1], ayumi.records[2]
    async with pool.unit_of_work(salon.scope) as work:
        await work.customers.merges.merge(salon.customer_id, guest, hands.clock.now())
    await ayumi.login.post("/auth/me/erasure", json=ASK)
    await hands.erasures.anonymise(await hands.erasure_of(ayumi.login.id))
    whose = "SELECT id, family_name FROM customers WHERE id = ANY(:ids)"
    names = {row["id"]: row["family_name"] for row in await data.rows(pool, whose, ids=[salon.customer_id, guest])}
    assert names[guest] == "—"
    assert names[salon.customer_id] == "佐藤"
