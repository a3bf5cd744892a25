"""The limits of each payment provider. Not in the adapters, because callers need the limits without the SDKs."""

from datetime import timedelta

from domain.payments.limits import ProviderLimits

#: Amounts: docs.stripe.com/currencies, "Minimum and maximum charge amounts": $0.50 US or the amount in the table of
#: that page, and at most eight digits (also in the reference of ``amount`` of a payment intent). KRW and TWD are not
#: in the table: $0.50 converted, with room for the rate. Authorizations: docs.stripe.com, "Place a
#: hold on a payment method" (7 days for a customer's card; ``capture_before`` says it for each).
STRIPE = ProviderLimits(
    amounts={
        "JPY": (50, 99_999_999),
        "USD": (50, 99_999_999),
        "EUR": (50, 99_999_999),
        "GBP": (30, 99_999_999),
        "AUD": (50, 99_999_999),
        "SGD": (50, 99_999_999),
        "HKD": (400, 99_999_999),
        "KRW": (1000, 99_999_999),
        "TWD": (2000, 99_999_999),
    },
    authorization=timedelta(days=7),
    foreign_authorization=timedelta(days=7),
)

#: pay.jp/docs/api, "支払いを作成" (amounts, 1–60 days, 30 minutes for 3-D Secure) and "返金する" (180 days). The long
#: authorization is for cards of Japan; for others the default of 7 days is not exceeded.
PAYJP_V1 = ProviderLimits(
    amounts={"JPY": (50, 9_999_999)},
    authorization=timedelta(days=60),
    foreign_authorization=timedelta(days=7),
    authentication=timedelta(minutes=30),
    refund=timedelta(days=180),
)

#: Amounts: docs.pay.jp/v2/api, "Create Payment Flow". Authorizations: docs.pay.jp/v2/guide/status-management, page
#: auth-capture (7 days, 30 on request where the card allows it). Refunds: the same guide, page refund.
PAYJP_V2 = ProviderLimits(
    amounts={"JPY": (50, 9_999_999)},
    authorization=timedelta(days=30),
    foreign_authorization=timedelta(days=7),
    authentication=timedelta(minutes=30),
    refund=timedelta(days=180),
)
