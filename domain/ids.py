"""Confirmation codes, and keys that are ordered by time."""

import secrets
from datetime import datetime
from uuid import UUID

#: Without 0/O, 1/I/L, 2/Z, 5/S, 8/B, U/V, which people confuse.
CODE_ALPHABET = "34679ACDEFGHJKMNPQRTWXY"
CODE_LENGTH = 8


def confirmation_code() -> str:
    """A booking's confirmation code: 8 characters without similar-looking ones (23^8, about 7.8e10)."""
    return "".join(secrets.choice(CODE_ALPHABET) for _ in range(CODE_LENGTH))


def first_uuid_of(moment: datetime) -> UUID:
    """The smallest UUIDv7 of a time (aware; milliseconds count): every key made before that time is smaller.

    RFC 9562, 5.7: 48 bits of Unix time in milliseconds, then version and variant.
    """
    milliseconds = int(moment.timestamp() * 1000)
    return UUID(int=(milliseconds << 80) | (0x7 << 76) | (0b10 << 62))
