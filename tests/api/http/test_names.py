"""Names go out in messages: no input takes one with a web address."""

from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import ValidationError

from api.app import openapi_document  # noqa: F401 - imports every schema
from api.http.fields import Input
from tests.support.cases import for_each

#: Names that are no text for people: programs read them, or they are chosen from a list.
NOT_FOR_PEOPLE = {"FlagCreate.name"}
LINKS = ("evil.com", "www.evil", "https://x", "Salon evil.jp", "銀行.jp")


def inputs(model: type[Input] = Input) -> Iterator[type[Input]]:
    """Every input model."""
    for one in model.__subclasses__():
        yield one
        yield from inputs(one)


def names() -> list[tuple[type[Input], str]]:
    """Every field of an input that is a name, or a part of one, or an address for people."""
    found = {
        (model, name)
        for model in inputs()
        for name in model.model_fields
        if (name == "name" or name.endswith("_name") or name == "address") and model.__module__.startswith("api.")
    }
    return sorted(
        (one for one in found if f"{one[0].__name__}.{one[1]}" not in NOT_FOR_PEOPLE),
        key=lambda one: (one[0].__name__, one[1]),
    )


def refused(model: type[Input], name: str, value: Any) -> set[str]:
    """The errors of this field alone."""
    try:
        model.model_validate({name: value})
    except ValidationError as error:
        return {one["type"] for one in error.errors() if one["loc"][0] == name}
    return set()


def test_names_are_found_by_the_walk() -> None:
    found = {f"{model.__name__}.{name}" for model, name in names()}
    assert {"BusinessCreate.name", "ServiceUpdate.name", "InvitationCreate.resource_name"} <= found
    assert len(found) > 12


@for_each(("model", "name"), names(), ids=lambda one: getattr(one, "__name__", one))
def test_name_holds_no_web_address(model: type[Input], name: str) -> None:
    for link in LINKS:
        errors = refused(model, name, link) | refused(model, name, {"ja": link}) | refused(model, name, {"en": link})
        assert "link" in errors, (link, errors)


@pytest.mark.parametrize("name", ["SG.Nail.Lab", "Dr. Sato Clinic", "No.1", "Hair & Make K.", "株式会社 花", "A.B.C"])
def test_business_name_may_have_dots(name: str) -> None:
    model = next(model for model, _ in names() if model.__name__ == "BusinessCreate")
    assert refused(model, "name", {"ja": name}) == set()
