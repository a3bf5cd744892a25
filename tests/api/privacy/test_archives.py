"""The erasure of a person deletes the archives that businesses have made of their data."""

from db.customers.archives import archive_key
from db.engine.session import Database as Pool
from tests.api.conftest import Login
from tests.api.privacy.conftest import Hands
from tests.api.privacy.person import plant
from tests.api.privacy.test_erasure import ASK
from tests.support import data
from tests.support.servers import Database


async def test_anonymise_deletes_the_archives_of_businesses_that_know_the_person(
    log_in: Login, pool: Pool, database: Database, hands: Hands
) -> None:
    ayumi, unknown = await plant(log_in, pool, database), await data.add_salon(pool)
    kept = []
    for salon in (ayumi.salons[0], unknown):
        async with pool.unit_of_work(salon.scope) as work:
            archive = await work.customers.archives.begin(salon.business_id)
            now = hands.clock.now()
            await work.customers.archives.mark_ready(archive.id, 3, now, now)
        hands.shelf.objects[archive_key(archive.id)] = b"zip"
        kept.append(archive.id)
    await ayumi.login.post("/auth/me/erasure", json=ASK)
    await hands.erasures.anonymise(await hands.erasure_of(ayumi.login.id))
    rows = await data.rows(pool, "SELECT id, status FROM business_archives")
    assert {row["id"]: row["status"] for row in rows} == {kept[0]: "expired", kept[1]: "ready"}
    assert set(hands.shelf.objects) == {archive_key(kept[1])}
