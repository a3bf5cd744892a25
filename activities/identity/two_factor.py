"""The reset of a second factor at its time."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from temporalio import activity

from db.engine.session import Database, Scope
from db.messages.notices import AccountEmail
from domain.identity.sessions import SessionEnd
from domain.messages.kinds import AccountEmailKind


@dataclass(frozen=True)
class TwoFactorResetStepInput:
    """A reset and the login that it is for."""

    reset_id: UUID
    user_id: UUID


class TwoFactorActivities:
    """``now`` gives aware UTC time."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now

    @activity.defn(name="logins.reset_two_factor")
    async def reset(self, about: TwoFactorResetStepInput) -> bool:
        """Switch the second factor off, end every session, and notify the owner of the login. False for a reset that
        was cancelled, replaced or done before."""
        now = self._now()
        async with self._database.unit_of_work(Scope.platform()) as work:
            if not await work.identity.two_factor.reset(about.user_id, about.reset_id, now):
                return False
            await work.identity.sessions.revoke_all(about.user_id, reason=SessionEnd.TWO_FACTOR_CHANGED)
            message = AccountEmail(
                AccountEmailKind.TWO_FACTOR_CHANGED,
                about.user_id,
                f"two_factor_reset/{about.reset_id}/done",
                {"at": now, "enabled": False},
            )
            await work.messages.notices.queue_account_email(message)
            return True
