"""Protection of logins against guessing, and known devices."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import LargeBinary, bindparam, text
from sqlalchemy.dialects.postgresql import TIMESTAMP

from db.engine.store import Store
from db.identity.users import COLUMNS, UserRow
from domain.identity.network import network_of
from domain.identity.sessions import ACCOUNT_FAILURES, FAILURES, LOCK, WINDOW, device_fingerprint

# Case-insensitive like citext: one e-mail of `users` must be one subject here, or guesses would be counted separately
# for each spelling.
_SUBJECT = "sha256(convert_to(lower(CAST(:subject AS text)), 'UTF8'))"
_TIMES = [bindparam(name, type_=TIMESTAMP(timezone=True)) for name in ("now", "since", "forget_at", "lock_until")]
# Every attempt counts as failed until it succeeds, so that parallel guesses are not all admitted before the first one
# is counted. Known and unknown e-mails take the same statement.
_ATTEMPT = text(f"""
    WITH subject AS (SELECT {_SUBJECT} AS hash), forgotten AS (
        DELETE FROM login_failures WHERE subject_hash IN (
            SELECT f.subject_hash FROM login_failures f, subject s
             WHERE f.forget_at < :now AND f.subject_hash <> s.hash LIMIT 10 FOR UPDATE OF f SKIP LOCKED)
    ), counted AS (
        INSERT INTO login_failures AS f (subject_hash, failed_at, forget_at)
        SELECT hash, ARRAY[:now], :forget_at FROM subject
        ON CONFLICT (subject_hash) DO UPDATE SET
            failed_at = CASE WHEN f.locked_until > :now THEN f.failed_at
                ELSE ARRAY(SELECT t FROM unnest(f.failed_at) t WHERE t > :since) || :now END,
            locked_until = CASE WHEN f.locked_until > :now THEN f.locked_until
                WHEN (SELECT count(*) FROM unnest(f.failed_at) t WHERE t > :since) + 1 >= :failures
                THEN :lock_until END,
            forget_at = CASE WHEN f.locked_until > :now THEN f.forget_at ELSE excluded.forget_at END
        RETURNING coalesce(old.locked_until > :now, false) AS refused, new.locked_until
    )
    SELECT counted.refused, counted.locked_until, {COLUMNS}
      FROM counted LEFT JOIN users ON users.email = CAST(:email AS citext) AND users.deleted_at IS NULL
""").bindparams(*_TIMES)
_GIVE_BACK = text(f"""
    UPDATE login_failures
       SET failed_at = array_remove(failed_at, :now),
           locked_until = CASE WHEN cardinality(array_remove(failed_at, :now)) >= :failures THEN locked_until END
     WHERE subject_hash = {_SUBJECT}
""").bindparams(_TIMES[0])
_CLEAR = text(f"""
    DELETE FROM login_failures f USING users u
     WHERE u.id = :user_id AND f.subject_hash IN ({_SUBJECT.replace(":subject", "u.email")},
           {_SUBJECT.replace(":subject", "CAST(:network AS text) || ' ' || CAST(u.email AS text)")})
""")
_CLEAR_SUBJECT = text(f"DELETE FROM login_failures WHERE subject_hash = {_SUBJECT}")
# `known` is evaluated before the insert.
_SEEN = text("""
    WITH seen AS (
        INSERT INTO known_devices (user_id, device_hash) VALUES (:user_id, :mark)
        ON CONFLICT (user_id, device_hash) DO UPDATE SET last_seen_at = now()
        RETURNING old.user_id IS NULL AS fresh
    )
    SELECT fresh AND EXISTS (SELECT FROM known_devices WHERE user_id = :user_id) FROM seen
