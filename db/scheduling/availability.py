"""The facts that the availability engine asks for: one statement for the catalogue and hours, one for the claims."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Text, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY, TIMESTAMP
from sqlalchemy.dialects.postgresql import UUID as PgUUID

from db.engine.sharing import Shared
from db.engine.store import Store
from db.scheduling.booked_services import Catalogue, read_catalogue
from db.scheduling.free_time import Asked, claims_between
from domain.errors import NotFound
from domain.instants import as_utc
from domain.scheduling.availability.engine import AROUND, nearest_of_all, tabulate
from domain.scheduling.availability.model import (
    Facts,
    Question,
    StartTable,
    Taken,
)

_CATALOGUE = """
WITH asked AS (
    SELECT s.id, s.business_id, s.name, s.price, s.currency, s.tax_percent, s.duration_minutes,
           s.buffer_before_minutes, s.buffer_after_minutes, s.capacity, s.party_min, s.party_max, s.payment_mode,
           s.deposit_percent, s.deposit_amount, s.approval_mode, s.policy_id, s.is_active, s.max_wait_minutes
      FROM services s WHERE s.id = ANY(:service_ids) AND s.deleted_at IS NULL),
used AS (
    SELECT r.id, r.capacity, r.seats, r.kind, r.name, r.has_public_holiday_row AS holiday_row, n.requirement_group,
           n.service_id
      FROM service_resources n JOIN resources r ON r.id = n.resource_id
     WHERE n.service_id = ANY(:service_ids) AND r.is_active AND r.deleted_at IS NULL)
SELECT uuidv7() AS new_id, jsonb_build_object(
    'services', (SELECT jsonb_agg(to_jsonb(a) || jsonb_build_object('policy',
        (SELECT jsonb_build_object('tiers', p.tiers, 'no_show_percent', p.no_show_percent, 'moves', p.moves)
           FROM cancellation_policies p
          WHERE p.business_id = a.business_id AND p.deleted_at IS NULL
            AND (p.id = a.policy_id OR (a.policy_id IS NULL AND p.is_default))))) FROM asked a),
    'business', jsonb_build_object('status', b.status, 'zone', b.time_zone, 'currency', b.currency,
        'slot_interval', t.slot_interval_minutes, 'start_grid', t.start_grid, 'lead', extract(epoch FROM t.lead_time),
        'window', extract(epoch FROM t.booking_window), 'hold', extract(epoch FROM t.hold_for),
        'approval', extract(epoch FROM t.approval_within), 'grace', extract(epoch FROM t.no_show_grace),
        'auto_complete', t.auto_complete,
        'version', (SELECT v.version FROM catalogue_versions v WHERE v.business_id = b.id),
        'calendar_version', b.calendar_version, 'joins', t.table_joins,
        'holiday_row', t.has_public_holiday_row, 'guest_booking', t.guest_booking, 'asks_kana', t.asks_kana,
        'proof', extract(epoch FROM t.address_proof_within),
        'phone_proof', extract(epoch FROM t.phone_proof_within), 'provisional', extract(epoch FROM t.provisional_for),
        'undo', extract(epoch FROM t.undo_within), 'unproven_holds', t.unproven_holds,
        'language', t.language, 'provider', b.payment_provider,
        'reminders', (SELECT coalesce(jsonb_agg(extract(epoch FROM o)), '[]') FROM unnest(t.reminder_offsets) o)),
    'hours', (SELECT coalesce(jsonb_agg(jsonb_build_array(h.weekday, h.opens, h.closes)), '[]')
                FROM business_hours h WHERE h.business_id = b.id),
    'days', (SELECT coalesce(jsonb_agg(jsonb_build_array(d.day, d.opens)), '[]') FROM business_holidays d
              WHERE d.business_id = b.id AND d.day BETWEEN :first AND :last),
    'resources', (SELECT coalesce(jsonb_agg(to_jsonb(u)), '[]') FROM used u),
    'own_hours', (SELECT coalesce(jsonb_agg(jsonb_build_array(w.resource_id, w.weekday, w.opens, w.closes)), '[]')
                    FROM staff_working_hours w WHERE w.resource_id IN (SELECT id FROM used)),
    'exceptions', (SELECT coalesce(jsonb_agg(jsonb_build_array(x.resource_id, x.first_day, x.last_day, x.kind,
                                                               x.ranges) ORDER BY x.id), '[]')
                     FROM staff_exceptions x
                    WHERE x.resource_id IN (SELECT id FROM used) AND x.first_day <= :last AND x.last_day >= :first)
    )::text AS catalogue {more}
  FROM (SELECT business_id, sum(duration_minutes) AS minutes, max(buffer_before_minutes) AS before,
               max(buffer_after_minutes) AS after, sum(max_wait_minutes) AS waits FROM asked GROUP BY business_id) a
  JOIN businesses b ON b.id = a.business_id JOIN business_settings t ON t.business_id = a.business_id
  {beside}
