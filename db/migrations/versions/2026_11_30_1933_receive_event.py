"""An event of a payment provider is taken in with one call."""

from collections.abc import Sequence

from alembic import op

from db.migrations.statements import apply_functions

revision: str = "2026_11_30_1933_receive_event"
down_revision: str | None = "2026_11_30_1918_phone_proof"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

FUNCTIONS = {"app_receive_event": "c9b4bb355b97", "app_payment_account": "dfb905b41e26"}


def upgrade() -> None:
    apply_functions(FUNCTIONS)


def downgrade() -> None:
    op.execute("DROP FUNCTION app_receive_event, app_payment_account")
