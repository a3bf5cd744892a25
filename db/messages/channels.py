"""Where people can be reached beside e-mail, and the short addresses in messages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text

from db.engine.store import Store
from domain.errors import NotFound
from domain.messages.channels import CODE_LASTS, MOST_SUBSCRIPTIONS, check_tries
from domain.messages.kinds import Channel

_COLUMNS = "id, user_id, channel, address, keys, tries, expires_at, proven_at, created_at"
# Beside the addresses of a login: the number that a guest without an e-mail address typed for the booking, for the
# request to prove it, and once it is proven.
_OF_NOTICE = text(f"""
    SELECT {", ".join(f"h.{name}" for name in _COLUMNS.split(", "))} FROM notification_outbox n
      JOIN channel_addresses h ON h.user_id = n.user_id AND h.proven_at IS NOT NULL
     WHERE n.id = :notice_id
     UNION ALL
    SELECT b.id, NULL, 'sms', b.phone, NULL, 0, NULL, b.contact_proven_at, b.created_at FROM notification_outbox n
      JOIN bookings b ON b.id = n.booking_id
     WHERE n.id = :notice_id AND n.audience = 'customer' AND n.user_id IS NULL AND coalesce(b.email, '') = ''
       AND b.phone IS NOT NULL AND (n.kind = 'booking_proof' OR b.contact_proven_at IS NOT NULL)
     ORDER BY id
""")
_OF_CODE = text(f"""
    SELECT {", ".join(f"h.{name}" for name in _COLUMNS.split(", "))} FROM notification_outbox n
      JOIN channel_addresses h ON h.id = CAST(n.facts->>'address_id' AS uuid) WHERE n.id = :notice_id
""")
_LANGUAGE = text("SELECT language FROM notification_outbox WHERE id = :notice_id")
_LIST = text(f"SELECT {_COLUMNS} FROM channel_addresses WHERE user_id = :user_id ORDER BY id")
_LOCK = text(f"""
    SELECT {_COLUMNS} FROM channel_addresses WHERE id = :id AND user_id = :user_id AND channel = 'sms' FOR UPDATE
""")
_LOCK_LOGIN = text("SELECT 1 FROM users WHERE id = :user_id FOR NO KEY UPDATE")
_DROP_PENDING = text("""
    DELETE FROM channel_addresses WHERE user_id = :user_id AND channel = 'sms' AND proven_at IS NULL
""")
_ADD_NUMBER = text(f"""
    INSERT INTO channel_addresses (user_id, channel, address, expires_at)
    VALUES (:user_id, 'sms', :address, :expires_at) RETURNING {_COLUMNS}
""")
_COUNT_TRY = text("UPDATE channel_addresses SET tries = tries + 1 WHERE id = :id")
_DROP_OTHERS = text("""
    DELETE FROM channel_addresses
     WHERE user_id = :user_id AND channel = :channel AND id IS DISTINCT FROM CAST(:id AS uuid)
""")
_PROVE = text(f"""
    UPDATE channel_addresses SET proven_at = coalesce(proven_at, :now) WHERE id = :id RETURNING {_COLUMNS}
""")
# A browser in which somebody else logs in now belongs to that login. One statement, so that two who take it at the same
# time take it one after the other.
_TAKE = text(f"SELECT {_COLUMNS} FROM app_take_address(:channel, :address, CAST(:keys AS jsonb), :now)")
_DROP_OLDEST = text("""
    DELETE FROM channel_addresses WHERE id IN (
           SELECT id FROM channel_addresses WHERE user_id = :user_id AND channel = 'push'
            ORDER BY id DESC OFFSET :most)
""")
_REMOVE = text("DELETE FROM channel_addresses WHERE id = :id AND user_id = :user_id RETURNING id")
_FORGET = text("DELETE FROM channel_addresses WHERE id = :id")
_UNFOLLOW = text("DELETE FROM channel_addresses WHERE channel = 'line' AND address = ANY(:addresses) RETURNING id")
_SET_CODE = text("""
    UPDATE notification_outbox SET link_code = coalesce(link_code, :code) WHERE id = :id RETURNING link_code
""")
_BY_CODE = text("""
    SELECT n.id, n.booking_id, n.facts, CASE n.kind WHEN 'booking_proof' THEN b.proof_deadline END AS prove_until
      FROM notification_outbox n LEFT JOIN bookings b ON b.id = n.booking_id WHERE n.link_code = :code
