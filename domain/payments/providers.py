"""The payment providers that a business can have its account at."""

from enum import StrEnum


class ProviderName(StrEnum):
    """PAY.JP has two APIs with separate accounts; what was paid at one is refunded there."""

    STRIPE = "stripe"
    PAYJP_V1 = "payjp_v1"
    PAYJP_V2 = "payjp_v2"
