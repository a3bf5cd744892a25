"""Durations and weekly hours between the API and a form. The API writes a duration as ISO 8601, such as ``PT15M``; a
form has a number and a unit. Hours of a day are ``HH:MM``, past ``24:00`` where it runs past midnight."""

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from api.pages.forms import Form

UNITS: Mapping[str, timedelta] = {
    "minutes": timedelta(minutes=1),
    "hours": timedelta(hours=1),
    "days": timedelta(days=1),
}
_DURATION = re.compile(r"P(?:([0-9]+)D)?(?:T(?:([0-9]+)H)?(?:([0-9]+)M)?(?:([0-9]+)(?:\.[0-9]+)?S)?)?")


def split(text: str) -> tuple[str, str]:
    """``PT1H30M`` as ``("90", "minutes")``: the largest unit that gives a whole number. What is no whole number of
    minutes stays as it is written, so that a form that is saved does not change it."""
    found = _DURATION.fullmatch(text)
    if found is None:
        return text, "minutes"
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    length = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    for unit in ("days", "hours"):
        if "." not in text and length and length % UNITS[unit] == timedelta():
            return str(length // UNITS[unit]), unit
    if "." in text or length % UNITS["minutes"]:
        return text, "minutes"
    return str(length // UNITS["minutes"]), "minutes"


def joined(number: str, unit: str) -> str:
    """``("90", "minutes")`` as ``PT90M``; what is no number goes to the API, which says so."""
    if not (number.isascii() and number.isdigit() and len(number) < 9):
        return number
    letter = {"days": "D", "hours": "H"}.get(unit, "M")
    return f"P{number}D" if letter == "D" else f"PT{number}{letter}"


def week_inputs(
    name: str, week: Mapping[str, Sequence[Mapping[str, str]] | None], days: Sequence[str]
) -> dict[str, str]:
    """The inputs of a week: ``name.monday.0.opens`` and so on."""
    found: dict[str, str] = {}
    for day in days:
        for at, one in enumerate(week.get(day) or ()):
            found |= {f"{name}.{day}.{at}.{edge}": one[edge] for edge in ("opens", "closes")}
    return found


def week_of(name: str, form: Form, days: Sequence[str], most: int) -> dict[str, Any]:
    """The week of the inputs: a day without hours is closed. A range with one end alone is refused by the API."""
    found: dict[str, Any] = {}
    for day in days:
        rows = [{edge: form.get(f"{name}.{day}.{at}.{edge}") for edge in ("opens", "closes")} for at in range(most)]
        found[day] = [one for one in rows if any(one.values())]
    return found
