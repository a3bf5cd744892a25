"""What no machine can settle is handed to a person, once."""

from activities.platform.attention import AttentionActivities, AttentionInput
from tests.support import servers
from tests.support.data import add_salon, opened, rows


async def test_filing_twice_leaves_one_entry(database: servers.Database) -> None:
    async with opened(database) as pool:
        salon = await add_salon(pool)
        steps = AttentionActivities(pool)
        for business_id in (salon.business_id, None):
            matter = AttentionInput("test", f"test:{business_id}", business_id, details={"tries": 3})
            assert await steps.file(matter)
            assert not await steps.file(matter)
        filed = await rows(pool, "SELECT business_id, details FROM attention ORDER BY business_id NULLS LAST")
        assert filed == [
            {"business_id": salon.business_id, "details": {"tries": 3}},
            {"business_id": None, "details": {"tries": 3}},
        ]
