"""The engine and a brute-force walk through every minute give the same answer."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.scheduling.availability.claimed import Claimed
from domain.scheduling.availability.days import ceil_minute, floor_minute
from domain.scheduling.availability.engine import find_starts, nearest, plan
from domain.scheduling.availability.model import ClaimPlan, Facts, Question
from domain.scheduling.overbooking import OVERBOOKED
from domain.scheduling.staff_exceptions import with_exceptions
from tests.domain.scheduling.availability.oracle import Oracle, collide, open_with, remaining
from tests.domain.scheduling.availability.scenarios import (
    CHANGES,
    ask,
    at,
    cases,
    classes,
    every_day,
    exceptions,
    hours,
    item,
    known,
    need,
    restaurants,
    taken,
)
from tests.support import sampling


def as_tuple(claim: ClaimPlan) -> tuple:
    return (
        claim.item_index,
        claim.group,
        claim.resource_id,
        claim.unit,
        claim.starts_at,
        claim.ends_at,
    )


@given(cases())
@settings(max_examples=sampling.examples(30, whole=150))
def test_same_starts_and_same_left(case: tuple[Question, Facts]) -> None:
    question, facts = case
    answer = find_starts(question, facts)
    assert {start.at: start.left for start in answer} == Oracle(question, facts).starts()
    assert [start.at for start in answer] == sorted({start.at for start in answer})


def packed(facts: Facts) -> Facts:
    """The same claims as bit strings of each unit."""
    units: dict[UUID, dict[int, list[tuple[int, int]]]] = {}
    for claim in facts.taken:
        minutes = floor_minute(claim.starts_at), ceil_minute(claim.ends_at)
        units.setdefault(claim.resource_id, {}).setdefault(claim.unit, []).append(minutes)
    claimed = {key: {unit: Claimed.of(some) for unit, some in each.items()} for key, each in units.items()}
    return replace(facts, taken=(), claimed=claimed)


@given(cases())
@settings(max_examples=sampling.examples(30, whole=150))
def test_same_starts_and_same_left_from_packed_claims(case: tuple[Question, Facts]) -> None:
    question, facts = case
    answer = find_starts(question, packed(facts))
    assert {start.at: start.left for start in answer} == Oracle(question, facts).starts()


@given(restaurants(), st.lists(st.integers(0, 3), max_size=12))
@settings(max_examples=sampling.examples(20, whole=150))
def test_packed_claims_give_the_same_where_units_are_overbooked(
    case: tuple[Question, Facts], beyond: list[int]
) -> None:
    question, facts = case
    claims = list(facts.taken)
    for place, more in enumerate(beyond[: len(claims)]):
        if more == 3:
            claims[place] = replace(claims[place], unit=OVERBOOKED + place)
    facts = replace(facts, taken=claims)
    assert find_starts(question, packed(facts)) == find_starts(question, facts)


@given(classes())
@settings(max_examples=sampling.examples(30, whole=300))
def test_same_starts_and_same_left_for_classes(case: tuple[Question, Facts]) -> None:
    question, facts = case
    oracle = Oracle(question, facts).starts()
    assert {start.at: start.left for start in find_starts(question, facts)} == oracle
    for moment in Oracle(question, facts).offered():
        assert (next(plan(question, facts, moment), None) is not None) == (moment in oracle)


@given(restaurants())
@settings(max_examples=sampling.examples(30, whole=400))
def test_same_starts_and_same_left_for_tables(case: tuple[Question, Facts]) -> None:
    question, facts = case
    oracle = Oracle(question, facts)
    starts = oracle.starts()
    assert {start.at: start.left for start in find_starts(question, facts)} == starts
    for moment in oracle.offered():
        claims = next(plan(question, facts, moment), None)
        assert (claims is not None) == (moment in starts)
        if claims is not None:
            assert frozenset(map(as_tuple, claims)) in set(oracle.assignments(moment))
            assert tables_of(question, facts, claims) == fewest_tables(oracle, moment)


def tables_of(question: Question, facts: Facts, claims: tuple[ClaimPlan, ...]) -> tuple[int, int]:
    """How many tables are taken, and the seats of a single one (0 for joined ones)."""
    taken = [claim.resource_id for claim in claims if claim.group == 0]
    return len(taken) > 1, (facts.resources[taken[0]].seats or 0) if len(taken) == 1 else 0


def fewest_tables(oracle: Oracle, moment: datetime) -> tuple[int, int]:
    """What the rule asks for: the smallest free table that seats the party, else joined ones."""
    ways = [[claim[2] for claim in claims if claim[1] == 0] for claims in oracle.assignments(moment)]
    return min((len(way) > 1, (oracle.facts.resources[way[0]].seats or 0) if len(way) == 1 else 0) for way in ways)


@given(cases(max_items=5, max_needs=1))
@settings(max_examples=sampling.examples(12, whole=60))
def test_same_starts_for_up_to_five_items(case: tuple[Question, Facts]) -> None:
    question, facts = case
    assert {s.at: s.left for s in find_starts(question, facts)} == Oracle(question, facts).starts()


@given(cases(max_items=3, max_needs=1), st.data())
@settings(max_examples=sampling.examples(12, whole=80))
def test_same_starts_where_the_customer_may_wait_between_items(
    case: tuple[Question, Facts], data: st.DataObject
) -> None:
    question, facts = case
    items = tuple(replace(one, max_wait=data.draw(st.sampled_from([0, 15, 30, 45, 60]))) for one in question.items)
    question = replace(question, items=items)
    oracle = Oracle(question, facts).starts()
    assert {start.at: start.left for start in find_starts(question, facts)} == oracle
    for moment in sorted(oracle)[:3]:
        assert next(plan(question, facts, moment), None) is not None


@given(cases(), st.data())
@settings(max_examples=sampling.examples(24, whole=120))
def test_same_starts_where_people_are_not_there_as_usual(case: tuple[Question, Facts], data: st.DataObject) -> None:
    """Leaves, parts of days, other hours, on top of weeks, public holidays and one-off days, around clock changes."""
    question, facts = case
    drawn = {key: data.draw(exceptions(question.first)) for key in facts.resources}
    around = question.first - timedelta(days=5), question.last + timedelta(days=5)
    resources = {
        key: replace(resource, calendar=with_exceptions(resource.calendar, drawn[key], *around))
        for key, resource in facts.resources.items()
    }
    oracle = Oracle(question, facts)
    for key, resource in facts.resources.items():
        oracle.lasts[key] = remaining(oracle.business & open_with(resource.calendar, drawn[key], oracle.steps))
    found = find_starts(question, replace(facts, resources=resources))
    assert {start.at: start.left for start in found} == oracle.starts()


@given(cases(), st.integers(0, 10**6), st.integers(0, 10**6))
@settings(max_examples=sampling.examples(20, whole=100))
def test_plan_gives_each_possible_assignment_once(case: tuple[Question, Facts], which: int, seed: int) -> None:
    question, facts = case
    oracle = Oracle(question, facts)
    starts = sorted(oracle.starts())
    if not starts:
        return
    start = starts[which % len(starts)]
    plans = [tuple(map(as_tuple, claims)) for claims in plan(question, facts, start, seed=seed, limit=10**6)]
    assert len({frozenset(claims) for claims in plans}) == len(plans)
    assert {frozenset(claims) for claims in plans} == set(oracle.assignments(start))


@given(cases(), st.integers(-3000, 3000))
@settings(max_examples=sampling.examples(20, whole=100))
def test_plan_gives_nothing_where_no_start_is_listed(case: tuple[Question, Facts], offset: int) -> None:
    question, facts = case
    listed = {start.at for start in find_starts(question, facts)}
    midnight = datetime(question.first.year, question.first.month, question.first.day, tzinfo=UTC)
    wanted = midnight + timedelta(minutes=offset)
    around = sorted(listed)[:3]
    for moment in (wanted, *around, *(start + timedelta(minutes=1) for start in around)):
        assert (next(plan(question, facts, moment), None) is not None) == (moment in listed)


@given(cases(max_items=1), st.integers(-3000, 3000), st.integers(1, 4))
@settings(max_examples=sampling.examples(12, whole=40))
def test_nearest_are_the_closest_of_all(case: tuple[Question, Facts], offset: int, count: int) -> None:
    question, facts = case
    wanted = datetime(question.first.year, question.first.month, question.first.day, tzinfo=UTC)
    wanted += timedelta(minutes=offset)
    ranked = sorted(Oracle(question, facts).starts(), key=lambda moment: (abs(moment - wanted), moment))
    assert [start.at for start in nearest(question, facts, wanted, count)] == ranked[:count]


@pytest.mark.parametrize("spans", [[(0, 1440)], [(30, 135), (150, 420)], [(1290, 1620)], [(60, 2880)]], ids=str)
@pytest.mark.parametrize(("zone", "day"), CHANGES, ids=[f"{zone}-{day}" for zone, day in CHANGES])
def test_hours_that_meet_a_clock_change(zone: str, day: date, spans: list[tuple[int, int]]) -> None:
    business = every_day(*spans)
    claims = (taken(0, at(zone, day, 4), 50), taken(1, at(zone, day, 0, 20), 200))
    question = ask(
        item(60, need(0, 1), before=5, after=10),
        day=day - timedelta(days=1),
        last=day + timedelta(days=1),
        zone=zone,
        step=15,
    )
    facts = known(business, 1, 1, taken=claims)
    expected = Oracle(question, facts).starts()
    assert expected
    assert {start.at: start.left for start in find_starts(question, facts)} == expected


def changes_of(zone: ZoneInfo, year: int) -> tuple[datetime, ...]:
    """The hours of a year in which the zone's offset changes (no zone changes it and back within a day)."""
    found = []
    day = datetime(year, 1, 1, tzinfo=UTC)
    while day.year == year:
        if (day + timedelta(days=1)).astimezone(zone).utcoffset() != day.astimezone(zone).utcoffset():
            hour = day
            while (hour + timedelta(hours=1)).astimezone(zone).utcoffset() == day.astimezone(zone).utcoffset():
                hour += timedelta(hours=1)
            found.append(hour + timedelta(hours=1))
        day += timedelta(days=1)
    return tuple(found)


