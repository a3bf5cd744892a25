"""The OpenAPI document is complete: no operation without a summary, examples and its error codes."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel

from api.app import create_app, openapi_document
from api.http.error_texts import MEANINGS
from api.http.fields import Input, Output
from db.scheduling.booked_services import STAFF_WINDOW
from domain.scheduling.availability.model import StartGrid
from runtime.settings import Environment, Settings
from tests.api.access.test_permissions import PUBLIC, SIGNED, api_routes


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return openapi_document()


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def test_operations_have_a_name_of_their_own_and_a_summary(document: dict[str, Any]) -> None:
    names = [operation["operationId"] for _, operation in operations(document)]
    assert len(names) == len(set(names))
    for name, operation in operations(document):
        assert operation["summary"], name
        assert operation["description"], name
        assert operation["tags"], name


#: What a summary may begin with: the verb of what the operation does.
_SUMMARY_VERBS = frozenset(
    re.findall(
        r"\w+",
        """
        Accept Approve Assign Cancel Capture Change Check Close Complete Compute Confirm Correct Create
        Decline Decode Delete Download Encode End Export Follow Get Import Invite Join Keep Leave List Log Look
        Mark Merge Move Open Pause Receive Record Refresh Refund Register Reinstate Reject Release Remove Reorder
        Report Request Reschedule Reset Resolve Restore Revoke Search Send Set Start Submit Suspend Switch Undo
        Update Upload Verify Withdraw
        """,
    )
)
#: Turns that a reader with school English stumbles over (the style guide of the product's texts names them).
_RIDDLES = ("not sent stays", "good for", "turned away", "there is no such", "goes back")


def test_summaries_begin_with_a_verb_and_are_short(document: dict[str, Any]) -> None:
    summaries = {name: operation["summary"] for name, operation in operations(document)}
    wrong = {
        name: summary
        for name, summary in summaries.items()
        if summary.split()[0].strip(",") not in _SUMMARY_VERBS or summary.endswith(".") or len(summary) > 60
    }
    assert wrong == {}
    assert len(set(summaries.values())) == len(summaries)


def test_descriptions_are_plain_sentences(document: dict[str, Any]) -> None:
    texts = {name: " ".join(operation["description"].split()) for name, operation in operations(document)}
    assert [name for name, text in texts.items() if not text.endswith(".")] == []
    assert {name: riddle for name, text in texts.items() for riddle in _RIDDLES if riddle in text} == {}


def segments(path: str) -> list[str]:
    """The words of the path, as a function's name would have them."""
    return [part.strip("{}").replace("-", "_") for part in path.split("/") if part]


def returns_a_list(operation: dict[str, Any]) -> bool:
    successes = [found["content"] for status, found in operation["responses"].items() if status[0] == "2"]
    assert successes
    references = [one.get("application/json", {}).get("schema", {}).get("$ref", "") for one in successes]
    return any("/ListEnvelope" in reference for reference in references)


_VERBS = {"get": "get", "post": "create", "put": "update", "delete": "delete"}


def verbs_of(method: str, path: str, operation: dict[str, Any]) -> set[str]:
    """What the operation's id may begin with: the verb of its method, or a command that its path names."""
    named = set(segments(path)[3:]) - {"list", *_VERBS.values()}
    if "webhook" in named:
        return {"receive"}
    return named | {"list" if returns_a_list(operation) and method == "get" else _VERBS[method]}


def test_operation_ids_begin_with_their_verb(document: dict[str, Any]) -> None:
    wrong = [
        f"{method} {path}: {operation['operationId']}"
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if not any(f"{operation['operationId']}_".startswith(f"{verb}_") for verb in verbs_of(method, path, operation))
    ]
    assert wrong == []


