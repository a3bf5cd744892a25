"""The interface of a payment provider. Amounts are minor units; every write carries an idempotency key."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from domain.money import Money
from domain.payments.dispute_evidence import EvidenceFile, EvidenceTexts
from domain.payments.lapse import Card
from domain.payments.limits import ProviderLimits
from domain.payments.payouts import Payout, PayoutEntry
from domain.payments.status import DisputeStatus, PaymentStatus, RefundStatus
from domain.payments.vouchers import Voucher, VoucherOrder


class CaptureMethod(StrEnum):
    """Whether the money is captured together with the authorization, or later with ``capture``."""

    AUTOMATIC = "automatic"
    MANUAL = "manual"


@dataclass(frozen=True, slots=True)
class IntentRequest:
    """A request for a payment of ``amount``. ``metadata`` comes back in webhooks: ids only, never a name.

    The card of a manual capture is stored at the provider, so that ``reauthorize`` can replace the authorization.
    """

    amount: Money
    capture: CaptureMethod
    metadata: Mapping[str, str] = field(default_factory=dict)

    @property
    def keeps_card(self) -> bool:
        """Whether the card may have to be charged again without the customer."""
        return self.capture is CaptureMethod.MANUAL


@dataclass(frozen=True, slots=True)
class Intent:
    """The provider's view of one payment.

    ``captured`` and ``refunded`` are minor units. ``client_secret`` goes to the customer's browser and nowhere
    else. ``action_url`` is set while 3-D Secure waits for the customer. ``decline_code`` is set after a refusal.
    ``authorized_until`` (aware UTC) is when an authorization lapses, as far as the provider says it. ``voucher``: with
    which the customer can pay at a convenience store now. ``card``: with which it was paid, as far as the answer says
    it.
    """

    id: str
    status: PaymentStatus
    amount: int
    currency: str
    captured: int
    refunded: int
    client_secret: str | None
    action_url: str | None
    decline_code: str | None
    metadata: Mapping[str, str]
    authorized_until: datetime | None = None
    voucher: Voucher | None = None
    card: Card | None = None


@dataclass(frozen=True, slots=True)
class Refund:
    """The provider's view of one refund, in minor units. ``metadata`` is what ``create_refund`` was given; it is
    empty for a refund that somebody made in the provider's dashboard. ``answer_by`` (aware UTC): the provider has asked
    the customer for a bank account, and waits until then."""

    id: str
    intent_id: str
    status: RefundStatus
    amount: int
    failure_reason: str | None
    metadata: Mapping[str, str] = field(default_factory=dict)
    answer_by: datetime | None = None


@dataclass(frozen=True, slots=True)
class Dispute:
    """A chargeback or an inquiry, in minor units. ``reason`` is the provider's code. ``due_at`` (aware UTC): evidence
    is taken until then; ``fee``: what it costs; None where the provider does not say it."""

    id: str
    intent_id: str
    status: DisputeStatus
    amount: int
    currency: str
    reason: str
    due_at: datetime | None = None
    fee: int | None = None


@dataclass(frozen=True, slots=True)
class CheckoutRequest:
    """A payment of ``amount`` on the provider's own page. ``item`` is shown there; ``expires_at`` (aware UTC): nobody
    can pay on it afterwards. The customer comes back to ``return_url`` paid or not. ``metadata``: as for an intent."""

    amount: Money
    item: str
    return_url: str
    expires_at: datetime
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Checkout:
    """A page of the provider where the customer pays. ``is_open``: it can be paid. ``intent_id``: the intent that it
    has made, None before the customer has chosen how to pay."""

    id: str
    url: str
    is_open: bool
    expires_at: datetime | None
    intent_id: str | None = None


@dataclass(frozen=True, slots=True)
class IntentPage:
    """A part of a provider's list. ``cursor``: of the next page, None after the last one."""

    intents: tuple[Intent, ...]
    cursor: str | None


@dataclass(frozen=True, slots=True)
class PayoutPage:
    """A part of a provider's list of payouts. ``cursor``: of the next page, None after the last one."""

    payouts: tuple[Payout, ...]
    cursor: str | None


@dataclass(frozen=True, slots=True)
class EntryPage:
    """A part of what a payout consists of. ``cursor``: of the next page, None after the last one."""

    entries: tuple[PayoutEntry, ...]
    cursor: str | None


@dataclass(frozen=True, slots=True)
class WebhookEvent:
    """A verified webhook. Exactly one of ``intent``/``refund``/``dispute`` is set for the types that we apply; all
    are None for a type that we only store. ``created`` is epoch seconds by the provider's clock.

    It shows the state at ``created`` and may arrive late: ``intent.refunded`` is 0 in an event about the intent itself,
    which does not carry it.
    """

    id: str
    type: str
    created: int
    intent_id: str | None
    intent: Intent | None
    refund: Refund | None
    dispute: Dispute | None = None


