"""An unpaid booking of a guest waits until the guest has confirmed the typed address."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from db.migrations.statements import apply_functions

revision: str = "2026_11_29_1400_address_proof"
down_revision: str | None = "2026_11_29_1355_providers"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

FUNCTIONS = {"app_visits_ahead": "3d33259cb448"}
#: The kinds of notices before this step.
KINDS = [
    "booking_held",
    "booking_requested",
    "booking_confirmed",
    "booking_reminder",
    "booking_changed",
    "booking_cancelled",
    "booking_expired",
    "booking_declined",
    "booking_completed",
    "booking_no_show",
    "payment_received",
    "payment_failed",
    "payment_refunded",
    "payment_late",
    "payment_renew",
    "reaccommodation_offered",
    "reaccommodation_reminder",
    "reaccommodation_decided",
    "booking_reassigned",
    "email_verification",
    "password_reset",
    "password_changed",
    "new_device",
    "login_locked",
    "token_reused",
    "two_factor_changed",
    "data_export_ready",
    "erasure_planned",
    "erasure_done",
    "business_submitted",
    "business_approved",
    "business_rejected",
    "business_info_requested",
    "business_suspended",
    "business_reinstated",
    "business_review_closed",
    "review_due",
    "staff_invited",
    "staff_ended",
]
RANGE = "address_proof_within BETWEEN interval '0' AND interval '1 day'"


def _allow(kinds: Sequence[str]) -> None:
    listed = ", ".join(f"'{kind}'" for kind in kinds)
    op.execute("ALTER TABLE notification_outbox DROP CONSTRAINT ck_notification_outbox_kind_known")
    op.execute(
        f"ALTER TABLE notification_outbox ADD CONSTRAINT ck_notification_outbox_kind_known CHECK (kind IN ({listed}))"
    )


def upgrade() -> None:
    _allow([*KINDS, "booking_proof"])
    op.add_column("bookings", sa.Column("proof_deadline", sa.DateTime(timezone=True), nullable=True))
    op.add_column("bookings", sa.Column("contact_proven_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "business_settings",
        sa.Column(
            "address_proof_within",
            postgresql.INTERVAL(),
            server_default=sa.text("interval '30 minutes'"),
            nullable=False,
        ),
    )
    op.create_check_constraint(op.f("ck_business_settings_address_proof_in_range"), "business_settings", RANGE)
    op.create_index(
        "ix_bookings_contact_proven",
        "bookings",
        ["business_id", "start_at"],
        postgresql_where=sa.text("contact_proven_at IS NOT NULL AND status IN ('pending', 'confirmed')"),
    )
    apply_functions(FUNCTIONS)


def downgrade() -> None:
    op.execute("SELECT set_config('app.scope', 'platform', true)")
    op.execute("DELETE FROM notification_outbox WHERE kind = 'booking_proof'")
    _allow(KINDS)
    op.drop_index("ix_bookings_contact_proven", table_name="bookings")
    op.drop_constraint(op.f("ck_business_settings_address_proof_in_range"), "business_settings")
    for table, column in (
        ("business_settings", "address_proof_within"),
        ("bookings", "contact_proven_at"),
        ("bookings", "proof_deadline"),
    ):
        op.drop_column(table, column)
