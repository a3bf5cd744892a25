"""Texts of messages that businesses have written themselves."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text

from db.engine.store import Store
from domain.messages.kinds import NoticeKind
from domain.messages.texts import OwnText, check_text

_LIST = text("""
    SELECT kind, language, subject, body, updated_at FROM message_texts
     WHERE business_id = :business_id ORDER BY kind, language
""")
_FIND = text("""
    SELECT subject, body FROM message_texts
     WHERE business_id = :business_id AND kind = :kind AND language = :language
""")
_SET = text("""
    INSERT INTO message_texts (business_id, kind, language, subject, body)
    VALUES (:business_id, :kind, :language, :subject, :body)
    ON CONFLICT ON CONSTRAINT uq_message_texts_business_id_kind_language DO UPDATE
       SET subject = excluded.subject, body = excluded.body
    RETURNING kind, language, subject, body, updated_at
""")
_RESET = text("""
    DELETE FROM message_texts WHERE business_id = :business_id AND kind = :kind AND language = :language
""")


@dataclass(frozen=True, slots=True)
class TextRow:
    """A business's own text for one kind in one language."""

    kind: str
    language: str
    subject: str
    body: str
    updated_at: datetime


class TextStore(Store):
    """Own texts. A kind without one has the platform's."""

    async def list_(self, business_id: UUID) -> list[TextRow]:
        """All of a business."""
        rows = await self.session.execute(_LIST, {"business_id": business_id})
        return [TextRow(**row) for row in rows.mappings()]

    async def find(self, business_id: UUID, kind: NoticeKind, language: str) -> OwnText | None:
        """The business's own text; None for the platform's."""
        values = {"business_id": business_id, "kind": kind.value, "language": language}
        row = (await self.session.execute(_FIND, values)).one_or_none()
        return None if row is None else OwnText(row.subject, row.body)

    async def set(self, business_id: UUID, kind: NoticeKind, language: str, own: OwnText) -> TextRow:
        """Replace the text. Raises InvalidInput for one that loses something required."""
        check_text(kind, own)
        values = {
            "business_id": business_id,
            "kind": kind.value,
            "language": language,
            "subject": own.subject,
            "body": own.body,
        }
        return TextRow(**(await self.session.execute(_SET, values)).mappings().one())

    async def reset(self, business_id: UUID, kind: NoticeKind, language: str) -> None:
        """The platform's text counts again; nothing happens where it does already."""
        values = {"business_id": business_id, "kind": kind.value, "language": language}
        await self.session.execute(_RESET, values)
