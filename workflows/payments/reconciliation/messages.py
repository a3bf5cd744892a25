"""Input and result of a reconciliation."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from domain.payments.providers import ProviderName

WORKFLOW = "reconciliation"


@dataclass(frozen=True)
class ReconciliationInput:
    """``since`` and ``until``: when the payments were opened, aware UTC, half-open; where they are not given, the
    ``days`` before ``settled`` ago: newer payments may still be waiting for webhooks."""

    providers: tuple[str, ...] = tuple(name.value for name in ProviderName)
    since: datetime | None = None
    until: datetime | None = None
    days: int = 3
    settled: timedelta = timedelta(hours=1)


@dataclass(frozen=True)
class ProviderReconciled:
    """What was compared at one account. ``failed``: it could not be asked. ``account_id``: the business's own account;
    None: the platform's."""

    provider: str
    payments: int = 0
    differences: int = 0
    failed: bool = False
    account_id: UUID | None = None


@dataclass(frozen=True)
class ReconciliationDone:
    """The result by provider."""

    providers: tuple[ProviderReconciled, ...] = field(default_factory=tuple)
