"""The facts that the availability engine asks for: one statement for the catalogue and hours, one for the claims."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson
from sqlalchemy import Text, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY, TIMESTAMP
from sqlalchemy.dialects.postgresql import UUID as PgUUID

from db.engine.store import Store
from db.scheduling.calendars.rows import days_of, resource_calendar, week_of
from db.scheduling.public_holidays import public_holidays
from domain.business_status import BusinessStatus
from domain.errors import NotFound
from domain.instants import as_utc
from domain.scheduling.availability.engine import AROUND, nearest_of_all, tabulate
from domain.scheduling.availability.model import (
    Facts,
    Item,
    Need,
    Question,
    Resource,
    StartGrid,
    StartTable,
    Taken,
    bounds,
)
from domain.scheduling.classes import is_class, is_sold_by_unit
from domain.scheduling.errors import NotBookable, PartySizeRefused
from domain.scheduling.hours import Calendar

#: Claims are read this far around the midnights of the asked days: the last one's hours run for up to two days, a
#: service that starts at their end for another, and buffers reach over.
MARGIN = timedelta(hours=98)
#: Staff take bookings at the counter: no lead time, and further ahead than the public window.
STAFF_WINDOW = timedelta(days=730)

_CATALOGUE = """
WITH asked AS (
    SELECT s.id, s.business_id, s.name, s.price, s.currency, s.tax_percent, s.duration_minutes,
           s.buffer_before_minutes, s.buffer_after_minutes, s.capacity, s.party_min, s.party_max, s.payment_mode,
           s.deposit_percent, s.deposit_amount, s.approval_mode, s.policy_id, s.is_active
      FROM services s WHERE s.id = :service_id AND s.deleted_at IS NULL),
used AS (
    SELECT r.id, r.capacity, r.kind, r.name, r.has_public_holiday_row AS holiday_row, n.requirement_group
      FROM service_resources n JOIN resources r ON r.id = n.resource_id
     WHERE n.service_id = :service_id AND r.is_active AND r.deleted_at IS NULL)
SELECT uuidv7() AS new_id, jsonb_build_object(
    'service', to_jsonb(a),
    'business', jsonb_build_object('status', b.status, 'zone', b.time_zone, 'currency', b.currency,
        'slot_interval', t.slot_interval_minutes, 'start_grid', t.start_grid, 'lead', extract(epoch FROM t.lead_time),
        'window', extract(epoch FROM t.booking_window), 'hold', extract(epoch FROM t.hold_for),
        'approval', extract(epoch FROM t.approval_within), 'grace', extract(epoch FROM t.no_show_grace),
        'auto_complete', t.auto_complete,
        'calendar_version', b.calendar_version,
        'holiday_row', t.has_public_holiday_row, 'guest_booking', t.guest_booking,
        'proof', extract(epoch FROM t.address_proof_within), 'language', t.language,
        'reminders', (SELECT coalesce(jsonb_agg(extract(epoch FROM o)), '[]') FROM unnest(t.reminder_offsets) o)),
    'policy', (SELECT jsonb_build_object('tiers', p.tiers, 'no_show_percent', p.no_show_percent,
                                           'moves', p.moves)
                 FROM cancellation_policies p
                WHERE p.business_id = a.business_id AND p.deleted_at IS NULL
                  AND (p.id = a.policy_id OR (a.policy_id IS NULL AND p.is_default))),
    'hours', (SELECT coalesce(jsonb_agg(jsonb_build_array(h.weekday, h.opens, h.closes)), '[]')
                FROM business_hours h WHERE h.business_id = a.business_id),
    'days', (SELECT coalesce(jsonb_agg(jsonb_build_array(d.day, d.opens)), '[]') FROM business_holidays d
              WHERE d.business_id = a.business_id AND d.day BETWEEN :first AND :last),
    'resources', (SELECT coalesce(jsonb_agg(to_jsonb(u)), '[]') FROM used u),
    'own_hours', (SELECT coalesce(jsonb_agg(jsonb_build_array(w.resource_id, w.weekday, w.opens, w.closes)), '[]')
                    FROM staff_working_hours w WHERE w.resource_id IN (SELECT id FROM used)),
    'exceptions', (SELECT coalesce(jsonb_agg(jsonb_build_array(x.resource_id, x.first_day, x.last_day, x.kind,
                                                               x.ranges) ORDER BY x.id), '[]')
                     FROM staff_exceptions x
                    WHERE x.resource_id IN (SELECT id FROM used) AND x.first_day <= :last AND x.last_day >= :first)
    )::text AS catalogue {more}
  FROM asked a JOIN businesses b ON b.id = a.business_id JOIN business_settings t ON t.business_id = a.business_id
  {beside}
