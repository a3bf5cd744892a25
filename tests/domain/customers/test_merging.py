"""What a kept record takes over from a merged one, and what an undo gives back."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from domain.customers.errors import CustomersHaveTwoLogins, UnmergeRefused
from domain.customers.merging import UNDO_WITHIN, Merge, plan_merge, plan_undo
from domain.customers.profile import MAX_PREFERENCES, MAX_TAGS
from domain.errors import InvalidInput
from tests.support.data import NOW


def record(**values: Any) -> dict[str, Any]:
    empty: dict[str, Any] = dict.fromkeys(
        ("family_name_kana", "given_name_kana", "phone", "email", "birthday", "user_id")
    )
    return {"id": uuid4(), "family_name": "山田", "given_name": "", "tags": [], "preferences": {}, **empty, **values}


def merge_of(**changes: tuple[Any, Any]) -> Merge:
    return Merge(uuid4(), uuid4(), uuid4(), changes, NOW, None)


def test_plan_merge_fills_gaps_and_keeps_what_is_there() -> None:
    kept = record(phone="+819012345678", given_name="花子")
    merged = record(phone="+819099999999", given_name="ハナコ", email="a@example.jp", birthday=date(1985, 4, 29))
    assert plan_merge(kept, merged) == {"email": "a@example.jp", "birthday": date(1985, 4, 29)}


def test_plan_merge_joins_tags_and_preferences() -> None:
    kept = record(tags=["VIP"], preferences={"茶": "濃い"})
    merged = record(tags=["会員", "VIP"], preferences={"茶": "薄い", "席": "窓"})
    assert plan_merge(kept, merged) == {"tags": ["VIP", "会員"], "preferences": {"茶": "濃い", "席": "窓"}}


def test_plan_merge_stays_within_the_limits_and_keeps_the_own() -> None:
    kept = record(tags=[f"a{n}" for n in range(MAX_TAGS)], preferences={f"a{n}": "x" for n in range(MAX_PREFERENCES)})
    merged = record(tags=["b"], preferences={"b": "y"})
    assert plan_merge(kept, merged) == {}


def test_plan_merge_of_two_logins_is_refused() -> None:
    with pytest.raises(CustomersHaveTwoLogins):
        plan_merge(record(user_id=uuid4()), record(user_id=uuid4()))
    login: UUID = uuid4()
    assert plan_merge(record(), record(user_id=login)) == {"user_id": login}
    assert plan_merge(record(user_id=login), record()) == {}


def test_plan_merge_with_itself_is_refused() -> None:
    one = record()
    with pytest.raises(InvalidInput):
        plan_merge(one, one)


def test_plan_undo_gives_back_what_nobody_changed_since() -> None:
    merge = merge_of(email=(None, "a@example.jp"), phone=(None, "+819012345678"))
    kept = record(email="a@example.jp", phone="+818011112222")
    assert plan_undo(merge, kept, kept_is_there=True, now=NOW) == {"email": None}


@pytest.mark.parametrize(
    ("late", "there", "reason"),
    [(UNDO_WITHIN, True, "too_late"), (timedelta(), False, "merged_again")],
)
def test_plan_undo_says_why_not(late: timedelta, there: bool, reason: str) -> None:
    with pytest.raises(UnmergeRefused) as refused:
        plan_undo(merge_of(), record(), kept_is_there=there, now=NOW + late)
    assert refused.value.details == {"reason": reason}
    plan_undo(merge_of(), record(), kept_is_there=True, now=NOW + UNDO_WITHIN - timedelta(seconds=1))
