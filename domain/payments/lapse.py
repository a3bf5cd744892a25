"""How long a card's promise lasts when the provider does not say it.

Stripe, "Place a hold on a payment method": 7 days online, 5 days (in truth 4 days and 18 hours) for a Visa card that
is charged without its customer. Taken shorter: too early a renewal costs a call, too late a one the money.
"""

from datetime import timedelta

#: From the opening of the payment, which comes before the customer's authorization.
WITH_CUSTOMER = timedelta(days=6)
#: From the authorization.
WITHOUT_CUSTOMER = timedelta(days=4)
