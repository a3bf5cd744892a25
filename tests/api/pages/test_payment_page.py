"""The payment screen: the provider's form with the provider in its policy, and nothing of the sort elsewhere."""

from pathlib import Path

import pytest

from api.pages.booking.payment_forms import form_of
from api.pages.rendering import OWN, policy
from runtime.settings import Environment, Settings

LIVE = Settings(_env_file=None, environment=Environment.TEST)
SANDBOX = LIVE.model_copy(
    update={"stripe_base_url": "http://127.0.0.1:9000", "payjp_base_url": "http://127.0.0.1:9000/payjp"}
)


def intent(provider: str, public_key: str | None = None) -> dict[str, str | None]:
    return {"provider": provider, "public_key": public_key}


@pytest.mark.parametrize(
    ("provider", "script", "host"),
    [
        ("stripe", "https://js.stripe.com/dahlia/stripe.js", "https://js.stripe.com"),
        ("payjp_v1", "https://js.pay.jp/v2/pay.js", "https://js.pay.jp"),
        ("payjp_v2", "https://js.pay.jp/payments.js", "https://js.pay.jp"),
    ],
)
def test_form_is_the_providers_own_and_named_in_the_policy(provider: str, script: str, host: str) -> None:
    form = form_of(LIVE, intent(provider, "pk_live_business"))
    assert (form.script, form.key, form.cards) == (script, "pk_live_business", ())
    rules = dict(one.split(" ", 1) for one in policy(form.sources).split("; "))
    assert host in rules["script-src"].split()
    assert host in rules["frame-src"].split()
    assert "https://api." in rules["connect-src"]
    assert "unsafe" not in policy(form.sources)
    assert rules["frame-ancestors"] == "'none'"


def test_form_has_the_platforms_key_without_an_account_of_the_business() -> None:
    assert form_of(LIVE, intent("stripe")).key == LIVE.stripe_public_key
    assert form_of(LIVE, intent("payjp_v1")).key == LIVE.payjp_public_key


@pytest.mark.parametrize("provider", ["stripe", "payjp_v1", "payjp_v2"])
def test_sandbox_has_test_cards_and_no_script(provider: str) -> None:
    form = form_of(SANDBOX, intent(provider))
    assert form.script == ""
    assert form.cards
    assert form.sources.scripts == ()
    assert form.sources.forms == ("http://127.0.0.1:9000",)


def test_pages_but_the_payment_screen_name_no_provider() -> None:
    assert "stripe" not in policy(OWN)
    assert "pay.jp" not in policy(OWN)
    named = [
        one.name
        for one in Path("api/pages/templates").rglob("*.j2")
        if "form.script" in one.read_text(encoding="utf-8")
    ]
    assert named == ["pay.html.j2"]
