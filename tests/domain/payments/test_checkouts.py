"""With which terms a page is opened, and when it is as asked."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from domain.payments.checkouts import LONGEST, CheckoutTerms, next_order

NOW = datetime(2026, 11, 20, 3, 0, 0, 500_000, tzinfo=UTC)
HELD = NOW + timedelta(minutes=30)
TERMS = CheckoutTerms("花 ご予約 ABCD2345", "https://book.example/paid?token=secret", HELD)
PAYMENT = UUID(int=7)


def test_next_order_ends_with_the_hold_and_within_a_day() -> None:
    assert next_order(None, TERMS, NOW).expires_at == HELD.replace(microsecond=0)
    for held_until in (None, NOW + timedelta(days=3)):
        order = next_order(None, CheckoutTerms("花", TERMS.return_url, held_until), NOW)
        assert order.expires_at == (NOW + LONGEST).replace(microsecond=0)
    assert timedelta(hours=24) - LONGEST == timedelta(minutes=1)


def test_order_has_the_way_back_by_its_digest_alone() -> None:
    assert "secret" not in repr(next_order(None, TERMS, NOW))


def test_is_for_compares_the_way_back_and_the_hold_but_no_name() -> None:
    order = next_order(None, TERMS, NOW)
    assert order.is_for(TERMS)
    assert order.is_for(CheckoutTerms("another name", TERMS.return_url, HELD))
    assert not order.is_for(CheckoutTerms(TERMS.item, "https://book.example/other", HELD))
    assert not order.is_for(CheckoutTerms(TERMS.item, TERMS.return_url, HELD + timedelta(minutes=1)))
    assert not order.closed().is_for(TERMS)


def test_key_is_of_one_page_of_one_payment() -> None:
    first = next_order(None, TERMS, NOW)
    second = next_order(first.closed(), TERMS, NOW)
    assert (first.number, second.number) == (1, 2)
    assert len({first.key(PAYMENT), second.key(PAYMENT), first.key(UUID(int=8))}) == 3
