"""The waitlist: entries, offers that hold their time by claims, and the word that time was freed."""

import re
from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from db.migrations.statements import apply_functions

revision: str = "2026_11_29_2045_waitlist"
down_revision: str | None = "2026_11_29_2040_provider_events"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

FUNCTIONS = {
    "app_wake_waitlist": "ac62f62d52de",
    "wake_waitlist": "130384375dd4",
    "wake_waitlist_for_claims": "2ce3a938205f",
    "app_places_sold": "8627f8a00eb5",
    "app_enter": "dc6ddac6f4ea",
}
KINDS = ("waitlist_proof", "waitlist_offered", "waitlist_offer_over", "waitlist_ended")
_KNOWN = "ck_notification_outbox_kind_known"
_RECIPIENT = "ck_notification_outbox_has_recipient"
_HAS_RECIPIENT = "booking_id IS NOT NULL OR user_id IS NOT NULL OR facts ? 'invitation_id' OR facts ? 'erasure_id'"
_ON_THE_LIST = "status IN ('unproven', 'waiting', 'offered')"

_SECURED = ("waitlist", "waitlist_offers")
#: What makes time bookable, beside released claims: the change that fires, by table.
_WAKES = {
    "businesses": "UPDATE OF calendar_version, status",
    "business_settings": "UPDATE",
    "services": "UPDATE",
    "resources": "UPDATE",
    "service_resources": "INSERT",
}


def _time(name: str, **more: object) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), **{"nullable": False, **more})  # type: ignore[arg-type]


