"""A server that speaks the wire of Stripe, PAY.JP and SendGrid, for development and tests. State is kept; money is
not real.

Run it with ``python -m providers.sandbox``. The adapters know nothing of it: they are given its base URL.
"""
