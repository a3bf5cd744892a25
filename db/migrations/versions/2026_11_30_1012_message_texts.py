"""Texts of messages that businesses write themselves."""

from collections.abc import Sequence

from alembic import op

revision: str = "2026_11_30_1012_message_texts"
down_revision: str | None = "2026_11_30_0953_archives"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_KINDS = (
    *("booking_requested", "booking_confirmed", "booking_reminder", "booking_changed", "booking_cancelled"),
    *("booking_declined", "booking_completed"),
)


def upgrade() -> None:
    kinds = ", ".join(repr(kind) for kind in _KINDS)
    op.execute(f"""
CREATE TABLE message_texts (
    id uuid DEFAULT uuidv7() NOT NULL,
    business_id uuid NOT NULL,
    kind text NOT NULL,
    language text NOT NULL,
    subject text NOT NULL,
    body text NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_message_texts PRIMARY KEY (id),
    CONSTRAINT ck_message_texts_kind_known CHECK (kind IN ({kinds})),
    CONSTRAINT ck_message_texts_language_known CHECK (language IN ('ja', 'en')),
    CONSTRAINT uq_message_texts_business_id_kind_language UNIQUE (business_id, kind, language),
    CONSTRAINT fk_message_texts_business_id_businesses FOREIGN KEY (business_id) REFERENCES businesses (id))
""")
    op.execute("ALTER TABLE message_texts ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE message_texts FORCE ROW LEVEL SECURITY")
    op.execute(
        "CREATE POLICY tenant ON message_texts USING (business_id = (SELECT app_tenant()) OR (SELECT app_platform()))"
    )
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON message_texts TO omotenashi_app")
    op.execute("CREATE TRIGGER touch BEFORE UPDATE ON message_texts FOR EACH ROW EXECUTE FUNCTION touch_updated_at()")
    op.execute(
        "CREATE TRIGGER audit AFTER INSERT OR DELETE OR UPDATE ON message_texts FOR EACH ROW"
        " EXECUTE FUNCTION audit_change()"
    )


def downgrade() -> None:
    op.drop_table("message_texts")
