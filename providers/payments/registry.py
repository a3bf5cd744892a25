"""Which payment providers this process talks to, and which of them a webhook is for."""

from collections.abc import Mapping

from domain.payments.limits import ProviderLimits
from providers.payments import payjp_v1, payjp_v2, stripe
from providers.payments.interface import PaymentProvider
from providers.payments.payjp_v1 import PayjpV1Payments
from providers.payments.payjp_v2 import PayjpV2Payments
from providers.payments.payjp_webhooks import is_v2
from providers.payments.stripe import StripePayments
from runtime.settings import Settings

#: What each provider takes, also where no process of this kind talks to it.
LIMITS: Mapping[str, ProviderLimits] = {
    StripePayments.name: stripe.LIMITS,
    PayjpV1Payments.name: payjp_v1.LIMITS,
    PayjpV2Payments.name: payjp_v2.LIMITS,
}


def payment_providers(settings: Settings) -> Mapping[str, PaymentProvider]:
    """All providers by name. Call ``aclose`` on each at the end of the process."""
    built: list[PaymentProvider] = [StripePayments(settings)]
    if settings.payjp_is_set:
        built += [PayjpV1Payments(settings), PayjpV2Payments(settings)]
    return {provider.name: provider for provider in built}


def webhook_receiver(providers: Mapping[str, PaymentProvider], path: str, body: bytes) -> PaymentProvider | None:
    """The provider that verifies a webhook at ``/payments/webhook/{path}``; None for a path that is not ours.

    Both APIs of PAY.JP send to ``payjp``: an account has one token and one list of addresses for them.
    """
    if path == "payjp":
        return providers.get(PayjpV2Payments.name if is_v2(body) else PayjpV1Payments.name)
    return providers.get(path) if path == StripePayments.name else None