""").bindparams(bindparam("mark", type_=LargeBinary))


@dataclass(frozen=True, slots=True)
class LoginAttempt:
    """One attempt to prove who somebody is. ``refused``: it is locked for this network, device or session until
    ``locked_until``, whatever is shown. Else ``locked_until`` is set if this attempt locks it unless it is proven
    right. ``user`` is None for an e-mail that nobody has. ``subject``: what it is counted by. ``account``: the count of
    all networks together, None where that does not count (a known device, a session)."""

    subject: str
    at: datetime
    refused: bool
    locked_until: datetime | None
    user: UserRow | None
    failures: int = FAILURES
    account: "LoginAttempt | None" = None


@dataclass(frozen=True, slots=True)
class KnownDevice:
    """The token of a device on which ``user_id`` has logged in."""

    token: str
    user_id: UUID


class LoginStore(Store):
    """Counts attempts to log in by network and e-mail, or by known device; proofs within a session by the session;
    codes of second factors by the account. Stores known devices."""

    async def attempt(self, email: str, now: datetime, device: KnownDevice | None = None) -> LoginAttempt:
        """Count an attempt to log in before it is checked; the transaction must commit before the check.

        Five failures within 15 minutes lock the e-mail for 30 minutes for their network. 50 from all networks together
        lock it for every unknown device. An attempt from a known device of the login is counted by the device only, so
        that nobody's guesses lock out its owner.
        """
        if device is not None:
            known = await self._attempt(f"device:{device.token}", email, now)
            if known.user is not None and known.user.id == device.user_id:
                return known
        near = await self._attempt(f"{network_of(self.context.ip)} {email}", email, now)
        if near.refused:
            return near
        return replace(near, account=await self._attempt(email, email, now, ACCOUNT_FAILURES))

    async def attempt_code(self, email: str, user_id: UUID, now: datetime) -> LoginAttempt:
        """Count a code of the second factor, which is asked for after the right password: by the account, from any
        network."""
        return await self._attempt(f"second_factor:{user_id}", email, now)

    async def attempt_in_session(self, email: str, session_id: UUID, now: datetime) -> LoginAttempt:
        """Count a repeated proof of the password within a session, like ``attempt``, but by the session. So a person
        who guesses elsewhere does not lock the owner's open sessions, and one who found an open session has five
        guesses."""
        return await self._attempt(f"session:{session_id}", email, now)

    async def clear_attempts(self, attempt: LoginAttempt) -> None:
        """Delete all failures that the attempt is counted with: it succeeded."""
        await self.session.execute(_CLEAR_SUBJECT, {"subject": attempt.subject})

    async def _attempt(self, subject: str, email: str, now: datetime, failures: int = FAILURES) -> LoginAttempt:
        values = {
            "subject": subject,
            "email": email,
            "now": now,
            "since": now - WINDOW,
            "failures": failures,
            "lock_until": now + LOCK,
            "forget_at": now + WINDOW + LOCK,
        }
        row = (await self.session.execute(_ATTEMPT, values)).one()
        found = {name: value for name, value in row._mapping.items() if name not in {"refused", "locked_until"}}
        user = UserRow(**found) if row.id is not None else None
        return LoginAttempt(subject, now, row.refused, row.locked_until, user, failures)

    async def undo_attempt(self, attempt: LoginAttempt) -> None:
        """The attempt was right but more is needed: it no longer counts, earlier failures still do."""
        for counted in (attempt, attempt.account):
            if counted is not None:
                values = {"subject": counted.subject, "now": counted.at, "failures": counted.failures}
                await self.session.execute(_GIVE_BACK, values)

    async def clear_failures(self, user_id: UUID) -> None:
        """Delete the failures of this network and of the account, and with them the locks: the person has proven their
        identity."""
        await self.session.execute(_CLEAR, {"user_id": user_id, "network": network_of(self.context.ip)})

    async def note_device(self, user_id: UUID) -> bool:
        """Store the device of this request. True if it is a new one of a login that has others."""
        mark = device_fingerprint(self.context.user_agent, self.context.ip)
        return bool((await self.session.execute(_SEEN, {"user_id": user_id, "mark": mark})).scalar_one())
