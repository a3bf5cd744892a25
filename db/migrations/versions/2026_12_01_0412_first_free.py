"""Of many candidates of a booking the first free one is found at once, without waiting for who claims another."""

from collections.abc import Sequence

from alembic import op

from db.migrations.statements import apply_functions

revision: str = "2026_12_01_0412_first_free"
down_revision: str | None = "2026_12_01_0305_card_promise"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

FUNCTIONS = {"app_lock_unit": "6af6c7957b0e", "app_first_free": "b5513e8ef190"}


def upgrade() -> None:
    apply_functions(FUNCTIONS)


def downgrade() -> None:
    for function in reversed(FUNCTIONS):
        op.execute(f"DROP FUNCTION {function}")
