"""Who has a feature, and that growing its share takes it from nobody."""

from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.platform.flags import NAME, WHOLE, Flag, FlagContext, Subject, bucket, is_on

SHARES = st.integers(0, WHOLE)


def flag(**changes: object) -> Flag:
    plain: dict[str, object] = {
        "name": "waitlist.offers",
        "enabled": True,
        "killed": False,
        "subject": Subject.USER,
        "share": 0,
    }
    return Flag(**plain | changes)  # type: ignore[arg-type]


def test_unknown_is_off() -> None:
    assert not is_on(None, FlagContext(uuid4(), uuid4()))


@given(st.uuids(), SHARES, SHARES)
def test_growing_takes_it_from_nobody(user: UUID, one: int, other: int) -> None:
    small, large = sorted((one, other))
    if is_on(flag(share=small), FlagContext(user)):
        assert is_on(flag(share=large), FlagContext(user))


@given(st.uuids())
def test_flag_share_of_zero_is_nobody_and_of_all_is_everybody(user: UUID) -> None:
    assert not is_on(flag(share=0), FlagContext(user))
    assert is_on(flag(share=WHOLE), FlagContext(user))


def test_share_is_what_it_says() -> None:
    users = [UUID(int=number) for number in range(20_000)]
    for percent in (1, 10, 50, 90):
        have = sum(is_on(flag(share=percent * 100), FlagContext(user)) for user in users)
        assert abs(have / len(users) - percent / 100) < 0.01


def test_place_is_stable_for_ever() -> None:
    """Written down: another value would give the feature to other people after a deploy."""
    assert bucket("waitlist.offers", UUID(int=1)) == 2640
    assert bucket("waitlist.offers", UUID(int=2)) == 4626


def test_flags_choose_different_people() -> None:
    users = [UUID(int=number) for number in range(4000)]
    first = {user for user in users if is_on(flag(share=5000), FlagContext(user))}
    second = {user for user in users if is_on(flag(name="other", share=5000), FlagContext(user))}
    assert 0.4 < len(first & second) / len(first) < 0.6


@given(st.uuids(), st.uuids(), SHARES)
def test_kill_switch_beats_everything(user: UUID, business: UUID, share: int) -> None:
    killed = flag(killed=True, share=share, users=frozenset({user}), businesses=frozenset({business}))
    assert not is_on(killed, FlagContext(user, business))
    off = flag(enabled=False, share=share, users=frozenset({user}), businesses=frozenset({business}))
    assert not is_on(off, FlagContext(user, business))


def test_allow_lists_come_before_the_share() -> None:
    user, business = uuid4(), uuid4()
    listed = flag(users=frozenset({user}), businesses=frozenset({business}))
    assert is_on(listed, FlagContext(user))
    assert is_on(listed, FlagContext(uuid4(), business))
    assert not is_on(listed, FlagContext(uuid4(), uuid4()))
    assert not is_on(listed, FlagContext())


def test_business_has_it_with_all_its_people() -> None:
    business = next(UUID(int=n) for n in range(100) if bucket("waitlist.offers", UUID(int=n)) < 2000)
    shared = flag(subject=Subject.BUSINESS, share=2000)
    assert all(is_on(shared, FlagContext(uuid4(), business)) for _ in range(50))
    assert not is_on(shared, FlagContext(uuid4()))  # no business: nobody knows whose share it would be


@pytest.mark.parametrize("name", ["", "Upper", "1st", "a b", "a..b", ".a", "a.", "a-b", "a;drop"])
def test_names_that_are_none(name: str) -> None:
    assert NAME.fullmatch(name) is None
