"""The second factor: time-based codes (RFC 6238), each valid once, and recovery codes that replace them."""

import hashlib
from datetime import datetime

#: Seconds that a code is shown for; one step more or less is taken, for clocks that are off.
STEP = 30
DRIFT = 1
RECOVERY_CODES = 10

_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
_LENGTH = 16


def steps_at(now: datetime) -> tuple[int, ...]:
    """The time steps whose codes are taken at ``now``, the likeliest first."""
    step = int(now.timestamp()) // STEP
    return (step, *(step + sign * away for away in range(1, DRIFT + 1) for sign in (-1, 1)))


def recovery_code(random: bytes) -> str:
    """A code of 16 characters without look-alikes (79 bits), in groups of four. ``random``: at least 16 bytes; the
    modulo's bias over 31 letters costs less than one bit of that."""
    letters = "".join(_ALPHABET[byte % len(_ALPHABET)] for byte in random[:_LENGTH])
    return "-".join(letters[start : start + 4] for start in range(0, _LENGTH, 4))


def recovery_mark(typed: str) -> bytes:
    """What is stored of a recovery code: 32 bytes, the same however its groups and case were typed."""
    return hashlib.sha256("".join(typed.lower().split()).replace("-", "").encode()).digest()
