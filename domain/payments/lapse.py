"""How long an authorization is valid when the provider does not say it.

Stripe, "Place a hold on a payment method": 7 days online; 5 days (in fact 4 days and 18 hours) for a Visa card that is
charged without the customer. Shorter values are used here: a renewal that is too early costs one call, one that is too
late costs the money.
"""

from datetime import timedelta

#: From the creation of the payment, which is before the customer's authorization.
WITH_CUSTOMER = timedelta(days=6)
#: From the authorization.
WITHOUT_CUSTOMER = timedelta(days=4)
