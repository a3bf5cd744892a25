"""Documents and the review that lets a business in."""

from collections.abc import Sequence

from alembic import op

revision: str = "2026_11_21_verification"
down_revision: str | None = "2026_11_21_business_profile"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

VERIFICATIONS = """
CREATE TABLE business_verifications (
    id uuid CONSTRAINT pk_business_verifications PRIMARY KEY DEFAULT uuidv7(),
    business_id uuid NOT NULL CONSTRAINT fk_business_verifications_business_id_businesses REFERENCES businesses (id),
    status text NOT NULL DEFAULT 'waiting',
    note text,
    decided_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT ck_business_verifications_status_known
        CHECK (status IN ('waiting', 'info_requested', 'approved', 'rejected', 'closed'))
)
"""
DECISIONS = """
CREATE TABLE business_decisions (
    id uuid CONSTRAINT pk_business_decisions PRIMARY KEY DEFAULT uuidv7(),
    business_id uuid NOT NULL CONSTRAINT fk_business_decisions_business_id_businesses REFERENCES businesses (id),
    verification_id uuid CONSTRAINT fk_business_decisions_verification_id_business_verifications
        REFERENCES business_verifications (id),
    decision text NOT NULL,
    reason text,
    decided_by uuid CONSTRAINT fk_business_decisions_decided_by_users REFERENCES users (id),
    command_id text NOT NULL CONSTRAINT uq_business_decisions_command_id UNIQUE,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT ck_business_decisions_decision_known CHECK (decision IN ('submitted', 'info_requested', 'resubmitted',
        'approved', 'rejected', 'closed', 'suspended', 'reinstated'))
)
"""
DOCUMENTS = """
CREATE TABLE business_documents (
    id uuid CONSTRAINT pk_business_documents PRIMARY KEY DEFAULT uuidv7(),
    business_id uuid NOT NULL CONSTRAINT fk_business_documents_business_id_businesses REFERENCES businesses (id),
    kind text NOT NULL,
    status text NOT NULL DEFAULT 'uploading',
    content_type text NOT NULL,
    size bigint,
    object_key text NOT NULL CONSTRAINT uq_business_documents_object_key UNIQUE,
    note text,
    deleted_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT ck_business_documents_kind_known CHECK (kind IN ('registration', 'permit', 'identity')),
    CONSTRAINT ck_business_documents_status_known CHECK (status IN ('uploading', 'received', 'accepted', 'refused'))
)
"""
INDEXES = (
    "CREATE UNIQUE INDEX uq_business_verifications_open ON business_verifications (business_id)"
    " WHERE status IN ('waiting', 'info_requested')",
    "CREATE INDEX ix_business_verifications_business_id ON business_verifications (business_id, id)",
    "CREATE INDEX ix_business_verifications_status ON business_verifications (status, id)",
    "CREATE INDEX ix_business_decisions_business_id ON business_decisions (business_id, id)",
    "CREATE INDEX ix_business_decisions_verification_id ON business_decisions (verification_id, id)",
    "CREATE INDEX ix_business_documents_business_id ON business_documents (business_id, id)",
)
TABLES = ("business_verifications", "business_decisions", "business_documents")
STAMPED = ("business_verifications", "business_documents")


def upgrade() -> None:
    for statement in (VERIFICATIONS, DECISIONS, DOCUMENTS, *INDEXES):
        op.execute(statement)
    for table in TABLES:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY tenant ON {table} USING (business_id = (SELECT app_tenant()) OR (SELECT app_platform()))"
        )
        op.execute(
            f"CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION audit_change()"
        )
        op.execute(f"GRANT SELECT, INSERT ON {table} TO omotenashi_app")
    for table in STAMPED:
        op.execute(f"GRANT UPDATE, DELETE ON {table} TO omotenashi_app")
        op.execute(f"CREATE TRIGGER touch BEFORE UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION touch_updated_at()")


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