def _entries() -> None:
    op.create_table(
        "waitlist",
        sa.Column("id", sa.UUID(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("business_id", sa.UUID(), nullable=False),
        sa.Column("service_id", sa.UUID(), nullable=False),
        sa.Column("service_name", postgresql.JSONB(), nullable=False),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.Column("user_id", sa.UUID(), nullable=True),
        sa.Column("family_name", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("given_name", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("email", postgresql.CITEXT(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("ip", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), server_default=sa.text("'ja'"), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("end_reason", sa.Text(), nullable=True),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("times", postgresql.JSONB(), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("resource_ids", postgresql.ARRAY(sa.UUID()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("party_size", sa.SmallInteger(), server_default=sa.text("1"), nullable=False),
        _time("joined_at"),
        _time("proof_deadline", nullable=True),
        _time("ends_at"),
        sa.Column("unanswered", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        _time("decided_at", nullable=True),
        sa.Column("booking_id", sa.UUID(), nullable=True),
        _time("created_at", server_default=sa.text("now()")),
        _time("updated_at", server_default=sa.text("now()")),
        sa.CheckConstraint(
            "status IN ('unproven', 'waiting', 'offered', 'accepted', 'left', 'ended')",
            name=op.f("ck_waitlist_status_known"),
        ),
        sa.CheckConstraint(
            "end_reason IN ('passed', 'unanswered', 'unproven', 'not_bookable', 'removed')",
            name=op.f("ck_waitlist_end_reason_known"),
        ),
        sa.CheckConstraint("(status = 'ended') = (end_reason IS NOT NULL)", name=op.f("ck_waitlist_end_has_a_reason")),
        sa.CheckConstraint(
            "(status = 'accepted') = (booking_id IS NOT NULL)", name=op.f("ck_waitlist_accepted_has_a_booking")
        ),
        sa.CheckConstraint(
            "(status = 'unproven') = (proof_deadline IS NOT NULL)", name=op.f("ck_waitlist_unproven_has_a_deadline")
        ),
        sa.CheckConstraint(f"({_ON_THE_LIST}) = (decided_at IS NULL)", name=op.f("ck_waitlist_decided")),
        sa.CheckConstraint("last_day - first_day BETWEEN 0 AND 30", name=op.f("ck_waitlist_days_in_range")),
        sa.CheckConstraint("party_size >= 1", name=op.f("ck_waitlist_party_positive")),
        sa.CheckConstraint("unanswered >= 0", name=op.f("ck_waitlist_unanswered_not_negative")),
        sa.CheckConstraint("jsonb_array_length(times) <= 6", name=op.f("ck_waitlist_times_in_range")),
        sa.CheckConstraint(
            f"NOT ({_ON_THE_LIST}) OR user_id IS NOT NULL OR email <> ''", name=op.f("ck_waitlist_reachable")
        ),
        sa.ForeignKeyConstraint(["business_id"], ["businesses.id"], name=op.f("fk_waitlist_business_id_businesses")),
        sa.ForeignKeyConstraint(["service_id"], ["services.id"], name=op.f("fk_waitlist_service_id_services")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_waitlist_user_id_users")),
        sa.ForeignKeyConstraint(["booking_id"], ["bookings.id"], name=op.f("fk_waitlist_booking_id_bookings")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waitlist")),
    )
    listed = sa.text(_ON_THE_LIST)
    op.create_index("ix_waitlist_active", "waitlist", ["business_id", "joined_at", "id"], postgresql_where=listed)
    op.create_index("ix_waitlist_business_id_id", "waitlist", ["business_id", "id"])
    op.create_index("ix_waitlist_user_id_id", "waitlist", ["user_id", "id"])
    op.create_index("ix_waitlist_email", "waitlist", ["business_id", "email"], postgresql_where=listed)
    op.create_index("ix_waitlist_ends_at", "waitlist", ["ends_at"], postgresql_where=listed)


def _offers() -> None:
    op.create_table(
        "waitlist_offers",
        sa.Column("id", sa.UUID(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("business_id", sa.UUID(), nullable=False),
        sa.Column("entry_id", sa.UUID(), nullable=False),
        sa.Column("service_id", sa.UUID(), nullable=False),
        sa.Column("status", sa.Text(), server_default=sa.text("'open'"), nullable=False),
        _time("start_at"),
        _time("end_at"),
        sa.Column(
            "during",
            postgresql.TSTZRANGE(),
            sa.Computed("tstzrange(start_at, end_at, '[)')", persisted=True),
            nullable=False,
        ),
        sa.Column("resource_ids", postgresql.ARRAY(sa.UUID()), nullable=False),
        sa.Column("party_size", sa.SmallInteger(), nullable=False),
        _time("expires_at"),
        _time("decided_at", nullable=True),
        _time("created_at", server_default=sa.text("now()")),
        _time("updated_at", server_default=sa.text("now()")),
        sa.CheckConstraint(
            "status IN ('open', 'accepted', 'declined', 'lapsed', 'withdrawn')",
            name=op.f("ck_waitlist_offers_status_known"),
        ),
        sa.CheckConstraint("end_at > start_at", name=op.f("ck_waitlist_offers_time_in_order")),
        sa.CheckConstraint("expires_at <= start_at", name=op.f("ck_waitlist_offers_ends_before_the_start")),
        sa.CheckConstraint("(status = 'open') = (decided_at IS NULL)", name=op.f("ck_waitlist_offers_decided")),
        sa.CheckConstraint("party_size >= 1", name=op.f("ck_waitlist_offers_party_positive")),
        postgresql.ExcludeConstraint(
            ("entry_id", "="),
            ("during", "&&"),
            where=sa.text("status <> 'withdrawn'"),
            using="gist",
            name="ex_waitlist_offers_never_twice",
        ),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_waitlist_offers_business_id_businesses")
        ),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["waitlist.id"], name=op.f("fk_waitlist_offers_entry_id_waitlist"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["service_id"], ["services.id"], name=op.f("fk_waitlist_offers_service_id_services")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waitlist_offers")),
    )
    is_open = sa.text("status = 'open'")
    op.create_index("uq_waitlist_offers_open", "waitlist_offers", ["entry_id"], unique=True, postgresql_where=is_open)
    op.create_index(
        "ix_waitlist_offers_expires_at", "waitlist_offers", ["business_id", "expires_at"], postgresql_where=is_open
    )
    op.create_index(
        "ix_waitlist_offers_places", "waitlist_offers", ["service_id", "start_at"], postgresql_where=is_open
    )


def _claims() -> None:
    op.add_column("resource_claims", sa.Column("offer_id", sa.UUID(), nullable=True))
    op.create_foreign_key(
        op.f("fk_resource_claims_offer_id_waitlist_offers"),
        "resource_claims",
        "waitlist_offers",
        ["offer_id"],
        ["id"],
        ondelete="CASCADE",
        deferrable=True,
        initially="DEFERRED",
    )
    _taken_by("booking_id, block_id, offer_id")
    op.create_index(
        "ix_resource_claims_offer_id",
        "resource_claims",
        ["offer_id"],
        postgresql_where=sa.text("offer_id IS NOT NULL"),
    )


def _taken_by(owners: str) -> None:
    name = op.f("ck_resource_claims_taken_by_one")
    op.drop_constraint(name, "resource_claims")
    op.create_check_constraint(name, "resource_claims", f"num_nonnulls({owners}) = 1")


def _secure(table: str) -> None:
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY tenant ON {table} USING ((business_id = (SELECT app_tenant())) OR (SELECT app_platform()))"
    )
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO omotenashi_app")
    op.execute(f"CREATE TRIGGER touch BEFORE UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION touch_updated_at()")


def _allow(kinds: Sequence[str]) -> None:
    listed = ", ".join(f"'{kind}'" for kind in kinds)
    op.drop_constraint(op.f(_KNOWN), "notification_outbox")
    op.create_check_constraint(op.f(_KNOWN), "notification_outbox", f"kind IN ({listed})")


def _known_kinds() -> list[str]:
    """What could be queued so far, as the constraint says."""
    rule = op.get_bind().scalar(
        sa.text("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = :name"), {"name": _KNOWN}
    )
    return re.findall(r"'(\w+)'", str(rule))


def upgrade() -> None:
    _entries()
    _offers()
    _claims()
    for table in _SECURED:
        _secure(table)
    op.execute("CREATE POLICY also_read ON waitlist FOR SELECT USING (user_id = (SELECT app_self()))")
    op.execute(
        "CREATE POLICY also_read ON waitlist_offers FOR SELECT USING (((SELECT app_self()) IS NOT NULL) AND"
        " (EXISTS (SELECT 1 FROM waitlist w WHERE w.id = waitlist_offers.entry_id)))"
    )
    _allow([*_known_kinds(), *KINDS])
    op.drop_constraint(op.f(_RECIPIENT), "notification_outbox")
    op.create_check_constraint(
        op.f(_RECIPIENT), "notification_outbox", f"{_HAS_RECIPIENT} OR facts ? 'waitlist_entry_id'"
    )
    apply_functions(FUNCTIONS)
    op.execute(
        "CREATE TRIGGER wake_waitlist AFTER UPDATE ON resource_claims"
        " REFERENCING OLD TABLE AS earlier NEW TABLE AS released"
        " FOR EACH STATEMENT EXECUTE FUNCTION wake_waitlist_for_claims()"
    )
    for table, change in _WAKES.items():
        op.execute(
            f"CREATE TRIGGER wake_waitlist AFTER {change} ON {table} FOR EACH ROW EXECUTE FUNCTION wake_waitlist()"
        )


def downgrade() -> None:
    op.execute("SELECT set_config('app.scope', 'platform', true)")
    for table in (*_WAKES, "resource_claims"):
        op.execute(f"DROP TRIGGER wake_waitlist ON {table}")
    listed = ", ".join(f"'{kind}'" for kind in KINDS)
    op.execute(f"DELETE FROM notification_outbox WHERE kind IN ({listed})")
    op.drop_constraint(op.f(_RECIPIENT), "notification_outbox")
    op.create_check_constraint(op.f(_RECIPIENT), "notification_outbox", _HAS_RECIPIENT)
    _allow([kind for kind in _known_kinds() if kind not in KINDS])
    op.execute("DELETE FROM resource_claims WHERE offer_id IS NOT NULL")
    op.drop_index("ix_resource_claims_offer_id", table_name="resource_claims")
    _taken_by("booking_id, block_id")
    op.drop_column("resource_claims", "offer_id")
    op.drop_table("waitlist_offers")
    op.drop_table("waitlist")
    for name in ("wake_waitlist_for_claims()", "wake_waitlist()", "app_wake_waitlist(uuid)"):
        op.execute(f"DROP FUNCTION {name}")
