"""Deletes expired data in batches, and makes the partitions of the audit trail in advance."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import TextClause, text

from db.engine.store import Store
from domain.ids import first_uuid_of
from domain.platform.retention import RetainedData


def _links(table: str) -> TextClause:
    """Single-use links. The newest link of a login invalidates the others, so it is deleted with them or after them."""
    return text(f"""
        DELETE FROM {table} WHERE id IN (
            SELECT id FROM {table} WHERE id < :first_id AND expires_at < CAST(:before AS timestamptz)
             ORDER BY id LIMIT :size FOR UPDATE SKIP LOCKED)
    """)


# One statement each: a batch of rows from before `:before`, oldest first. `:first_id` is the smallest key of that time,
# for tables whose key is in order of time and which need no second index for this.
_BATCH: Mapping[RetainedData, TextClause] = {
    RetainedData.IDEMPOTENCY_KEYS: text("""
        DELETE FROM idempotency_keys WHERE (subject, key) IN (
            SELECT subject, key FROM idempotency_keys WHERE created_at < :before
             ORDER BY created_at LIMIT :size FOR UPDATE SKIP LOCKED)
    """),
    RetainedData.OUTBOX: text("""
        DELETE FROM outbox WHERE id IN (
            SELECT id FROM outbox
             WHERE id < :first_id AND (command IS NULL OR delivered_at < CAST(:before AS timestamptz))
             ORDER BY id LIMIT :size FOR UPDATE SKIP LOCKED)
    """),
    RetainedData.COMMAND_TEXTS: text("""
        DELETE FROM command_texts WHERE (business_id, command_id) IN (
            SELECT business_id, command_id FROM command_texts WHERE created_at < :before
             ORDER BY created_at LIMIT :size FOR UPDATE SKIP LOCKED)
    """),
    # Its refresh tokens are deleted with it.
    RetainedData.SESSIONS: text("""
        DELETE FROM user_sessions WHERE id IN (
            SELECT id FROM user_sessions
             WHERE id < :first_id AND least(ended_at, expires_at) < CAST(:before AS timestamptz)
             ORDER BY id LIMIT :size FOR UPDATE SKIP LOCKED)
    """),
    RetainedData.LOGIN_FAILURES: text("""
        DELETE FROM login_failures WHERE subject_hash IN (
            SELECT subject_hash FROM login_failures WHERE forget_at < :before
             ORDER BY forget_at LIMIT :size FOR UPDATE SKIP LOCKED)
    """),
    RetainedData.RATE_LIMITS: text("""
        DELETE FROM rate_limits WHERE subject IN (
            SELECT subject FROM rate_limits WHERE expires_at < :before
             ORDER BY expires_at LIMIT :size FOR UPDATE SKIP LOCKED)
    """),
    RetainedData.EMAIL_VERIFICATIONS: _links("email_verifications"),
    RetainedData.PASSWORD_RESETS: _links("password_resets"),
    # Its offers and their claims are deleted with it.
    RetainedData.WAITLIST: text("""
        DELETE FROM waitlist WHERE id IN (
            SELECT id FROM waitlist WHERE decided_at < :before ORDER BY decided_at LIMIT :size FOR UPDATE SKIP LOCKED)
    """),
}
_PARTITIONS = text("SELECT app_ensure_audit_partitions(:months)")
_LOCK_TIMEOUT = text("SELECT set_config('lock_timeout', :limit, true)")


class RetentionStore(Store):
    """Deletes expired data. Needs the platform's scope."""

    async def delete_batch(self, what: RetainedData, before: datetime, size: int) -> int:
        """Delete up to ``size`` rows that are older than ``before``; gives how many there were."""
        statement = _BATCH[what]
        values = {"before": before, "first_id": first_uuid_of(before), "size": size}
        asked = statement.compile().params.keys()
        done = await self.session.execute(statement, {name: values[name] for name in asked})
        return int(done.rowcount)  # type: ignore[attr-defined]

    async def make_audit_partitions(self, months: int, lock_timeout: timedelta) -> None:
        """Make the partitions of the running month and of ``months`` (1 to 12) more. A new one locks the default
        partition for a moment: it gives up after ``lock_timeout`` instead of making every writer wait."""
        await self.session.execute(_LOCK_TIMEOUT, {"limit": f"{int(lock_timeout.total_seconds() * 1000)}ms"})
        await self.session.execute(_PARTITIONS, {"months": months})
