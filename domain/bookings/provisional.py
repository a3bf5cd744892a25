"""Provisional bookings: staff hold a time for somebody on the phone until that person has answered. Pure rules."""

from datetime import datetime, timedelta

from domain.errors import InvalidInput

#: The longest time for an answer, and the time where staff choose none, unless the owner changes it.
DEFAULT = timedelta(hours=24)
#: The shortest time that staff can give.
SHORTEST = timedelta(minutes=5)


def answer_deadline(asked: datetime | None, within: timedelta, start_at: datetime, now: datetime) -> datetime:
    """Until when the customer must answer: ``asked``, or as long as the business allows (``within``), but never longer
    than to the start.

    Raises InvalidInput at ``answer_by`` for a deadline in less than ``SHORTEST``, after the start, or later than the
    business allows.
    """
    if asked is None:
        return min(now + within, start_at)
    if asked < now + SHORTEST:
        raise InvalidInput.at("answer_by", "answer_too_soon")
    if asked > start_at:
        raise InvalidInput.at("answer_by", "answer_after_start")
    if asked > now + within:
        raise InvalidInput.at("answer_by", "answer_too_late")
    return asked
