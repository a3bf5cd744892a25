"""The payment providers that a business can choose."""

from enum import StrEnum


class ProviderName(StrEnum):
    """PAY.JP has two APIs with separate accounts. A payment is refunded at the API where it was made."""

    STRIPE = "stripe"
    PAYJP_V1 = "payjp_v1"
    PAYJP_V2 = "payjp_v2"
