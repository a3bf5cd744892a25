"""Fields of a form, made from a schema of the API: so a form has the limits of the API and no rule of its own.

A form is flat: the input of a bilingual text is ``name.ja``, that of a row ``tiers.0.hours_before``. What is typed goes
to the API as it is, where it cannot be read as the type of the field, and the API says what is wrong.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pydantic import BaseModel

from api.pages.forms import Form
from api.pages.records import spans
from api.pages.texts.words import WORDS
from domain.scheduling.hours import WEEKDAYS

#: A text that may be longer than this has a box of several lines.
_LINE = 300
_LANGUAGES = ("ja", "en")
#: The most rows of a list of terms, and ranges of a day, that the API takes. A form shows fewer where fewer are used.
ROWS = 10
RANGES = 10
_DAYS = (*WEEKDAYS, "public_holiday")

Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Option:
    """``label``: a key of the texts, or else ``text``, as the business wrote it."""

    value: str
    label: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Field:
    """``kind`` says how it is shown and read; ``limits`` are attributes of the input. ``erasable``: empty means null.
    What is chosen in a field of ``choices`` the page itself puts into the body."""

    name: str
    kind: str
    label: str
    hint: str = ""
    required: bool = False
    erasable: bool = False
    limits: Mapping[str, Any] | None = None
    options: Sequence[Option] = ()


def fields_of(
    schema: type[BaseModel],
    names: Sequence[str],
    options: Mapping[str, Sequence[Option]] | None = None,
    kinds: Mapping[str, str] | None = None,
) -> list[Field]:
    """The fields of ``names`` in this order. ``options`` are those of the fields that name other records; ``kinds``
    replaces what the schema says, such as ``tags``."""
    described = schema.model_json_schema()
    erasable: frozenset[str] = getattr(schema, "erasable", frozenset())
    found = []
    for name in names:
        made = _field(name, described["properties"][name], described.get("$defs", {}))
        made = replace(made, required=name in described.get("required", ()), erasable=name in erasable)
        made = replace(made, options=(options or {}).get(name, made.options), kind=(kinds or {}).get(name, made.kind))
        found.append(replace(made, kind="choice") if made.options and made.kind == "text" else made)
    return found


def _field(name: str, raw: Mapping[str, Any], defs: Mapping[str, Any]) -> Field:
    described = _described(raw, defs)
    hint = f"hint_{name}" if f"hint_{name}" in WORDS else ""
    plain = Field(name, "text", f"field_{name}", hint, limits=_limits(described))
    title, of = described.get("title", ""), described.get("type")
    if "enum" in described:
        choices = [Option(str(one), _option(name, one), str(one)) for one in described["enum"]]
        return replace(plain, kind="number_choice" if of == "integer" else "choice", options=choices)
    if title.startswith("Bilingual"):
        text = _described(described["properties"]["ja"], defs)
        long = text.get("maxLength", 0) > _LINE
        return replace(plain, kind="bilingual_prose" if long else "bilingual", limits=_limits(text))
    if title == "MoneyWrite":
        return replace(plain, kind="money", limits=_limits(_described(described["properties"]["amount"], defs)))
    if of == "array":
        return replace(plain, kind="picks")
    return replace(plain, kind=_kind(described))


def _kind(described: Mapping[str, Any]) -> str:
    by_type = {"integer": "number", "boolean": "switch", "object": "object"}
    by_format = {
        **{"date": "day", "email": "email", "phone": "tel", "uri": "url", "duration": "duration"},
        "password": "password",
    }
    found = by_type.get(described.get("type", ""), "") or by_format.get(described.get("format", ""), "")
    return found or ("prose" if described.get("maxLength", 0) > _LINE else "text")


def _described(raw: Mapping[str, Any], defs: Mapping[str, Any]) -> Mapping[str, Any]:
    """Without ``null`` and references."""
    if "anyOf" in raw:
        raw = next(one for one in raw["anyOf"] if one.get("type") != "null")
    return defs[raw["$ref"].rpartition("/")[2]] if "$ref" in raw else raw


def _limits(described: Mapping[str, Any]) -> Mapping[str, Any]:
    names = {"maxLength": "maxlength", "minimum": "min", "maximum": "max"}
    return {html: described[name] for name, html in names.items() if name in described}


def _option(name: str, value: object) -> str:
    key = f"option_{name}_{value}"
    return key if key in WORDS else ""


def shown(fields: Sequence[Field], record: Values) -> dict[str, Any]:
    """The inputs of a record, as the API has it."""
    found: dict[str, Any] = {}
    for field in fields:
        found |= _inputs(field, _inside(record, field.name))
    return found


def nested(prefix: str, fields: Sequence[Field]) -> list[Field]:
    """The fields of a part of the record, such as ``moves.max_moves``."""
    return [replace(field, name=f"{prefix}.{field.name}") for field in fields]


def hinted(fields: Sequence[Field], name: str, hint: str) -> list[Field]:
    """The fields with another hint at ``name``: the same name can mean another thing in another record."""
    return [replace(field, hint=hint) if field.name == name else field for field in fields]


def _inside(record: Any, name: str) -> Any:
    for part in name.split("."):
        record = record.get(part) if isinstance(record, Mapping) else None
    return record


def _inputs(field: Field, value: Any) -> dict[str, Any]:
    if field.kind.startswith("bilingual"):
        return {f"{field.name}.{one}": (value or {}).get(one) or "" for one in _LANGUAGES}
    if field.kind == "duration":
        number, unit = spans.split(value) if value else ("", "minutes")
        return {field.name: number, f"{field.name}.unit": unit}
    if field.kind == "durations":
        rows = [spans.split(one) for one in value or ()]
        parts = ("", ".unit")
        return {f"{field.name}.{at}{parts[n]}": row[n] for at, row in enumerate(rows) for n in (0, 1)}
    if field.kind == "rows":
        return {f"{field.name}.{at}.{key}": str(one[key]) for at, one in enumerate(value or ()) for key in one}
    if field.kind == "week":
        return spans.week_inputs(field.name, value or {}, _DAYS)
    if field.kind == "money":
        return {field.name: "" if value is None else str(value["amount"])}
    if field.kind == "tags":
        return {field.name: "、".join(value or ())}
    if field.kind in {"picks", "choices"}:
        return {field.name: [str(one) for one in value or ()]}
    if field.kind == "switch":
        return {field.name: "1" if value else ""}
    return {field.name: "" if value is None else str(value)}


def typed(fields: Sequence[Field], form: Form) -> dict[str, Any]:
    """The inputs as they were sent, to show them again."""
    lists = {field.name for field in fields if field.kind in {"picks", "choices"}}
    return {name: form.all(name) if name in lists else value for name, value in form.values.items()}


def body_of(fields: Sequence[Field], form: Form, currency: str = "JPY", *, change: bool = False) -> dict[str, Any]:
    """The fields as the API takes them. Empty ones are left out; with ``change`` those that may be empty are null."""
    body: dict[str, Any] = {}
    for field in fields:
        value = _value(field, form, currency)
        if value is not None or (change and (field.erasable or field.required)):
            *parts, last = field.name.split(".")
            inner = body
            for part in parts:
                inner = inner.setdefault(part, {})
            inner[last] = value
    return body


def _value(field: Field, form: Form, currency: str) -> Any:
    text = form.get(field.name)
    match field.kind:
        case "bilingual" | "bilingual_prose":
            found = {one: form.get(f"{field.name}.{one}") or None for one in _LANGUAGES}
            return found if any(found.values()) or field.required else None
        case "money":
            return {"amount": _number(text), "currency": currency} if text else None
        case "number" | "number_choice":
            return _number(text) if text else None
        case "switch":
            return bool(text)
        case "picks":
            return form.all(field.name)
        case "tags":
            return [one.strip() for one in text.replace("、", ",").split(",") if one.strip()]
        case "duration":
            return spans.joined(text, form.get(f"{field.name}.unit")) if text else None
        case "durations":
            names = [f"{field.name}.{at}" for at in range(ROWS)]
            return [spans.joined(form.get(one), form.get(f"{one}.unit")) for one in names if form.get(one)]
        case "rows":
            return _rows(field, form)
        case "week":
            return spans.week_of(field.name, form, _DAYS, RANGES)
        case "choices" | "hidden":
            return None  # what the page itself makes of them
        case _:
            return text or None


def _rows(field: Field, form: Form) -> list[dict[str, Any]]:
    keys = [option.value for option in field.options]
    rows = [{key: form.get(f"{field.name}.{at}.{key}") for key in keys} for at in range(ROWS)]
    return [{key: _number(value) for key, value in row.items()} for row in rows if any(row.values())]


def _number(text: str) -> int | str:
    """The whole number, or the text, which the API refuses."""
    digits = text.removeprefix("-")
    return int(text) if digits.isascii() and digits.isdigit() and len(text) < 16 else text


def sentences(fields: Sequence[Field], errors: Mapping[str, str]) -> dict[str, str]:
    """By field, what the API said about it or a part of it."""
    found: dict[str, str] = {}
    for name, said in errors.items():
        for field in fields:
            if name == field.name or name.startswith(f"{field.name}."):
                found.setdefault(field.name, said)
    return found
