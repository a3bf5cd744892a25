"""Joining the waitlist, proving the address, leaving."""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, RowMapping, Text, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY, CITEXT, JSONB, TIMESTAMP
from sqlalchemy.dialects.postgresql import UUID as PgUUID

from db.bookings.waitlist.ending import WaitlistEndStore
from db.messages.notices import AccountEmail, NoticeStore
from db.platform.outbox import WAKE_WAITLIST, OutboxStore
from db.scheduling.availability import AvailabilityStore
from db.scheduling.booked_services import Catalogue
from domain.bookings import waitlist
from domain.bookings.contact import Contact
from domain.bookings.errors import TimeIsFree
from domain.bookings.limits import check_kana
from domain.bookings.waitlist import EntryEnd, EntryStatus, OfferTerms, Wanted
from domain.businesses.profile import AsksKana
from domain.errors import InvalidInput, NotFound, WrongState
from domain.identity.network import network_of
from domain.instants import text_at_venue
from domain.messages.kinds import AccountEmailKind
from domain.scheduling.availability.engine import find_starts
from domain.scheduling.errors import NotBookable

#: At most so many free starts are in the answer to a person who need not wait.
_SHOWN = 3

_USER = text("""
    SELECT family_name, given_name, CAST(email AS text) AS email, NULL AS phone,
           email_verified_at IS NOT NULL AS is_proven
      FROM users WHERE id = :user_id AND deleted_at IS NULL
""")
_CUSTOMER = text("""
    SELECT c.user_id, c.family_name, c.given_name, CAST(coalesce(u.email, c.email) AS text) AS email, c.phone,
           u.email_verified_at IS NOT NULL AS is_proven
      FROM customers c LEFT JOIN users u ON u.id = c.user_id AND u.deleted_at IS NULL
     WHERE c.id = :customer_id AND c.business_id = :business_id AND c.deleted_at IS NULL
""")
# Entries of one business join one after the other, so that each counts those before it.
_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtextextended(CAST(CAST(:business_id AS uuid) AS text), 5))")
_COUNTS = text("""
    SELECT count(*) FILTER (WHERE status <> 'unproven' AND (user_id = :user_id OR email = :email)) AS of_person,
           count(*) FILTER (WHERE status = 'unproven' AND ip = :ip) AS of_network, count(*) AS of_business
      FROM waitlist
     WHERE business_id = :business_id AND status IN ('unproven', 'waiting', 'offered')
       AND id IS DISTINCT FROM :except_entry
""").bindparams(
    bindparam("user_id", type_=PgUUID(as_uuid=True)),
    bindparam("email", type_=CITEXT),
    bindparam("ip", type_=Text),
    bindparam("except_entry", type_=PgUUID(as_uuid=True)),
)
_ADD = text("""
    INSERT INTO waitlist (business_id, service_id, service_name, time_zone, user_id, family_name, given_name,
                          family_name_kana, given_name_kana, email, phone, ip, language, status, first_day, last_day,
                          times, resource_ids, party_size, joined_at, proven_at, by_staff, proof_deadline, ends_at)
    VALUES (:business_id, :service_id, :service_name, :time_zone, :user_id, :family_name, :given_name,
            :family_name_kana, :given_name_kana, :email, :phone, :ip, :language, :status, :first_day, :last_day,
            :times, :resource_ids, :party_size, :now, :proven_at, :by_staff, :proof_deadline, :ends_at)
    RETURNING id
""").bindparams(
    bindparam("user_id", type_=PgUUID(as_uuid=True)),
    bindparam("email", type_=CITEXT),
    bindparam("phone", type_=Text),
    bindparam("family_name_kana", type_=Text),
    bindparam("given_name_kana", type_=Text),
    bindparam("ip", type_=Text),
    bindparam("service_name", type_=JSONB),
    bindparam("times", type_=JSONB),
    bindparam("resource_ids", type_=ARRAY(PgUUID(as_uuid=True))),
    bindparam("proven_at", type_=TIMESTAMP(timezone=True)),
    bindparam("proof_deadline", type_=TIMESTAMP(timezone=True)),
)
_PROVE = text("""
    UPDATE waitlist SET status = 'waiting', proof_deadline = NULL, joined_at = :now, proven_at = :now, ip = NULL
     WHERE id = :id
""")
_PROOF = text("SELECT email, status, proof_deadline FROM waitlist WHERE id = :id")
_WAKE = text("SELECT app_wake_waitlist(:business_id)")
_OFFER_FOR = text("SELECT waitlist_offer_for FROM business_settings WHERE business_id = :business_id")


@dataclass(frozen=True, slots=True)
class JoinRequest:
    """The request for an entry. Exactly one of ``user_id`` (a login, for itself), ``person`` (a guest, or staff for
    somebody new) and ``customer_id`` (staff, for a known customer). ``by_staff``: nobody has to prove an address, which
    staff answer for."""

    service_id: UUID
    wanted: Wanted
    user_id: UUID | None = None
    person: Contact | None = None
    language: str = "ja"
    customer_id: UUID | None = None
    by_staff: bool = False


