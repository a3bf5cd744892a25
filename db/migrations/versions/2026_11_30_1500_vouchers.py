"""Payment at convenience stores: the open voucher of a payment, the setting of a business, and their messages. And the
page of the provider where a payment is made."""

import re
from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "2026_11_30_1500_vouchers"
down_revision: str | None = "2026_11_30_1046_import_refusals"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

KINDS = ("payment_voucher", "payment_voucher_ending", "refund_account")
_KNOWN = "ck_notification_outbox_kind_known"


def _allow(kinds: Sequence[str]) -> None:
    listed = ", ".join(f"'{kind}'" for kind in kinds)
    op.drop_constraint(op.f(_KNOWN), "notification_outbox")
    op.create_check_constraint(op.f(_KNOWN), "notification_outbox", f"kind IN ({listed})")


def _known_kinds() -> list[str]:
    """What could be queued so far, as the constraint says."""
    rule = op.get_bind().scalar(
        sa.text("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = :name"), {"name": _KNOWN}
    )
    return re.findall(r"'([a-z0-9_]+)'", str(rule))


def upgrade() -> None:
    op.execute("ALTER TABLE booking_payments ADD COLUMN voucher jsonb, ADD COLUMN checkout_id text")
    op.execute(
        "ALTER TABLE business_settings ADD COLUMN konbini_days smallint NOT NULL DEFAULT 0,"
        " ADD CONSTRAINT ck_business_settings_konbini_days_in_range CHECK (konbini_days BETWEEN 0 AND 30)"
    )
    _allow([*_known_kinds(), *KINDS])


def downgrade() -> None:
    op.execute("SELECT set_config('app.scope', 'platform', true)")
    listed = ", ".join(f"'{kind}'" for kind in KINDS)
    op.execute(f"DELETE FROM notification_outbox WHERE kind IN ({listed})")
    _allow([kind for kind in _known_kinds() if kind not in KINDS])
    op.execute("ALTER TABLE business_settings DROP COLUMN konbini_days")
    op.execute("ALTER TABLE booking_payments DROP COLUMN checkout_id, DROP COLUMN voucher")
