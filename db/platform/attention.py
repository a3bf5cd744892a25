"""Attention items: problems that a person must solve."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text

from db.engine.store import Store
from domain.errors import NotFound, WrongState

_FILE = text("""
    INSERT INTO attention (business_id, booking_id, payment_id, kind, dedupe_key, details)
    VALUES (:business_id, :booking_id, :payment_id, :kind, :dedupe_key, CAST(:details AS jsonb))
    ON CONFLICT (dedupe_key) WHERE resolved_at IS NULL DO NOTHING
    RETURNING id
""")
_COLUMNS = (
    """id, business_id, booking_id, payment_id, kind, details, created_at, resolved_at, resolved_by, resolution"""
)
_GET = text(f"SELECT {_COLUMNS} FROM attention WHERE id = :id")
_RESOLVE = text(f"""
    UPDATE attention SET resolved_at = :now, resolved_by = :by, resolution = :note
     WHERE id = :id AND resolved_at IS NULL RETURNING {_COLUMNS}
""")
_CLOSE_OF_BOOKING = text("""
    UPDATE attention SET resolved_at = now(), resolution = :resolution
     WHERE booking_id = :booking_id AND kind = ANY(:kinds) AND resolved_at IS NULL
""")
_CLOSE = text("""
    UPDATE attention SET resolved_at = now(), resolution = :resolution
     WHERE dedupe_key = ANY(:keys) AND resolved_at IS NULL
""")
_OPEN = text("""
    SELECT kind, count(*) AS items FROM attention WHERE resolved_at IS NULL GROUP BY kind ORDER BY count(*) DESC, kind
""")
_CONDITIONS = {"business_id": "business_id = :business_id", "kind": "kind = :kind", "after": "id < :after"}


@dataclass(frozen=True, slots=True)
class AttentionItem:
    """``details``: ids, amounts and codes. ``resolved_by``: the person who resolved it; ``resolution``: what they
    did."""

    id: UUID
    business_id: UUID | None
    booking_id: UUID | None
    payment_id: UUID | None
    kind: str
    details: dict[str, Any]
    created_at: datetime
    resolved_at: datetime | None
    resolved_by: UUID | None
    resolution: str | None


class AttentionStore(Store):
    """Attention items: problems that a person must solve."""

    async def file(
        self,
        kind: str,
        dedupe_key: str,
        *,
        business_id: UUID | None = None,
        booking_id: UUID | None = None,
        payment_id: UUID | None = None,
        details: Mapping[str, Any] | None = None,
    ) -> bool:
        """File an item with everything that a person needs to resolve it: ids, amounts, codes; never a name.

        False when an open item has the same ``dedupe_key``; after that one is resolved, a new item can be filed.
        """
        filed = await self.session.execute(
            _FILE,
            {
                "business_id": business_id,
                "booking_id": booking_id,
                "payment_id": payment_id,
                "kind": kind,
                "dedupe_key": dedupe_key,
                "details": json.dumps(details or {}, default=str),
            },
        )
        return filed.scalar() is not None

    async def close_of_booking(self, booking_id: UUID, kinds: Sequence[str], resolution: str) -> None:
        """Resolve the open items of a booking that need nobody any more; ``resolution`` is one word that says why."""
        values = {"booking_id": booking_id, "kinds": list(kinds), "resolution": resolution}
        await self.session.execute(_CLOSE_OF_BOOKING, values)

    async def close(self, dedupe_keys: Sequence[str], resolution: str) -> None:
        """Resolve the open items with these keys; ``resolution`` is one word that says how."""
        await self.session.execute(_CLOSE, {"keys": list(dedupe_keys), "resolution": resolution})

    async def list_(
        self, *, open_: bool, business_id: UUID | None, kind: str | None, after: UUID | None, limit: int
    ) -> list[AttentionItem]:
        """Open or resolved items, newest first, older than ``after``."""
        asked = {"business_id": business_id, "kind": kind, "after": after}
        values = {name: value for name, value in asked.items() if value is not None}
        conditions = [f"resolved_at IS {'NULL' if open_ else 'NOT NULL'}", *(_CONDITIONS[name] for name in values)]
        statement = f"SELECT {_COLUMNS} FROM attention WHERE {' AND '.join(conditions)} ORDER BY id DESC LIMIT :limit"
        rows = await self.session.execute(text(statement), {**values, "limit": limit})
        return [AttentionItem(**row) for row in rows.mappings()]

    async def open_by_kind(self) -> Mapping[str, int]:
        """How many open items there are of each kind, the most frequent kind first."""
        return {row.kind: row.items for row in await self.session.execute(_OPEN)}

    async def get(self, item_id: UUID) -> AttentionItem:
        """One item. Raises NotFound."""
        row = (await self.session.execute(_GET, {"id": item_id})).mappings().one_or_none()
        if row is None:
            raise NotFound({"attention_id": str(item_id)})
        return AttentionItem(**row)

    async def resolve(self, item_id: UUID, by: UUID, note: str, now: datetime) -> AttentionItem:
        """A person resolves it; ``note`` says how. Raises NotFound, and WrongState for a resolved one."""
        values = {"id": item_id, "by": by, "note": note, "now": now}
        row = (await self.session.execute(_RESOLVE, values)).mappings().one_or_none()
        if row is not None:
            return AttentionItem(**row)
        await self.get(item_id)
        raise WrongState({"status": "resolved", "wanted": "resolved"})
