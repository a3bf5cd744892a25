"""Search, earlier slugs and the legal texts of a business."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "2026_11_21_business_profile"
down_revision: str | None = "2026_11_21_media"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

PREFECTURES = (
    *("北海道", "青森県", "岩手県", "宮城県", "秋田県", "山形県", "福島県", "茨城県", "栃木県", "群馬県"),
    *("埼玉県", "千葉県", "東京都", "神奈川県", "新潟県", "富山県", "石川県", "福井県", "山梨県", "長野県"),
    *("岐阜県", "静岡県", "愛知県", "三重県", "滋賀県", "京都府", "大阪府", "兵庫県", "奈良県", "和歌山県"),
    *("鳥取県", "島根県", "岡山県", "広島県", "山口県", "徳島県", "香川県", "愛媛県", "高知県", "福岡県"),
    *("佐賀県", "長崎県", "熊本県", "大分県", "宮崎県", "鹿児島県", "沖縄県"),
)
_KATAKANA = "".join(chr(code) for code in range(0x30A1, 0x30F7))
_HIRAGANA = "".join(chr(code) for code in range(0x3041, 0x3097))

# As `domain.businesses.search` has it.
SEARCH_FORM = f"""
CREATE FUNCTION search_form(words text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT translate(lower(normalize(words, NFKC)), '{_KATAKANA}', '{_HIRAGANA}') $$
"""

# Single characters and pairs of them. pg_trgm would leave Japanese out under the C library's rules, and needs three.
# Only indexes are made of them: the cost keeps the planner from cutting texts up row by row.
SEARCH_GRAMS = """
CREATE FUNCTION search_grams(form text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 10000 AS $$
    SELECT coalesce(array_agg(DISTINCT piece), '{}')
      FROM (SELECT string_to_array(regexp_replace(form, '\\s+', ' ', 'g'), NULL) AS one) letters,
           unnest(one, one[2:]) AS pair(first, second), LATERAL (VALUES (first), (first || second)) cut(piece)
     WHERE piece IS NOT NULL AND position(' ' IN piece) = 0 $$
"""

SEARCH_NAME_GRAMS = """
CREATE FUNCTION search_name_grams(ja text, en text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 10000 AS $$
    SELECT public.search_grams(ja || ' ' || en) $$
"""

# The directory is what `businesses` shows to everybody, kept by the transaction that makes it so.
DIRECTORY = """
CREATE FUNCTION list_in_directory() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
    IF NEW.status <> 'approved' OR NEW.deleted_at IS NOT NULL THEN
        DELETE FROM business_directory d WHERE d.id = NEW.id;
        RETURN NULL;
    END IF;
    INSERT INTO business_directory AS d (id, vertical, prefecture, name_ja, name_en, body, latitude, longitude)
    VALUES (NEW.id, NEW.vertical, NEW.prefecture, search_form(coalesce(NEW.name->>'ja', NEW.name->>'en')),
            search_form(coalesce(NEW.name->>'en', NEW.name->>'ja')),
            search_form(concat_ws(' ', NEW.name->>'ja', NEW.name->>'en',
                -- 東京都 holds 京都: the ending goes, in what is looked for as well.
                regexp_replace(NEW.prefecture, '[都府県]$', ''), NEW.city, NEW.address->>'ja',
                NEW.address->>'en', left(NEW.description->>'ja', 500), left(NEW.description->>'en', 500))),
            NEW.latitude, NEW.longitude)
    ON CONFLICT (id) DO UPDATE SET
        (vertical, prefecture, name_ja, name_en, body, latitude, longitude) = (EXCLUDED.vertical, EXCLUDED.prefecture,
         EXCLUDED.name_ja, EXCLUDED.name_en, EXCLUDED.body, EXCLUDED.latitude, EXCLUDED.longitude);
    RETURN NULL;
END $$
"""

# A slug that somebody had is nobody else's, so that an old address never leads to a stranger.
KEEP_SLUG = """
CREATE FUNCTION keep_slug() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
    INSERT INTO business_slugs AS known (slug, business_id) VALUES (NEW.slug, NEW.id)
    ON CONFLICT (slug) DO UPDATE SET updated_at = now() WHERE known.business_id = EXCLUDED.business_id;
    IF NOT FOUND THEN
        RAISE unique_violation USING CONSTRAINT = 'pk_business_slugs', MESSAGE = 'the slug was another business''s';
    END IF;
    RETURN NULL;
END $$
"""


def upgrade() -> None:
    op.drop_index("ix_businesses_location", table_name="businesses")
    # Slugs are lower case by rule. Equality of citext is not leak-proof, so its index would be of no use.
    op.alter_column("businesses", "slug", type_=sa.Text(), existing_type=postgresql.CITEXT(), existing_nullable=False)
    op.add_column("businesses", sa.Column("phone_as_typed", sa.Text(), nullable=True))
    op.add_column("businesses", sa.Column("invoice_number", sa.Text(), nullable=True))
    op.add_column("businesses", sa.Column("legal_notice", postgresql.JSONB(astext_type=sa.Text()), nullable=True))
    listed = ", ".join(f"'{name}'" for name in PREFECTURES)
    for name, rule in (
        ("prefecture_known", f"prefecture IN ({listed})"),
        ("slug_plain", "slug ~ '^[a-z0-9][a-z0-9-]*[a-z0-9]$'"),
        ("invoice_number_form", "invoice_number ~ '^T[1-9][0-9]{12}$'"),
        ("legal_notice_bilingual", "legal_notice ?| array['ja', 'en']"),
    ):
        op.create_check_constraint(op.f(f"ck_businesses_{name}"), "businesses", rule)
    _slugs()
    _directory()
    _fill()


def _slugs() -> None:
    op.create_table(
        "business_slugs",
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("business_id", sa.UUID(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_business_slugs_business_id_businesses")
        ),
        sa.PrimaryKeyConstraint("slug", name=op.f("pk_business_slugs")),
    )
    op.create_index("ix_business_slugs_business_id", "business_slugs", ["business_id"])
    op.execute(KEEP_SLUG)
    op.execute(
        "CREATE TRIGGER keep_slug AFTER INSERT OR UPDATE OF slug ON businesses"
        " FOR EACH ROW EXECUTE FUNCTION keep_slug()"
    )
    _secure("business_slugs")
    op.execute(
        "CREATE POLICY tenant ON business_slugs USING (business_id = (SELECT app_tenant()) OR (SELECT app_platform()))"
    )
    op.execute(
        "CREATE POLICY also_read ON business_slugs FOR SELECT"
        " USING ((SELECT app_public()) AND EXISTS (SELECT 1 FROM businesses b WHERE b.id = business_id))"
    )


def _directory() -> None:
    op.create_table(
        "business_directory",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("vertical", sa.Text(), nullable=False),
        sa.Column("prefecture", sa.Text(), nullable=True),
        sa.Column("name_ja", sa.Text(collation="C"), nullable=False),
        sa.Column("name_en", sa.Text(collation="C"), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("latitude", sa.Double(), nullable=True),
        sa.Column("longitude", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(
            ["id"], ["businesses.id"], name=op.f("fk_business_directory_id_businesses"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_business_directory")),
    )
    for name, columns in (
        ("vertical_id", ["vertical", "id"]),
        ("prefecture_id", ["prefecture", "id"]),
        ("name_ja_id", ["name_ja", "id"]),
        ("name_en_id", ["name_en", "id"]),
        ("vertical_name_ja_id", ["vertical", "name_ja", "id"]),
        ("vertical_name_en_id", ["vertical", "name_en", "id"]),
        ("prefecture_name_ja_id", ["prefecture", "name_ja", "id"]),
        ("prefecture_name_en_id", ["prefecture", "name_en", "id"]),
    ):
        op.create_index(f"ix_business_directory_{name}", "business_directory", columns)
    op.create_index(
        "ix_business_directory_location",
        "business_directory",
        [sa.literal_column("ll_to_earth(latitude, longitude)")],
        postgresql_using="gist",
        postgresql_where=sa.text("latitude IS NOT NULL AND longitude IS NOT NULL"),
    )
    for function in (SEARCH_FORM, SEARCH_GRAMS, SEARCH_NAME_GRAMS, DIRECTORY):
        op.execute(function)
    for name, of in (("body_grams", "search_grams(body)"), ("name_grams", "search_name_grams(name_ja, name_en)")):
        op.create_index(
            f"ix_business_directory_{name}",
            "business_directory",
            [sa.literal_column(of)],
            postgresql_using="gin",
        )
    op.execute(
        "CREATE TRIGGER list_in_directory AFTER INSERT OR UPDATE OF status, deleted_at, vertical, prefecture, city,"
        " name, description, address, latitude, longitude ON businesses"
        " FOR EACH ROW EXECUTE FUNCTION list_in_directory()"
    )
    _secure("business_directory")
    # All of it is public. A policy that is simply true is no barrier to the operators of text and distance, which are
    # not leak-proof: their indexes work here, and would not on `businesses`.
    op.execute("CREATE POLICY everybody ON business_directory FOR SELECT USING (true)")


def _secure(table: str) -> None:
    """Read by the application, written by the triggers alone."""
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY written_by_trigger ON {table} USING (current_user = 'omotenashi_owner')")
    op.execute(f"GRANT SELECT ON {table} TO omotenashi_app")


def _fill() -> None:
    """The businesses that are there, by the triggers that every other one comes in by. Nobody changed them."""
    op.execute("ALTER TABLE businesses DISABLE TRIGGER touch")
    op.execute("SELECT set_config('app.scope', 'platform', true)")
    op.execute("UPDATE businesses SET status = status, slug = slug")
    op.execute("SELECT set_config('app.scope', '', true)")
    op.execute("ALTER TABLE businesses ENABLE TRIGGER touch")


_SEARCH_FUNCTIONS = ("search_name_grams(text, text)", "search_grams(text)", "search_form(text)")


def downgrade() -> None:
    op.execute("DROP TRIGGER list_in_directory ON businesses")
    op.execute("DROP TRIGGER keep_slug ON businesses")
    op.drop_table("business_directory")
    op.drop_table("business_slugs")
    for function in ("list_in_directory()", "keep_slug()", *_SEARCH_FUNCTIONS):
        op.execute(f"DROP FUNCTION {function}")
    for name in ("legal_notice_bilingual", "invoice_number_form", "slug_plain", "prefecture_known"):
        op.drop_constraint(op.f(f"ck_businesses_{name}"), "businesses")
    for column in ("legal_notice", "invoice_number", "phone_as_typed"):
        op.drop_column("businesses", column)
    op.alter_column("businesses", "slug", type_=postgresql.CITEXT(), existing_type=sa.Text(), existing_nullable=False)
    op.create_index(
        "ix_businesses_location",
        "businesses",
        [sa.literal_column("ll_to_earth(latitude, longitude)")],
        postgresql_using="gist",
        postgresql_where=sa.text("latitude IS NOT NULL AND longitude IS NOT NULL"),
    )
