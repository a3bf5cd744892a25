"""What needs a person."""

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import text

from db.stores.base import Store

_FILE = text("""
    INSERT INTO attention (business_id, booking_id, payment_id, kind, dedupe_key, details)
    VALUES (:business_id, :booking_id, :payment_id, :kind, :dedupe_key, CAST(:details AS jsonb))
    ON CONFLICT (dedupe_key) WHERE resolved_at IS NULL DO NOTHING
    RETURNING id
""")


class AttentionStore(Store):
    """What needs a person."""

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
        """File a matter with everything that a person needs to settle it: ids, amounts, codes; never a name.

        False when an open entry with the same ``dedupe_key`` is there; once that is resolved, it can be filed anew.
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
