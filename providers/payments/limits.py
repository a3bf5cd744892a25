"""The limits of each payment provider. Not in the adapters, because callers need the limits without the SDKs."""

from datetime import timedelta

from domain.payments.limits import ProviderLimits

#: Amounts: docs.stripe.com/currencies, "Minimum and maximum charge amounts". Its table itself could not be opened;
#: these are the values of copies that name it as their source (Automattic/wp-calypso, MINIMUM_CURRENCY_AMOUNT). The
#: table lists the currencies in which Stripe pays out; cloudcreativity/laravel-stripe and jeremie5/dataphyre have the
#: same ones. "$0.50 US or equivalent" and "up to eight digits": the reference of ``amount`` of a payment intent, as
#: Stripe's SDKs quote it. JPY and KRW are in the page's list of zero-decimal currencies; TWD is not, and has two
#: digits (only payouts in TWD are in whole dollars, "Special cases"; this platform orders none). KRW and TWD are in no
#: copy of the table: their least amounts are this project's own estimate, $0.50 or 50 yen with room for the rate.
#: Stripe compares after conversion to the currency that it pays out, so an amount at a limit may still be refused.
#: Vouchers: docs.stripe.com/payments/konbini, "Minimum charge amount" and "Maximum charge amount".
#: Authorizations: docs.stripe.com, "Place a hold on a payment method" (7 days for a customer's card; ``capture_before``
#: says it for each).
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
    voucher=(120, 300_000),
)

#: pay.jp/docs/api, "支払いを作成" (amounts, 1–60 days, 30 minutes for 3-D Secure) and "返金する" (180 days). Only the
#: beginning of that page could be read. What it says of amounts, days and minutes was read in a client that repeats it
#: for each parameter (docs.rs/async-payjp-core, ``CreateCharge``), the days also on pay.jp/docs/authcapture;
#: pay.jp/docs/charge-tds says that 3-D Secure ends after a time, which the reference names. The long authorization is
#: for cards of Japan; for others the default of 7 days is not exceeded. That foreign cards have less was read nowhere.
PAYJP_V1 = ProviderLimits(
    amounts={"JPY": (50, 9_999_999)},
    authorization=timedelta(days=60),
    foreign_authorization=timedelta(days=7),
    authentication=timedelta(minutes=30),
    refund=timedelta(days=180),
)

#: Amounts: docs.pay.jp/v2/api, "Create Payment Flow"; the models of PAY.JP's SDK ``payjpv2`` refuse others themselves
#: (``PaymentFlowCreateRequest.amount``, ge=50, le=9999999). Authorizations: docs.pay.jp/v2/guide/status-management,
#: page auth-capture (7 days, 30 on request where the card allows it). Refunds: the same guide, page refund.
PAYJP_V2 = ProviderLimits(
    amounts={"JPY": (50, 9_999_999)},
    authorization=timedelta(days=30),
    foreign_authorization=timedelta(days=7),
    authentication=timedelta(minutes=30),
    refund=timedelta(days=180),
    checkout=True,
)