"""
_SERVICES = bindparam("service_ids", type_=ARRAY(PgUUID(as_uuid=True)))
_READ = text(_CATALOGUE.format(more="", beside="")).bindparams(_SERVICES)
#: The same, with what a hold needs beside it: who the customer is, and the claims of the venue's day (with the days
#: around it where hours run past midnight) and of the time that is asked for, as arrays, which the driver reads without
#: Python.
_READ_FOR_HOLD = text(
    _CATALOGUE.format(
        more=""", taken.ids, taken.units, taken.starts, taken.ends, taken.visits,
            (SELECT jsonb_build_object('id', c.id, 'user_id', c.user_id, 'language', c.language,
                    'family_name', c.family_name, 'given_name', c.given_name, 'email', c.email, 'phone', c.phone,
                    'open_holds', (
                        SELECT count(*) FROM bookings k WHERE k.customer_id = c.id AND k.status = 'pending'
                           AND k.hold_expires_at > :now))
               FROM customers c
              WHERE c.business_id = a.business_id AND c.deleted_at IS NULL
                AND (c.id = :customer_id OR c.user_id = :user_id)
              ORDER BY c.id LIMIT 1)::text AS customer,
            (SELECT u.email_verified_at IS NOT NULL FROM users u WHERE u.id = :user_id) AS is_proven,
            (SELECT count(*) FROM bookings k
              WHERE k.business_id = a.business_id AND k.ip = :ip AND k.start_at > :now AND (
                    (k.status = 'pending' AND k.hold_expires_at > :now)
                 OR (k.status = 'confirmed' AND k.amount_due = 0))) AS by_network,
            (SELECT count(*) FROM bookings k
              WHERE k.business_id = a.business_id AND k.ip IS NOT NULL AND k.status = 'pending'
                AND k.contact_proven_at IS NULL AND k.start_at > :now AND k.hold_expires_at > :now) AS unproven""",
        beside="""
        CROSS JOIN LATERAL (SELECT date_trunc('day', :start AT TIME ZONE b.time_zone) AS midnight,
            CASE WHEN EXISTS (SELECT FROM business_hours h WHERE h.business_id = b.id AND h.closes > 1440)
                   OR EXISTS (SELECT FROM business_holidays d WHERE d.business_id = b.id
                                 AND d.day BETWEEN :first AND :last AND 1440 < ANY(d.opens))
                 THEN interval '1 day' ELSE interval '0' END AS night) local
        CROSS JOIN LATERAL (
            SELECT array_agg(c.resource_id) AS ids, array_agg(c.unit) AS units, array_agg(c.starts_at) AS starts,
                   array_agg(c.ends_at) AS ends, array_agg(coalesce(c.booking_id, c.offer_id)) AS visits
              FROM resource_claims c
             WHERE c.resource_id IN (SELECT id FROM used) AND c.released_at IS NULL
               AND c.ends_at > least((local.midnight - local.night) AT TIME ZONE b.time_zone,
                                     :start - make_interval(mins => a.before))
               AND c.starts_at < greatest((local.midnight + interval '1 day' + local.night) AT TIME ZONE b.time_zone,
                       :start + make_interval(mins => CAST(:repeats AS int) * (a.minutes + a.waits)::int + a.after))
               AND (c.holds_until IS NULL OR c.holds_until > :now)) taken""",
    )
).bindparams(
    bindparam("customer_id", type_=PgUUID(as_uuid=True)),
    bindparam("user_id", type_=PgUUID(as_uuid=True)),
    bindparam("ip", type_=Text),
    bindparam("start", type_=TIMESTAMP(timezone=True)),
    _SERVICES,
)
# By btree on stored times: under row-level security the planner may use only leak-proof operators on an index, and
# range overlap is none. A hold past its time takes nothing, also before it is swept.
_CLAIMS = text("""
    SELECT resource_id, unit, starts_at, ends_at, coalesce(booking_id, offer_id) AS visit FROM resource_claims
     WHERE resource_id = ANY(:resource_ids) AND released_at IS NULL
       AND ends_at > :since AND starts_at < :until AND (holds_until IS NULL OR holds_until > :now)
       AND (:except_booking IS NULL OR booking_id IS DISTINCT FROM :except_booking)
