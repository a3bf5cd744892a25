"""Messages by SMS, LINE and web push: addresses of logins, the channels of a message, and what each call cost."""

import re
from collections.abc import Sequence

from alembic import op

revision: str = "2026_11_30_1655_channels"
down_revision: str | None = "2026_11_30_1622_free_time"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_KINDS = "ck_notification_outbox_kind_known"
_ADDRESSES = """
CREATE TABLE channel_addresses (
    id uuid DEFAULT uuidv7() NOT NULL,
    user_id uuid NOT NULL,
    channel text NOT NULL,
    address text NOT NULL,
    keys jsonb,
    tries integer DEFAULT 0 NOT NULL,
    expires_at timestamptz,
    proven_at timestamptz,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_channel_addresses PRIMARY KEY (id),
    CONSTRAINT ck_channel_addresses_channel_known CHECK (channel IN ('line', 'push', 'sms')),
    CONSTRAINT ck_channel_addresses_keys_of_push CHECK ((channel = 'push') = (keys IS NOT NULL)),
    CONSTRAINT ck_channel_addresses_code_of_sms
        CHECK (proven_at IS NOT NULL OR (channel = 'sms' AND expires_at IS NOT NULL)),
    CONSTRAINT fk_channel_addresses_user_id_users FOREIGN KEY (user_id) REFERENCES users (id))
"""
_INDEXES = (
    "CREATE INDEX ix_channel_addresses_user_id ON channel_addresses (user_id, channel)",
    "CREATE UNIQUE INDEX uq_channel_addresses_address ON channel_addresses (channel, address) WHERE channel <> 'sms'",
    "CREATE UNIQUE INDEX uq_channel_addresses_one_of_login ON channel_addresses (user_id, channel)"
    " WHERE channel <> 'push' AND proven_at IS NOT NULL",
)
#: A business reads where those can be reached to whom it has sent messages.
_RECIPIENT = (
    "(SELECT app_tenant()) IS NOT NULL AND EXISTS"
    " (SELECT 1 FROM notification_outbox n WHERE n.user_id = channel_addresses.user_id)"
)


def upgrade() -> None:
    op.execute(_ADDRESSES)
    for index in _INDEXES:
        op.execute(index)
    op.execute("ALTER TABLE channel_addresses ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE channel_addresses FORCE ROW LEVEL SECURITY")
    op.execute("CREATE POLICY platform ON channel_addresses USING ((SELECT app_platform()))")
    op.execute("CREATE POLICY own ON channel_addresses USING (user_id = (SELECT app_self()))")
    op.execute(f"CREATE POLICY also_read ON channel_addresses FOR SELECT USING ({_RECIPIENT})")
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON channel_addresses TO omotenashi_app")
    op.execute(
        "CREATE TRIGGER touch BEFORE UPDATE ON channel_addresses FOR EACH ROW EXECUTE FUNCTION touch_updated_at()"
    )
    op.execute("ALTER TABLE notification_outbox ADD COLUMN route text[], ADD COLUMN link_code text")
    op.execute("ALTER TABLE notification_outbox ADD CONSTRAINT uq_notification_outbox_link_code UNIQUE (link_code)")
    _allow([*_known_kinds(), "phone_code"])
    op.execute(
        "ALTER TABLE notification_attempts ADD COLUMN channel text DEFAULT 'email' NOT NULL,"
        " ADD COLUMN cost_micros bigint"
    )
    op.execute("ALTER TABLE users ADD COLUMN time_zone text")
    op.execute("ALTER TABLE notification_preferences ADD COLUMN position integer")
    _choices(
        "'booking_cancelled', 'booking_changed', 'booking_confirmed', 'booking_reminder', 'payment_failed',"
        " 'payment_renew', 'review_posted', 'review_replied', 'waitlist_offered'",
        "'email', 'line', 'push', 'sms'",
    )
    op.execute(
        "ALTER TABLE notification_preferences ADD CONSTRAINT ck_notification_preferences_position_of_channel"
        " CHECK (position BETWEEN 1 AND 4)"
    )


def _choices(kinds: str, channels: str) -> None:
    for column, values in (("kind", kinds), ("channel", channels)):
        name = f"ck_notification_preferences_{column}_known"
        op.execute(f"ALTER TABLE notification_preferences DROP CONSTRAINT {name}")
        op.execute(f"ALTER TABLE notification_preferences ADD CONSTRAINT {name} CHECK ({column} IN ({values}))")


def _known_kinds() -> list[str]:
    """The kinds that the constraint allows now."""
    found = op.get_bind().exec_driver_sql(
        f"SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = '{_KINDS}'"
    )
    return re.findall(r"'([a-z0-9_]+)'", found.scalar_one())


def _allow(kinds: Sequence[str]) -> None:
    listed = ", ".join(f"'{kind}'" for kind in kinds)
    op.execute(f"ALTER TABLE notification_outbox DROP CONSTRAINT {_KINDS}")
    op.execute(f"ALTER TABLE notification_outbox ADD CONSTRAINT {_KINDS} CHECK (kind IN ({listed}))")


def downgrade() -> None:
    op.execute("SELECT set_config('app.scope', 'platform', true)")
    op.execute("DELETE FROM notification_preferences WHERE channel <> 'email' OR position IS NOT NULL")
    op.execute("ALTER TABLE notification_preferences DROP COLUMN position")
    _choices("'booking_reminder', 'review_replied', 'review_posted'", "'email'")
    op.execute("ALTER TABLE users DROP COLUMN time_zone")
    op.execute("ALTER TABLE notification_attempts DROP COLUMN channel, DROP COLUMN cost_micros")
    op.execute("DELETE FROM notification_outbox WHERE kind = 'phone_code'")
    _allow([kind for kind in _known_kinds() if kind != "phone_code"])
    op.execute("ALTER TABLE notification_outbox DROP COLUMN route, DROP COLUMN link_code")
    op.drop_table("channel_addresses")
