"""A server with the HTTP APIs of Stripe, PAY.JP and SendGrid, for development and tests. State is stored; no real money
is moved.

Run it with ``python -m providers.sandbox``. The adapters have no code for it: they get its base URL.
"""
