"""Whose message of an automation is due: one statement for each kind of event."""

from collections.abc import Mapping

from sqlalchemy import TextClause, bindparam, text
from sqlalchemy.dialects.postgresql import UUID as PgUUID

from db.marketing.segments import MAY_GET, SAME_PERSON
from domain.marketing.automations import AutomationKind

# Bound: ``business_id``, ``zone``, ``first`` and ``last`` (days of events, both included), ``days`` (from the event to
# the message), ``at`` (time of the day), ``service_id``; and ``now`` where the message is due now.
# A date is no time of the zone before it is a timestamp: Postgres would take it for midnight in UTC.
_DUE_AT = "(e.day + CAST(:days AS int) + CAST(:at AS time)) AT TIME ZONE :zone"
_VISITS = """
    SELECT v.customer_id, v.id, v.start_at, CAST(v.id AS text) AS cause,
           CAST(v.start_at AT TIME ZONE :zone AS date) AS day
      FROM bookings v
     WHERE v.business_id = :business_id AND v.status = 'completed'
       AND v.start_at >= CAST(CAST(:first AS date) AS timestamp) AT TIME ZONE :zone
       AND v.start_at < CAST(CAST(:last AS date) + 1 AS timestamp) AT TIME ZONE :zone
       AND (:service_id IS NULL OR EXISTS (
            SELECT FROM booking_items i WHERE i.booking_id = v.id AND i.service_id = :service_id))
"""
_FIRST_VISITS = f"""
    SELECT * FROM ({_VISITS}) v WHERE NOT EXISTS (
        SELECT FROM bookings o WHERE o.customer_id = v.customer_id AND o.status = 'completed'
                                 AND (o.start_at, o.id) < (v.start_at, v.id))
"""
# What was booked before the message ends it: a later visit, and one that is still ahead.
_ENDS_IT = """bookings o WHERE o.customer_id = e.customer_id AND o.id <> e.id AND o.start_at >= e.start_at
                                 AND o.status IN ('pending', 'confirmed', 'checked_in', 'completed')"""
_LAST_VISITS = f"""
    SELECT * FROM ({_VISITS}) e WHERE NOT EXISTS (
        SELECT FROM {_ENDS_IT} AND o.created_at < greatest({_DUE_AT}, :now))
"""
_VISITS_UNTIL_NEXT = f"SELECT e.*, (SELECT min(o.created_at) FROM {_ENDS_IT}) AS ended_at FROM ({_VISITS}) e"
# 29 February is kept on the 28th in other years, as the law of ages has it (年齢計算ニ関スル法律: a year of age ends
# with the day before the birthday).
_BIRTHDAYS = """
    SELECT c.id AS customer_id, to_char(d.day, 'YYYY') || ':' || c.id AS cause, CAST(d.day AS date) AS day
      FROM generate_series(CAST(CAST(:first AS date) AS timestamp), CAST(CAST(:last AS date) AS timestamp),
                           interval '1 day') AS d(day)
      JOIN customers c ON c.business_id = :business_id AND c.birthday IS NOT NULL AND (
           to_char(c.birthday, 'MMDD') = to_char(d.day, 'MMDD')
           OR to_char(c.birthday, 'MMDD') = '0229' AND to_char(d.day, 'MMDD') = '0228'
              AND to_char(d.day + interval '1 day', 'MMDD') = '0301')
     WHERE :service_id IS NULL
"""
_EVENTS: Mapping[AutomationKind, str] = {
    AutomationKind.FIRST_VISIT: _FIRST_VISITS,
    AutomationKind.NO_VISIT: _LAST_VISITS,
    AutomationKind.REBOOK: _LAST_VISITS,
    AutomationKind.BIRTHDAY: _BIRTHDAYS,
}
_TYPED = (bindparam("service_id", type_=PgUUID),)
_NEVER_ENDED = "SELECT e.*, CAST(NULL AS timestamptz) AS ended_at FROM ({events}) e"
_EVENTS_EVER: Mapping[AutomationKind, str] = {
    AutomationKind.FIRST_VISIT: _NEVER_ENDED.format(events=_FIRST_VISITS),
    AutomationKind.NO_VISIT: _VISITS_UNTIL_NEXT,
    AutomationKind.REBOOK: _VISITS_UNTIL_NEXT,
    AutomationKind.BIRTHDAY: _NEVER_ENDED.format(events=_BIRTHDAYS),
}
# Each cause once, and each customer once a week, merged records and shared addresses included (a count, so that it is
# an index lookup for each customer). A week is seven days of the business's calendar: a look that comes some seconds
# earlier than the one of a week ago does not wait for another day.
_NOW = f"""
    SELECT DISTINCT ON (c.email_key) e.customer_id, e.cause, c.language
      FROM ({{events}}) e JOIN customers c ON c.id = e.customer_id
     WHERE {MAY_GET}
       AND NOT EXISTS (SELECT FROM marketing_sends x WHERE x.automation_id = :id AND x.cause = e.cause)
       AND (SELECT count(*) FROM marketing_sends x
             WHERE x.created_at >= CAST(CAST(CAST(:now AS timestamptz) AT TIME ZONE :zone AS date)
                                        - (CAST(:apart AS int) - 1) AS timestamp) AT TIME ZONE :zone
               AND x.customer_id = ANY(ARRAY({SAME_PERSON}))) = 0
     ORDER BY c.email_key, e.day, e.cause LIMIT :limit
"""
# The facts of each event; `domain.marketing.dry_run` judges them day by day.
_EVER = f"""
    SELECT e.customer_id, c.family_name, c.given_name, CAST(c.email_key AS text) AS person, e.cause,
           e.day + CAST(:days AS int) AS due, e.ended_at,
           ARRAY(SELECT o.created_at FROM consents o WHERE o.customer_id = c.id AND o.purpose = 'offers'
                  ORDER BY o.id) AS answered_at,
           ARRAY(SELECT o.granted FROM consents o WHERE o.customer_id = c.id AND o.purpose = 'offers'
                  ORDER BY o.id) AS answers,
           ARRAY(SELECT x.created_at FROM marketing_sends x
                  WHERE x.created_at >= :others_since AND x.automation_id IS DISTINCT FROM :id
                    AND x.customer_id = ANY(ARRAY({SAME_PERSON}))) AS others
      FROM ({{events}}) e JOIN customers c ON c.id = e.customer_id
     WHERE c.deleted_at IS NULL AND c.email_key <> '' AND (e.ended_at IS NULL OR e.ended_at >= {_DUE_AT})
       AND EXISTS (SELECT FROM consents o WHERE o.customer_id = c.id AND o.purpose = 'offers' AND o.granted)
"""


def _statements(pattern: str, events: Mapping[AutomationKind, str]) -> Mapping[AutomationKind, TextClause]:
    return {kind: text(pattern.format(events=own)).bindparams(*_TYPED) for kind, own in events.items()}


#: Who is to get a message now.
DUE_NOW = _statements(_NOW, _EVENTS)
#: What messages would have followed from, as far as consents and bookings of that time say.
EVER_DUE = _statements(_EVER, _EVENTS_EVER)