@dataclass(frozen=True, slots=True)
class _Person:
    """``is_proven``: the address is; ``waits``: at once, without a proof."""

    contact: Contact
    is_proven: bool
    waits: bool
    user_id: UUID | None = None


class WaitlistEntryStore(WaitlistEndStore):
    """Commands of people on the waitlist, and of the business."""

    async def join(self, request: JoinRequest, now: datetime) -> UUID:
        """Add an entry; returns its id. An address that is not proven yet gets the message that asks for the proof, and
        no offers before it.

        Raises NotFound, NotBookable, PartySizeRefused, TimeIsFree where a time can be booked, InvalidInput for days
        that are over or too far ahead and for a guest without the kana that the business demands, and WaitlistLimit
        for too many entries.
        """
        wanted = request.wanted
        catalogue = await AvailabilityStore(self.session, self.context).catalogue(
            [request.service_id], wanted.first_day, wanted.last_day
        )
        terms = await self._terms(catalogue)
        ends = self._check_days(catalogue, wanted, terms, now)
        await self._check_needed(catalogue, wanted, terms, now)
        person = await self._person(request, catalogue)
        ip = None if person.waits or not self.context.ip else network_of(self.context.ip)
        await self._check_limits(catalogue.business_id, request, person, ip)
        prove_by = None if person.waits else now + waitlist.PROVE_WITHIN
        values = {
            "business_id": catalogue.business_id,
            "service_id": request.service_id,
            "service_name": catalogue.services[0]["name"],
            "time_zone": catalogue.settings["zone"],
            "user_id": person.user_id,
            **asdict(person.contact),
            "ip": ip,
            "language": request.language,
            "status": EntryStatus.WAITING.value if person.waits else EntryStatus.UNPROVEN.value,
            "proven_at": now if person.is_proven else None,
            "by_staff": request.by_staff,
            "first_day": wanted.first_day,
            "last_day": wanted.last_day,
            "times": [[span.start, span.end] for span in wanted.times],
            "resource_ids": list(wanted.resource_ids),
            "party_size": wanted.party_size,
            "now": now,
            "proof_deadline": prove_by,
            "ends_at": ends,
        }
        entry_id: UUID = (await self.session.execute(_ADD, values)).scalar_one()
        await self._wake_at(ends, catalogue.business_id, f"{entry_id}/end")
        if prove_by is None:
            await self._wake(catalogue.business_id)
        else:
            await self._wake_at(prove_by, catalogue.business_id, f"{entry_id}/proof")
            await self._ask_for_proof(entry_id, catalogue.business_id, request, prove_by)
        return entry_id

    async def prove(self, entry_id: UUID, now: datetime) -> None:
        """Record the proof of the address: the entry waits from now on. One that waits already is not changed. Raises
        NotFound, WrongState for one that is over, and WaitlistLimit where the address has too many entries here."""
        entry = await self._locked(entry_id)
        status = EntryStatus(entry.status)
        if status in {EntryStatus.WAITING, EntryStatus.OFFERED}:
            return
        if status is not EntryStatus.UNPROVEN or entry.proof_deadline <= now:
            raise WrongState({"status": status.value, "wanted": EntryStatus.WAITING.value})
        await self.session.execute(_ONE_AT_A_TIME, {"business_id": entry.business_id})
        proof = (await self.session.execute(_PROOF, {"id": entry_id})).one()
        counts = await self._count(entry.business_id, entry.user_id, proof.email, None, entry_id)
        waitlist.check_limits(counts.of_person, 0, counts.of_business, is_proven=True)
        await self.session.execute(_PROVE, {"id": entry_id, "now": now})
        # Time that was freed while the address was not proven was not offered to this entry.
        await self._wake(entry.business_id)

    async def take_off(self, entry_id: UUID, by_business: bool, now: datetime) -> None:
        """Leave the list, or be removed by the business. Repeating it changes nothing. Raises NotFound, and
        WrongState for an entry that became a booking or ended."""
        entry = await self._locked(entry_id)
        if EntryStatus(entry.status) is EntryStatus.LEFT:
            return
        if by_business:
            await self.end_entry(entry, EntryEnd.REMOVED, now)
        else:
            await self.leave(entry, now)

    async def decline(self, entry_id: UUID, now: datetime) -> None:
        """Decline the open offer; the entry continues to wait for other times. Raises NotFound, and WrongState where no
        offer is open."""
        entry = await self._locked(entry_id)
        if entry.offer_id is None:
            raise WrongState({"status": entry.status, "wanted": "declined"})
        await self.end_offer(entry, waitlist.OfferStatus.DECLINED, EntryStatus.WAITING, now)

    async def _locked(self, entry_id: UUID) -> Row[Any]:
        entry = await self.lock(entry_id)
        if entry is None:
            raise NotFound({"entry_id": str(entry_id)})
        return entry

    async def _terms(self, catalogue: Catalogue) -> OfferTerms:
        offer_for = await self.session.scalar(_OFFER_FOR, {"business_id": catalogue.business_id})
        return terms_of(catalogue, offer_for or timedelta())

    @staticmethod
    def _check_days(catalogue: Catalogue, wanted: Wanted, terms: OfferTerms, now: datetime) -> datetime:
        """When the entry ends. Raises InvalidInput for days that are over or too far ahead."""
        closes = max((span.end for span in catalogue.business.ranges_on(wanted.last_day)), default=0)
        ends = waitlist.ends_at(wanted, closes, terms)
        if ends <= now:
            raise InvalidInput.at("last_day", "already_over")
        window = timedelta(seconds=catalogue.settings["window"])
        if wanted.last_day > (now + window).astimezone(catalogue.zone).date():
            raise InvalidInput.at("last_day", "within_booking_window")
        return ends

    async def _check_needed(self, catalogue: Catalogue, wanted: Wanted, terms: OfferTerms, now: datetime) -> None:
        """Raise TimeIsFree where a time that fits can be booked now."""
        availability = AvailabilityStore(self.session, self.context)
        question = catalogue.question(wanted.first_day, wanted.last_day, now, wanted.party_size, [wanted.resource_ids])
        facts = await availability.facts(catalogue, wanted.first_day, wanted.last_day, now)
        free = [start.at for start in find_starts(question, facts)]
        fits = [at for at in free if waitlist.lies_in_times(wanted, at, at + terms.duration, terms.zone)]
        if fits:
            shown = [text_at_venue(at, terms.zone) for at in fits[:_SHOWN]]
            raise TimeIsFree({"alternatives": shown})

    async def _person(self, request: JoinRequest, catalogue: Catalogue) -> _Person:
        if request.person is not None:
            if not catalogue.settings["guest_booking"] and not request.by_staff:
                raise NotBookable({"rule": "no_guest_booking"})
            if not request.by_staff:
                check_kana(request.person, AsksKana(catalogue.settings["asks_kana"]))
            return _guest(request.person, request.by_staff)
        if request.customer_id is not None:
            return await self._customer(request.customer_id, catalogue.business_id)
        row = (await self.session.execute(_USER, {"user_id": request.user_id})).mappings().one_or_none()
        if row is None:
            raise NotFound({"user_id": str(request.user_id)})
        return _Person(_contact(row), row["is_proven"], row["is_proven"], request.user_id)

    async def _customer(self, customer_id: UUID, business_id: UUID) -> _Person:
        values = {"customer_id": customer_id, "business_id": business_id}
        row = (await self.session.execute(_CUSTOMER, values)).mappings().one_or_none()
        if row is None:
            raise NotFound({"customer_id": str(customer_id)})
        if row["user_id"] is None:
            return _guest(_contact(row), by_staff=True)
        return _Person(_contact(row), row["is_proven"], waits=True, user_id=row["user_id"])

    async def _check_limits(self, business_id: UUID, request: JoinRequest, person: _Person, ip: str | None) -> None:
        await self.session.execute(_ONE_AT_A_TIME, {"business_id": business_id})
        email = person.contact.email if person.is_proven else None
        counts = await self._count(business_id, person.user_id, email, ip, None)
        waitlist.check_limits(counts.of_person, counts.of_network, counts.of_business, is_proven=person.waits)

    async def _count(
        self, business_id: UUID, user_id: UUID | None, email: str | None, ip: str | None, but_for: UUID | None
    ) -> Row[Any]:
        values = {"business_id": business_id, "user_id": user_id, "email": email, "ip": ip, "except_entry": but_for}
        return (await self.session.execute(_COUNTS, values)).one()

    async def _ask_for_proof(self, entry_id: UUID, business_id: UUID, request: JoinRequest, until: datetime) -> None:
        kind = AccountEmailKind.WAITLIST_PROOF
        message = AccountEmail(
            kind,
            request.user_id,
            f"{kind.value}/{entry_id}",
            {"waitlist_entry_id": entry_id, "until": until},
            business_id,
            request.language,
        )
        await NoticeStore(self.session, self.context).queue_account_email(message)

    async def _wake_at(self, at: datetime, business_id: UUID, what: str) -> None:
        """Wake the run when the entry may end by itself."""
        await OutboxStore(self.session, self.context).add(
            "waitlist.entry_ends",
            f"waitlist/{business_id}/{what}",
            business_id,
            {"business_id": business_id},
            WAKE_WAITLIST,
            at,
        )

    async def _wake(self, business_id: UUID) -> None:
        await self.session.execute(_WAKE, {"business_id": business_id})


def _guest(contact: Contact, by_staff: bool) -> _Person:
    """Somebody without a login. Raises NotBookable without an e-mail address, to which offers go."""
    if not contact.email:
        raise NotBookable({"rule": "email_needed"})
    return _Person(contact, is_proven=False, waits=by_staff)


def _contact(row: RowMapping) -> Contact:
    return Contact(row["family_name"], row["given_name"], row["email"], row["phone"])


def terms_of(catalogue: Catalogue, offer_for: timedelta) -> OfferTerms:
    """The settings of a service and its business for offers."""
    return OfferTerms(
        offer_for,
        timedelta(seconds=catalogue.settings["lead"]),
        timedelta(minutes=catalogue.items[0].duration),
        catalogue.zone,
    )
