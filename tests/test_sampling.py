"""Samples are small, repeatable, and miss nothing over time."""

import pytest

from tests.support import sampling

NUMBERS = list(range(100))


@pytest.fixture(autouse=True)
def by_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A seed of the test's own."""
    monkeypatch.delenv(sampling.WHOLE, raising=False)
    _set_seed(monkeypatch, "583a098b")


def _set_seed(monkeypatch: pytest.MonkeyPatch, seed: str) -> None:
    monkeypatch.setattr(sampling, "seed", lambda: seed)


def test_sample_is_the_same_for_the_same_seed_and_differs_for_another(monkeypatch: pytest.MonkeyPatch) -> None:
    first = sampling.sample(NUMBERS, one_in=4, purpose="x")
    assert first == sampling.sample(NUMBERS, one_in=4, purpose="x")
    assert len(first) == 25
    assert first != sampling.sample(NUMBERS, one_in=4, purpose="y")
    _set_seed(monkeypatch, "0")
    assert first != sampling.sample(NUMBERS, one_in=4, purpose="x")


def test_sample_has_at_least_one() -> None:
    assert len(sampling.sample([1, 2], one_in=10, purpose="x")) == 1
    assert sampling.sample([], one_in=10, purpose="x") == []


def test_shares_are_everything_together_and_have_nothing_in_common() -> None:
    shares = [sampling.share(NUMBERS, part, 3) for part in range(3)]
    assert sorted(number for one in shares for number in one) == NUMBERS
    assert all(len(one) in {33, 34} for one in shares)


def test_whole_run_leaves_nothing_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(sampling.WHOLE, "1")
    assert sampling.sample(NUMBERS, one_in=4, purpose="x") == NUMBERS
    assert sampling.share(NUMBERS, 0, 3) == NUMBERS
    assert sampling.examples(3, whole=7) == 7


def test_seed_is_the_commit_without_one_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    monkeypatch.delenv(sampling.SEED, raising=False)
    sampling.seed.cache_clear()
    try:
        found = sampling.seed()
        assert found == "0" or int(found, 16) >= 0
    finally:
        sampling.seed.cache_clear()