""").bindparams(
    bindparam("resource_ids", type_=ARRAY(PgUUID(as_uuid=True))),
    bindparam("except_booking", type_=PgUUID(as_uuid=True)),
)

_SOLD = text("SELECT start_at, places FROM app_places_sold(:service, :since, :until, :at, :but_for)").bindparams(
    bindparam("but_for", type_=PgUUID(as_uuid=True))
)
_MOMENT = timedelta(microseconds=1)
#: Advice of this process for callers who come for the same time.
_SHARED: Shared[list[datetime]] = Shared(seconds=1)


@dataclass(frozen=True, slots=True)
class Who:
    """How to find the customer of a new booking: by the business's record or by login. A guest's contact is not proven,
    so it finds nobody. ``ip``: the network that the request came from, None where it is unknown."""

    customer_id: UUID | None = None
    user_id: UUID | None = None
    ip: str | None = None


@dataclass(frozen=True, slots=True)
class HoldFacts:
    """What a hold decides on. ``customer``: ``id``, ``user_id``, ``language``, the contact, ``open_holds``; None if
    new here. ``is_proven``: the login's address is. ``by_network``: unpaid bookings of unproven callers there;
    ``unproven``: open holds of all unproven callers of the business."""

    catalogue: Catalogue
    facts: Facts
    first: date
    last: date
    customer: Mapping[str, Any] | None
    is_proven: bool
    by_network: int
    unproven: int


class AvailabilityStore(Store):
    """Reads; the engine in ``domain.scheduling.availability`` decides."""

    async def catalogue(self, service_ids: Sequence[UUID], first: date, last: date, for_new: bool = True) -> Catalogue:
        """The services of one booking, in their order, and their hours for the business days ``first`` to ``last`` and
        one around them. Raises NotFound, also for services of different businesses, and NotBookable when the business
        or a service takes no bookings; ``for_new`` False: what is booked stands, and may be moved all the same."""
        around = {"first": first - timedelta(days=2), "last": last + timedelta(days=2)}
        rows = (await self.session.execute(_READ, {"service_ids": list(set(service_ids)), **around})).all()
        if len(rows) != 1:
            raise NotFound({"service_ids": [str(one) for one in service_ids]})
        found = orjson.loads(rows[0].catalogue)
        return read_catalogue(rows[0].new_id, found, service_ids, (around["first"], around["last"]), for_new)

    async def for_hold(self, service_ids: Sequence[UUID], start_at: datetime, now: datetime, who: Who) -> HoldFacts:
        """Catalogue, claims and customer for a booking at ``start_at``, in one statement. Raises as ``catalogue``."""
        around = start_at.date() - timedelta(days=3), start_at.date() + timedelta(days=3)
        values = {
            "service_ids": list(set(service_ids)),
            "repeats": max(service_ids.count(one) for one in service_ids),
            "first": around[0],
            "last": around[1],
            "start": start_at,
            "now": now,
            "customer_id": who.customer_id,
            "user_id": who.user_id,
            "ip": who.ip,
        }
        rows = (await self.session.execute(_READ_FOR_HOLD, values)).all()
        if len(rows) != 1:
            raise NotFound({"service_ids": [str(one) for one in service_ids]})
        row = rows[0]
        catalogue = read_catalogue(row.new_id, orjson.loads(row.catalogue), service_ids, around)
        taken = list(map(Taken, row.ids or (), row.units or (), row.starts or (), row.ends or (), row.visits or ()))
        sold = await self._sold_of(catalogue, start_at, start_at + catalogue.before_last, now, None)
        facts = Facts(catalogue.business, catalogue.resources, taken, sold)
        # Hours run past midnight at most: the start belongs to the venue's date or to the one before.
        last = start_at.astimezone(catalogue.zone).date()
        first = last - timedelta(days=1)
        customer = orjson.loads(row.customer) if row.customer else None
        return HoldFacts(catalogue, facts, first, last, customer, bool(row.is_proven), row.by_network, row.unproven)

    async def facts(
        self, catalogue: Catalogue, first: date, last: date, now: datetime, except_booking: UUID | None = None
    ) -> Facts:
        """The live claims on top of the catalogue; those of ``except_booking`` do not count."""
        since, until = claims_between(catalogue, first, last)
        rows = await self.session.execute(
            _CLAIMS,
            {
                "resource_ids": list(catalogue.resources),
                "since": since,
                "until": until,
                "now": now,
                "except_booking": except_booking,
            },
        )
        sold = await self._sold_of(catalogue, since, until, now, except_booking)
        return Facts(catalogue.business, catalogue.resources, [Taken(*row) for row in rows.all()], sold)

    async def _sold_of(
        self, catalogue: Catalogue, since: datetime, until: datetime, now: datetime, except_booking: UUID | None
    ) -> Mapping[tuple[UUID, datetime], int]:
        """The places that are sold of every class of the booking."""
        sold: dict[tuple[UUID, datetime], int] = {}
        for service_id in {item.service_id for item in catalogue.items if item.places is not None}:
            sold |= await self.sold(service_id, since, until, now, except_booking)
        return sold

    async def sold(
        self, service_id: UUID, since: datetime, until: datetime, now: datetime, except_booking: UUID | None = None
    ) -> Mapping[tuple[UUID, datetime], int]:
        """The places of a class that live bookings have at each start from ``since`` to ``until``, both included.
        ``except_booking`` does not count."""
        values = {"service": service_id, "since": since, "until": until + _MOMENT, "at": now, "but_for": except_booking}
        rows = await self.session.execute(_SOLD, values)
        return {(service_id, as_utc(start_at)): int(places) for start_at, places in rows}

    async def starts(
        self,
        asked: Asked,
        now: datetime,
        party_size: int,
        preferred: Sequence[UUID] = (),
        staff: bool = False,
    ) -> tuple[Catalogue, StartTable]:
        """Every start on the asked business days (31 at most) at which the services fit, one after the other.
        ``preferred`` are so wherever they serve. The catalogue has all days of the months of these."""
        catalogue = await self.catalogue(asked.service_ids, *asked.months)
        question = catalogue.question(asked.first, asked.last, now, party_size, catalogue.for_all(preferred), staff)
        return catalogue, tabulate(question, await self.facts(catalogue, asked.first, asked.last, now))

    async def alternatives(
        self, catalogue: Catalogue, question: Question, wanted: datetime, now: datetime, except_booking: UUID | None
    ) -> list[datetime]:
        """The up to three free starts of the booking window nearest to ``wanted``, for the same question: a customer
        who asked for one person is offered that person's times. Looks at some days around it first, and at the whole
        window only where these are full."""
        day = wanted.astimezone(catalogue.zone).date()
        found = await self._nearest(
            catalogue, question, wanted, now, except_booking, (day - AROUND[0], day + AROUND[1])
        )
        if found:
            return found
        first = question.earliest.astimezone(catalogue.zone).date() - timedelta(days=1)
        last = question.latest.astimezone(catalogue.zone).date()
        return await self._nearest(catalogue, question, wanted, now, except_booking, (first, last))

    async def alternatives_of(
        self,
        catalogue: Catalogue,
        question: Question,
        facts: Facts,
        wanted: datetime,
        now: datetime,
        except_booking: UUID | None,
    ) -> list[datetime]:
        """As ``alternatives``. Where no claims are left out, they are computed once for all who ask the same within a
        second and have read the same claims around ``wanted`` (``facts``): a thousand may come for one time."""

        async def compute() -> list[datetime]:
            return await self.alternatives(catalogue, question, wanted, now, except_booking)

        if except_booking is not None:
            return await compute()
        window = question.latest - question.earliest
        key = (question.items, question.party_size, wanted, window, catalogue.calendar_version, catalogue.version)
        return await _SHARED.get((*key, frozenset(facts.taken), frozenset(facts.sold.items())), compute)

    async def _nearest(
        self,
        catalogue: Catalogue,
        question: Question,
        wanted: datetime,
        now: datetime,
        except_booking: UUID | None,
        days: tuple[date, date],
    ) -> list[datetime]:
        whole = await self.catalogue([item.service_id for item in catalogue.items], *days, for_new=False)
        facts = await self.facts(whole, *days, now, except_booking)
        return [start.at for start in nearest_of_all(question, facts, wanted, *days)]