class PaymentProvider(Protocol):
    """Raises ``providers.errors`` and, for ``parse_webhook``, ``domain.errors.ForgedWebhook``."""

    name: str
    limits: ProviderLimits
    #: Whether evidence about a dispute can be sent by the API.
    takes_evidence: bool

    async def create_intent(self, request: IntentRequest, key: str) -> Intent:
        """Create an intent that waits for a card."""
        ...

    async def confirm_intent(self, intent_id: str, payment_method: str, return_url: str, key: str) -> Intent:
        """Confirm with the provider's token of a card (``pm_…``, ``tok_…``). A declined card gives an Intent with
        ``decline_code``. A second call, with any key, after the customer returned from ``action_url`` continues
        the payment, or returns the settled Intent."""
        ...

    async def make_voucher(self, intent_id: str, order: VoucherOrder, key: str) -> Intent:
        """Confirm with a voucher of a convenience store, which replaces an earlier one: the Intent has it. A card that
        is confirmed later ends it. An intent that is settled already is returned unchanged. ``ProviderRefused``
        (``voucher_not_offered``) where the provider has none, which ``limits.voucher`` says beforehand."""
        ...

    async def open_checkout(self, request: CheckoutRequest, key: str) -> Checkout:
        """Make a page where the customer pays at once, with everything that the account accepts. One key makes one.
        ``ProviderRefused`` (``checkout_not_offered``) where the provider has none, which ``limits.checkout`` says."""
        ...

    async def get_checkout(self, checkout_id: str) -> Checkout:
        """The present state at the provider."""
        ...

    async def close_checkout(self, checkout_id: str, key: str) -> Intent | None:
        """Make sure that nothing more is paid on the page. Gives its intent as it is then: voided, paid, or
        ``processing`` where it cannot be stopped; None if it has made none."""
        ...

    async def get_intent(self, intent_id: str) -> Intent:
        """The present state at the provider."""
        ...

    async def cancel_intent(self, intent_id: str, key: str) -> Intent:
        """Close an unpaid intent, or void an authorization. If it is already paid, gives the paid Intent back
        (status captured) instead of raising; if it is already cancelled, gives that back. An Intent that comes
        back as ``processing`` can no longer be stopped: its outcome comes by webhook."""
        ...

    async def capture_intent(self, intent_id: str, amount: int, key: str) -> Intent:
        """Capture ``amount`` minor units of an authorization; the rest is released."""
        ...

    async def reauthorize(self, intent_id: str, key: str, metadata: Mapping[str, str]) -> Intent:
        """Authorize the amount of ``intent_id`` once more on the same card, without its customer: a new intent of
        manual capture; the old one is left as it is. Repeated calls with one key make one new intent.

        If the bank refuses, also because the customer must authenticate, the Intent has a ``decline_code``. A card that
        was not kept is ``ProviderRefused``.
        """
        ...

    async def create_refund(self, intent_id: str, amount: int, key: str, metadata: Mapping[str, str]) -> Refund:
        """Refund ``amount`` minor units of what was captured."""
        ...

    async def find_refund(self, intent_id: str, refund_id: str) -> Refund | None:
        """The refund of this intent whose ``metadata`` has our ``refund_id``, in any status."""
        ...

    async def get_refund(self, refund_id: str) -> Refund:
        """The present state at the provider."""
        ...

    async def list_intents(self, since: datetime, until: datetime, cursor: str | None) -> IntentPage:
        """A page of the intents that were made in the half-open range (aware UTC) and took or hold money, newest
        first; others may be among them. A list does not show disputes."""
        ...

    async def send_evidence(
        self, dispute_id: str, evidence: EvidenceTexts, files: Sequence[EvidenceFile], key: str
    ) -> None:
        """Send the evidence about a dispute to the customer's bank; final. One that has been sent is left as it is. A
        repeat uploads no file twice.
        ``ProviderRefused`` where the provider takes none, or none any more."""
        ...

    async def list_payouts(self, since: datetime, until: datetime, cursor: str | None) -> PayoutPage:
        """A page of the payouts that were made in the half-open range (aware UTC), newest first. Those that a person
        ordered by hand are left out where the provider does not say what they consist of."""
        ...

    async def list_entries(self, payout_id: str, cursor: str | None) -> EntryPage:
        """A page of what a payout consists of. The sum of all entries, less their fees, is its amount."""
        ...

    def parse_webhook(self, body: bytes, headers: Mapping[str, str]) -> WebhookEvent:
        """Verify the signature over the raw body (age included) and parse. ``headers`` keys are lower case."""
        ...

    async def aclose(self) -> None:
        """Close connections. No call may follow."""
        ...
