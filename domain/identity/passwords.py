"""What a password must be. Only when it is chosen: a login takes what was chosen under older rules."""

from domain.errors import InvalidInput

MIN_LENGTH = 8
#: bcrypt reads 72 bytes and no more: the rest would protect nobody.
MAX_BYTES = 72


def broken_rules(password: str, email: str) -> tuple[str, ...]:
    """The stable words of every rule that ``password`` breaks; empty when it may be chosen."""
    rules = {
        "at_least_8_characters": len(password) >= MIN_LENGTH,
        "at_most_72_bytes": len(password.encode()) <= MAX_BYTES,
        "upper_case_letter": any(character.isupper() for character in password),
        "lower_case_letter": any(character.islower() for character in password),
        "digit": any(character.isdigit() for character in password),
        "symbol": any(not character.isalnum() and not character.isspace() for character in password),
        "not_the_email": password.casefold() != email.casefold(),
    }
    return tuple(rule for rule, kept in rules.items() if not kept)


def check_password(password: str, email: str, field: str = "password") -> None:
    """Raise ``InvalidInput`` with every rule that ``password`` breaks; ``field`` is where it stands in the request."""
    broken = broken_rules(password, email)
    if broken:
        raise InvalidInput({"fields": [{"field": field, "rule": rule} for rule in broken]})
