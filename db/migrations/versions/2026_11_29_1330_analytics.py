"""Aggregates by business and business day, the days to compute, and how far changes were read."""

from collections.abc import Sequence

from alembic import op

revision: str = "2026_11_29_1330_analytics"
down_revision: str | None = "2026_11_29_1315_command_texts"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_KEY = """
    id uuid DEFAULT uuidv7() NOT NULL,
    business_id uuid NOT NULL,
    day date NOT NULL,"""
_STAMPED = """
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,"""
_TENANT = "business_id = (SELECT app_tenant()) OR (SELECT app_platform())"
_COUNTS = ("bookings", "pending", "confirmed", "checked_in", "completed", "cancelled", "declined", "expired", "no_show")

DAILY = f"""
CREATE TABLE analytics_daily ({_KEY}
    currency varchar(3) NOT NULL,
    {", ".join(f"{name} integer NOT NULL" for name in _COUNTS)},
    people integer NOT NULL,
    value bigint NOT NULL, gross bigint NOT NULL, refunds bigint NOT NULL, net bigint NOT NULL,
    new_customers integer NOT NULL, returning_customers integer NOT NULL,
    booked_minutes integer NOT NULL, open_minutes integer NOT NULL,{_STAMPED}
    CONSTRAINT pk_analytics_daily PRIMARY KEY (id),
    CONSTRAINT uq_analytics_daily_business_id_day UNIQUE (business_id, day),
    CONSTRAINT ck_analytics_daily_net_is_the_difference CHECK (net = gross - refunds),
    CONSTRAINT fk_analytics_daily_business_id_businesses FOREIGN KEY (business_id) REFERENCES businesses (id))
"""
SERVICES = f"""
CREATE TABLE analytics_daily_services ({_KEY}
    service_id uuid NOT NULL,
    bookings integer NOT NULL, completed integer NOT NULL, no_show integer NOT NULL,
    value bigint NOT NULL, net bigint NOT NULL,{_STAMPED}
    CONSTRAINT pk_analytics_daily_services PRIMARY KEY (id),
    CONSTRAINT uq_analytics_daily_services_business_id_day_service_id UNIQUE (business_id, day, service_id),
    CONSTRAINT fk_analytics_daily_services_business_id_businesses FOREIGN KEY (business_id) REFERENCES businesses (id),
    CONSTRAINT fk_analytics_daily_services_service_id_services FOREIGN KEY (service_id) REFERENCES services (id))
"""
RESOURCES = f"""
CREATE TABLE analytics_daily_resources ({_KEY}
    resource_id uuid NOT NULL,
    bookings integer NOT NULL, booked_minutes integer NOT NULL, open_minutes integer NOT NULL,
    value bigint NOT NULL,{_STAMPED}
    CONSTRAINT pk_analytics_daily_resources PRIMARY KEY (id),
    CONSTRAINT uq_analytics_daily_resources_business_id_day_resource_id UNIQUE (business_id, day, resource_id),
    CONSTRAINT fk_analytics_daily_resources_business_id_businesses FOREIGN KEY (business_id) REFERENCES businesses (id),
    CONSTRAINT fk_analytics_daily_resources_resource_id_resources FOREIGN KEY (resource_id) REFERENCES resources (id))
"""
HOURS = f"""
CREATE TABLE analytics_daily_hours ({_KEY}
    hour smallint NOT NULL,
    bookings integer NOT NULL, people integer NOT NULL,{_STAMPED}
    CONSTRAINT pk_analytics_daily_hours PRIMARY KEY (id),
    CONSTRAINT uq_analytics_daily_hours_business_id_day_hour UNIQUE (business_id, day, hour),
    CONSTRAINT ck_analytics_daily_hours_hour_in_range CHECK (hour BETWEEN 0 AND 47),
    CONSTRAINT fk_analytics_daily_hours_business_id_businesses FOREIGN KEY (business_id) REFERENCES businesses (id))
"""
STALE = """
CREATE TABLE analytics_stale_days (
    business_id uuid NOT NULL,
    day date NOT NULL,
    marked uuid DEFAULT uuidv7() NOT NULL,
    CONSTRAINT pk_analytics_stale_days PRIMARY KEY (business_id, day),
    CONSTRAINT fk_analytics_stale_days_business_id_businesses FOREIGN KEY (business_id) REFERENCES businesses (id))
"""
PROGRESS = """
CREATE TABLE analytics_progress (
    id smallint NOT NULL,
    read_until timestamptz NOT NULL,
    CONSTRAINT pk_analytics_progress PRIMARY KEY (id),
    CONSTRAINT ck_analytics_progress_one_row CHECK (id = 1))
"""
AGGREGATES = ("analytics_daily", "analytics_daily_services", "analytics_daily_resources", "analytics_daily_hours")


def upgrade() -> None:
    for statement in (DAILY, SERVICES, RESOURCES, HOURS, STALE, PROGRESS):
        op.execute(statement)
    for table in AGGREGATES:
        op.execute(f"CREATE TRIGGER touch BEFORE UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION touch_updated_at()")
    for table in (*AGGREGATES, "analytics_stale_days"):
        _secure(table, _TENANT)
    _secure("analytics_progress", "(SELECT app_platform())")


def _secure(table: str, who: str) -> None:
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY tenant ON {table} USING ({who})")
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO omotenashi_app")


def downgrade() -> None:
    for table in ("analytics_progress", "analytics_stale_days", *reversed(AGGREGATES)):
        op.drop_table(table)
