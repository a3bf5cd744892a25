"""Merging two records of one person, undoing it, and finding pairs that may be one person."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any, cast
from uuid import UUID

from pydantic_core import to_jsonable_python
from sqlalchemy import Table, TextClause, insert, text, update
from sqlalchemy.dialects.postgresql import JSONB

from db.customers.merge_tables import CustomerMerge
from db.customers.tables import Customer
from db.engine.store import Store
from domain.customers.merging import Merge, plan_merge, plan_undo
from domain.errors import NotFound

_CUSTOMERS = cast(Table, Customer.__table__)
_MERGES = cast(Table, CustomerMerge.__table__)
#: Tables whose rows go from one record to the other. A test walks over all keys that lead to a customer.
MOVED = (
    *("bookings", "booking_series", "customer_notes", "health_note_reads", "notification_outbox", "consents"),
    *("notification_preferences", "marketing_sends"),
)
# In the order of their ids, so that two merges of the same records wait for each other. A booking that is being made
# holds its customer's key: it is either seen here, or led on by the trigger `follow_merge`.
_LOCK = text("""
    SELECT id, business_id, user_id, family_name, given_name, family_name_kana, given_name_kana, phone,
           CAST(email AS text) AS email, birthday, tags, preferences, deleted_at
      FROM customers WHERE id = ANY(CAST(:ids AS uuid[])) ORDER BY id FOR UPDATE
""").columns(preferences=JSONB)
_MOVE = {
    table: text(f"UPDATE {table} SET customer_id = :kept_id WHERE customer_id = :merged_id RETURNING id")
    for table in MOVED
}
# A choice that the kept record has made stays; that one of the two wants no such messages wins, also after an undo.
_MOVE["notification_preferences"] = text("""
    WITH objected AS (
        UPDATE notification_preferences k SET enabled = false FROM notification_preferences m
         WHERE k.customer_id = :kept_id AND m.customer_id = :merged_id AND NOT m.enabled AND k.enabled
           AND (k.kind, k.channel) = (m.kind, m.channel))
    UPDATE notification_preferences m SET customer_id = :kept_id
     WHERE m.customer_id = :merged_id AND NOT EXISTS (
           SELECT FROM notification_preferences k
            WHERE k.customer_id = :kept_id AND (k.kind, k.channel) = (m.kind, m.channel)) RETURNING m.id
""")
# Both have a message of this campaign: the row stays, and so does what `_WAITING` decides.
_MOVE["marketing_sends"] = text("""
    UPDATE marketing_sends m SET customer_id = :kept_id
     WHERE m.customer_id = :merged_id AND NOT EXISTS (
           SELECT FROM marketing_sends k WHERE k.customer_id = :kept_id AND k.campaign_id = m.campaign_id)
    RETURNING m.id
""")
_ONE_SENDER = """
    FROM marketing_sends k JOIN marketing_sends m
         ON m.campaign_id = k.campaign_id
         OR m.automation_id = k.automation_id
            AND m.created_at > k.created_at - interval '7 days' AND m.created_at < k.created_at + interval '7 days'
   WHERE k.customer_id = :kept_id AND m.customer_id = :merged_id"""
# An attempt holds the lock of its message while it begins, so that none begins between this and the next statement.
_LOCK_MESSAGES = text(f"""
    SELECT n.id FROM notification_outbox n
     WHERE n.id IN (SELECT unnest(ARRAY[k.notice_id, m.notice_id]) {_ONE_SENDER}) ORDER BY n.id FOR NO KEY UPDATE
""")


def _drop(mine: str, other: str) -> TextClause:
    # One of the two messages, unless a provider may have it already.
    return text(f"""
    UPDATE notification_outbox n SET status = 'dropped', failure_reason = 'same_person'
      FROM (SELECT {mine}.notice_id AS mine, {other}.notice_id AS other {_ONE_SENDER}) x
      JOIN notification_outbox o ON o.id = x.other
     WHERE n.id = x.mine AND n.status = 'queued' AND o.status NOT IN ('failed', 'dropped', 'bounced')
       AND NOT EXISTS (SELECT FROM notification_attempts a
                        WHERE a.notice_id = n.id AND (a.finished_at IS NULL OR a.outcome = 'unknown'))
    """)


# First the one of the record that is hidden.
_WAITING = (_drop("m", "k"), _drop("k", "m"))
_BACK = {
    table: text(
        f"UPDATE {table} SET customer_id = :merged_id WHERE customer_id = :kept_id AND id = ANY(CAST(:ids AS uuid[]))"
    )
    for table in MOVED
}
# The login goes back to its record, and so do the bookings that it made meanwhile.
_BACK_OF_LOGIN = {
    table: text(f"UPDATE {table} SET customer_id = :merged_id WHERE customer_id = :kept_id AND user_id = :user_id")
    for table in ("bookings", "booking_series", "notification_outbox")
}
_HIDE = text("UPDATE customers SET deleted_at = :now, merged_into = :kept_id WHERE id = :merged_id")
_SHOW = text("UPDATE customers SET deleted_at = NULL, merged_into = NULL WHERE id = :merged_id")
_OPEN = text("""
    SELECT m.id, m.kept_id, m.merged_id, m.changes, m.moved, m.created_at, m.undone_at FROM customer_merges m
     WHERE m.kept_id = :kept_id AND m.merged_id = :merged_id AND m.undone_at IS NULL
