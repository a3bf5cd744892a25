"""The setting how long a guest without an e-mail address has to prove the number by SMS."""

from collections.abc import Sequence

from alembic import op

revision: str = "2026_11_30_1918_phone_proof"
down_revision: str | None = "2026_11_30_1917_take_address"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.execute(
        "ALTER TABLE business_settings ADD COLUMN phone_proof_within interval DEFAULT interval '0' NOT NULL,"
        " ADD CONSTRAINT ck_business_settings_phone_proof_in_range"
        " CHECK (phone_proof_within BETWEEN interval '0' AND interval '1 hour')"
    )


def downgrade() -> None:
    op.execute("ALTER TABLE business_settings DROP COLUMN phone_proof_within")
