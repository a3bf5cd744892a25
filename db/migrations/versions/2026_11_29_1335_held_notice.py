"""A message says until when the time is reserved for the payment."""

from collections.abc import Sequence

from alembic import op

revision: str = "2026_11_29_1335_held_notice"
down_revision: str | None = "2026_11_29_1330_analytics"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_NAME = "ck_notification_outbox_kind_known"
_KINDS = (
    *("booking_requested", "booking_confirmed", "booking_reminder", "booking_changed", "booking_cancelled"),
    *("booking_expired", "booking_declined", "booking_completed", "booking_no_show", "payment_received"),
    *("payment_failed", "payment_refunded", "payment_late", "payment_renew", "reaccommodation_offered"),
    *("reaccommodation_reminder", "reaccommodation_decided", "booking_reassigned", "email_verification"),
    *("password_reset", "password_changed", "new_device", "login_locked", "token_reused", "two_factor_changed"),
    *("data_export_ready", "erasure_planned", "erasure_done", "business_submitted", "business_approved"),
    *("business_rejected", "business_info_requested", "business_suspended", "business_reinstated"),
    *("business_review_closed", "review_due", "staff_invited", "staff_ended"),
)


def _allow(*kinds: str) -> None:
    listed = ", ".join(f"'{kind}'" for kind in kinds)
    op.drop_constraint(op.f(_NAME), "notification_outbox")
    op.create_check_constraint(op.f(_NAME), "notification_outbox", f"kind IN ({listed})")


def upgrade() -> None:
    _allow("booking_held", *_KINDS)


def downgrade() -> None:
    _allow(*_KINDS)
