"""The second factor of logins: the encrypted secret, the last accepted code, recovery codes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import LargeBinary, bindparam, text
from sqlalchemy.dialects.postgresql import UUID as PgUUID

from db.engine.store import Store
from db.platform.outbox import START_TWO_FACTOR_RESET, OutboxStore
from domain.errors import WrongState

_SEALED = bindparam("sealed", type_=LargeBinary)
_CODE = bindparam("code", type_=LargeBinary)
_BEGIN = text("""
    INSERT INTO user_two_factors AS f (user_id, totp_encrypted, key_id) VALUES (:user_id, :sealed, :kid)
    ON CONFLICT (user_id) DO UPDATE SET totp_encrypted = excluded.totp_encrypted, key_id = excluded.key_id
     WHERE f.enabled_at IS NULL
    RETURNING user_id
""").bindparams(_SEALED)
_FIND = text("SELECT user_id, totp_encrypted, key_id, enabled_at FROM user_two_factors WHERE user_id = :user_id")
_WITH_OTHER_KEYS = text(
    "SELECT user_id, totp_encrypted, key_id, enabled_at FROM user_two_factors WHERE key_id <> :kid ORDER BY id"
)
_ENABLE = text("""
    UPDATE user_two_factors SET enabled_at = :now, last_step = :step
     WHERE user_id = :user_id AND enabled_at IS NULL AND last_step < :step RETURNING user_id
""")
_STEP = text("""
    UPDATE user_two_factors SET last_step = :step
     WHERE user_id = :user_id AND enabled_at IS NOT NULL AND last_step < :step RETURNING user_id
""")
_RESEAL = text("""
    UPDATE user_two_factors SET totp_encrypted = :sealed, key_id = :kid
     WHERE user_id = :user_id AND totp_encrypted = :old
""").bindparams(_SEALED, bindparam("old", type_=LargeBinary))
_DISABLE = text("DELETE FROM user_two_factors WHERE user_id = :user_id")
_FORGET_CODES = text("DELETE FROM recovery_codes WHERE user_id = :user_id")
_UNPROVEN = text("UPDATE user_sessions SET two_factor = false WHERE user_id = :user_id AND two_factor")
_GIVE_CODES = text("""
    INSERT INTO recovery_codes (user_id, code_hash) SELECT :user_id, unnest(CAST(:codes AS bytea[]))
""")
_ORDER_RESET = text("""
    UPDATE user_two_factors SET reset_id = uuidv7(), reset_at = :reset_at
     WHERE user_id = :user_id AND enabled_at IS NOT NULL AND reset_id IS NULL RETURNING reset_id
""")
_CANCEL_RESET = text("""
    UPDATE user_two_factors SET reset_id = NULL, reset_at = NULL
     WHERE reset_id IS NOT NULL AND (user_id = :user_id OR reset_id = :reset_id) RETURNING user_id
""").bindparams(bindparam("user_id", type_=PgUUID), bindparam("reset_id", type_=PgUUID))
_RESET = text("""
    DELETE FROM user_two_factors WHERE user_id = :user_id AND reset_id = :reset_id AND reset_at <= :now
    RETURNING user_id
""")
_USE_CODE = text("""
    UPDATE recovery_codes SET used_at = :now
     WHERE user_id = :user_id AND code_hash = :code AND used_at IS NULL RETURNING user_id