"""
_READ = text(_CATALOGUE.format(more="", beside=""))
#: The same, with what a hold needs beside it: who the customer is, and the claims of the venue's day and of the time
#: that is asked for, as arrays, which the driver reads without Python.
_READ_FOR_HOLD = text(
    _CATALOGUE.format(
        more=""", taken.ids, taken.units, taken.starts, taken.ends,
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
                 OR (k.status = 'confirmed' AND k.amount_due = 0))) AS by_network""",
        beside="""
        CROSS JOIN LATERAL (SELECT date_trunc('day', :start AT TIME ZONE b.time_zone) AS midnight) local
        CROSS JOIN LATERAL (
            SELECT array_agg(c.resource_id) AS ids, array_agg(c.unit) AS units, array_agg(c.starts_at) AS starts,
                   array_agg(c.ends_at) AS ends
              FROM resource_claims c
             WHERE c.resource_id IN (SELECT id FROM used) AND c.released_at IS NULL
               AND c.ends_at > least(local.midnight AT TIME ZONE b.time_zone,
                                     :start - make_interval(mins => a.buffer_before_minutes))
               AND c.starts_at < greatest((local.midnight + interval '1 day') AT TIME ZONE b.time_zone,
                       :start + make_interval(mins => a.duration_minutes + a.buffer_after_minutes))
               AND (c.holds_until IS NULL OR c.holds_until > :now)) taken""",
    )
).bindparams(
    bindparam("customer_id", type_=PgUUID(as_uuid=True)),
    bindparam("user_id", type_=PgUUID(as_uuid=True)),
    bindparam("ip", type_=Text),
    bindparam("start", type_=TIMESTAMP(timezone=True)),
)
# By btree on stored times: under row-level security the planner may use only leak-proof operators on an index, and
# range overlap is none. A hold past its time takes nothing, also before it is swept.
_CLAIMS = text("""
    SELECT resource_id, unit, starts_at, ends_at FROM resource_claims
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


@dataclass(frozen=True, slots=True)
class Catalogue:
    """One service with all that its availability depends on, but for the claims. ``service`` and ``settings`` are
    plain columns (minutes, seconds, minor units); ``new_id`` is a fresh key made by the database."""

    new_id: UUID
    business_id: UUID
    service: Mapping[str, Any]
    settings: Mapping[str, Any]
    policy: Mapping[str, Any]
    zone: ZoneInfo
    item: Item
    business: Calendar
    resources: Mapping[UUID, Resource]
    described: Sequence[Mapping[str, Any]]

    @property
    def calendar_version(self) -> int:
        """The version of these calendars. A command that takes time passes it on."""
        version: int = self.settings["calendar_version"]
        return version

    def question(
        self,
        first: date,
        last: date,
        now: datetime,
        party_size: int,
        preferred: Sequence[UUID] = (),
        staff: bool = False,
    ) -> Question:
        """Ask the engine for starts on ``first`` to ``last``. ``preferred`` narrows every group that has one of them;
        ``staff`` leaves lead time and window out. Raises PartySizeRefused, and NotFound for a resource that does not
        serve here."""
        unknown = [str(one) for one in preferred if one not in self.resources]
        if unknown:
            raise NotFound({"resource_ids": unknown})
        low, high = self.service["party_min"], self.service["party_max"]
        if not low <= party_size <= high:
            raise PartySizeRefused({"party_min": low, "party_max": high})
        lead, window = timedelta(seconds=self.settings["lead"]), timedelta(seconds=self.settings["window"])
        earliest, latest = bounds(now, timedelta() if staff else lead, STAFF_WINDOW if staff else window)
        items = (_narrow(self.item, frozenset(preferred)),)
        grid = StartGrid(self.settings["start_grid"])
        interval = self.settings["slot_interval"]
        return Question(items, self.zone, first, last, interval, earliest, latest, party_size, grid)


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
    new here. ``is_proven``: the login's address is. ``by_network``: unpaid bookings of unproven callers there."""

    catalogue: Catalogue
    facts: Facts
    first: date
    last: date
    customer: Mapping[str, Any] | None
    is_proven: bool
    by_network: int


