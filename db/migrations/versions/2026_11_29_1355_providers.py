"""The provider of a business's account and of a payment is one that the platform knows."""

from collections.abc import Sequence

from alembic import op

revision: str = "2026_11_29_1355_providers"
down_revision: str | None = "2026_11_29_1350_start_grid"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_NAMES = "('stripe', 'payjp_v1', 'payjp_v2')"


def upgrade() -> None:
    op.create_check_constraint(
        op.f("ck_businesses_payment_provider_known"), "businesses", f"payment_provider IN {_NAMES}"
    )
    op.create_check_constraint(op.f("ck_booking_payments_provider_known"), "booking_payments", f"provider IN {_NAMES}")


def downgrade() -> None:
    op.drop_constraint(op.f("ck_booking_payments_provider_known"), "booking_payments")
    op.drop_constraint(op.f("ck_businesses_payment_provider_known"), "businesses")