""").bindparams(_CODE)


@dataclass(frozen=True, slots=True)
class TwoFactorRow:
    """A second factor; it is asked for from ``enabled_at`` on. ``totp_encrypted`` is sealed under ``key_id``."""

    user_id: UUID
    totp_encrypted: bytes
    key_id: str
    enabled_at: datetime | None


class TwoFactorStore(Store):
    """Second factors. A code is accepted once, also if it is used concurrently."""

    async def begin(self, user_id: UUID, sealed: bytes, kid: str) -> None:
        """Store a secret that is not required yet, replacing an earlier such one. Raises WrongState when the second
        factor is on."""
        values = {"user_id": user_id, "sealed": sealed, "kid": kid}
        if (await self.session.execute(_BEGIN, values)).one_or_none() is None:
            raise WrongState({"status": "enabled", "wanted": "setup"})

    async def find(self, user_id: UUID) -> TwoFactorRow | None:
        """The second factor, enabled or not."""
        row = (await self.session.execute(_FIND, {"user_id": user_id})).one_or_none()
        return TwoFactorRow(**row._mapping) if row else None

    async def enable(self, user_id: UUID, step: int, codes: Sequence[bytes], now: datetime) -> None:
        """Require it from now on; ``step`` is that of the code that proved it, ``codes`` the hashes of recovery codes.
        Raises WrongState when it is on already."""
        values = {"user_id": user_id, "step": step, "now": now}
        if (await self.session.execute(_ENABLE, values)).one_or_none() is None:
            raise WrongState({"status": "enabled", "wanted": "enabled"})
        await self.session.execute(_FORGET_CODES, {"user_id": user_id})
        await self.session.execute(_GIVE_CODES, {"user_id": user_id, "codes": list(codes)})

    async def disable(self, user_id: UUID) -> None:
        """No longer require it, and mark it as not proven in all sessions."""
        for statement in (_DISABLE, _FORGET_CODES, _UNPROVEN):
            await self.session.execute(statement, {"user_id": user_id})

    async def request_reset(self, user_id: UUID, reset_at: datetime) -> UUID:
        """Let the second factor be reset at ``reset_at``, and order the run that does it. Raises WrongState where it is
        off, or a reset waits already."""
        values = {"user_id": user_id, "reset_at": reset_at}
        reset_id: UUID | None = (await self.session.execute(_ORDER_RESET, values)).scalar_one_or_none()
        if reset_id is None:
            row = await self.find(user_id)
            is_on = row is not None and row.enabled_at is not None
            raise WrongState({"status": "waiting" if is_on else "disabled", "wanted": "enabled"})
        payload = {"reset_id": reset_id, "user_id": user_id, "reset_at": reset_at}
        await OutboxStore(self.session, self.context).add_platform_command(
            "two_factor.reset_ordered", f"two_factor_reset/{reset_id}", payload, START_TWO_FACTOR_RESET
        )
        return reset_id

    async def cancel_reset(self, *, user_id: UUID | None = None, reset_id: UUID | None = None) -> bool:
        """Keep the second factor: of this login, or the one that this reset is for. False where no reset waits."""
        values = {"user_id": user_id, "reset_id": reset_id}
        return (await self.session.execute(_CANCEL_RESET, values)).one_or_none() is not None

    async def reset(self, user_id: UUID, reset_id: UUID, now: datetime) -> bool:
        """Switch it off if this reset still waits and its time has come. False otherwise."""
        values = {"user_id": user_id, "reset_id": reset_id, "now": now}
        if (await self.session.execute(_RESET, values)).one_or_none() is None:
            return False
        await self.disable(user_id)
        return True

    async def use_step(self, user_id: UUID, step: int) -> bool:
        """Use the code of a time step. False when it, or a later one, was used before."""
        values = {"user_id": user_id, "step": step}
        return (await self.session.execute(_STEP, values)).one_or_none() is not None

    async def use_recovery_code(self, user_id: UUID, mark: bytes, now: datetime) -> bool:
        """Use a recovery code. False if it does not exist or was used."""
        values = {"user_id": user_id, "code": mark, "now": now}
        return (await self.session.execute(_USE_CODE, values)).one_or_none() is not None

    async def list_with_other_keys(self, kid: str) -> list[TwoFactorRow]:
        """Those that are sealed under any other key."""
        return [TwoFactorRow(**row._mapping) for row in await self.session.execute(_WITH_OTHER_KEYS, {"kid": kid})]

    async def reseal(self, row: TwoFactorRow, sealed: bytes, kid: str) -> None:
        """Encrypt the same secret with another key; no effect if it was replaced in the meantime."""
        values = {"user_id": row.user_id, "old": row.totp_encrypted, "sealed": sealed, "kid": kid}
        await self.session.execute(_RESEAL, values)
