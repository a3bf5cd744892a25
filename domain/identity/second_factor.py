"""The second factor: time-based codes (RFC 6238), each valid once, and recovery codes as a replacement."""

import hashlib
from datetime import datetime

#: Seconds for which a code is shown. The step before and after is accepted too, for inaccurate clocks.
STEP = 30
DRIFT = 1
RECOVERY_CODES = 10

_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
_LENGTH = 16


def steps_at(now: datetime) -> tuple[int, ...]:
    """The time steps whose codes are accepted at ``now``, the most likely first."""
    step = int(now.timestamp()) // STEP
    return (step, *(step + sign * away for away in range(1, DRIFT + 1) for sign in (-1, 1)))


def recovery_code(random: bytes) -> str:
    """A code of 16 characters without similar-looking ones (79 bits), in groups of four. ``random``: at least 16 bytes.
    The bias of the modulo over 31 letters costs less than one bit."""
    letters = "".join(_ALPHABET[byte % len(_ALPHABET)] for byte in random[:_LENGTH])
    return "-".join(letters[start : start + 4] for start in range(0, _LENGTH, 4))


def recovery_code_hash(typed: str) -> bytes:
    """The stored hash of a recovery code: 32 bytes, independent of grouping and case."""
    return hashlib.sha256("".join(typed.lower().split()).replace("-", "").encode()).digest()
