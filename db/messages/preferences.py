"""What the recipients of messages want, and what they have consented to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Text, bindparam, text
from sqlalchemy.dialects.postgresql import UUID as PgUUID

from db.engine.store import Store
from domain.errors import NotFound
from domain.messages.consent import Answer, ConsentPurpose, ConsentSource, wording
from domain.messages.kinds import AccountEmailKind, Channel, NoticeKind
from domain.messages.preferences import Choice, PreferenceSource

_CHOICES = text("""
    SELECT kind, channel, enabled, business_id, position FROM notification_preferences
     WHERE (user_id = :user_id OR customer_id = :customer_id)
           AND (CAST(:business_id AS uuid) IS NULL OR business_id IS NULL OR business_id = :business_id)
     ORDER BY business_id NULLS FIRST, kind, channel
""")
_CHOOSE = text("""
    INSERT INTO notification_preferences (business_id, user_id, customer_id, kind, channel, enabled, position, source)
    VALUES (:business_id, :user_id, :customer_id, :kind, :channel, :enabled, :position, :source)
    ON CONFLICT ON CONSTRAINT uq_notification_preferences_person_kind DO UPDATE
       SET enabled = excluded.enabled, source = excluded.source,
           position = coalesce(excluded.position, notification_preferences.position)
     WHERE notification_preferences.enabled <> excluded.enabled
           OR notification_preferences.position IS DISTINCT FROM
              coalesce(excluded.position, notification_preferences.position)
""")
_RECIPIENT = text("""
    SELECT n.id, n.business_id, n.user_id, n.customer_id, n.audience, n.kind, s.name AS business_name
      FROM notification_outbox n JOIN businesses s ON s.id = n.business_id WHERE n.id = :id
""")
_ANSWERS = text("""
    SELECT id, purpose, granted, source, language, wording, notice_id, actor_id, created_at FROM consents
     WHERE customer_id = :customer_id AND (CAST(:after AS uuid) IS NULL OR id < :after) ORDER BY id DESC LIMIT :limit
""")
_LAST_ANSWERS = text("""
    SELECT DISTINCT ON (purpose) purpose, granted, created_at FROM consents
     WHERE customer_id = :customer_id ORDER BY purpose, id DESC
""")
_CUSTOMER = text("""
    SELECT c.business_id, s.name FROM customers c JOIN businesses s ON s.id = c.business_id
     WHERE c.id = :id AND (c.deleted_at IS NULL OR NOT :granted)
""")
_ANSWER = text("""
    INSERT INTO consents (business_id, customer_id, purpose, granted, source, language, wording, notice_id, actor_id)
    VALUES (:business_id, :customer_id, :purpose, :granted, :source, :language, :wording, :notice_id, :actor_id)
    RETURNING id, purpose, granted, source, language, wording, notice_id, actor_id, created_at
""")
# Who refuses advertising refuses it for the address: other records of the business that have it and have consented
# refuse with it (特定電子メールの送信の適正化等に関する法律 3条3項: nothing more to whom has asked for that).
_REFUSE_ALIKE = text("""
    INSERT INTO consents (business_id, customer_id, purpose, granted, source, language, wording, notice_id, actor_id)
    SELECT c.business_id, c.id, :purpose, false, :source, :language, :wording, :notice_id, :actor_id
      FROM customers me JOIN customers c ON c.business_id = me.business_id AND c.email_key = me.email_key
     WHERE me.id = :customer_id AND me.email_key <> '' AND c.id <> me.id
       AND (SELECT o.granted FROM consents o WHERE o.customer_id = c.id AND o.purpose = :purpose
             ORDER BY o.id DESC LIMIT 1)
""").bindparams(
    bindparam("notice_id", type_=PgUUID), bindparam("actor_id", type_=PgUUID), bindparam("purpose", type_=Text)
)

#: Messages whose recipients have something to choose.
_KINDS: Mapping[str, NoticeKind | AccountEmailKind] = {
    kind.value: kind for kind in (*NoticeKind, AccountEmailKind.CAMPAIGN_MESSAGE)
}


@dataclass(frozen=True, slots=True)
class Person:
    """Whose preferences: a login, else the customer of a business. ``business_id`` None: a login everywhere."""

    business_id: UUID | None = None
    user_id: UUID | None = None
    customer_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who got a message, from whom. ``customer_id``: the record of the business, None for its own people."""

    notice_id: UUID
    business_id: UUID
    user_id: UUID | None
    customer_id: UUID | None
    audience: str
    kind: NoticeKind | AccountEmailKind
    business_name: Mapping[str, str]

    @property
    def person(self) -> Person:
        """Whose preferences count for the messages of this business."""
        customer_id = None if self.user_id else self.customer_id
        return Person(self.business_id, self.user_id, customer_id)

    def named(self, language: str) -> str:
        """The name of the business."""
        return self.business_name.get(language) or next(iter(self.business_name.values()), "")


