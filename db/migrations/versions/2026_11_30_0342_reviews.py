"""Customers' reviews: tables, the stars that a trigger counts, and their messages."""

import re
from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from db.migrations.statements import apply_functions

revision: str = "2026_11_30_0342_reviews"
down_revision: str | None = "2026_11_30_0341_customer_search"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

FUNCTIONS = {"app_enter": "49349f879737", "count_stars": "9a59cb05a1c0", "count_review": "840785c5819d"}
KINDS = ("review_posted", "review_replied", "review_decided", "moderation_due")
_KNOWN = "ck_notification_outbox_kind_known"
_STATUSES = "'pending', 'published', 'rejected', 'hidden'"
_REASONS = "'offensive', 'personal_data', 'not_a_visit', 'advertising', 'untrue', 'other'"
_STEPS = "'pending>hidden', 'pending>published', 'pending>rejected', 'published>hidden', 'hidden>published'"
_PUBLIC = "status = 'published' AND deleted_at IS NULL"


def _id(table: str, default: str = "uuidv7()") -> Sequence[sa.schema.SchemaItem]:
    return (
        sa.Column("id", sa.UUID(), server_default=sa.text(default), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        *_reference(table, "business_id", "businesses"),
    )


def _reference(table: str, column: str, to: str, *, nullable: bool = False) -> Sequence[sa.schema.SchemaItem]:
    return (
        sa.Column(column, sa.UUID(), nullable=nullable),
        sa.ForeignKeyConstraint([column], [f"{to}.id"], name=op.f(f"fk_{table}_{column}_{to}")),
    )


def _time(name: str, **more: object) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), **{"nullable": False, **more})  # type: ignore[arg-type]


def _now(name: str) -> sa.Column[object]:
    return _time(name, server_default=sa.text("now()"))