def properties(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every field of every schema, and every parameter of every operation."""
    for name, schema in document["components"]["schemas"].items():
        for field, found in schema.get("properties", {}).items():
            yield f"{name}.{field}", found
    for name, operation in operations(document):
        for parameter in operation.get("parameters", ()):
            yield f"{name}?{parameter['name']}", {**parameter["schema"], **parameter}


def formats_of(found: dict[str, Any]) -> set[str]:
    """The formats that the field may have, beside null."""
    return {one["format"] for one in (found, *found.get("anyOf", ())) if "format" in one}


def test_fields_and_parameters_have_a_description(document: dict[str, Any]) -> None:
    found = dict(properties(document))
    assert len(found) > 900
    assert [name for name, one in found.items() if not one.get("description")] == []


#: What a description names where the format alone does not say it.
NAMED = {"date-time": "RFC 3339", "duration": "ISO 8601"}


def test_descriptions_of_times_name_their_format(document: dict[str, Any]) -> None:
    wrong = [
        name
        for name, found in properties(document)
        for form in formats_of(found)
        if NAMED.get(form, "") not in found.get("description", "")
    ]
    assert wrong == []


#: Schemas that wrap others or come from the document itself.
WRAPPERS = ("Envelope_", "ListEnvelope_", "Error", "Meta")


def test_schemas_are_named_after_their_use(document: dict[str, Any]) -> None:
    """A body to create or update something, a command, a part of those, or something to read."""
    names = [name for name in document["components"]["schemas"] if not name.startswith(WRAPPERS)]
    kinds = {model.__name__: model for root in (Input, Output) for model in all_models(root)}
    assert len(names) > 80
    for name in names:
        assert "__" not in name, "two schemas have this name"
        if name in kinds and issubclass(kinds[name], Input):
            assert name.endswith(("Create", "Update", "Command", "Write")), name
        elif name in kinds:
            assert name.endswith("Read"), name


def test_bodies_have_an_example(document: dict[str, Any]) -> None:
    for name, operation in operations(document):
        bodies = [operation["requestBody"]] if "requestBody" in operation else []
        bodies += [response for response in operation["responses"].values() if "content" in response]
        assert bodies, name
        for body in bodies:
            # A file is described by its media type.
            for media in (found for kind, found in body["content"].items() if kind == "application/json"):
                assert media.get("example") is not None or media.get("examples"), name


def test_operations_list_their_errors(document: dict[str, Any]) -> None:
    for name, operation in operations(document):
        listed = operation["responses"]
        expected = {"400", "422", "500", "503"}
        if name not in PUBLIC | SIGNED:
            expected |= {"401"}
        if "requestBody" in operation:
            expected |= {"413", "415"}
        assert expected <= set(listed), name
        for status, response in listed.items():
            if status[0] not in "23":
                examples = response["content"]["application/json"]["examples"]
                for code, example in examples.items():
                    assert MEANINGS[code].status == int(status), name
                    assert example["value"]["error"]["code"] == code


def test_examples_of_bodies_are_good_input() -> None:
    app = create_app(Settings(environment=Environment.TEST))
    checked = 0
    for route in api_routes(app):
        body = route.body_field
        model = body.field_info.annotation if body else None
        if not (isinstance(model, type) and issubclass(model, Input)):
            continue
        for example in model.model_config["json_schema_extra"]["examples"]:  # type: ignore[index, typeddict-item]
            model.model_validate_json(json.dumps(example))
            checked += 1
    assert checked > 8


def all_models(root: type[BaseModel]) -> Iterator[type[BaseModel]]:
    for model in root.__subclasses__():
        yield model
        yield from all_models(model)


def test_answer_fields_have_no_default() -> None:
    for model in all_models(Output):
        for name, field in model.model_fields.items():
            assert field.is_required(), f"{model.__name__}.{name}"


def test_unknown_input_is_refused_everywhere() -> None:
    for model in all_models(Input):
        assert model.model_config["extra"] == "forbid", model
        assert model.model_config["frozen"], model


def test_table_of_codes_is_in_the_description(document: dict[str, Any]) -> None:
    for code in MEANINGS:
        assert f"| `{code}` |" in document["info"]["description"]


def test_error_examples_are_not_invented(document: dict[str, Any]) -> None:
    """The shape that the document promises is the one that the examples have."""
    schema = document["components"]["schemas"]["Error"]
    for _, operation in operations(document):
        for response in operation["responses"].values():
            for example in response.get("content", {}).get("application/json", {}).get("examples", {}).values():
                assert set(example["value"]) == set(schema["required"])


#: What stands beside the API.
OUTSIDE = ["/health", "/health/live", "/health/ready", "/metrics", "/"]


def test_routes_are_plain() -> None:
    """Every route is under the prefix, but for what machines ask and the root."""
    app = create_app(Settings(environment=Environment.TEST))
    paths = [str(route.path) for route in api_routes(app)]
    assert len(paths) > 25
    assert [path for path in paths if not path.startswith("/api/v1/")] == OUTSIDE


def test_public_operations_ask_for_no_login(document: dict[str, Any]) -> None:
    for name, operation in operations(document):
        required = [one for one in operation.get("security", [{}]) if one]
        if name in PUBLIC | SIGNED:
            assert {} in operation.get("security", [{}]), name
        else:
            assert required == operation["security"], name


def test_rules_that_owners_meet_are_in_the_schema() -> None:
    """What counts where, as the code has it: an owner reads it before the first surprise."""
    schemas = openapi_document()["components"]["schemas"]
    settings = schemas["SettingsUpdate"]["properties"]
    assert f"{STAFF_WINDOW.days} days ahead" in settings["booking_window"]["description"]
    assert all(f"`{grid}`" in settings["start_grid"]["description"] for grid in StartGrid)
    assert "public holidays of Japan" in schemas["HoursUpdate"]["description"]
    assert "at most so many are sold at one start" in schemas["ServiceCreate"]["properties"]["capacity"]["description"]
