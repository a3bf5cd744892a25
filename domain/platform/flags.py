"""Feature flags: who has a feature. An unknown flag is off; a subject keeps the feature when the share grows."""

import hashlib
import re
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

#: A flag's name: lower case words with dots or underscores between them, such as ``waitlist.offers``.
NAME = re.compile(r"[a-z][a-z0-9]*(?:[._][a-z0-9]+)*")
MAX_NAME = 80
#: Shares are counted in hundredths of a percent.
WHOLE = 10_000


class Subject(StrEnum):
    """What the share counts: businesses, each with all its people, or single users."""

    USER = "user"
    BUSINESS = "business"


@dataclass(frozen=True, slots=True)
class Asking:
    """The business and the user of a check. Either may be unknown."""

    user_id: UUID | None = None
    business_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Flag:
    """``share``: of the subjects that have it, in hundredths of a percent (0 to 10 000). ``killed`` comes before
    everything else, then ``enabled``, then the allow lists, then the share."""

    name: str
    enabled: bool
    killed: bool
    subject: Subject
    share: int
    users: frozenset[UUID] = frozenset()
    businesses: frozenset[UUID] = frozenset()


def place(name: str, subject_id: UUID) -> int:
    """The place of a subject for this flag, 0 to 9 999. It never changes, and differs from flag to flag."""
    digest = hashlib.sha256(f"{name}\0{subject_id}".encode()).digest()
    return int.from_bytes(digest[:8], "big") % WHOLE


def is_on(flag: Flag | None, asking: Asking) -> bool:
    """Whether the feature is on. An unknown subject has it only when all have it."""
    if flag is None or flag.killed or not flag.enabled:
        return False
    if asking.user_id in flag.users or asking.business_id in flag.businesses:
        return True
    if flag.share >= WHOLE:
        return True
    subject_id = asking.user_id if flag.subject is Subject.USER else asking.business_id
    return subject_id is not None and place(flag.name, subject_id) < flag.share