""").columns(changes=JSONB, moved=JSONB)
_UNDONE = text("""
    UPDATE customer_merges SET undone_at = :now, undone_by = :user_id, change_key = uuidv7() WHERE id = :id
""")
_APART = text("""
    INSERT INTO customer_pairs_apart (first_id, second_id, business_id, said_by)
    VALUES (:first_id, :second_id, :business_id, :said_by) ON CONFLICT DO NOTHING
""")
_LIST = text("""
    SELECT m.id, m.kept_id, m.merged_id, m.merged_by, m.undone_by, m.undone_at, m.created_at
      FROM customer_merges m
     WHERE m.kept_id = :kept_id AND (CAST(:after AS uuid) IS NULL OR m.id < :after) ORDER BY m.id DESC LIMIT :limit
""")
#: A number or an address that more records share than this says nothing of a person: it is the business's own.
_MOST_ALIKE = 10
#: Records that are compared with the others for one page.
READ = 2000
_ALIKE = f"""
    SELECT '{{reason}}' AS reason, ARRAY(
        SELECT f.id FROM customers f WHERE f.business_id = :business_id AND f.deleted_at IS NULL AND {{same}}
         LIMIT {_MOST_ALIKE + 1}) AS ids"""
_REASONS = " UNION ALL ".join(
    _ALIKE.format(reason=reason, same=same)
    for reason, same in {
        "phone": "f.phone = d.phone",
        "email": "f.email_key = d.email_key",
        "name_and_birthday": """f.birthday = d.birthday AND f.family_name = d.family_name
                                AND f.given_name = d.given_name""",
        "kana_and_birthday": """f.birthday = d.birthday AND f.family_name_kana = d.family_name_kana
                                AND f.given_name_kana = d.given_name_kana""",
    }.items()
)
# Each of the records that are read, the newest first, with the oldest one that is like it and that nobody has called
# another person; an index finds those.
_PAIRS = text(f"""
    WITH mine AS MATERIALIZED (
        SELECT id, phone, email_key, birthday, family_name, given_name, family_name_kana, given_name_kana, user_id
          FROM customers WHERE business_id = :business_id AND deleted_at IS NULL
           AND id <= coalesce(CAST(:after_duplicate AS uuid), 'ffffffff-ffff-ffff-ffff-ffffffffffff')
         ORDER BY id DESC LIMIT :read),
    alike AS (
        SELECT d.id, d.user_id, x.reason, (
               SELECT one FROM unnest(x.ids) one
                WHERE one < d.id AND NOT EXISTS (
                      SELECT FROM customer_pairs_apart p WHERE p.first_id = one AND p.second_id = d.id)
                ORDER BY one LIMIT 1) AS first
          FROM mine d CROSS JOIN LATERAL ({_REASONS}) x WHERE cardinality(x.ids) BETWEEN 2 AND {_MOST_ALIKE}),
    pairs AS (
        SELECT a.first AS customer_id, a.id AS duplicate_id, array_agg(a.reason ORDER BY a.reason) AS reasons
          FROM alike a WHERE a.first IS NOT NULL
           AND (a.user_id IS NULL OR (SELECT f.user_id FROM customers f WHERE f.id = a.first) IS NULL)
           AND (CAST(:after_duplicate AS uuid) IS NULL
                OR (a.id, a.first) < (CAST(:after_duplicate AS uuid), CAST(:after_customer AS uuid)))
         GROUP BY a.first, a.id ORDER BY a.id DESC, a.first DESC LIMIT :limit)
    SELECT p.customer_id, p.duplicate_id, p.reasons, e.read, e.last
      FROM (SELECT count(*) AS read, (array_agg(id ORDER BY id))[1] AS last FROM mine) e LEFT JOIN pairs p ON true
     ORDER BY p.duplicate_id DESC, p.customer_id DESC
