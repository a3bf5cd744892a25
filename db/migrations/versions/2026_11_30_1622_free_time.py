"""Free time from one statement: a version of each business's catalogue, and the claims of each unit in one value."""

from collections.abc import Sequence

from alembic import op

from db.migrations.statements import apply_functions

revision: str = "2026_11_30_1622_free_time"
down_revision: str | None = "2026_11_30_1600_without_card"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

FUNCTIONS = {"app_free_time": "11bf4b033305", "note_catalogue_change": "f5a8ba181ef5"}
_ANY = "INSERT OR UPDATE OR DELETE"
#: What the catalogue of a booking is made of, and which changes of it count.
WATCHED = {
    "businesses": "INSERT OR UPDATE OF status, time_zone, currency, calendar_version, payment_provider, deleted_at",
    **dict.fromkeys(
        (
            "business_settings",
            "business_hours",
            "business_holidays",
            "cancellation_policies",
            "services",
            "service_resources",
            "resources",
            "staff_working_hours",
            "staff_exceptions",
        ),
        _ANY,
    ),
}


def upgrade() -> None:
    op.execute("""
        CREATE TABLE catalogue_versions (
            business_id uuid NOT NULL,
            version uuid NOT NULL,
            CONSTRAINT pk_catalogue_versions PRIMARY KEY (business_id),
            CONSTRAINT fk_catalogue_versions_business_id_businesses FOREIGN KEY (business_id)
                REFERENCES businesses (id))""")
    op.execute("INSERT INTO catalogue_versions SELECT id, gen_random_uuid() FROM businesses")
    op.execute("ALTER TABLE catalogue_versions ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE catalogue_versions FORCE ROW LEVEL SECURITY")
    op.execute(
        "CREATE POLICY tenant ON catalogue_versions"
        " USING ((business_id = (SELECT app_tenant())) OR (SELECT app_platform()))"
    )
    op.execute("GRANT SELECT ON catalogue_versions TO omotenashi_app")
    apply_functions(FUNCTIONS)
    for table, changes in WATCHED.items():
        op.execute(
            f"CREATE CONSTRAINT TRIGGER note_catalogue_change AFTER {changes} ON {table} DEFERRABLE INITIALLY DEFERRED"
            " FOR EACH ROW EXECUTE FUNCTION note_catalogue_change()"
        )


def downgrade() -> None:
    for table in WATCHED:
        op.execute(f"DROP TRIGGER note_catalogue_change ON {table}")
    op.execute("DROP FUNCTION app_free_time, note_catalogue_change")
    op.execute("DROP TABLE catalogue_versions")
