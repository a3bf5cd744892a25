"""Calendar feeds and their content."""

import hashlib
import hmac
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import LargeBinary, bindparam, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import UUID as PgUUID

from db.engine.store import Store
from domain.booking_status import BookingStatus
from domain.bookings.limits import check_feeds
from domain.errors import NotFound

#: Random bytes of the secret in an address.
_SECRET_BYTES = 32
_COLUMNS = "f.id, f.business_id, f.resource_id, f.rotated_at, f.created_at, f.updated_at"
_GET = text(f"SELECT {_COLUMNS} FROM calendar_feeds f WHERE f.id = :id")
_LIST = text(f"""
    SELECT {_COLUMNS} FROM calendar_feeds f
     WHERE f.business_id = :business_id AND (CAST(:after AS uuid) IS NULL OR f.id > :after) ORDER BY f.id LIMIT :limit
""").bindparams(bindparam("after", type_=PgUUID))
_COUNT = text("SELECT count(*) FROM calendar_feeds WHERE business_id = :business_id")
_ADD = text("""
    INSERT INTO calendar_feeds (business_id, resource_id, user_id, token_hash)
    SELECT b.id, CAST(:resource_id AS uuid), :user_id, :token_hash FROM businesses b
     WHERE b.id = :business_id AND (CAST(:resource_id AS uuid) IS NULL OR EXISTS (
           SELECT FROM resources r WHERE r.id = :resource_id AND r.business_id = b.id AND r.deleted_at IS NULL))
    RETURNING id
""").bindparams(bindparam("resource_id", type_=PgUUID), bindparam("token_hash", type_=LargeBinary))
_ROTATE = text("""
    UPDATE calendar_feeds SET token_hash = :token_hash, user_id = :user_id, rotated_at = :now WHERE id = :id
""").bindparams(bindparam("token_hash", type_=LargeBinary))
_REMOVE = text("DELETE FROM calendar_feeds WHERE id = :id")
# A person who has left must not go on reading: the login that knows the address is asked as if it made the feed now.
_HASH = text("""
    SELECT f.token_hash FROM calendar_feeds f JOIN businesses b ON b.id = f.business_id
     WHERE f.id = :id AND (b.owner_id = f.user_id OR EXISTS (
           SELECT FROM staff_assignments a
            WHERE a.business_id = f.business_id AND a.user_id = f.user_id AND a.ended_at IS NULL
              AND (a.role = 'manager' OR a.role = 'staff' AND a.resource_id = f.resource_id)))
""")
_SOURCE = text("""
    SELECT b.name AS business, r.name AS resource, t.language, t.feeds_name_customers
      FROM calendar_feeds f JOIN businesses b ON b.id = f.business_id
      JOIN business_settings t ON t.business_id = b.id LEFT JOIN resources r ON r.id = f.resource_id
     WHERE f.id = :id
""").columns(business=JSONB, resource=JSONB)
# The claims that were released last show the resource of an ended booking. Expired holds are left out: they were no
# visits.
_BOOKINGS = text("""
    SELECT b.id, b.status, b.version, b.updated_at, b.code, b.party_size, i.starts_at, i.ends_at, i.names,
           CASE WHEN :with_names THEN b.family_name END AS family_name,
           CASE WHEN :with_names THEN b.given_name END AS given_name
      FROM bookings b
     CROSS JOIN LATERAL (
        SELECT min(i.start_at) AS starts_at, max(i.end_at) AS ends_at, jsonb_agg(i.name ORDER BY i.position) AS names
          FROM booking_items i
         WHERE i.booking_id = b.id AND (CAST(:resource_id AS uuid) IS NULL OR EXISTS (
            SELECT FROM resource_claims c
             WHERE c.booking_id = b.id AND c.item_position = i.position AND c.resource_id = :resource_id
               AND c.released_at IS NOT DISTINCT FROM (
                   SELECT max(x.released_at) FROM resource_claims x
                    WHERE x.booking_id = b.id AND NOT EXISTS (
                        SELECT FROM resource_claims y WHERE y.booking_id = b.id AND y.released_at IS NULL))))) i
     WHERE b.business_id = :business_id AND b.start_at >= :since AND b.start_at < :until AND b.status <> 'expired'
       AND i.starts_at IS NOT NULL
     ORDER BY b.start_at, b.id LIMIT :limit
""").columns(names=JSONB)
_BLOCKS = text("""
    SELECT t.id, t.version, t.starts_at, t.ends_at, k.updated_at
      FROM block_times t JOIN blocks k ON k.id = t.block_id
     WHERE t.business_id = :business_id AND t.ends_at > :since AND t.starts_at < :until
       AND (CAST(:resource_id AS uuid) IS NULL OR k.resource_id IS NULL OR k.resource_id = :resource_id)
     ORDER BY t.starts_at, t.id LIMIT :limit
""")
_ID = bindparam("resource_id", type_=PgUUID)
_BOOKINGS, _BLOCKS = _BOOKINGS.bindparams(_ID), _BLOCKS.bindparams(_ID)