""")


@dataclass(frozen=True, slots=True)
class PairRow:
    """Two records that may be one person. ``reasons``: what they have in common."""

    customer_id: UUID
    duplicate_id: UUID
    reasons: list[str]


@dataclass(frozen=True, slots=True)
class MergeRow:
    """A merge, and its undo if there was one."""

    id: UUID
    kept_id: UUID
    merged_id: UUID
    merged_by: UUID | None
    undone_by: UUID | None
    undone_at: datetime | None
    created_at: datetime


class MergeStore(Store):
    """All in one transaction: whatever points to a record moves, and the totals with the bookings."""

    async def merge(self, kept_id: UUID, merged_id: UUID, now: datetime) -> None:
        """Move everything to the kept record and hide the other. Raises NotFound, and what `plan_merge` raises."""
        kept, merged = await self._lock(kept_id, merged_id)
        if kept["deleted_at"] is not None or merged["deleted_at"] is not None:
            raise NotFound({"customer_id": str(merged_id)})
        values = plan_merge(kept, merged)
        ids = {"kept_id": kept_id, "merged_id": merged_id}
        # First: a login has one record at a time.
        await self.session.execute(_HIDE, {**ids, "now": now})
        await self._set(kept_id, values)
        await self._drop_second_messages(ids)
        moved = {}
        for table, statement in _MOVE.items():
            moved[table] = [str(row) for row in await self.session.scalars(statement, ids)]
        changes = {name: [kept[name], value] for name, value in values.items()}
        written = {"changes": to_jsonable_python(changes), "moved": moved, "merged_by": self.context.actor.user_id}
        await self.session.execute(
            insert(_MERGES).values(**ids, business_id=kept["business_id"], created_at=now, **written)
        )

    async def unmerge(self, kept_id: UUID, merged_id: UUID, now: datetime) -> None:
        """Give back what was moved. What was made since stays with the kept record, except bookings of a login that
        goes back. Raises NotFound and UnmergeRefused."""
        kept, _ = await self._lock(kept_id, merged_id)
        ids = {"kept_id": kept_id, "merged_id": merged_id}
        row = (await self.session.execute(_OPEN, ids)).mappings().one_or_none()
        if row is None:
            raise NotFound({"customer_id": str(merged_id)})
        merge = _merge_of(dict(row))
        values = plan_undo(merge, kept, kept_is_there=kept["deleted_at"] is None, now=now)
        await self._set(kept_id, values)
        await self.session.execute(_SHOW, ids)
        for table, statement in _BACK.items():
            if moved := row["moved"].get(table):
                await self.session.execute(statement, {**ids, "ids": moved})
        if "user_id" in values:
            for statement in _BACK_OF_LOGIN.values():
                await self.session.execute(statement, {**ids, "user_id": kept["user_id"]})
        await self.session.execute(_UNDONE, {"id": merge.id, "now": now, "user_id": self.context.actor.user_id})

    async def list_merges(self, kept_id: UUID, after: UUID | None, limit: int) -> list[MergeRow]:
        """Those that went into a record, the newest first."""
        rows = await self.session.execute(_LIST, {"kept_id": kept_id, "after": after, "limit": limit})
        return [MergeRow(**row._mapping) for row in rows]

    async def list_pairs(
        self, business_id: UUID, after: tuple[UUID, UUID] | None, limit: int
    ) -> tuple[list[PairRow], tuple[UUID, UUID] | None]:
        """Records that may be one person. ``after``: duplicate and customer of the last pair seen. With the pairs comes
        where to go on if there are fewer than ``limit``: :data:`READ` records are compared at once; None at the end."""
        duplicate, customer = after or (None, None)
        values = {"business_id": business_id, "after_duplicate": duplicate, "after_customer": customer}
        rows = (await self.session.execute(_PAIRS, {**values, "limit": limit, "read": READ})).all()
        pairs = [PairRow(row.customer_id, row.duplicate_id, row.reasons) for row in rows if row.customer_id is not None]
        return pairs, (rows[0].last, UUID(int=0)) if rows[0].read == READ else None

    async def keep_apart(self, customer_id: UUID, duplicate_id: UUID) -> None:
        """Note that two records are two people; the same again changes nothing. Raises NotFound for a record that is
        not there."""
        first, second = sorted((customer_id, duplicate_id))
        kept, merged = await self._lock(first, second)
        if kept["deleted_at"] is not None or merged["deleted_at"] is not None:
            raise NotFound({"customer_id": str(duplicate_id)})
        values = {"first_id": first, "second_id": second, "said_by": self.context.actor.user_id}
        await self.session.execute(_APART, {**values, "business_id": kept["business_id"]})

    async def _lock(self, kept_id: UUID, merged_id: UUID) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
        rows = (await self.session.execute(_LOCK, {"ids": [kept_id, merged_id]})).mappings()
        found: dict[UUID, dict[str, Any]] = {row["id"]: dict(row) for row in rows}
        if kept_id not in found or merged_id not in found:
            raise NotFound({"customer_id": str(merged_id)})
        return found[kept_id], found[merged_id]

    async def _drop_second_messages(self, ids: Mapping[str, UUID]) -> None:
        """Of one campaign, or of one automation in a week: one person gets one."""
        if (await self.session.scalars(_LOCK_MESSAGES, ids)).all():
            for statement in _WAITING:
                await self.session.execute(statement, ids)

    async def _set(self, customer_id: UUID, values: Mapping[str, Any]) -> None:
        if values:
            await self.session.execute(update(_CUSTOMERS).where(_CUSTOMERS.c.id == customer_id).values(**values))


def _merge_of(row: Mapping[str, Any]) -> Merge:
    read: Mapping[str, Callable[[str], Any]] = {"birthday": date.fromisoformat, "user_id": UUID}
    changes = {
        name: tuple(read[name](value) if name in read and value else value for value in pair)
        for name, pair in row["changes"].items()
    }
    known = {field.name for field in fields(Merge)} - {"changes"}
    return Merge(**{name: row[name] for name in known}, changes=cast(dict[str, tuple[Any, Any]], changes))
