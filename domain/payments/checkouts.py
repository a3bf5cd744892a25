"""The provider's page where a payment is made: with which terms it was opened, and which call opened it. Pure rules.

An order is stored before the provider is asked, so a lost answer is repeated with the same key and the same terms, and
gives the same page. Its terms are those of the customer who has the page: another way back, or another end of the hold,
needs another page, and a payment has one page at a time.
"""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

#: A session of PAY.JP lasts 24 hours at most (docs.pay.jp/v2/api, ``expires_at``). The minute: clocks differ.
LONGEST = timedelta(hours=24) - timedelta(minutes=1)


def way_back(return_url: str) -> str:
    """Digest of ``return_url``: the address itself may have a signed link of a guest, so it is not stored."""
    return hashlib.sha256(return_url.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class CheckoutTerms:
    """What a customer asks for now. ``item``: what the page shows. ``held_until`` (aware UTC): the end of the hold,
    None where it has none."""

    item: str
    return_url: str
    held_until: datetime | None


@dataclass(frozen=True, slots=True)
class CheckoutOrder:
    """One page of a payment. ``number`` counts its pages from 1; ``expires_at``: until when the page can be paid, whole
    seconds; ``is_closed``: nobody can pay on it any more, so the next one has the next number."""

    number: int
    item: str
    way_back: str
    held_until: datetime | None
    expires_at: datetime
    is_closed: bool = False

    def key(self, payment_id: UUID) -> str:
        """The idempotency key of the call that opens the page."""
        return f"{payment_id}:checkout:{self.number}"

    def is_for(self, terms: CheckoutTerms) -> bool:
        """Whether the page is as asked. A business that has changed its name needs no other page."""
        return not self.is_closed and (self.way_back, self.held_until) == (way_back(terms.return_url), terms.held_until)

    def closed(self) -> "CheckoutOrder":
        """The order when its page has ended."""
        return replace(self, is_closed=True)


def next_order(former: CheckoutOrder | None, terms: CheckoutTerms, now: datetime) -> CheckoutOrder:
    """The page that follows ``former``, which is closed. It ends with the hold, and when the provider ends it."""
    longest = now + LONGEST
    expires_at = min(terms.held_until or longest, longest).replace(microsecond=0)
    number = former.number + 1 if former else 1
    return CheckoutOrder(number, terms.item, way_back(terms.return_url), terms.held_until, expires_at)
