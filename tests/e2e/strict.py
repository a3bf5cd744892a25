"""A client that believes the OpenAPI document to the letter, as one does that is generated with strict types."""

import copy
import re
from functools import cache
from typing import Any

import jsonschema_rs

from api.app import openapi_document
from tests.api.conftest import PREFIX

#: What all errors have in common, written beside the part of each code: neither is the whole of an answer.
_SHARED = "Error"


def _close(schema: Any, is_part: bool = False) -> None:
    """Let every object with fields have no others. ``is_part``: of an error, which another schema completes."""
    if isinstance(schema, list):
        for one in schema:
            _close(one)
        return
    if not isinstance(schema, dict):
        return
    if "allOf" in schema:
        for part in schema["allOf"]:
            _close(part, is_part=True)
            _close(part.get("properties", {}).get("error", {}), is_part=True)
        return
    if "properties" in schema and not is_part:
        schema.setdefault("additionalProperties", False)
    for name, inner in schema.items():
        if name == "properties":
            for key, field in inner.items():
                if not (is_part and key == "error"):
                    _close(field)
        elif name not in {"example", "examples", "default", "enum", "const"}:
            _close(inner)


@cache
def _document() -> dict[str, Any]:
    document = copy.deepcopy(openapi_document())
    for name, schema in document["components"]["schemas"].items():
        if name != _SHARED:
            _close(schema)
    return document


@cache
def _operation(method: str, path: str) -> dict[str, Any]:
    """The operation at an address; one without parameters comes before one with some."""
    for template in sorted(_document()["paths"], key=lambda each: each.count("{")):
        if re.fullmatch(re.sub(r"\{[^}]+\}", "[^/]+", template), PREFIX + path):
            return dict(_document()["paths"][template][method.lower()])
    raise AssertionError(f"{path} is not in the document")


def check_answer(method: str, path: str, status: int, body: Any) -> None:
    """Raises AssertionError for an answer that the document does not describe: its status, a field that is missing, one
    that is not named, or a value of another type."""
    operation = _operation(method, path)
    answers = operation["responses"]
    assert str(status) in answers, f"{method} {path}: {status} is not named, only {sorted(answers)}"
    schema = answers[str(status)]["content"]["application/json"]["schema"]
    whole = {**schema, "components": _document()["components"]}
    validator = jsonschema_rs.Draft202012Validator(whole, validate_formats=True)
    wrong = [f"{list(error.instance_path)}: {error.message[:300]}" for error in validator.iter_errors(body)]
    assert not wrong, f"{method} {path} {status}: {wrong}"
