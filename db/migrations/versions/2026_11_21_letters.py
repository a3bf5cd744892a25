"""Messages that are about no booking."""

from collections.abc import Sequence

from alembic import op

revision: str = "2026_11_21_letters"
down_revision: str | None = "2026_11_21_money_in_the_inbox"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

BOOKINGS = (
    *("booking_requested", "booking_confirmed", "booking_reminder", "booking_changed", "booking_cancelled"),
    *("booking_expired", "booking_declined", "booking_completed", "booking_no_show"),
    *("payment_received", "payment_failed", "payment_refunded", "payment_late", "payment_renew"),
)
LETTERS = (
    *("email_verification", "password_reset", "password_changed", "new_device", "login_locked", "token_reused"),
    *("two_factor_changed", "data_export_ready", "erasure_planned", "erasure_done"),
    *("business_submitted", "business_approved", "business_rejected", "business_info_requested"),
    *("business_suspended", "business_reinstated", "business_review_closed", "review_due"),
    *("staff_invited", "staff_ended"),
)

# A letter to a login belongs to no tenant, and a login in its own scope or nobody in particular may cause one: rows
# without a tenant are the platform's, so it is entered for these two inserts and left again.
LETTER = """
CREATE FUNCTION app_letter(tenant uuid, recipient uuid, kind text, language text, facts jsonb, dedupe_key text,
                           seconds double precision, request_id text) RETURNS uuid LANGUAGE plpgsql AS $$
DECLARE was text := current_setting('app.scope', true); made uuid;
BEGIN
    PERFORM set_config('app.scope', 'platform', true);
    INSERT INTO notification_outbox (business_id, user_id, audience, kind, channel, language, facts, status, dedupe_key)
    VALUES (tenant, recipient, 'user', app_letter.kind, 'email',
            coalesce(app_letter.language, (SELECT u.language FROM users u WHERE u.id = recipient), 'ja'),
            app_letter.facts, 'queued', app_letter.dedupe_key)
    ON CONFLICT ON CONSTRAINT uq_notification_outbox_dedupe_key DO NOTHING RETURNING id INTO made;
    IF made IS NOT NULL THEN
        INSERT INTO outbox (business_id, event, aggregate, payload, command, request_id)
        VALUES (tenant, 'notice.promised', 'notice/' || made,
                jsonb_build_object('notice_id', made, 'business_id', tenant, 'kind', app_letter.kind,
                                   'give_up_at', now() + make_interval(secs => seconds)),
                'notice.start', app_letter.request_id);
    END IF;
    PERFORM set_config('app.scope', was, true);
    RETURN made;
END $$
"""


def _allow(kinds: Sequence[str]) -> None:
    listed = ", ".join(f"'{kind}'" for kind in kinds)
    op.execute("ALTER TABLE notification_outbox DROP CONSTRAINT ck_notification_outbox_kind_known")
    op.execute(
        f"ALTER TABLE notification_outbox ADD CONSTRAINT ck_notification_outbox_kind_known CHECK (kind IN ({listed}))"
    )


def upgrade() -> None:
    _allow((*BOOKINGS, *LETTERS))
    op.execute("""
        ALTER TABLE notification_outbox ADD CONSTRAINT ck_notification_outbox_letter_has_recipient
            CHECK (booking_id IS NOT NULL OR user_id IS NOT NULL OR facts ? 'invitation_id' OR facts ? 'erasure_id')
    """)
    op.execute(LETTER)


def downgrade() -> None:
    op.execute("DROP FUNCTION app_letter(uuid, uuid, text, text, jsonb, text, double precision, text)")
    op.execute("ALTER TABLE notification_outbox DROP CONSTRAINT ck_notification_outbox_letter_has_recipient")
    op.execute(
        "DELETE FROM notification_attempts WHERE notice_id IN"
        " (SELECT id FROM notification_outbox WHERE booking_id IS NULL)"
    )
    op.execute("DELETE FROM notification_outbox WHERE booking_id IS NULL")
    _allow(BOOKINGS)
