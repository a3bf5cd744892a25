"""Invitations by e-mail to work at a business."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Text, bindparam, text
from sqlalchemy.dialects.postgresql import CITEXT, JSONB
from sqlalchemy.dialects.postgresql import UUID as PgUUID

from db.engine.store import Store
from db.messages.notices import AccountEmail, NoticeStore
from domain.errors import AlreadyExists, Forbidden, NotFound
from domain.messages.kinds import AccountEmailKind
from domain.messages.send_decision import check_invitation
from domain.scheduling.invitation import VALID_FOR, InvitationState, check_link, check_open, check_person
from domain.scheduling.staff import StaffRole

_COLUMNS = """
    id, business_id, CAST(email AS text) AS email, role, resource_id, resource_name, language, expires_at, accepted_at,
    withdrawn_at, created_at
"""
_EMAIL = bindparam("email", type_=CITEXT)
_WORKS_HERE = text("""
    SELECT EXISTS (SELECT FROM users u WHERE u.email = :email AND (
        EXISTS (SELECT FROM businesses b WHERE b.id = :business_id AND b.owner_id = u.id)
        OR EXISTS (SELECT FROM staff_assignments a
                    WHERE a.business_id = :business_id AND a.user_id = u.id AND a.ended_at IS NULL)))
""").bindparams(_EMAIL)
_MAY_INVITE = text("""
    SELECT b.status, b.status = 'approved' AS is_approved, o.email_verified_at IS NOT NULL AS owner_is_proven
      FROM businesses b LEFT JOIN users o ON o.id = b.owner_id AND o.deleted_at IS NULL
     WHERE b.id = :business_id
""")
_FREE_PERSON = text("""
    SELECT EXISTS (SELECT FROM resources r
                    WHERE r.id = :resource_id AND r.business_id = :business_id AND r.kind = 'staff' AND r.is_active
                      AND r.deleted_at IS NULL AND NOT EXISTS (
                          SELECT FROM staff_assignments a WHERE a.resource_id = r.id AND a.ended_at IS NULL))
""")
_FORGET_OLD = text("""
    UPDATE staff_invitations SET withdrawn_at = :now
     WHERE business_id = :business_id AND email = :email AND accepted_at IS NULL AND withdrawn_at IS NULL
       AND expires_at <= :now
""").bindparams(_EMAIL)
_INVITE = text(f"""
    INSERT INTO staff_invitations (business_id, email, role, resource_id, resource_name, language, invited_by,
                                   expires_at)
    VALUES (:business_id, :email, :role, :resource_id, :resource_name, :language, :invited_by, :expires_at)
    ON CONFLICT DO NOTHING RETURNING {_COLUMNS}
""").bindparams(
    _EMAIL, bindparam("resource_id", type_=PgUUID), bindparam("resource_name", type_=JSONB(none_as_null=True))
)
_LOCK = text(f"SELECT {_COLUMNS} FROM staff_invitations WHERE id = :id FOR UPDATE")
_LIST = text(f"""
    SELECT {_COLUMNS} FROM staff_invitations
     WHERE business_id = :business_id AND accepted_at IS NULL AND withdrawn_at IS NULL
       AND (CAST(:after AS uuid) IS NULL OR id > :after) ORDER BY id LIMIT :limit
""").bindparams(bindparam("after", type_=PgUUID))
_RENEW = text(f"UPDATE staff_invitations SET expires_at = :expires_at WHERE id = :id RETURNING {_COLUMNS}")
_WITHDRAW = text("UPDATE staff_invitations SET withdrawn_at = :now WHERE id = :id")
_ACCEPTED = text("UPDATE staff_invitations SET accepted_at = :now WHERE id = :id")
_ENTER = text("SELECT app_enter_invited(:id)")
_NEW_PERSON = text("""
    INSERT INTO resources (business_id, kind, name) VALUES (:business_id, 'staff', :name) RETURNING id
""").bindparams(bindparam("name", type_=JSONB))
_ASSIGN = text("""
    INSERT INTO staff_assignments (business_id, user_id, resource_id, role)
    VALUES (:business_id, :user_id, :resource_id, :role) ON CONFLICT DO NOTHING RETURNING id
