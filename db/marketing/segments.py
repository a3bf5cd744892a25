"""Conditions of a segment as a part of a statement."""

from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, BindParameter, Integer, Text, bindparam
from sqlalchemy import BigInteger as Big
from sqlalchemy.dialects.postgresql import UUID as PgUUID

from domain.marketing.segments import Segment

#: The customer ``c`` has said yes to advertising, and has an address: a condition of every message of this area.
MAY_GET = """c.deleted_at IS NULL AND c.email_key <> ''
       AND (SELECT o.granted FROM consents o WHERE o.customer_id = c.id AND o.purpose = 'offers'
             ORDER BY o.id DESC LIMIT 1)"""
#: The records with the address of the customer ``c``, and those that were merged into it.
SAME_PERSON = """SELECT o.id FROM customers o WHERE o.business_id = c.business_id AND o.email_key = c.email_key
                  UNION ALL
                 SELECT o.id FROM customers o WHERE o.business_id = c.business_id AND o.merged_into = c.id"""
#: The customer ``c`` of the business ``s`` meets all conditions that are set.
MATCHES = """(cardinality(:tags) = 0 OR c.tags @> :tags)
       AND (:birthday_month IS NULL OR extract(month FROM c.birthday) = :birthday_month)
       AND (:visits_from IS NULL OR :visits_from <= (
            SELECT coalesce(sum(t.visits), 0) FROM customer_totals t WHERE t.customer_id = c.id))
       AND ((:spent_from IS NULL AND :spent_to IS NULL) OR (
            SELECT coalesce(sum(t.spent), 0) BETWEEN coalesce(:spent_from, 0)
                                                 AND coalesce(:spent_to, 9223372036854775807)
              FROM customer_totals t WHERE t.customer_id = c.id AND t.currency = s.currency))
       AND ((:within IS NULL AND :away IS NULL) OR (
            SELECT max(v.start_at) >= coalesce(CAST(:now AS timestamptz) - make_interval(days => :within), '-infinity')
                   AND max(v.start_at) <= coalesce(CAST(:now AS timestamptz) - make_interval(days => :away), 'infinity')
              FROM bookings v WHERE v.customer_id = c.id AND v.status = 'completed'))
       AND (cardinality(:service_ids) = 0 OR EXISTS (
            SELECT FROM bookings v JOIN booking_items i ON i.booking_id = v.id
             WHERE v.customer_id = c.id AND v.status = 'completed' AND i.service_id = ANY(:service_ids)))"""

#: The types of the parameters of ``MATCHES``.
TYPED: tuple[BindParameter[Any], ...] = (
    bindparam("tags", type_=ARRAY(Text)),
    bindparam("service_ids", type_=ARRAY(PgUUID)),
    *(bindparam(name, type_=Integer) for name in ("birthday_month", "visits_from", "within", "away")),
    *(bindparam(name, type_=Big) for name in ("spent_from", "spent_to")),
)


def values_of(segment: Segment) -> dict[str, Any]:
    """The parameters of ``MATCHES`` without ``now``."""
    return {
        "tags": list(segment.tags),
        "service_ids": list(segment.service_ids),
        "birthday_month": segment.birthday_month,
        "visits_from": segment.visits_from,
        "within": segment.visited_within_days,
        "away": segment.not_visited_for_days,
        "spent_from": segment.spent_from,
        "spent_to": segment.spent_to,
    }


def stored(segment: Segment) -> dict[str, Any]:
    """A segment as JSON: the conditions that are set."""
    listed = {"tags": list(segment.tags), "service_ids": [str(one) for one in segment.service_ids]}
    plain = {
        name: getattr(segment, name)
        for name in (
            *("visited_within_days", "not_visited_for_days", "visits_from"),
            *("spent_from", "spent_to", "birthday_month"),
        )
    }
    return {name: value for name, value in {**listed, **plain}.items() if value not in (None, [])}


def read(value: dict[str, Any]) -> Segment:
    """A stored segment."""
    return Segment(
        **{
            **value,
            "tags": tuple(value.get("tags", ())),
            "service_ids": tuple(UUID(one) for one in value.get("service_ids", ())),
        }
    )
