"""Each error code is declared once, by its area, with its sentences in the same area; so are the names of states."""

import importlib
import pkgutil
from collections import Counter
from collections.abc import Iterator

import pytest

import domain
from api.http import error_texts
from api.http.texts.shared import INTERNAL_ERROR, METHOD_NOT_ALLOWED
from api.http.texts.text import joined
from domain.error_codes import ERRORS
from domain.errors import DomainError

#: Codes that the API answers without an error of the domain.
OF_THE_API = {INTERNAL_ERROR, METHOD_NOT_ALLOWED}


def declared_errors(root: type[DomainError] = DomainError) -> Iterator[type[DomainError]]:
    """Every error of the product that has a code of its own."""
    for error in root.__subclasses__():
        if "code" in vars(error) and error.__module__.startswith(("domain.", "providers.")):
            yield error
        yield from declared_errors(error)


@pytest.fixture(scope="module", autouse=True)
def _all_of_the_domain() -> None:
    for module in pkgutil.walk_packages(domain.__path__, "domain."):
        importlib.import_module(module.name)


def area_of(error: type[DomainError]) -> str:
    """The area whose ``errors.py`` declares it; ``shared`` for that of the domain itself."""
    return "shared" if error.__module__ == "domain.errors" else error.__module__.split(".")[1]


def test_errors_are_declared_in_their_area_and_listed() -> None:
    found = list(declared_errors())
    assert len(found) > 35
    assert [error for error in found if not error.__module__.endswith(".errors")] == []
    assert [error for error in found if ERRORS.get(error.code) is not error] == [], "list it in domain/error_codes.py"


def test_error_codes_have_one_declaration() -> None:
    twice = [code for code, count in Counter(error.code for error in declared_errors()).items() if count > 1]
    assert twice == []


def test_error_codes_have_their_sentences_in_their_area() -> None:
    elsewhere = {
        code: area_of(error) for code, error in ERRORS.items() if code not in error_texts.AREAS[area_of(error)].meanings
    }
    assert elsewhere == {}, "write it in api/http/texts/<area>.py"
    assert set(error_texts.MEANINGS) - set(ERRORS) == OF_THE_API


def test_sentences_with_values_or_cause_are_of_a_known_code() -> None:
    codes = {*error_texts.WITH_VALUES, *(code for code, _ in error_texts.BY_CAUSE)}
    assert codes - set(error_texts.MEANINGS) == set()


def test_joined_refuses_a_second_declaration() -> None:
    with pytest.raises(ValueError, match="slot_taken"):
        joined([{"slot_taken": 1}, {"gone": 1}, {"slot_taken": 1}])
