"""The accepted JSON: RFC 8259 in UTF-8, without anything that two parsers could read differently or that Postgres could
not store. FastAPI parses it afterwards.
"""

import json
import math
import re
from typing import Any, NoReturn

from domain.errors import Malformed

#: The deepest nesting of lists and objects. Valid bodies need five levels.
MAX_DEPTH = 64

_TEXT = re.compile(r'"(?:[^"\\]|\\.)*"')
_NO_BRACKET = re.compile(r"[^\[\]]+")
_ROUND = str.maketrans("{}", "[]")


def check_json(body: bytes) -> None:
    """Raises Malformed whose ``rule`` says what is wrong: ``json`` (no JSON, no UTF-8, a byte order mark),
    ``duplicate_key``, ``depth``, or ``number`` (NaN, infinite, or beyond the range of a 64-bit float)."""
    try:
        text = body.decode("utf-8")
        json.loads(text, object_pairs_hook=_object, parse_float=_float, parse_int=_int, parse_constant=_no_number)
    except RecursionError as error:
        raise Malformed({"rule": "depth"}) from error
    except ValueError as error:
        raise Malformed({"rule": "json"}) from error
    # Only now, because the pattern of a text needs quadratic time for a body whose last text does not end.
    if text.count("[") + text.count("{") > MAX_DEPTH and _is_deep(text):
        raise Malformed({"rule": "depth"})


def _is_deep(text: str) -> bool:
    """Removes the innermost brackets, one level at a time."""
    brackets = _NO_BRACKET.sub("", _TEXT.sub("", text).translate(_ROUND))
    for _ in range(MAX_DEPTH):
        brackets = brackets.replace("[]", "")
    return bool(brackets)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Malformed({"rule": "duplicate_key"})
    return found


def _float(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        _no_number(digits)
    return number


def _int(digits: str) -> int:
    # Python refuses to read more than 4300 digits; numbers outside the range of floats are refused too.
    if len(digits) > 308:
        _no_number(digits)
    return int(digits)


def _no_number(_: str) -> NoReturn:
    raise Malformed({"rule": "number"})
