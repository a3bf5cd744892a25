"""Forecast of bookings per day. The model: a day has as many bookings as the same weekday had on average in the last
eight weeks, and at least as many as it has already."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

WEEKS = 8
#: Number of predicted days, and of past days for which the model's error is measured.
HORIZON = 28
_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Prediction:
    """``expected`` bookings on ``day``; ``booked`` of them exist already."""

    day: date
    expected: float
    booked: int


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Mean absolute errors over the last 28 days, in bookings per day: of the model, which uses only what was known 28
    days before, and of the baseline "the same as in the latest known week". ``days``: number of compared days."""

    model: float
    same_as_last_week: float
    days: int


def predict(history: Mapping[date, int], booked: Mapping[date, int], today: date) -> Sequence[Prediction]:
    """The next 28 days, beginning with ``today``. ``history``: bookings that took place, by past day; a missing day was
    before the business began and does not count."""
    days = [today + timedelta(days=n) for n in range(HORIZON)]
    return [
        Prediction(day, round(max(_mean(history, day, today) or 0.0, float(booked.get(day, 0))), 1), booked.get(day, 0))
        for day in days
    ]


def measure(history: Mapping[date, int], today: date) -> Accuracy | None:
    """The model's error for the last 28 days; None where there is nothing to compare."""
    start = today - timedelta(days=HORIZON)
    errors: list[tuple[float, float]] = []
    for n in range(HORIZON):
        day = start + timedelta(days=n)
        predicted, naive = _mean(history, day, start), _latest(history, day, start)
        if day in history and predicted is not None and naive is not None:
            errors.append((abs(predicted - history[day]), float(abs(naive - history[day]))))
    if not errors:
        return None
    model, same = (round(sum(column) / len(errors), 2) for column in zip(*errors, strict=True))
    return Accuracy(model, same, len(errors))


def _before(day: date, known_until: date) -> date:
    """The last day with the weekday of ``day`` before ``known_until``."""
    return known_until - timedelta(days=1 + (known_until - timedelta(days=1) - day).days % 7)


def _mean(history: Mapping[date, int], day: date, known_until: date) -> float | None:
    last = _before(day, known_until)
    found = [history[past] for n in range(WEEKS) if (past := last - n * _WEEK) in history]
    return sum(found) / len(found) if found else None


def _latest(history: Mapping[date, int], day: date, known_until: date) -> int | None:
    return history.get(_before(day, known_until))
