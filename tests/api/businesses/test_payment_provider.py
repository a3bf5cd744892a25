"""A provider that this platform has no account at cannot be chosen."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from api.v1.businesses.businesses.handlers import check_provider
from db.businesses.profile import NAMES, BusinessRow
from domain.errors import CurrencyMismatch, RuleBroken
from providers.payments.registry import payment_providers
from runtime.settings import Settings

ROW = BusinessRow(
    **{name: None for name in NAMES if name not in {"id", "currency", "payment_provider", "created_at"}},  # type: ignore[arg-type]
    id=uuid4(),
    currency="JPY",
    payment_provider="payjp_v2",
    created_at=datetime(2026, 11, 29, tzinfo=UTC),
)


def test_check_provider_knows_what_is_offered_here() -> None:
    offered = payment_providers(Settings())
    check_provider(offered, ROW, has_account=False)
    check_provider({"stripe"}, ROW, has_account=True)
    with pytest.raises(RuleBroken) as refused:
        check_provider({"stripe"}, ROW, has_account=False)
    assert refused.value.details == {"rule": "provider_not_offered", "provider": "payjp_v2"}
    with pytest.raises(CurrencyMismatch):
        check_provider(offered, replace(ROW, currency="USD"), has_account=True)
