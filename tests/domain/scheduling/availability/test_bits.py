"""The bit-string operations against sets of positions."""

from hypothesis import given
from hypothesis import strategies as st

from domain.scheduling.availability.bits import Lattice, Tally, common_step, every, join, ones, runs, span, squeeze

NUMBERS = st.integers(0, 2**200 - 1)


def as_set(bits: int) -> set[int]:
    return {position for position in range(bits.bit_length()) if bits >> position & 1}


@given(NUMBERS, st.integers(1, 40), st.integers(1, 60))
def test_squeeze_puts_every_so_many_bits_side_by_side(bits: int, step: int, count: int) -> None:
    assert as_set(squeeze(bits, step, count)) == {n for n in range(count) if bits >> n * step & 1}


@given(st.integers(0, 100), st.sampled_from([1, 2, 5, 15, 30]), st.sets(st.integers(0, 60), min_size=1))
def test_lattice_has_every_set_bit(first: int, step: int, numbers: set[int]) -> None:
    wanted = {first + step * number for number in numbers}
    lattice = Lattice.of(sum(1 << position for position in wanted), [30, 15, 10, 5, 1])
    chosen = lattice.spread(sum(1 << position for position in wanted)).to_bytes(lattice.count, "little")
    assert lattice.positions(chosen) == sorted(wanted)
    assert (lattice.first, lattice.first + lattice.step * (lattice.count - 1)) == (min(wanted), max(wanted))


@given(st.lists(st.tuples(NUMBERS, st.integers(0, 40)), max_size=8), st.integers(0, 40), st.sampled_from([1, 7, 15]))
def test_tally_on_a_lattice_counts_at_its_positions(added: list[tuple[int, int]], first: int, step: int) -> None:
    tally, lattice = Tally(), Lattice(first, step, 11)
    for bits, times in added:
        tally.add(bits, times)
    counts = [sum(times for bits, times in added if bits >> first + n * step & 1) for n in range(11)]
    packed = tally.on(lattice)
    assert packed is None if len(tally.slices) > 8 else packed == int.from_bytes(bytes(counts), "little")


@given(st.sets(st.integers(0, 300), min_size=1))
def test_common_step_reaches_every_number(numbers: set[int]) -> None:
    ascending = sorted(numbers)
    assert all((number - ascending[0]) % common_step(ascending) == 0 for number in ascending)


@given(NUMBERS, st.integers(1, 70))
def test_runs_are_where_that_many_bits_follow(bits: int, length: int) -> None:
    filled = bits | span(40, 140)
    expected = {p for p in range(200) if all(filled >> p + n & 1 for n in range(length))}
    assert as_set(runs(filled, length)) == expected


@given(st.integers(-3, 300), st.integers(0, 300))
def test_bits_ones_and_span(count: int, start: int) -> None:
    assert as_set(ones(count)) == set(range(count))
    assert as_set(span(start, start + count)) == set(range(start, start + count))


@given(st.integers(1, 90), st.integers(1, 400))
def test_bits_every(step: int, count: int) -> None:
    assert as_set(every(step, count)) == set(range(0, count, step))


@given(st.lists(st.integers(0, 2**32 - 1), max_size=8))
def test_join_is_the_union_of_shifted_parts(parts: list[int]) -> None:
    expected = set()
    for index, part in enumerate(parts):
        expected |= {position + 16 * index for position in as_set(part)}
    assert as_set(join(parts, 16)) == expected


@given(st.lists(st.tuples(NUMBERS, st.integers(0, 9)), max_size=8), st.integers(1, 40))
def test_tally_counts_at_every_position(added: list[tuple[int, int]], least: int) -> None:
    tally = Tally()
    for bits, times in added:
        tally.add(bits, times)
    counts = [sum(times for bits, times in added if bits >> p & 1) for p in range(200)]
    assert tally.at(range(200)) == counts
    assert as_set(tally.any()) == {p for p, count in enumerate(counts) if count}
    assert as_set(tally.at_least(least)) == {p for p, count in enumerate(counts) if count >= least}


def test_empty_tally_counts_nothing() -> None:
    assert Tally().at([3, 5]) == [0, 0]
    assert Tally().at([]) == []
    assert Tally().any() == Tally().at_least(1) == 0
