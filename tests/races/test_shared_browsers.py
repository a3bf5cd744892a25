"""Two logins that register one browser at the same time, and one login that does it twice, with a control."""

from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from db.engine.session import Database, Scope, UnitOfWork
from tests.races.overlap import Step, overlap
from tests.support import data
from tests.support.data import NOW
from tests.support.desk import Desk

KEYS = '{"p256dh": "p", "auth": "a"}'


def subscribe(user_id: UUID, endpoint: str) -> Step:
    return lambda work: work.messages.channels.subscribe(user_id, endpoint, KEYS, NOW)


async def owners(pool: Database, address: str) -> list[UUID]:
    found = await data.rows(pool, "SELECT user_id FROM channel_addresses WHERE address = :address", address=address)
    return [row["user_id"] for row in found]


@pytest.mark.parametrize("same_login", [True, False])
async def test_browser_that_two_register_at_once_belongs_to_the_last(desk: Desk, same_login: bool) -> None:
    one, endpoint = desk.salon.user_id, f"https://push.example/{uuid4()}"
    other = one if same_login else desk.salon.owner_id
    steps = (subscribe(one, endpoint), subscribe(other, endpoint))
    await overlap(desk.database, Scope.self_(one), *steps, scope_of_second=Scope.self_(other))
    assert await owners(desk.database, endpoint) == [other]


async def test_line_account_that_two_link_at_once_belongs_to_the_last(desk: Desk) -> None:
    one, other, account = desk.salon.user_id, desk.salon.owner_id, f"U{uuid4().hex}"
    await overlap(
        desk.database,
        Scope.self_(one),
        lambda work: work.messages.channels.link_line(one, account, NOW),
        lambda work: work.messages.channels.link_line(other, account, NOW),
        scope_of_second=Scope.self_(other),
    )
    assert await owners(desk.database, account) == [other]


async def test_browser_that_is_deleted_and_added_is_refused_to_the_second(desk: Desk) -> None:
    """The control: what was done before, a deletion and an insertion, does not see the row of the first."""
    endpoint = f"https://push.example/{uuid4()}"

    def old_way(user_id: UUID) -> Step:
        async def step(work: UnitOfWork) -> None:
            await work.session.execute(text("DELETE FROM channel_addresses WHERE address = :a"), {"a": endpoint})
            await work.session.execute(
                text(
                    "INSERT INTO channel_addresses (user_id, channel, address, keys, proven_at)"
                    " VALUES (:user, 'push', :a, CAST(:keys AS jsonb), now())"
                ),
                {"user": user_id, "a": endpoint, "keys": KEYS},
            )

        return step

    with pytest.raises(IntegrityError):
        await overlap(desk.database, Scope.platform(), old_way(desk.salon.user_id), old_way(desk.salon.owner_id))
