"""Rules for passwords, and their normal form before hashing.

The rules apply when a password is chosen. A login accepts a password that was chosen under older rules.
"""

import base64
import hashlib
import unicodedata

from domain.errors import InvalidInput

MIN_LENGTH = 8
#: bcrypt uses only the first 72 bytes.
MAX_BYTES = 72


def normalised(password: str) -> str:
    """The password in Unicode form NFKC, as NIST SP 800-63B section 5.1.1.2 recommends. Composed and decomposed
    characters, full and half width are the same password, because keyboards differ in what they send."""
    return unicodedata.normalize("NFKC", password)


def hash_input(password: str) -> bytes:
    """The bytes that are hashed: at most 72, of the normalised password. For a longer one the SHA-256 in Base64, so
    that every byte counts; Base64, because bcrypt ends at a zero byte."""
    typed = normalised(password).encode()
    return typed if len(typed) <= MAX_BYTES else base64.b64encode(hashlib.sha256(typed).digest())


def check_inputs(password: str) -> tuple[bytes, ...]:
    """The inputs to compare with a stored hash, in this order. The second is for passwords that were chosen before
    normalisation was introduced."""
    typed = password.encode()
    first = hash_input(password)
    return (first,) if typed == first or len(typed) > MAX_BYTES else (first, typed)


def broken_rules(password: str, email: str) -> tuple[str, ...]:
    """The stable codes of all rules that ``password`` breaks; empty if it may be chosen."""
    password = normalised(password)
    rules = {
        "at_least_8_characters": len(password) >= MIN_LENGTH,
        "upper_case_letter": any(character.isupper() for character in password),
        "lower_case_letter": any(character.islower() for character in password),
        "digit": any(character.isdigit() for character in password),
        "symbol": any(not character.isalnum() and not character.isspace() for character in password),
        "not_the_email": password.casefold() != email.casefold(),
    }
    return tuple(rule for rule, kept in rules.items() if not kept)


def check_password(password: str, email: str, field: str = "password") -> None:
    """Raise ``InvalidInput`` with every rule that ``password`` breaks; ``field`` is its path in the request."""
    broken = broken_rules(password, email)
    if broken:
        raise InvalidInput({"fields": [{"field": field, "rule": rule} for rule in broken]})
