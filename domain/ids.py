"""Codes that people read to each other."""

import secrets

#: No 0/O, 1/I/L, 2/Z, 5/S, 8/B, U/V: what is misheard or misread is not in it.
CODE_ALPHABET = "34679ACDEFGHJKMNPQRTWXY"
CODE_LENGTH = 8


def confirmation_code() -> str:
    """A booking's confirmation code: 8 characters without look-alikes (23^8, about 7.8e10)."""
    return "".join(secrets.choice(CODE_ALPHABET) for _ in range(CODE_LENGTH))