def behaviours() -> dict[tuple, str]:
    """One zone for every behaviour in 2026 that any IANA zone shows.

    Zones with the same offset at new year and the same changes show the same clock all year. Every name of the
    database is looked at; none is sampled away.
    """
    found: dict[tuple, str] = {}
    for name in sorted(available_timezones()):
        zone = ZoneInfo(name)
        changes = changes_of(zone, 2026)
        moments = (datetime(2026, 1, 1, tzinfo=UTC), *changes)
        found.setdefault((changes, *(moment.astimezone(zone).utcoffset() for moment in moments)), name)
    return found


def test_engine_equals_the_oracle_in_every_zone_on_its_changes_in_2026() -> None:
    wrong = []
    for (changes, *_), name in sampling.sample(behaviours().items(), one_in=3, purpose="zones"):
        zone = ZoneInfo(name)
        for day in [change.astimezone(zone).date() for change in changes] or [date(2026, 6, 1)]:
            business = every_day((0, 150), (540, 1080), (1320, 1440), one_off={day: hours((0, 600), (1320, 1560))})
            question = ask(item(45, need(0, 1), before=10, after=5), day=day, zone=name, step=15)
            midnight = datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
            claims = (taken(0, midnight + timedelta(hours=3), 30), taken(1, midnight, 260))
            facts = known(business, 1, 1, taken=claims)
            got = {start.at: start.left for start in find_starts(question, facts)}
            if not got or got != Oracle(question, facts).starts():
                wrong.append((name, day))
    assert wrong == []


def test_oracle_itself_sees_a_collision() -> None:
    start = datetime(2026, 6, 1, tzinfo=UTC)
    later = start + timedelta(minutes=30)
    end = start + timedelta(minutes=60)
    assert collide((0, 0, 1, 0, start, end), (1, 0, 1, 0, later, end))
    assert not collide((0, 0, 1, 0, start, later), (1, 0, 1, 0, later, end))
    assert not collide((0, 0, 1, 0, start, end), (1, 0, 1, 1, later, end))
