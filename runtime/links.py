"""Signed links of messages, which work without a login. A link has one purpose, one object and a time when it expires;
nothing is stored for it."""

import base64
import binascii
import hashlib
import hmac
import struct
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from uuid import UUID

from domain.errors import Gone, Unauthenticated
from runtime.keyring import KeyRing

_BODY = struct.Struct(">Q16s")
_MAC = 16


class Purpose(StrEnum):
    """What a link opens. The comment names the object whose id it carries."""

    VERIFY_EMAIL = "verify_email"  # row of email_verifications
    RESET_PASSWORD = "reset_password"  # noqa: S105 - row of password_resets
    BOOKING = "booking"  # booking: a guest reads, pays, cancels and reschedules it
    BOOKING_PROOF = "booking_proof"  # booking: its caller reads mail at the typed address
    WAITLIST = "waitlist"  # entry of the waitlist: a guest reads it, answers offers and leaves
    WAITLIST_PROOF = "waitlist_proof"  # entry of the waitlist: its person reads mail at the typed address
    MESSAGE = "message"  # row of notification_outbox: its recipient chooses which messages come
    KNOWN_DEVICE = "known_device"  # user: somebody has logged in on this device
    PAGE_SESSION = "page_session"  # session: a browser that is logged in to the pages
    DATA_EXPORT = "data_export"  # row of data_exports
    STAFF_INVITATION = "staff_invitation"  # row of staff_invitations
    TWO_FACTOR_RESET = "two_factor_reset"  # reset_id of user_two_factors
    EMBED = "embed"  # business: a form of its booking flow, shown on its own site
    LINE_LOGIN = "line_login"  # user: asked LINE who it is there
    CALENDAR = "calendar"  # business or resource


@dataclass(frozen=True, slots=True)
class Links:
    """Issues with the current key and reads with every key that is not retired."""

    keys: KeyRing

    def issue(self, purpose: Purpose, object_id: UUID, until: datetime, kid: str | None = None) -> str:
        """A token for a URL or a header, valid before ``until`` (aware; whole seconds count). The same arguments give
        the same token. ``kid``: sign with this key instead of the current one. Raises KeyError for an unknown one."""
        kid = self.keys.current if kid is None else kid
        body = _BODY.pack(int(until.timestamp()), object_id.bytes)
        return f"{kid}.{_text(body + self._mac(purpose, kid, body))}"

    def read(self, purpose: Purpose, token: str, now: datetime) -> UUID:
        """The id of the object. Raises Unauthenticated for a token that is not ours or has another purpose, Gone for an
        expired one."""
        kid, _, rest = token.partition(".")
        try:
            signed = base64.b64decode(rest.encode("ascii") + b"=" * (-len(rest) % 4), b"-_", validate=True)
            body, mac = signed[:-_MAC], signed[-_MAC:]
            until, raw = _BODY.unpack(body)
            # Several texts decode to the same bytes; only the one that we write is accepted.
            good = hmac.compare_digest(mac, self._mac(purpose, kid, body)) and _text(signed) == rest
        except (KeyError, ValueError, struct.error, binascii.Error) as error:
            raise Unauthenticated({"reason": "invalid_link"}) from error
        if not good:
            raise Unauthenticated({"reason": "invalid_link"})
        if until <= now.astimezone(UTC).timestamp():
            raise Gone({"reason": "link_expired"})
        return UUID(bytes=raw)

    def _mac(self, purpose: Purpose, kid: str, body: bytes) -> bytes:
        return hmac.digest(self.keys.derived(f"link:{purpose}", kid), body, hashlib.sha256)[:_MAC]


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
