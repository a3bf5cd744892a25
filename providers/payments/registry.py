"""Which payment providers this process talks to."""

from collections.abc import Mapping

from providers.payments.interface import PaymentProvider
from providers.payments.stripe import StripePayments
from runtime.settings import Settings


def payment_providers(settings: Settings) -> Mapping[str, PaymentProvider]:
    """All providers by name. Call ``aclose`` on each at the end of the process."""
    stripe = StripePayments(settings)
    return {stripe.name: stripe}