@dataclass(frozen=True, slots=True)
class FeedRow:
    """A feed. ``resource_id`` None: of the whole business."""

    id: UUID
    business_id: UUID
    resource_id: UUID | None
    rotated_at: datetime | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class FeedBooking:
    """A booking in a feed; with a resource, the part that it serves. The names are None unless the owner wants them
    in feeds. ``updated_at``: of its last change."""

    id: UUID
    status: BookingStatus
    version: int
    updated_at: datetime
    code: str
    party_size: int
    starts_at: datetime
    ends_at: datetime
    names: Sequence[Mapping[str, str]]
    family_name: str | None
    given_name: str | None


@dataclass(frozen=True, slots=True)
class FeedBlock:
    """One occurrence of a block; ``version`` counts its changes."""

    id: UUID
    version: int
    starts_at: datetime
    ends_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class FeedContent:
    """The content of a feed. ``resource`` None: of the whole business."""

    business: Mapping[str, str]
    resource: Mapping[str, str] | None
    language: str
    bookings: Sequence[FeedBooking]
    blocks: Sequence[FeedBlock]


class FeedStore(Store):
    """Feeds; the secret of an address is given once and never stored."""

    async def list_feeds(self, business_id: UUID, after: UUID | None, limit: int) -> list[FeedRow]:
        """In the order in which they were made."""
        values = {"business_id": business_id, "after": after, "limit": limit}
        return [FeedRow(**row._mapping) for row in await self.session.execute(_LIST, values)]

    async def get_feed(self, feed_id: UUID) -> FeedRow:
        """One of them. Raises NotFound."""
        row = (await self.session.execute(_GET, {"id": feed_id})).one_or_none()
        if row is None:
            raise NotFound
        return FeedRow(**row._mapping)

    async def add_feed(self, business_id: UUID, resource_id: UUID | None) -> tuple[FeedRow, str]:
        """A new feed and the token of its address. Raises NotFound for a resource of another business, and RuleBroken
        for more feeds than a business may have."""
        check_feeds(await self.session.scalar(_COUNT, {"business_id": business_id}) or 0)
        secret = secrets.token_urlsafe(_SECRET_BYTES)
        values = {
            "business_id": business_id,
            "resource_id": resource_id,
            "user_id": self.context.actor.user_id,
            "token_hash": _digest(secret),
        }
        feed_id: UUID | None = await self.session.scalar(_ADD, values)
        if feed_id is None:
            raise NotFound
        return await self.get_feed(feed_id), _token(feed_id, secret)

    async def rotate_feed(self, feed_id: UUID, now: datetime) -> tuple[FeedRow, str]:
        """A new token; the old address becomes invalid. Raises NotFound."""
        secret = secrets.token_urlsafe(_SECRET_BYTES)
        values = {"id": feed_id, "token_hash": _digest(secret), "user_id": self.context.actor.user_id, "now": now}
        await self.session.execute(_ROTATE, values)
        return await self.get_feed(feed_id), _token(feed_id, secret)

    async def remove_feed(self, feed_id: UUID) -> None:
        """Delete the feed; its address becomes invalid."""
        await self.session.execute(_REMOVE, {"id": feed_id})

    async def check_token(self, feed_id: UUID, secret: str) -> FeedRow:
        """The feed that the secret opens. Raises NotFound, also where the login that made it may not any more."""
        known: bytes | None = await self.session.scalar(_HASH, {"id": feed_id})
        if known is None or not hmac.compare_digest(known, _digest(secret)):
            raise NotFound
        return await self.get_feed(feed_id)

    async def read_content(self, feed: FeedRow, since: datetime, until: datetime, limit: int) -> FeedContent:
        """Bookings that start, and blocks that reach, between ``since`` and ``until`` (aware), ``limit`` of each at
        most. Cancelled and declined bookings are in it."""
        source = (await self.session.execute(_SOURCE, {"id": feed.id})).one()
        asked: dict[str, Any] = {
            "business_id": feed.business_id,
            "resource_id": feed.resource_id,
            "since": since,
            "until": until,
            "limit": limit,
        }
        bookings = await self.session.execute(_BOOKINGS, {**asked, "with_names": source.feeds_name_customers})
        blocks = await self.session.execute(_BLOCKS, asked)
        return FeedContent(
            source.business,
            source.resource,
            source.language,
            [FeedBooking(**{**row._mapping, "status": BookingStatus(row.status)}) for row in bookings],
            [FeedBlock(**row._mapping) for row in blocks],
        )


def split_token(token: str) -> tuple[UUID, str]:
    """The id and the secret of an address. Raises NotFound for a text of another form."""
    try:
        return UUID(hex=token[:32]), token[32:]
    except ValueError as error:
        raise NotFound from error


def _token(feed_id: UUID, secret: str) -> str:
    return f"{feed_id.hex}{secret}"


def _digest(secret: str) -> bytes:
    # A random secret of 256 bits needs no slow hash: it cannot be guessed.
    return hashlib.sha256(secret.encode()).digest()