@dataclass(frozen=True, slots=True)
class ConsentRow:
    """One answer, with the words of the question and where it came from."""

    id: UUID
    purpose: str
    granted: bool
    source: str
    language: str
    wording: str
    notice_id: UUID | None
    actor_id: UUID | None
    created_at: datetime


class PreferenceStore(Store):
    """Preferences and consents."""

    async def choices_of(self, person: Person) -> list[Choice]:
        """The stored preferences that count for the person: those for all businesses first."""
        values = {"user_id": person.user_id, "customer_id": person.customer_id, "business_id": person.business_id}
        return [
            Choice(_kind(row.kind), Channel(row.channel), row.enabled, row.business_id, row.position)
            for row in await self.session.execute(_CHOICES, values)
        ]

    async def choose(self, person: Person, choices: Sequence[Choice], source: PreferenceSource) -> None:
        """Store preferences; the same again changes nothing. Each is for its own business, or for all."""
        for one in sorted(choices, key=lambda choice: (str(choice.business_id), choice.kind, choice.channel)):
            values = {
                "business_id": one.business_id,
                "user_id": person.user_id,
                "customer_id": person.customer_id,
                "kind": one.kind.value,
                "channel": one.channel.value,
                "enabled": one.enabled,
                "position": one.position,
                "source": source.value,
            }
            await self.session.execute(_CHOOSE, values)

    async def find_recipient(self, notice_id: UUID) -> Recipient | None:
        """Who got the message; None for a message of the platform itself, and for one whose recipient is no longer
        known."""
        row = (await self.session.execute(_RECIPIENT, {"id": notice_id})).one_or_none()
        if row is None or (row.user_id is None and row.customer_id is None) or row.kind not in _KINDS:
            return None
        kind = _KINDS[row.kind]
        return Recipient(row.id, row.business_id, row.user_id, row.customer_id, row.audience, kind, row.business_name)

    async def recipient_of(self, notice_id: UUID) -> Recipient:
        """As `find_recipient`. Raises NotFound."""
        found = await self.find_recipient(notice_id)
        if found is None:
            raise NotFound({"notice_id": str(notice_id)})
        return found

    async def last_answers(self, customer_id: UUID) -> list[Answer]:
        """The last answer for each purpose."""
        rows = await self.session.execute(_LAST_ANSWERS, {"customer_id": customer_id})
        return [Answer(ConsentPurpose(row.purpose), row.granted, row.created_at) for row in rows]

    async def list_consents(self, customer_id: UUID, after: UUID | None, limit: int) -> list[ConsentRow]:
        """Every answer of a customer, newest first."""
        values = {"customer_id": customer_id, "after": after, "limit": limit}
        return [ConsentRow(**row) for row in (await self.session.execute(_ANSWERS, values)).mappings()]

    async def answer(
        self,
        customer_id: UUID,
        purpose: ConsentPurpose,
        granted: bool,
        language: str,
        source: ConsentSource,
        *,
        notice_id: UUID | None = None,
        actor_id: UUID | None = None,
    ) -> ConsentRow:
        """Write down one answer, with the words of the question. A customer whom the business has deleted can still
        withdraw; a withdrawal counts for all records of the business with the same address. Raises NotFound."""
        asked = {"id": customer_id, "granted": granted}
        customer = (await self.session.execute(_CUSTOMER, asked)).one_or_none()
        if customer is None:
            raise NotFound({"customer_id": str(customer_id)})
        named: str = customer.name.get(language) or next(iter(customer.name.values()), "")
        values: dict[str, Any] = {
            "business_id": customer.business_id,
            "customer_id": customer_id,
            "purpose": purpose.value,
            "granted": granted,
            "source": source.value,
            "language": language,
            "wording": wording(purpose, named, language),
            "notice_id": notice_id,
            "actor_id": actor_id,
        }
        made = ConsentRow(**(await self.session.execute(_ANSWER, values)).mappings().one())
        if not granted:
            await self.session.execute(_REFUSE_ALIKE, values)
        return made


def _kind(value: str) -> NoticeKind | AccountEmailKind:
    return NoticeKind(value) if value in set(NoticeKind) else AccountEmailKind(value)
