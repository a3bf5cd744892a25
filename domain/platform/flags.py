"""Feature flags: who has a feature. An unknown flag is off. A subject keeps the feature when the share grows."""

import hashlib
import re
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

#: A flag's name: lower-case words separated by dots or underscores, such as ``waitlist.offers``.
NAME = re.compile(r"[a-z][a-z0-9]*(?:[._][a-z0-9]+)*")
MAX_NAME = 80
#: Shares are hundredths of a percent.
WHOLE = 10_000


class Subject(StrEnum):
    """What the share counts: businesses, each with all its people, or single users."""

    USER = "user"
    BUSINESS = "business"


@dataclass(frozen=True, slots=True)
class FlagContext:
    """The business and the user for whom a flag is checked. Either may be unknown."""

    user_id: UUID | None = None
    business_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Flag:
    """``share``: the share of subjects that have it, in hundredths of a percent (0 to 10 000). Checked in this order:
    ``killed``, ``enabled``, the allow lists, the share."""

    name: str
    enabled: bool
    killed: bool
    subject: Subject
    share: int
    users: frozenset[UUID] = frozenset()
    businesses: frozenset[UUID] = frozenset()


def bucket(name: str, subject_id: UUID) -> int:
    """The bucket of a subject for this flag, 0 to 9 999. It never changes, and differs between flags."""
    digest = hashlib.sha256(f"{name}\0{subject_id}".encode()).digest()
    return int.from_bytes(digest[:8], "big") % WHOLE


def is_on(flag: Flag | None, context: FlagContext) -> bool:
    """Whether the feature is on. An unknown subject has it only when all have it."""
    if flag is None or flag.killed or not flag.enabled:
        return False
    if context.user_id in flag.users or context.business_id in flag.businesses:
        return True
    if flag.share >= WHOLE:
        return True
    subject_id = context.user_id if flag.subject is Subject.USER else context.business_id
    return subject_id is not None and bucket(flag.name, subject_id) < flag.share
