"""The payment providers of this process, and which of them verifies a webhook."""

import threading
from collections.abc import Iterator, Mapping
from importlib import import_module

from domain.payments.limits import ProviderLimits
from domain.payments.providers import ProviderName
from providers.payments.interface import PaymentProvider
from providers.payments.limits import PAYJP_V1, PAYJP_V2, STRIPE
from providers.payments.payjp_webhooks import is_v2
from runtime.settings import Settings

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
    and most processes never pay. ``load`` makes them before that, in a thread."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._names = list(_ADAPTERS) if settings.payjp_is_set else [ProviderName.STRIPE.value]
        self._made: dict[str, PaymentProvider] = {}
        self._lock = threading.Lock()

    def __getitem__(self, name: str) -> PaymentProvider:
        if name not in self._names:
            raise KeyError(name)
        with self._lock:
            if name not in self._made:
                module, adapter = _ADAPTERS[name]
                self._made[name] = getattr(import_module(module), adapter)(self._settings)
            return self._made[name]

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def load(self) -> None:
        """Make all of them. Blocks."""
        for name in self._names:
            self[name]

    async def aclose(self) -> None:
        """Close those that were made, at the end of the process."""
        for provider in self._made.values():
            await provider.aclose()


def payment_providers(settings: Settings) -> PaymentProviders:
    """All providers by name. Call ``aclose`` at the end of the process."""
    return PaymentProviders(settings)


def webhook_receiver(providers: Mapping[str, PaymentProvider], path: str, body: bytes) -> PaymentProvider | None:
    """The provider that verifies a webhook at ``/payments/webhook/{path}``; None for an unknown path.

    Both APIs of PAY.JP send to ``payjp``: an account has one token and one list of addresses for them.
    """
    if path == "payjp":
        return providers.get(ProviderName.PAYJP_V2 if is_v2(body) else ProviderName.PAYJP_V1)
    return providers.get(path) if path == ProviderName.STRIPE else None
