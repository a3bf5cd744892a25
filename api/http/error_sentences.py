"""The sentence of a refusal in the caller's language, by its cause or rule if that is known, with its values."""

import math
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from string import Formatter
from typing import Any

from api.http.error_texts import BY_CAUSE, MEANINGS, MISSING, RULES, STATES, WITH_VALUES
from api.http.request_info import Language
from api.http.texts.shared_rules import ANY_FIELD
from api.http.texts.text import Text
from domain.messages import formats


def title(code: str, language: Language) -> str:
    """The sentence for the code only."""
    return _in(MEANINGS[code].text, language)


def sentence(code: str, details: Mapping[str, Any], language: Language) -> str:
    """The sentence for the rule, the cause or the code: the first of these whose values are all known."""
    values = _values(code, details, language)
    for text in _candidates(code, details):
        written = _filled(_in(text, language), values)
        if written is not None:
            return written
    return title(code, language)


def field_message(rule: str, language: Language, values: Mapping[str, Any] | None = None) -> str:
    """The message for a field. ``values``: the limits of the check, such as ``max_length``."""
    written = _filled(_in(RULES.get(rule, ANY_FIELD), language), values or {})
    return written if written is not None else _in(ANY_FIELD, language)


def with_field_messages(details: Mapping[str, Any], language: Language) -> Mapping[str, Any]:
    """The details with a ``message`` beside each field that has a rule."""
    fields = details.get("fields")
    if not isinstance(fields, list):
        return details
    return {**details, "fields": [_with_message(one, language) for one in fields]}


def _with_message(field: Any, language: Language) -> Any:
    if not isinstance(field, Mapping) or "rule" not in field or "message" in field:
        return field
    return {**field, "message": field_message(str(field["rule"]), language)}


def _candidates(code: str, details: Mapping[str, Any]) -> Iterable[Text]:
    rule = details.get("rule")
    if isinstance(rule, str) and rule in RULES:
        yield RULES[rule]
    if code in WITH_VALUES:
        yield WITH_VALUES[code]
    for cause in (details.get("reason"), details.get("field"), *details):
        if isinstance(cause, str) and (code, cause) in BY_CAUSE:
            yield BY_CAUSE[code, cause]


def _in(text: Text, language: Language) -> str:
    return text.ja if language is Language.JA else text.en


def _filled(text: str, values: Mapping[str, Any]) -> str | None:
    """The text with its values; None if one is missing."""
    names = {name for _, name, _, _ in Formatter().parse(text) if name}
    return text.format_map({name: values[name] for name in names}) if names <= set(values) else None


def _values(code: str, details: Mapping[str, Any], language: Language) -> dict[str, str]:
    """The details that can be formatted; others are left out."""
    known: dict[str, str] = {}
    for name, write in _WRITERS.items():
        if details.get(name) is not None:
            written = write(details[name], details, language)
            if written:
                known[name] = written
    if code == "hold_limit" and isinstance(details.get("limit"), int):
        known["limit_count"] = str(details["limit"])
    return known


def _time(value: Any, _: Mapping[str, Any], language: Language) -> str:
    """In its own offset. People do not use UTC, so a time in UTC is left out."""
    try:
        at = datetime.fromisoformat(str(value))
    except ValueError:
        return ""
    return formats.short_local(at, language) if at.utcoffset() else ""


def _times(value: Any, details: Mapping[str, Any], language: Language) -> str:
    times = [_time(one, details, language) for one in value] if isinstance(value, list) else []
    return _listed(times, language) if times and all(times) else ""


def _state(value: Any, _: Mapping[str, Any], language: Language) -> str:
    return _in(STATES[value], language) if isinstance(value, str) and value in STATES else ""


def _size(value: Any, _: Mapping[str, Any], language: Language) -> str:
    """``10 MB``, ``64 KB``: bytes, rounded down, so that a file of the shown size is accepted."""
    if not isinstance(value, int) or value <= 0:
        return ""
    for size, unit in ((1024 * 1024, "MB"), (1024, "KB")):
        if value >= size:
            return f"{value // size} {unit}" if language is Language.EN else f"{value // size}{unit}"
    return f"{value} B"


def _types(value: Any, _: Mapping[str, Any], language: Language) -> str:
    if not isinstance(value, list) or any(not _is_file_type(one) for one in value):
        return ""
    return _listed([str(one).partition("/")[2].upper() for one in value], language)


def _is_file_type(value: Any) -> bool:
    """The name of a file type that people know; None for types of programs, such as forms and JSON."""
    return (isinstance(value, str) and value.startswith(("image/", "video/"))) or value == "application/pdf"


def _hours(value: Any, _: Mapping[str, Any], language: Language) -> str:
    """``{"opens": "10:00", "closes": "14:00"}`` is ``10:00〜14:00``."""
    if not isinstance(value, Mapping) or not {"opens", "closes"} <= value.keys():
        return ""
    return ("〜" if language is Language.JA else "–").join((str(value["opens"]), str(value["closes"])))


def _missing(value: Any, _: Mapping[str, Any], language: Language) -> str:
    known = [one for one in value if isinstance(one, str) and one in MISSING] if isinstance(value, list) else []
    return _listed([_in(MISSING[one], language) for one in known], language)


def _money(value: Any, details: Mapping[str, Any], language: Language) -> str:
    currency = details.get("currency")
    if not isinstance(currency, str) or not isinstance(value, int):
        return ""
    return formats.money(value, currency, language.value)


def _price(value: Any, _: Mapping[str, Any], language: Language) -> str:
    return _money(value.get("amount"), value, language) if isinstance(value, Mapping) else ""


def _wait(value: Any, _: Mapping[str, Any], language: Language) -> str:
    return formats.wait(math.ceil(value), language.value) if isinstance(value, int | float) else ""


def _plain(value: Any, _: Mapping[str, Any], __: Language) -> str:
    return str(value) if isinstance(value, int | str) else ""


def _listed(values: Iterable[str], language: Language) -> str:
    return ("、" if language is Language.JA else "; ").join(values)


_WRITERS: Mapping[str, Callable[[Any, Mapping[str, Any], Language], str]] = {
    "alternatives": _times,
    "hold_expires_at": _time,
    "earliest": _time,
    "latest": _time,
    "status": _state,
    "limit": _size,
    "supported": _types,
    "first": _hours,
    "second": _hours,
    "missing": _missing,
    "available": _money,
    "price": _price,
    "retry_after": _wait,
    **dict.fromkeys(("count", "party_min", "party_max", "expected"), _plain),
}
