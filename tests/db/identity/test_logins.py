"""Guesses are counted before they are judged, for known and unknown e-mails alike."""

import asyncio
from datetime import timedelta

import pytest

from db.engine.context import Context
from db.engine.session import Database, Scope
from db.identity.logins import LoginAttempt
from domain.identity.sessions import LOCK, WINDOW
from tests.support import data
from tests.support.data import NOW

MINUTE = timedelta(minutes=1)


async def attempt(pool: Database, email: str, after: timedelta = timedelta()) -> LoginAttempt:
    async with pool.unit_of_work(Scope.public()) as work:
        return await work.identity.logins.attempt(email, NOW + after)


async def attempts(pool: Database, email: str, *after: timedelta) -> list[bool]:
    return [(await attempt(pool, email, one)).refused for one in after]


@pytest.mark.parametrize("known", [True, False])
async def test_five_lock_for_half_an_hour(pool: Database, known: bool) -> None:
    await data.add_user(pool, email=f"known-{known}@example.jp")
    email = "known-True@example.jp" if known else "nobody@example.jp"
    found = [await attempt(pool, email, number * MINUTE) for number in range(6)]
    assert [one.refused for one in found] == [False] * 5 + [True]
    assert [one.locked_until for one in found] == [None] * 4 + [NOW + 4 * MINUTE + LOCK] * 2
    assert [one.user is not None for one in found] == [known] * 6
    # What is refused does not make the lock longer.
    over = 4 * MINUTE + LOCK
    assert await attempts(pool, email, over - MINUTE, over, over + MINUTE) == [True, False, False]


async def test_window_slides(pool: Database) -> None:
    """Four early and four late ones: any five within fifteen minutes lock, not five of the clock's quarter."""
    early = [timedelta(), 13 * MINUTE, 13 * MINUTE + WINDOW / 100, 14 * MINUTE]
    assert await attempts(pool, "a@example.jp", *early, 16 * MINUTE) == [False] * 5
    assert await attempts(pool, "a@example.jp", 17 * MINUTE) == [False]
    assert await attempts(pool, "a@example.jp", 18 * MINUTE) == [True]


async def test_login_tries_at_once_are_limited_to_five(pool: Database) -> None:
    moments = [NOW + timedelta(milliseconds=number) for number in range(20)]
    found = await asyncio.gather(*(attempt(pool, "a@example.jp", moment - NOW) for moment in moments))
    assert [one.refused for one in found].count(False) == 5


async def test_login_counts_all_ways_of_writing_an_email_together(pool: Database) -> None:
    ways = ["Ändre@Example.jp", "ändre@example.jp", "ÄNDRE@EXAMPLE.JP", "änDre@example.jp", "ändre@EXAMPLE.jp"]
    for way in ways:
        assert not (await attempt(pool, way)).refused
    assert (await attempt(pool, "ändre@example.jp")).refused


async def test_successful_login_clears_its_own_failures_alone(pool: Database) -> None:
    await attempts(pool, "a@example.jp", timedelta(), MINUTE, 2 * MINUTE, 3 * MINUTE)
    fifth = await attempt(pool, "a@example.jp", 4 * MINUTE)
    assert fifth.locked_until is not None
    async with pool.unit_of_work(Scope.public()) as work:
        await work.identity.logins.undo_attempt(fifth)
    again = await attempt(pool, "a@example.jp", 5 * MINUTE)
    assert (again.refused, again.locked_until) == (False, NOW + 5 * MINUTE + LOCK)


async def test_success_forgets_failures_and_lock(pool: Database) -> None:
    user_id = await data.add_user(pool, email="Kenta@example.jp")
    await attempts(pool, "kenta@example.jp", *(number * MINUTE for number in range(6)))
    async with pool.unit_of_work(Scope.self_(user_id)) as work:
        await work.identity.logins.clear_failures(user_id)
    assert await attempts(pool, "kenta@example.jp", *[6 * MINUTE] * 5) == [False] * 5


async def test_login_sweeps_old_failures(pool: Database) -> None:
    for number in range(12):
        await attempt(pool, f"{number}@example.jp")
    later = WINDOW + LOCK + MINUTE
    await attempts(pool, "0@example.jp", later, later)
    kept = await data.rows(pool, "SELECT cardinality(failed_at) AS failures FROM login_failures")
    # One row for the account and one for the account in its network.
    assert [row["failures"] for row in kept] == [2, 2]


async def test_login_failures_store_no_email(pool: Database) -> None:
    await attempt(pool, "secret-person@example.jp")
    stored = await data.rows(pool, "SELECT f::text AS whole FROM login_failures f")
    assert len(stored) == 2
    assert not any("secret" in row["whole"] for row in stored)


async def test_known_devices_report_a_new_device_once_and_the_first_never(pool: Database) -> None:
    user_id = await data.add_user(pool)
    devices = [
        ("203.0.113.7", "Firefox/150.1 (X11)", False),  # the first there is
        ("203.0.99.1", "Firefox/151.0 (X11)", False),  # updated, elsewhere in the same network
        ("203.0.113.7", "Safari/19", True),
        ("203.0.113.7", "Safari/19", False),
        ("2001:db8:1::1", "Safari/19", True),
        (None, None, True),
    ]
    for ip, agent, new in devices:
        async with pool.unit_of_work(Scope.public(), Context(ip=ip, user_agent=agent)) as work:
            assert await work.identity.logins.note_device(user_id) is new, (ip, agent)
