"""When a dispute's evidence was sent to the provider, and the setting that sends it by itself."""

from collections.abc import Sequence

from alembic import op

revision: str = "2026_11_30_1703_dispute_answers"
down_revision: str | None = "2026_11_30_1702_payouts"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.execute("ALTER TABLE payment_disputes ADD COLUMN evidence_sent_at timestamptz, ADD COLUMN evidence_sent_by uuid")
    op.execute("ALTER TABLE business_settings ADD COLUMN send_dispute_evidence boolean DEFAULT false NOT NULL")


def downgrade() -> None:
    op.execute("ALTER TABLE business_settings DROP COLUMN send_dispute_evidence")
    op.execute("ALTER TABLE payment_disputes DROP COLUMN evidence_sent_at, DROP COLUMN evidence_sent_by")
