"""How much one business may store, and which businesses may store files."""

from dataclasses import dataclass

from domain.errors import RuleBroken, WrongState


@dataclass(frozen=True, slots=True)
class Quota:
    """The limits of one business: ``files``, and ``size`` of all of them together in bytes."""

    files: int
    size: int


@dataclass(frozen=True, slots=True)
class Holdings:
    """The stored files of a business, in the units of `Quota`; ``owner_is_proven``: its owner has
    confirmed the e-mail address."""

    files: int
    size: int
    owner_is_proven: bool


def check_media(held: Holdings, quota: Quota, size: int, new: int = 1) -> None:
    """Raise unless ``new`` more pictures or films of ``size`` bytes may be stored: WrongState before the owner has
    confirmed the address, RuleBroken where the quota is used."""
    check_owner(held)
    if held.files + new > quota.files:
        raise RuleBroken({"rule": "too_many_media"})
    if held.size + size > quota.size:
        raise RuleBroken({"rule": "media_space_used"})


def check_owner(held: Holdings) -> None:
    """Raise WrongState before the owner has confirmed the e-mail address."""
    if not held.owner_is_proven:
        raise WrongState({"status": "email_unverified", "wanted": "email_verified"})
