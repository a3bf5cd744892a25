"""The logins of a stack with demo data. A module of its own, so that `up` can print them without the database code."""

OWNER = "owner@example.jp"
#: Of the izakaya. The salon is the business of ``OWNER``: no login sees the other business.
IZAKAYA_OWNER = "izakaya@example.jp"
CUSTOMER = "customer@example.jp"
ADMIN = "admin@example.jp"
#: Of all logins. It is public, so production refuses it.
PASSWORD = "Omotenashi-2026!"  # noqa: S105 - of demo data
