"""The payment providers of this process, and which of them verifies a webhook."""

import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping
from importlib import import_module
from uuid import UUID

from pydantic import SecretStr

from domain.payments.accounts import AccountSecrets
from domain.payments.limits import ProviderLimits
from domain.payments.payouts import PayoutEntry
from domain.payments.providers import ProviderName
from providers.payments.interface import PaymentProvider
from providers.payments.limits import PAYJP_V1, PAYJP_V2, STRIPE
from providers.payments.payjp_webhooks import is_v2
from providers.traced import traced
from runtime.settings import Settings

#: Reads the secrets of an account.
ReadSecrets = Callable[[UUID], Awaitable[AccountSecrets]]

#: The limits of each provider, also of those that this process does not call.
LIMITS: Mapping[str, ProviderLimits] = {
    ProviderName.STRIPE.value: STRIPE,
    ProviderName.PAYJP_V1.value: PAYJP_V1,
    ProviderName.PAYJP_V2.value: PAYJP_V2,
}

#: Module and class of each adapter.
_ADAPTERS: Mapping[str, tuple[str, str]] = {
    ProviderName.STRIPE.value: ("providers.payments.stripe", "StripePayments"),
    ProviderName.PAYJP_V1.value: ("providers.payments.payjp_v1", "PayjpV1Payments"),
    ProviderName.PAYJP_V2.value: ("providers.payments.payjp_v2", "PayjpV2Payments"),
}


class PaymentProviders(Mapping[str, PaymentProvider]):
    """All providers by name, each made at its first use: loading the SDKs takes a tenth of the start of a process,
    and most processes never pay. ``load`` makes them before that, in a thread.

    These are the platform's accounts. ``at`` gives one for a business's own account: ``read`` reads its secrets before
    each use, so that a process does not keep secrets that were exchanged.
    """

    def __init__(self, settings: Settings, read: ReadSecrets | None = None) -> None:
        self._settings = settings
        self._read = read
        self._of_accounts: dict[UUID, tuple[AccountSecrets, PaymentProvider]] = {}
        self._outdated: list[PaymentProvider] = []
        self._names = list(_ADAPTERS) if settings.payjp_is_set else [ProviderName.STRIPE.value]
        self._made: dict[str, PaymentProvider] = {}
        self._lock = threading.Lock()

    def __getitem__(self, name: str) -> PaymentProvider:
        if name not in self._names:
            raise KeyError(name)
        with self._lock:
            if name not in self._made:
                module, adapter = _ADAPTERS[name]
                self._made[name] = traced(getattr(import_module(module), adapter)(self._settings), name)
            return self._made[name]

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def name_at(self, account_id: UUID) -> str | None:
        """Which provider an account is at, which never changes; None where this process has not called it yet."""
        known = self._of_accounts.get(account_id)
        return None if known is None else known[1].name

    async def at(self, name: str, account_id: UUID) -> PaymentProvider:
        """The provider at a business's own account. Raises what reading its secrets raises."""
        if self._read is None:
            raise LookupError(f"nothing here reads the secrets of account {account_id}")
        secrets = await self._read(account_id)
        known = self._of_accounts.get(account_id)
        if known is not None and known[0] == secrets:
            return known[1]
        if known is not None:
            # Calls may be under way: it is closed at the end of the process.
            self._outdated.append(known[1])
        module, adapter = _ADAPTERS[name]
        made: PaymentProvider = traced(
            getattr(import_module(module), adapter)(_with(self._settings, name, secrets)), name
        )
        self._of_accounts[account_id] = secrets, made
        return made

    def load(self) -> None:
        """Make all of them. Blocks."""
        for name in self._names:
            self[name]

    async def aclose(self) -> None:
        """Close those that were made, at the end of the process."""
        at_accounts = [provider for _, provider in self._of_accounts.values()]
        for provider in [*self._made.values(), *at_accounts, *self._outdated]:
            await provider.aclose()


def payment_providers(settings: Settings, read: ReadSecrets | None = None) -> PaymentProviders:
    """All providers by name; ``read`` reads the secrets of a business's account. Call ``aclose`` at the end of the
    process."""
    return PaymentProviders(settings, read)


async def provider_at(providers: Mapping[str, PaymentProvider], name: str, account_id: UUID | None) -> PaymentProvider:
    """The provider at the account of a payment; without an account the platform's. Raises KeyError for a provider that
    is not set up."""
    if account_id is None:
        return providers[name]
    if not isinstance(providers, PaymentProviders):
        raise LookupError(f"nothing here reads the secrets of account {account_id}")
    return await providers.at(name, account_id)


async def all_entries(provider: PaymentProvider, payout_id: str) -> list[PayoutEntry]:
    """All pages of what a payout consists of."""
    entries: list[PayoutEntry] = []
    cursor = None
    while True:
        page = await provider.list_entries(payout_id, cursor)
        entries += page.entries
        if page.cursor is None:
            return entries
        cursor = page.cursor


def _with(settings: Settings, name: str, secrets: AccountSecrets) -> Settings:
    """The settings with the secrets of an account in place of the platform's."""
    if name == ProviderName.STRIPE:
        values = {
            "stripe_api_key": SecretStr(secrets.api_key),
            "stripe_webhook_secret": SecretStr(secrets.webhook_secret),
            "stripe_webhook_previous_secret": SecretStr(secrets.webhook_previous),
        }
        return settings.model_copy(update=values)
    return settings.model_copy(
        update={
            "payjp_api_key": SecretStr(secrets.api_key),
            "payjp_public_key": secrets.public_key,
            "payjp_webhook_token": SecretStr(secrets.webhook_secret),
            "payjp_webhook_previous_token": SecretStr(secrets.webhook_previous),
        }
    )


def webhook_path(name: str) -> str:
    """What webhooks of a provider have in their address."""
    return name if name == ProviderName.STRIPE else "payjp"


def webhook_receiver(providers: Mapping[str, PaymentProvider], path: str, body: bytes) -> PaymentProvider | None:
    """The provider that verifies a webhook at ``/payments/webhook/{path}``; None for an unknown path.

    Both APIs of PAY.JP send to ``payjp``: an account has one token and one list of addresses for them.
    """
    if path == "payjp":
        return providers.get(ProviderName.PAYJP_V2 if is_v2(body) else ProviderName.PAYJP_V1)
    return providers.get(path) if path == ProviderName.STRIPE else None