class AvailabilityStore(Store):
    """Reads; the engine in ``domain.scheduling.availability`` decides."""

    async def catalogue(self, service_id: UUID, first: date, last: date, for_new: bool = True) -> Catalogue:
        """The service and its hours for the business days ``first`` to ``last`` and one around them. Raises NotFound,
        and NotBookable when the business or the service takes no bookings; ``for_new`` False: what is booked stands,
        and may be moved all the same."""
        around = {"first": first - timedelta(days=2), "last": last + timedelta(days=2)}
        row = (await self.session.execute(_READ, {"service_id": service_id, **around})).one_or_none()
        if row is None:
            raise NotFound({"service_id": str(service_id)})
        return _read_catalogue(row.new_id, orjson.loads(row.catalogue), around["first"], around["last"], for_new)

    async def for_hold(self, service_id: UUID, start_at: datetime, now: datetime, who: Who) -> HoldFacts:
        """Catalogue, claims and customer for a booking at ``start_at``, in one statement. Raises as ``catalogue``."""
        around = start_at.date() - timedelta(days=3), start_at.date() + timedelta(days=3)
        values = {
            "service_id": service_id,
            "first": around[0],
            "last": around[1],
            "start": start_at,
            "now": now,
            "customer_id": who.customer_id,
            "user_id": who.user_id,
            "ip": who.ip,
        }
        row = (await self.session.execute(_READ_FOR_HOLD, values)).one_or_none()
        if row is None:
            raise NotFound({"service_id": str(service_id)})
        catalogue = _read_catalogue(row.new_id, orjson.loads(row.catalogue), *around)
        taken = list(map(Taken, row.ids or (), row.units or (), row.starts or (), row.ends or ()))
        sold = await self.sold(service_id, start_at, start_at, now) if catalogue.item.places else {}
        facts = Facts(catalogue.business, catalogue.resources, taken, sold)
        # Hours run past midnight at most: the start belongs to the venue's date or to the one before.
        last = start_at.astimezone(catalogue.zone).date()
        first = last - timedelta(days=1)
        customer = orjson.loads(row.customer) if row.customer else None
        return HoldFacts(catalogue, facts, first, last, customer, bool(row.is_proven), row.by_network)

    async def facts(
        self, catalogue: Catalogue, first: date, last: date, now: datetime, except_booking: UUID | None = None
    ) -> Facts:
        """The live claims on top of the catalogue; those of ``except_booking`` do not count."""
        midnight = datetime.combine(first, datetime.min.time(), tzinfo=catalogue.zone)
        end = datetime.combine(last, datetime.min.time(), tzinfo=catalogue.zone)
        rows = await self.session.execute(
            _CLAIMS,
            {
                "resource_ids": list(catalogue.resources),
                "since": midnight - MARGIN,
                "until": end + MARGIN,
                "now": now,
                "except_booking": except_booking,
            },
        )
        service_id, since, until = catalogue.item.service_id, midnight - MARGIN, end + MARGIN
        sold = await self.sold(service_id, since, until, now, except_booking) if catalogue.item.places else {}
        return Facts(catalogue.business, catalogue.resources, [Taken(*row) for row in rows.all()], sold)

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
        service_id: UUID,
        first: date,
        last: date,
        now: datetime,
        party_size: int,
        preferred: Sequence[UUID] = (),
        staff: bool = False,
    ) -> tuple[Catalogue, StartTable]:
        """Every start on business days ``first`` to ``last`` (31 at most) at which the service fits."""
        catalogue = await self.catalogue(service_id, first, last)
        question = catalogue.question(first, last, now, party_size, preferred, staff)
        return catalogue, tabulate(question, await self.facts(catalogue, first, last, now))

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

    async def _nearest(
        self,
        catalogue: Catalogue,
        question: Question,
        wanted: datetime,
        now: datetime,
        except_booking: UUID | None,
        days: tuple[date, date],
    ) -> list[datetime]:
        whole = await self.catalogue(catalogue.item.service_id, *days, for_new=False)
        facts = await self.facts(whole, *days, now, except_booking)
        return [start.at for start in nearest_of_all(question, facts, wanted, *days)]


def _narrow(item: Item, preferred: frozenset[UUID]) -> Item:
    if not preferred:
        return item
    needs = tuple(
        replace(need, resource_ids=tuple(i for i in need.resource_ids if i in preferred) or need.resource_ids)
        for need in item.needs
    )
    return replace(item, needs=needs)


def _read_catalogue(new_id: UUID, found: dict[str, Any], first: date, last: date, for_new: bool = True) -> Catalogue:
    service, settings = found["service"], found["business"]
    if for_new and (settings["status"] != BusinessStatus.APPROVED or not service["is_active"]):
        raise NotBookable({"service_id": service["id"]})
    if not found["resources"]:
        raise NotBookable({"service_id": service["id"], "rule": "no_resources"})
    business = Calendar(
        week_of(found["hours"], settings["holiday_row"]),
        days_of(found["days"]),
        public_holidays(settings["zone"], first, last),
    )
    own_hours, exceptions = _by_resource(found["own_hours"]), _by_resource(found["exceptions"])
    resources, groups = {}, dict[int, list[UUID]]()
    for row in found["resources"]:
        key, name = UUID(row["id"]), row["id"]
        groups.setdefault(row["requirement_group"], []).append(key)
        calendar = resource_calendar(
            business, own_hours.get(name), row["holiday_row"], exceptions.get(name), first, last
        )
        resources[key] = Resource(key, row["capacity"], calendar)
    capacity = service["capacity"]
    needs = tuple(
        Need(group, tuple(ids), per_person=is_sold_by_unit(capacity, [resources[i].capacity for i in ids]))
        for group, ids in sorted(groups.items())
    )
    item = Item(
        UUID(service["id"]),
        service["duration_minutes"],
        service["buffer_before_minutes"],
        service["buffer_after_minutes"],
        needs,
        capacity if is_class(capacity) else None,
    )
    return Catalogue(
        new_id,
        UUID(service["business_id"]),
        service,
        settings,
        found["policy"] or {"tiers": [], "no_show_percent": 0},
        ZoneInfo(settings["zone"]),
        item,
        business,
        resources,
        found["resources"],
    )


def _by_resource(rows: Sequence[Sequence[Any]]) -> dict[str, list[list[Any]]]:
    found: dict[str, list[list[Any]]] = {}
    for key, *rest in rows:
        found.setdefault(key, []).append(rest)
    return found