def _check(table: str, name: str, rule: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(rule, name=op.f(f"ck_{table}_{name}"))


def _text(name: str, **more: object) -> sa.Column[object]:
    return sa.Column(name, sa.Text(), **{"nullable": False, **more})  # type: ignore[arg-type]


def _reviews() -> None:
    table = "reviews"
    op.create_table(
        table,
        *_id(table, "gen_random_uuid()"),
        *_reference(table, "booking_id", "bookings"),
        *_reference(table, "user_id", "users", nullable=True),
        _text("status", server_default=sa.text("'pending'")),
        _text("removal_reason", nullable=True),
        sa.Column("rating", sa.SmallInteger(), nullable=False),
        _text("body", nullable=True),
        _text("display_name", nullable=True),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("service_ids", postgresql.ARRAY(sa.UUID()), nullable=False),
        sa.Column("staff_ids", postgresql.ARRAY(sa.UUID()), nullable=False),
        sa.Column("visited_on", sa.Date(), nullable=False),
        _time("editable_until"),
        _time("publish_at"),
        sa.Column("published_on", sa.Date(), nullable=True),
        _text("reply", nullable=True),
        _time("replied_at", nullable=True),
        *_reference(table, "replied_by", "users", nullable=True),
        sa.Column("reply_is_edited", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        _time("deleted_at", nullable=True),
        _now("created_at"),
        _now("updated_at"),
        _check(table, "status_known", f"status IN ({_STATUSES})"),
        _check(table, "removal_reason_known", f"removal_reason IN ({_REASONS})"),
        _check(table, "rating_in_range", "rating BETWEEN 1 AND 5"),
        _check(table, "version_positive", "version >= 1"),
        _check(table, "removed_with_reason", "(status IN ('rejected', 'hidden')) = (removal_reason IS NOT NULL)"),
        _check(table, "published_has_a_day", "status <> 'published' OR published_on IS NOT NULL"),
        _check(table, "reply_whole", "(reply IS NULL) = (replied_at IS NULL)"),
        _check(
            table,
            "deleted_is_empty",
            "deleted_at IS NULL OR (body IS NULL AND display_name IS NULL AND reply IS NULL)",
        ),
        sa.UniqueConstraint("booking_id", name=op.f("uq_reviews_booking_id")),
    )
    op.create_index(
        "ix_reviews_public", table, ["business_id", "published_on", "id"], postgresql_where=sa.text(_PUBLIC)
    )
    op.create_index("ix_reviews_business_id", table, ["business_id", "created_at", "id"])
    op.create_index("ix_reviews_user_id", table, ["user_id", "created_at", "id"])


def _history() -> None:
    table = "review_history"
    op.create_table(
        table,
        *_id(table),
        *_reference(table, "review_id", "reviews"),
        _text("from_status", nullable=True),
        _text("to_status"),
        _text("actor_kind"),
        sa.Column("actor_id", sa.UUID(), nullable=True),
        _text("reason", nullable=True),
        _now("created_at"),
        _check(
            table,
            "step_allowed",
            "CASE WHEN from_status IS NULL THEN to_status = 'pending'"
            f" ELSE from_status || '>' || to_status IN ({_STEPS}) END",
        ),
        _check(table, "to_status_known", f"to_status IN ({_STATUSES})"),
    )
    op.create_index("ix_review_history_review_id", table, ["review_id", "id"])
    op.create_index("ix_review_history_business_id", table, ["business_id", "id"])


def _moderations() -> None:
    table = "review_moderations"
    op.create_table(
        table,
        *_id(table),
        *_reference(table, "review_id", "reviews"),
        sa.Column("version", sa.Integer(), nullable=False),
        *_reference(table, "asked_by", "users", nullable=True),
        _text("reason"),
        _text("note", nullable=True),
        _time("asked_at"),
        _time("decide_by"),
        _text("outcome", nullable=True),
        _time("decided_at", nullable=True),
        *_reference(table, "decided_by", "users", nullable=True),
        _text("command_id", nullable=True),
        _now("created_at"),
        _now("updated_at"),
        _check(table, "reason_known", f"reason IN ({_REASONS})"),
        _check(table, "outcome_known", "outcome IN ('publish', 'hide', 'reject', 'closed', 'deleted')"),
        _check(table, "decided_whole", "(outcome IS NULL) = (decided_at IS NULL)"),
        sa.UniqueConstraint("command_id", name=op.f("uq_review_moderations_command_id")),
    )
    is_open = sa.text("outcome IS NULL")
    op.create_index("uq_review_moderations_open", table, ["review_id"], unique=True, postgresql_where=is_open)
    op.create_index("ix_review_moderations_review_id", table, ["review_id", "id"])
    op.create_index("ix_review_moderations_business_id", table, ["business_id", "id"])
    op.create_index("ix_review_moderations_queue", table, ["id"], postgresql_where=is_open)


def _reports() -> None:
    table = "review_reports"
    op.create_table(
        table,
        *_id(table),
        *_reference(table, "review_id", "reviews"),
        sa.Column("version", sa.Integer(), nullable=False),
        _text("reporter"),
        _text("reason"),
        _now("created_at"),
        _check(table, "reason_known", f"reason IN ({_REASONS})"),
        sa.UniqueConstraint(
            "review_id", "version", "reporter", name=op.f("uq_review_reports_review_id_version_reporter")
        ),
    )
    op.create_index("ix_review_reports_business_id", table, ["business_id", "id"])


def _statistics() -> None:
    table = "review_statistics"
    op.create_table(
        table,
        *_reference(table, "business_id", "businesses"),
        _text("subject"),
        sa.Column("subject_id", sa.UUID(), nullable=False),
        *(
            sa.Column(f"stars_{number}", sa.Integer(), server_default=sa.text("0"), nullable=False)
            for number in range(1, 6)
        ),
        _check(table, "subject_known", "subject IN ('business', 'service', 'staff')"),
        _check(table, "not_negative", "least(stars_1, stars_2, stars_3, stars_4, stars_5) >= 0"),
        sa.PrimaryKeyConstraint("business_id", "subject", "subject_id", name=op.f("pk_review_statistics")),
    )


def _secure(table: str, rights: str) -> None:
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY tenant ON {table} USING ((business_id = (SELECT app_tenant())) OR (SELECT app_platform()))"
    )
    op.execute(f"GRANT {rights} ON {table} TO omotenashi_app")


def _own(table: str, rule: str) -> None:
    op.execute(f"CREATE POLICY also_read ON {table} FOR SELECT USING ({rule})")


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
    for make in (_reviews, _history, _moderations, _reports, _statistics):
        make()
    _secure("reviews", "SELECT, INSERT, UPDATE")
    _own("reviews", "user_id = (SELECT app_self())")
    _secure("review_history", "SELECT, INSERT")
    _secure("review_moderations", "SELECT, INSERT, UPDATE")
    _own(
        "review_moderations",
        "((SELECT app_self()) IS NOT NULL) AND (EXISTS (SELECT 1 FROM reviews r WHERE r.id = review_id))",
    )
    _secure("review_reports", "SELECT, INSERT, DELETE")
    _secure("review_statistics", "SELECT, INSERT, UPDATE")
    for table in ("reviews", "review_moderations"):
        op.execute(f"CREATE TRIGGER touch BEFORE UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION touch_updated_at()")
    op.execute(
        "CREATE TRIGGER audit AFTER INSERT OR DELETE OR UPDATE ON review_moderations"
        " FOR EACH ROW EXECUTE FUNCTION audit_change()"
    )
    _allow([*_known_kinds(), *KINDS])
    apply_functions(FUNCTIONS)
    op.execute(
        "CREATE TRIGGER count_review AFTER INSERT OR UPDATE OR DELETE ON reviews"
        " FOR EACH ROW EXECUTE FUNCTION count_review()"
    )


def downgrade() -> None:
    op.execute("SELECT set_config('app.scope', 'platform', true)")
    listed = ", ".join(f"'{kind}'" for kind in KINDS)
    op.execute(f"DELETE FROM notification_outbox WHERE kind IN ({listed})")
    _allow([kind for kind in _known_kinds() if kind not in KINDS])
    for table in ("review_statistics", "review_reports", "review_moderations", "review_history", "reviews"):
        op.drop_table(table)
    op.execute("DROP FUNCTION count_review()")
    op.execute("DROP FUNCTION count_stars(uuid, smallint, uuid[], uuid[], smallint, uuid[], uuid[])")
