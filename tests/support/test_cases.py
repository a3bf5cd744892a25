"""Many cases in one test: all are asked, and those that fail are named."""

import pytest

from tests.support.cases import CasesFailed, for_each


def test_cases_that_fail_are_named() -> None:
    asked = []

    @for_each("number, word", [(1, "one"), pytest.param(2, "two", id="a pair"), (3, "three")])
    def test(number: int, word: str) -> None:
        asked.append(word)
        assert number == 1, "it is not one"

    with pytest.raises(CasesFailed, match=r"(?s)2 of 3 cases failed.*2\. a pair: .*it is not one.*3\. 3, 'three'"):
        test()
    assert asked == ["one", "two", "three"]


def test_cases_fail_by_what_was_not_raised() -> None:
    @for_each("number", [1, 2])
    def test(number: int) -> None:
        with pytest.raises(ZeroDivisionError):
            assert 1 // (number - 1)

    with pytest.raises(CasesFailed, match=r"1 of 2 cases failed\n2\. 2: Failed: DID NOT RAISE"):
        test()


def test_cases_are_not_none() -> None:
    @for_each("number", [])
    def test(number: int) -> None:
        raise AssertionError(number)

    with pytest.raises(AssertionError, match="there is no case"):
        test()


@for_each("first", [1, 2])
@for_each("second", [3, 4])
def test_cases_multiply_and_take_fixtures(first: int, second: int, tmp_path: object) -> None:
    assert (first, second) in {(1, 3), (1, 4), (2, 3), (2, 4)}
    assert tmp_path is not None
