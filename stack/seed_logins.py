"""Who can log in on a stack with demo data. Apart from the writing, so that `up` can say it without a database."""

OWNER = "owner@example.jp"
CUSTOMER = "customer@example.jp"
ADMIN = "admin@example.jp"
#: Of all of them. Known to everybody who reads this, so production refuses it.
PASSWORD = "Omotenashi-2026!"  # noqa: S105 - of demo data
