"""What a case of a message is."""

from dataclasses import dataclass, field
from typing import Any

from domain.messages.kinds import NoticeKind


@dataclass(frozen=True)
class Case:
    """One message in one case. ``says``: what it must have in each language, beside the facts that all have."""

    name: str
    kind: NoticeKind
    says: dict[str, tuple[str, ...]]
    facts: dict[str, Any] = field(default_factory=dict)
    changes: dict[str, Any] = field(default_factory=dict)
    audience: str = "customer"


def case(
    name: str,
    kind: NoticeKind,
    ja: str | tuple[str, ...],
    en: str | tuple[str, ...],
    facts: dict[str, Any] | None = None,
    audience: str = "customer",
    **changes: Any,
) -> Case:
    says = {"ja": (ja,) if isinstance(ja, str) else ja, "en": (en,) if isinstance(en, str) else en}
    return Case(name, kind, says, facts or {}, changes, audience)


def owner(name: str, kind: NoticeKind, ja: Any, en: Any, facts: dict[str, Any] | None = None, **changes: Any) -> Case:
    return case(f"business_{name}", kind, ja, en, facts, "business", **changes)
