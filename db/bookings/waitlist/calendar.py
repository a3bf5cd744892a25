"""Free times for the entries of the waitlist: the calendars of a service, read once for all of its entries."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID

from db.engine.store import Store
from db.scheduling.availability import AvailabilityStore
from db.scheduling.booked_services import Catalogue
from domain.bookings.waitlist import Entry, OfferTerms, Wanted
from domain.errors import DomainError
from domain.scheduling.availability.engine import find_starts
from domain.scheduling.availability.model import Facts, Question

_Key = tuple[date, date, int, tuple[UUID, ...]]


@dataclass(slots=True)
class ServiceCalendar:
    """One service with its hours and claims, and the starts that were found for the requests so far."""

    catalogue: Catalogue
    facts: Facts
    terms: OfferTerms
    _found: dict[_Key, list[datetime]] = field(default_factory=dict)

    def question(self, wanted: Wanted, now: datetime) -> Question | None:
        """The availability question for it; None where there can be no free time: the days are over, the party is too
        large, or none of the requested staff serves."""
        today = now.astimezone(self.terms.zone).date() - timedelta(days=1)
        serve = tuple(one for one in wanted.resource_ids if one in self.catalogue.resources)
        if wanted.last_day < today or (wanted.resource_ids and not serve):
            return None
        first = max(wanted.first_day, today)
        try:
            return self.catalogue.question(first, wanted.last_day, now, wanted.party_size, [serve])
        except DomainError:
            return None

    def starts(self, wanted: Wanted, now: datetime) -> Sequence[datetime]:
        """Every free start on the wanted days, also outside the wanted times of the day; in order."""
        key = (wanted.first_day, wanted.last_day, wanted.party_size, wanted.resource_ids)
        if key not in self._found:
            question = self.question(wanted, now)
            self._found[key] = [one.at for one in find_starts(question, self.facts)] if question else []
        return self._found[key]


class WaitlistCalendarStore(Store):
    """Reads the calendars of the services that have entries."""

    async def read(
        self, service_id: UUID, entries: Sequence[Entry], offer_for: timedelta, now: datetime
    ) -> ServiceCalendar | None:
        """For the days of all ``entries``; None while the business or the service takes no bookings."""
        availability = AvailabilityStore(self.session, self.context)
        first = max(min(entry.wanted.first_day for entry in entries), now.date() - timedelta(days=2))
        last = max(max(entry.wanted.last_day for entry in entries), first)
        try:
            catalogue = await availability.catalogue([service_id], first, last)
        except DomainError:
            return None
        facts = await availability.facts(catalogue, first, last, now)
        terms = OfferTerms(
            offer_for,
            timedelta(seconds=catalogue.settings["lead"]),
            timedelta(minutes=catalogue.items[0].duration),
            catalogue.zone,
        )
        return ServiceCalendar(catalogue, facts, terms)
