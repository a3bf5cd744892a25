"""What needs a person is filed once while it is open."""

from tests.support.data import rows
from tests.support.desk import Desk


async def test_attention_has_one_open_entry_per_key(desk: Desk) -> None:
    key = f"test:{desk.salon.business_id}"

    async def file() -> bool:
        filed: bool = await desk.within(
            lambda work: work.platform.attention.file(
                "test", key, business_id=desk.salon.business_id, details={"amount": 1}
            )
        )
        return filed

    assert await file()
    assert not await file()
    await rows(desk.database, "UPDATE attention SET resolved_at = now() WHERE dedupe_key = :key", key=key)
    assert await file()
    assert await desk.attention() == ["test", "test"]
