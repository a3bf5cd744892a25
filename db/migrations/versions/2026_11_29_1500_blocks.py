"""Blocks: time that a business keeps free, taken by claims like the time of bookings."""

from collections.abc import Sequence

from alembic import op

from db.migrations.statements import apply_functions

revision: str = "2026_11_29_1500_blocks"
down_revision: str | None = "2026_11_29_1445_draft_slugs"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

FUNCTIONS = {
    "app_fill_block": "63c01313fffc",
    "block_takes_released_time": "ba09215c2bcf",
    "block_takes_new_units": "6db72cf64c73",
}
_REASONS = "'hours', 'holidays', 'time_zone', 'working_hours', 'exception', 'resource', 'service', 'staff_left'"
BLOCKS = """
CREATE TABLE blocks (
    id uuid DEFAULT uuidv7() NOT NULL,
    business_id uuid NOT NULL,
    resource_id uuid,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    recurrence jsonb,
    reason text,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_blocks PRIMARY KEY (id),
    CONSTRAINT ck_blocks_time_in_order CHECK (ends_at > starts_at),
    CONSTRAINT fk_blocks_business_id_businesses FOREIGN KEY (business_id) REFERENCES businesses (id),
    CONSTRAINT fk_blocks_resource_id_resources FOREIGN KEY (resource_id) REFERENCES resources (id))
"""
TIMES = """
CREATE TABLE block_times (
    id uuid DEFAULT uuidv7() NOT NULL,
    business_id uuid NOT NULL,
    block_id uuid NOT NULL,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    CONSTRAINT pk_block_times PRIMARY KEY (id),
    CONSTRAINT uq_block_times_block_id_starts_at UNIQUE (block_id, starts_at),
    CONSTRAINT ck_block_times_time_in_order CHECK (ends_at > starts_at),
    CONSTRAINT fk_block_times_business_id_businesses FOREIGN KEY (business_id) REFERENCES businesses (id),
    CONSTRAINT fk_block_times_block_id_blocks FOREIGN KEY (block_id) REFERENCES blocks (id))
"""


def upgrade() -> None:
    for statement in (BLOCKS, TIMES):
        op.execute(statement)
    op.execute("CREATE INDEX ix_blocks_business_id ON blocks (business_id, id)")
    op.execute("CREATE INDEX ix_block_times_business_id_ends_at ON block_times (business_id, ends_at)")
    for table in ("blocks", "block_times"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY tenant ON {table} USING (business_id = (SELECT app_tenant()) OR (SELECT app_platform()))"
        )
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO omotenashi_app")
    op.execute("CREATE TRIGGER touch BEFORE UPDATE ON blocks FOR EACH ROW EXECUTE FUNCTION touch_updated_at()")
    op.execute(
        "CREATE TRIGGER audit AFTER INSERT OR DELETE OR UPDATE ON blocks FOR EACH ROW EXECUTE FUNCTION audit_change()"
    )
    _widen_claims()
    apply_functions(FUNCTIONS)
    op.execute(
        "CREATE TRIGGER block_takes_released_time AFTER UPDATE OF released_at ON resource_claims FOR EACH ROW"
        " WHEN (OLD.released_at IS NULL AND NEW.released_at IS NOT NULL)"
        " EXECUTE FUNCTION block_takes_released_time()"
    )
    op.execute(
        "CREATE TRIGGER block_takes_new_units AFTER INSERT OR UPDATE OF capacity, is_active, deleted_at ON resources"
        " FOR EACH ROW WHEN (NEW.is_active AND NEW.deleted_at IS NULL) EXECUTE FUNCTION block_takes_new_units()"
    )
    _reasons(f"{_REASONS}, 'block'")


def _widen_claims() -> None:
    op.execute("ALTER TABLE resource_claims ADD COLUMN block_id uuid, ALTER COLUMN booking_id DROP NOT NULL")
    op.execute(
        "ALTER TABLE resource_claims ADD CONSTRAINT fk_resource_claims_block_id_blocks FOREIGN KEY (block_id)"
        " REFERENCES blocks (id) NOT VALID"
    )
    op.execute(
        "ALTER TABLE resource_claims ADD CONSTRAINT ck_resource_claims_taken_by_one"
        " CHECK (num_nonnulls(booking_id, block_id) = 1) NOT VALID"
    )
    op.execute("ALTER TABLE resource_claims VALIDATE CONSTRAINT fk_resource_claims_block_id_blocks")
    op.execute("ALTER TABLE resource_claims VALIDATE CONSTRAINT ck_resource_claims_taken_by_one")
    op.execute("CREATE INDEX ix_resource_claims_block_id ON resource_claims (block_id) WHERE block_id IS NOT NULL")


def _reasons(allowed: str) -> None:
    op.execute("ALTER TABLE reaccommodations DROP CONSTRAINT ck_reaccommodations_reason_known")
    op.execute(
        f"ALTER TABLE reaccommodations ADD CONSTRAINT ck_reaccommodations_reason_known CHECK (reason IN ({allowed}))"
    )


def downgrade() -> None:
    op.execute("DELETE FROM resource_claims WHERE block_id IS NOT NULL")
    op.execute("UPDATE reaccommodations SET reason = 'exception' WHERE reason = 'block'")
    _reasons(_REASONS)
    op.execute("DROP TRIGGER block_takes_new_units ON resources")
    op.execute("DROP TRIGGER block_takes_released_time ON resource_claims")
    for function in reversed(FUNCTIONS):
        op.execute(f"DROP FUNCTION {function}")
    op.execute("ALTER TABLE resource_claims DROP COLUMN block_id, ALTER COLUMN booking_id SET NOT NULL")
    op.drop_table("block_times")
    op.drop_table("blocks")
