"""Campaigns and automations, and who got which of their messages."""

from collections.abc import Sequence

from alembic import op

revision: str = "2026_11_30_1656_campaigns"
down_revision: str | None = "2026_11_30_1655_channels"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_TABLES = ("marketing_sends", "automations", "campaigns")
_AUDITED = ("automations", "campaigns")
_RECIPIENT = "ck_notification_outbox_has_recipient"
_HAD_RECIPIENT = (
    "booking_id IS NOT NULL OR user_id IS NOT NULL OR facts ? 'invitation_id' OR facts ? 'erasure_id'"
    " OR facts ? 'waitlist_entry_id'"
)
_KNOWN = "ck_notification_outbox_kind_known"

CREATE = (
    """
CREATE TABLE campaigns (
    id uuid DEFAULT uuidv7() NOT NULL,
    business_id uuid NOT NULL,
    name text NOT NULL,
    status text DEFAULT 'draft' NOT NULL,
    segment jsonb DEFAULT '{}' NOT NULL,
    texts jsonb NOT NULL,
    count_days smallint NOT NULL,
    created_by uuid,
    started_by uuid,
    starts_at timestamptz,
    finished_at timestamptz,
    cursor uuid,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_campaigns PRIMARY KEY (id),
    CONSTRAINT ck_campaigns_status_known
        CHECK (status IN ('draft', 'scheduled', 'running', 'paused', 'stopped', 'done')),
    CONSTRAINT ck_campaigns_count_days_possible CHECK (count_days BETWEEN 1 AND 90),
    CONSTRAINT ck_campaigns_started_has_time CHECK (status = 'draft' OR starts_at IS NOT NULL),
    CONSTRAINT fk_campaigns_business_id_businesses FOREIGN KEY (business_id) REFERENCES businesses (id),
    CONSTRAINT fk_campaigns_created_by_users FOREIGN KEY (created_by) REFERENCES users (id),
    CONSTRAINT fk_campaigns_started_by_users FOREIGN KEY (started_by) REFERENCES users (id))
""",
    """
CREATE TABLE automations (
    id uuid DEFAULT uuidv7() NOT NULL,
    business_id uuid NOT NULL,
    kind text NOT NULL,
    days smallint NOT NULL,
    service_id uuid,
    texts jsonb NOT NULL,
    enabled boolean DEFAULT false NOT NULL,
    enabled_at timestamptz,
    looked_at timestamptz,
    deleted_at timestamptz,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_automations PRIMARY KEY (id),
    CONSTRAINT ck_automations_kind_known CHECK (kind IN ('first_visit', 'no_visit', 'birthday', 'rebook')),
    CONSTRAINT ck_automations_days_possible CHECK (days BETWEEN 0 AND 730),
    CONSTRAINT ck_automations_enabled_has_time CHECK (NOT enabled OR enabled_at IS NOT NULL),
    CONSTRAINT fk_automations_business_id_businesses FOREIGN KEY (business_id) REFERENCES businesses (id),
    CONSTRAINT fk_automations_service_id_services FOREIGN KEY (service_id) REFERENCES services (id))
""",
    """
CREATE TABLE marketing_sends (
    id uuid DEFAULT uuidv7() NOT NULL,
    business_id uuid NOT NULL,
    customer_id uuid NOT NULL,
    campaign_id uuid,
    automation_id uuid,
    cause text,
    notice_id uuid NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_marketing_sends PRIMARY KEY (id),
    CONSTRAINT ck_marketing_sends_of_one_sender CHECK (
        num_nonnulls(campaign_id, automation_id) = 1 AND (automation_id IS NULL) = (cause IS NULL)),
    CONSTRAINT uq_marketing_sends_campaign_id_customer_id UNIQUE (campaign_id, customer_id),
    CONSTRAINT uq_marketing_sends_automation_id_cause UNIQUE (automation_id, cause),
    CONSTRAINT fk_marketing_sends_business_id_businesses FOREIGN KEY (business_id) REFERENCES businesses (id),
    CONSTRAINT fk_marketing_sends_customer_id_customers FOREIGN KEY (customer_id) REFERENCES customers (id),
    CONSTRAINT fk_marketing_sends_campaign_id_campaigns FOREIGN KEY (campaign_id) REFERENCES campaigns (id),
    CONSTRAINT fk_marketing_sends_automation_id_automations FOREIGN KEY (automation_id) REFERENCES automations (id),
    CONSTRAINT fk_marketing_sends_notice_id_notification_outbox FOREIGN KEY (notice_id)
        REFERENCES notification_outbox (id) ON DELETE CASCADE)
""",
    "CREATE INDEX ix_campaigns_business_id ON campaigns (business_id, id)",
    "CREATE UNIQUE INDEX uq_automations_kind ON automations (business_id, kind, service_id)"
    " NULLS NOT DISTINCT WHERE deleted_at IS NULL",
    "CREATE INDEX ix_marketing_sends_customer_id ON marketing_sends (customer_id, created_at)",
    "CREATE INDEX ix_marketing_sends_notice_id ON marketing_sends (notice_id)",
)


def _replace_in_check(name: str, old: str, new: str) -> None:
    """Change a part of the list of a check constraint, and leave what other migrations have put into it."""
    old, new = (part.replace("'", "''") for part in (old, new))
    op.execute(f"""
DO $$
DECLARE was text;
BEGIN
    SELECT pg_get_constraintdef(oid) INTO was FROM pg_constraint WHERE conname = '{name}';
    ALTER TABLE notification_outbox DROP CONSTRAINT {name};
    EXECUTE 'ALTER TABLE notification_outbox ADD CONSTRAINT {name} ' || replace(was, '{old}', '{new}');
END $$
""")


def upgrade() -> None:
    for statement in CREATE:
        op.execute(statement)
    for table in _TABLES:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY tenant ON {table} USING (business_id = (SELECT app_tenant()) OR (SELECT app_platform()))"
        )
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO omotenashi_app")
    for table in _AUDITED:
        op.execute(f"CREATE TRIGGER touch BEFORE UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION touch_updated_at()")
        op.execute(
            f"CREATE TRIGGER audit AFTER INSERT OR DELETE OR UPDATE ON {table} FOR EACH ROW"
            " EXECUTE FUNCTION audit_change()"
        )
    _replace_in_check(_KNOWN, "'booking_held'::text,", "'booking_held'::text, 'campaign_message'::text,")
    op.execute(f"ALTER TABLE notification_outbox DROP CONSTRAINT {_RECIPIENT}")
    op.execute(
        f"ALTER TABLE notification_outbox ADD CONSTRAINT {_RECIPIENT}"
        f" CHECK ({_HAD_RECIPIENT} OR customer_id IS NOT NULL)"
    )


def downgrade() -> None:
    for table in _TABLES:
        op.drop_table(table)
    op.execute("DELETE FROM notification_outbox WHERE kind = 'campaign_message'")
    op.execute(f"ALTER TABLE notification_outbox DROP CONSTRAINT {_RECIPIENT}")
    op.execute(f"ALTER TABLE notification_outbox ADD CONSTRAINT {_RECIPIENT} CHECK ({_HAD_RECIPIENT})")
    _replace_in_check(_KNOWN, "'campaign_message'::text, ", "")
