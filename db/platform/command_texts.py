"""Texts that people type with commands: stored by the request, moved by the transaction that executes the command."""

from uuid import UUID

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import UUID as PgUUID

from db.engine.store import Store

_STORE = text("""
    INSERT INTO command_texts (business_id, command_id, booking_id, user_id, body)
    VALUES (:business_id, :command_id, :booking_id, :user_id, :body) ON CONFLICT DO NOTHING
""").bindparams(bindparam("booking_id", type_=PgUUID), bindparam("user_id", type_=PgUUID))
_TAKE = text("DELETE FROM command_texts WHERE business_id = :business_id AND command_id = :command_id RETURNING body")


class CommandTextStore(Store):
    """The table ``command_texts``."""

    async def store(self, business_id: UUID, command_id: str, body: str, booking_id: UUID | None = None) -> None:
        """Store a text under its command's id; ``booking_id``: the booking that the command is about. The same command
        stores it once."""
        values = {
            "business_id": business_id,
            "command_id": command_id,
            "booking_id": booking_id,
            "user_id": self.context.actor.user_id,
            "body": body,
        }
        await self.session.execute(_STORE, values)

    async def take(self, business_id: UUID, command_id: str) -> str | None:
        """The text of a command, which is deleted here; None if it has none."""
        values = {"business_id": business_id, "command_id": command_id}
        body: str | None = await self.session.scalar(_TAKE, values)
        return body
