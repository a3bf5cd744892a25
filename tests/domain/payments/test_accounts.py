"""Secrets of an account are exchanged one at a time, and the webhooks of before are still accepted."""

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


def test_account_secrets_are_not_shown() -> None:
    assert "sk_old" not in repr(OLD)
    assert "whsec_old" not in f"{OLD}"
