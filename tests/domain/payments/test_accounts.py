"""Secrets of an account are exchanged one at a time, and the webhooks of before are still accepted."""

import pytest

from domain.errors import RuleBroken
from domain.payments.accounts import AccountSecrets, exchanged

OLD = AccountSecrets("sk_old", "pk_old", "whsec_old")


def test_exchanged_changes_what_is_given() -> None:
    assert exchanged(OLD, api_key="sk_new") == AccountSecrets("sk_new", "pk_old", "whsec_old")
    assert exchanged(OLD, public_key="pk_new") == AccountSecrets("sk_old", "pk_new", "whsec_old")
    assert exchanged(OLD) == OLD


def test_exchanged_accepts_the_webhook_secret_of_before_until_the_next_exchange() -> None:
    first = exchanged(OLD, webhook_secret="whsec_new")
    assert (first.webhook_secret, first.webhook_previous) == ("whsec_new", "whsec_old")
    assert exchanged(first, api_key="sk_new").webhook_previous == ""
    assert exchanged(OLD, webhook_secret="whsec_old").webhook_previous == ""


def test_exchanged_is_the_same_after_a_repeat() -> None:
    """A client that lost the answer sends the same again: what was signed before is still accepted."""
    first = exchanged(OLD, webhook_secret="whsec_new")
    assert exchanged(first, webhook_secret="whsec_new") == first


def test_exchanged_needs_all_where_the_known_ones_are_lost() -> None:
    given = {"api_key": "sk_new", "public_key": "pk_new", "webhook_secret": "whsec_new"}
    assert exchanged(None, **given) == AccountSecrets("sk_new", "pk_new", "whsec_new")
    for left_out in given:
        with pytest.raises(RuleBroken) as refused:
            exchanged(None, **{name: value for name, value in given.items() if name != left_out})
        assert refused.value.details == {"rule": "all_secrets_needed"}


def test_account_secrets_are_not_shown() -> None:
    assert "sk_old" not in repr(OLD)
    assert "whsec_old" not in f"{OLD}"
