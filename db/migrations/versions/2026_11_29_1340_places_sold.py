"""How many places of a class are sold at each start."""

from collections.abc import Sequence

from alembic import op

from db.migrations.statements import apply_functions

revision: str = "2026_11_29_1340_places_sold"
down_revision: str | None = "2026_11_29_1335_held_notice"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

FUNCTIONS = {"app_places_sold": "4b6baee2e0d8"}


def upgrade() -> None:
    op.create_index("ix_booking_items_service_id_start_at", "booking_items", ["service_id", "start_at"])
    op.drop_index("ix_booking_items_service_id", "booking_items")
    apply_functions(FUNCTIONS)


def downgrade() -> None:
    op.execute("DROP FUNCTION app_places_sold")
    op.create_index("ix_booking_items_service_id", "booking_items", ["service_id"])
    op.drop_index("ix_booking_items_service_id_start_at", "booking_items")
