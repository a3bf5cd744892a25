"""The look of a business's messages, what their recipients want, and what they have consented to."""

from collections.abc import Sequence

from alembic import op

from db.migrations.statements import apply_functions

revision: str = "2026_11_30_0915_message_choices"
down_revision: str | None = "2026_11_30_0906_corrected_by"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

FUNCTIONS = {"app_enter": "09cc9045f96f"}
TABLES = (
    """
CREATE TABLE message_brands (
    business_id uuid NOT NULL,
    colour text,
    logo_media_id uuid,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_message_brands PRIMARY KEY (business_id),
    CONSTRAINT ck_message_brands_colour_is_hexadecimal CHECK (colour ~ '^#[0-9a-f]{6}$'),
    CONSTRAINT fk_message_brands_business_id_businesses FOREIGN KEY (business_id) REFERENCES businesses (id),
    CONSTRAINT fk_message_brands_logo_media_id_business_media
        FOREIGN KEY (logo_media_id) REFERENCES business_media (id) ON DELETE SET NULL)
""",
    """
CREATE TABLE notification_preferences (
    id uuid DEFAULT uuidv7() NOT NULL,
    business_id uuid,
    user_id uuid,
    customer_id uuid,
    kind text NOT NULL,
    channel text NOT NULL,
    enabled boolean NOT NULL,
    source text NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_notification_preferences PRIMARY KEY (id),
    CONSTRAINT ck_notification_preferences_kind_known
        CHECK (kind IN ('booking_reminder', 'review_replied', 'review_posted')),
    CONSTRAINT ck_notification_preferences_channel_known CHECK (channel IN ('email')),
    CONSTRAINT ck_notification_preferences_source_known CHECK (source IN ('login', 'link', 'one_click')),
    CONSTRAINT ck_notification_preferences_of_one_person
        CHECK (num_nonnulls(user_id, customer_id) = 1 AND (customer_id IS NULL OR business_id IS NOT NULL)),
    CONSTRAINT uq_notification_preferences_person_kind
        UNIQUE NULLS NOT DISTINCT (user_id, customer_id, business_id, kind, channel),
    CONSTRAINT fk_notification_preferences_business_id_businesses FOREIGN KEY (business_id) REFERENCES businesses (id),
    CONSTRAINT fk_notification_preferences_user_id_users FOREIGN KEY (user_id) REFERENCES users (id),
    CONSTRAINT fk_notification_preferences_customer_id_customers FOREIGN KEY (customer_id) REFERENCES customers (id))
""",
    """
CREATE TABLE consents (
    id uuid DEFAULT uuidv7() NOT NULL,
    business_id uuid NOT NULL,
    customer_id uuid NOT NULL,
    purpose text NOT NULL,
    granted boolean NOT NULL,
    source text NOT NULL,
    language text NOT NULL,
    wording text NOT NULL,
    notice_id uuid,
    actor_id uuid,
    created_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_consents PRIMARY KEY (id),
    CONSTRAINT ck_consents_purpose_known CHECK (purpose IN ('offers')),
    CONSTRAINT ck_consents_source_known CHECK (source IN ('link', 'one_click', 'staff')),
    CONSTRAINT ck_consents_has_its_proof
        CHECK (CASE source WHEN 'staff' THEN actor_id IS NOT NULL ELSE notice_id IS NOT NULL END),
    CONSTRAINT fk_consents_business_id_businesses FOREIGN KEY (business_id) REFERENCES businesses (id),
    CONSTRAINT fk_consents_customer_id_customers FOREIGN KEY (customer_id) REFERENCES customers (id),
    CONSTRAINT fk_consents_notice_id_notification_outbox FOREIGN KEY (notice_id) REFERENCES notification_outbox (id))
""",
)
INDEXES = (
    "CREATE INDEX ix_notification_preferences_customer_id ON notification_preferences (customer_id)"
    " WHERE customer_id IS NOT NULL",
    "CREATE INDEX ix_notification_preferences_business_id ON notification_preferences (business_id)",
    "CREATE INDEX ix_consents_customer_id ON consents (customer_id, id)",
)
_TENANT = "business_id = (SELECT app_tenant()) OR (SELECT app_platform())"
#: A business reads what those want to whom it has sent messages.
_RECIPIENT = (
    "business_id IS NULL AND (SELECT app_tenant()) IS NOT NULL AND EXISTS"
    " (SELECT 1 FROM notification_outbox n WHERE n.user_id = notification_preferences.user_id)"
)


def upgrade() -> None:
    for statement in (*TABLES, *INDEXES):
        op.execute(statement)
    _secure("message_brands", "SELECT, INSERT, UPDATE")
    _policy(
        "message_brands",
        "also_read",
        "FOR SELECT USING ((SELECT app_public()) AND EXISTS"
        " (SELECT 1 FROM businesses b WHERE b.id = message_brands.business_id))",
    )
    _secure("notification_preferences", "SELECT, INSERT, UPDATE, DELETE")
    _policy("notification_preferences", "own", "USING (user_id = (SELECT app_self()))")
    _policy("notification_preferences", "also_read", f"FOR SELECT USING ({_RECIPIENT})")
    _secure("consents", "SELECT, INSERT, DELETE")
    for table in ("message_brands", "notification_preferences"):
        op.execute(f"CREATE TRIGGER touch BEFORE UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION touch_updated_at()")
        op.execute(
            f"CREATE TRIGGER audit AFTER INSERT OR DELETE OR UPDATE ON {table} FOR EACH ROW"
            " EXECUTE FUNCTION audit_change()"
        )
    apply_functions(FUNCTIONS)
    op.execute("ALTER TABLE notification_outbox ADD COLUMN due_at timestamptz DEFAULT now() NOT NULL")
    op.execute("SELECT set_config('app.scope', 'platform', true)")
    op.execute("UPDATE notification_outbox SET due_at = created_at")


def _secure(table: str, rights: str) -> None:
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    _policy(table, "tenant", f"USING ({_TENANT})")
    op.execute(f"GRANT {rights} ON {table} TO omotenashi_app")


def _policy(table: str, name: str, rule: str) -> None:
    op.execute(f"CREATE POLICY {name} ON {table} {rule}")


def downgrade() -> None:
    """`app_enter` stays: it works with the tables of both sides."""
    op.execute("ALTER TABLE notification_outbox DROP COLUMN due_at")
    for table in ("consents", "notification_preferences", "message_brands"):
        op.drop_table(table)