""").bindparams(bindparam("resource_id", type_=PgUUID), bindparam("role", type_=Text))


@dataclass(frozen=True, slots=True)
class Invited:
    """Whom to ask, and as what. ``resource_id``: the bookable person they are, or ``resource_name`` (bilingual) for
    one that is made when they accept; neither for a person who cannot be booked."""

    email: str
    role: StaffRole
    resource_id: UUID | None
    resource_name: Mapping[str, str] | None
    language: str


@dataclass(frozen=True, slots=True)
class InvitationRow:
    """An invitation; ``expires_at`` and ``id`` make its link."""

    id: UUID
    business_id: UUID
    email: str
    role: str
    resource_id: UUID | None
    resource_name: Mapping[str, str] | None
    language: str
    expires_at: datetime
    accepted_at: datetime | None
    withdrawn_at: datetime | None
    created_at: datetime

    @property
    def state(self) -> InvitationState:
        """What decides whether it can be accepted or changed."""
        return InvitationState(self.expires_at, self.accepted_at, self.withdrawn_at)


class InvitationStore(Store):
    """Invitations of one business."""

    async def invite(self, business_id: UUID, asked: Invited, by: UUID | None, now: datetime) -> InvitationRow:
        """Write the invitation and queue its e-mail. Raises WrongState for a business that is not approved or whose
        owner's address is not proven, AlreadyExists for a person who works there or is invited, InvalidInput for a
        resource that is taken or not the business's."""
        await self._check_business(business_id)
        person: dict[str, Any] = {"business_id": business_id, "email": asked.email}
        await self._check_person(business_id, asked.email, asked.resource_id)
        await self.session.execute(_FORGET_OLD, {**person, "now": now})
        values = {
            **person,
            "role": asked.role.value,
            "resource_id": asked.resource_id,
            "resource_name": dict(asked.resource_name) if asked.resource_name else None,
            "language": asked.language,
            "invited_by": by,
            "expires_at": now + VALID_FOR,
        }
        row = (await self.session.execute(_INVITE, values)).one_or_none()
        if row is None:
            raise AlreadyExists({"field": "email"})
        return await self._send(InvitationRow(**row._mapping))

    async def list_invitations(self, business_id: UUID, after: UUID | None, limit: int) -> list[InvitationRow]:
        """Those that nobody has accepted or withdrawn, oldest first."""
        values = {"business_id": business_id, "after": after, "limit": limit}
        return [InvitationRow(**row._mapping) for row in await self.session.execute(_LIST, values)]

    async def resend(self, invitation_id: UUID, now: datetime) -> InvitationRow:
        """Let it be valid for seven days from now, with a new e-mail. Raises NotFound, WrongState."""
        invitation = await self._lock_open(invitation_id)
        await self._check_business(invitation.business_id)
        values = {"id": invitation_id, "expires_at": now + VALID_FOR}
        row = (await self.session.execute(_RENEW, values)).one()
        return await self._send(InvitationRow(**row._mapping))

    async def withdraw(self, invitation_id: UUID, now: datetime) -> None:
        """Its link opens nothing any more. Raises NotFound, WrongState."""
        await self._lock_open(invitation_id)
        await self.session.execute(_WITHDRAW, {"id": invitation_id, "now": now})

    async def accept(self, invitation_id: UUID, user_id: UUID, now: datetime) -> UUID:
        """Make the login of this transaction (its own scope) work there; gives the assignment, and the transaction
        is in the business's scope from here on. Raises Forbidden for a login with another e-mail address, Gone for an
        invitation that is used, withdrawn or over, and AlreadyExists for a person who works there."""
        if await self.session.scalar(_ENTER, {"id": invitation_id}) is None:
            raise Forbidden({"reason": "other_email"})
        row = InvitationRow(**(await self.session.execute(_LOCK, {"id": invitation_id})).one()._mapping)
        check_link(row.state, now)
        await self._check_person(row.business_id, row.email, row.resource_id)
        assigned: UUID | None = await self.session.scalar(
            _ASSIGN,
            {
                "business_id": row.business_id,
                "user_id": user_id,
                "resource_id": row.resource_id or await self._new_person(row),
                "role": row.role,
            },
        )
        if assigned is None:
            raise AlreadyExists({"field": "email"})
        await self.session.execute(_ACCEPTED, {"id": invitation_id, "now": now})
        return assigned

    async def _new_person(self, row: InvitationRow) -> UUID | None:
        if row.resource_name is None:
            return None
        values = {"business_id": row.business_id, "name": dict(row.resource_name)}
        made: UUID | None = await self.session.scalar(_NEW_PERSON, values)
        return made

    async def _check_business(self, business_id: UUID) -> None:
        row = (await self.session.execute(_MAY_INVITE, {"business_id": business_id})).one_or_none()
        if row is None:
            raise NotFound
        check_invitation(row.status, is_approved=row.is_approved, owner_is_proven=row.owner_is_proven)

    async def _check_person(self, business_id: UUID, email: str, resource_id: UUID | None) -> None:
        works_here = await self.session.scalar(_WORKS_HERE, {"business_id": business_id, "email": email})
        person = {"business_id": business_id, "resource_id": resource_id}
        is_free = resource_id is None or await self.session.scalar(_FREE_PERSON, person)
        check_person(works_here=bool(works_here), is_free=bool(is_free))

    async def _lock_open(self, invitation_id: UUID) -> InvitationRow:
        found = (await self.session.execute(_LOCK, {"id": invitation_id})).one_or_none()
        if found is None:
            raise NotFound
        row = InvitationRow(**found._mapping)
        check_open(row.state)
        return row

    async def _send(self, row: InvitationRow) -> InvitationRow:
        message = AccountEmail(
            AccountEmailKind.STAFF_INVITED,
            None,
            f"staff_invited/{row.id}/{row.expires_at.isoformat()}",
            {"invitation_id": str(row.id)},
            row.business_id,
            row.language,
        )
        await NoticeStore(self.session, self.context).queue_account_email(message)
        return row