""")
_ZONE = text("UPDATE users SET time_zone = :time_zone WHERE id = :user_id AND time_zone IS DISTINCT FROM :time_zone")
_GET_ZONE = text("SELECT time_zone FROM users WHERE id = :user_id")


@dataclass(frozen=True, slots=True)
class AddressRow:
    """One address; see `db.messages.channel_tables.ChannelAddress`. ``user_id`` is None for the number of a guest."""

    id: UUID
    user_id: UUID | None
    channel: str
    address: str
    keys: Mapping[str, str] | None
    tries: int
    expires_at: datetime | None
    proven_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class LinkTarget:
    """What a short address opens: a booking, or an entry of the waitlist. ``prove_until``: it proves the number of the
    booking until then."""

    notice_id: UUID
    booking_id: UUID | None
    waitlist_entry_id: UUID | None
    prove_until: datetime | None


class ChannelStore(Store):
    """Addresses of logins."""

    async def reach(self, notice_id: UUID) -> list[AddressRow]:
        """Where the recipient of a message can be reached beside e-mail. For somebody without a login that is the
        number of a booking without an e-mail address."""
        return await self._rows(_OF_NOTICE, {"notice_id": notice_id})

    async def of_code(self, notice_id: UUID) -> AddressRow | None:
        """The number that the code of a message is to prove; None where another code was asked for since."""
        found = await self._rows(_OF_CODE, {"notice_id": notice_id})
        return found[0] if found else None

    async def language(self, notice_id: UUID) -> str:
        """The language of a message."""
        return str((await self.session.execute(_LANGUAGE, {"notice_id": notice_id})).scalar_one())

    async def list_(self, user_id: UUID) -> list[AddressRow]:
        """All addresses of a login, oldest first; numbers that are not proven too."""
        return await self._rows(_LIST, {"user_id": user_id})

    async def start_number(self, user_id: UUID, number: str, now: datetime) -> AddressRow:
        """Store a number (E.164) that is to be proven; another one that waits for its code is dropped."""
        await self.session.execute(_LOCK_LOGIN, {"user_id": user_id})
        await self.session.execute(_DROP_PENDING, {"user_id": user_id})
        values = {"user_id": user_id, "address": number, "expires_at": now + CODE_LASTS}
        return (await self._rows(_ADD_NUMBER, values))[0]

    async def try_code(self, user_id: UUID, address_id: UUID, is_right: bool, now: datetime) -> AddressRow | None:
        """A code was typed: the number is proven and replaces the former one, or the try is counted and None comes
        back. Commit in both cases. Raises NotFound, and Gone where the code is over or was typed too often."""
        found = await self._rows(_LOCK, {"id": address_id, "user_id": user_id})
        if not found:
            raise NotFound({"address_id": str(address_id)})
        [row] = found
        if row.proven_at is None:
            check_tries(row.tries, row.expires_at, now)
            if not is_right:
                await self.session.execute(_COUNT_TRY, {"id": address_id})
                return None
            values: dict[str, Any] = {"user_id": user_id, "channel": Channel.SMS.value, "id": address_id}
            await self.session.execute(_DROP_OTHERS, values)
        return (await self._rows(_PROVE, {"id": address_id, "now": now}))[0]

    async def link_line(self, user_id: UUID, line_user_id: str, now: datetime) -> AddressRow:
        """Store who the login is on LINE; its former account there is replaced, and another login loses this one. Needs
        the login's own scope, as `subscribe` does."""
        await self.session.execute(_LOCK_LOGIN, {"user_id": user_id})
        values = {"user_id": user_id, "channel": Channel.LINE.value, "address": line_user_id, "keys": None, "now": now}
        await self.session.execute(_DROP_OTHERS, {**values, "id": None})
        return (await self._rows(_TAKE, values))[0]

    async def subscribe(self, user_id: UUID, endpoint: str, keys: str, now: datetime) -> AddressRow:
        """Store a browser's subscription, and take it from the login that had it; ``keys`` is JSON. The oldest of too
        many goes."""
        await self.session.execute(_LOCK_LOGIN, {"user_id": user_id})
        values = {"user_id": user_id, "channel": Channel.PUSH.value, "address": endpoint, "keys": keys, "now": now}
        row = (await self._rows(_TAKE, values))[0]
        await self.session.execute(_DROP_OLDEST, {"user_id": user_id, "most": MOST_SUBSCRIPTIONS})
        return row

    async def remove(self, user_id: UUID, address_id: UUID) -> None:
        """Delete an address of the login. Raises NotFound."""
        removed = await self.session.execute(_REMOVE, {"id": address_id, "user_id": user_id})
        if removed.one_or_none() is None:
            raise NotFound({"address_id": str(address_id)})

    async def forget(self, address_id: UUID) -> None:
        """Delete a subscription that has ended. Needs the platform's scope."""
        await self.session.execute(_FORGET, {"id": address_id})

    async def unfollow(self, line_user_ids: Sequence[str]) -> int:
        """Delete those who have blocked the account on LINE. Needs the platform's scope."""
        gone = await self.session.execute(_UNFOLLOW, {"addresses": sorted(set(line_user_ids))})
        return len(gone.all())

    async def link_code(self, notice_id: UUID, code: str) -> str:
        """The end of the short address in this message: ``code``, or the one that it has already."""
        return str((await self.session.execute(_SET_CODE, {"id": notice_id, "code": code})).scalar_one())

    async def target(self, code: str) -> LinkTarget:
        """What a short address opens. Needs the platform's scope. Raises NotFound."""
        row = (await self.session.execute(_BY_CODE, {"code": code})).one_or_none()
        if row is None:
            raise NotFound({"code": code})
        entry = row.facts.get("waitlist_entry_id")
        return LinkTarget(row.id, row.booking_id, UUID(str(entry)) if entry else None, row.prove_until)

    async def zone_of(self, user_id: UUID) -> str | None:
        """The zone that the login has chosen for quiet hours."""
        found: str | None = (await self.session.execute(_GET_ZONE, {"user_id": user_id})).scalar_one()
        return found

    async def set_zone(self, user_id: UUID, time_zone: str | None) -> None:
        """Choose the zone; None: that of each business."""
        await self.session.execute(_ZONE, {"user_id": user_id, "time_zone": time_zone})

    async def _rows(self, statement: Any, values: dict[str, Any]) -> list[AddressRow]:
        return [AddressRow(**row) for row in (await self.session.execute(statement, values)).mappings()]
