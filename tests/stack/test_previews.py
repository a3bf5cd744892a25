"""The pages of all messages: every kind, to everybody who gets it, in both languages."""

from pathlib import Path

from domain.messages.kinds import AccountEmailKind, NoticeKind
from domain.messages.preferences import OPTIONAL
from stack.previews.gallery import LANGUAGES, messages, write
from tests.activities.templates import cases


def test_previews_have_every_kind_in_both_languages() -> None:
    seen = [(name, language) for name, language, _ in messages()]
    assert len(seen) == len(set(seen))
    kinds = {name.partition("-")[2] for name, _ in seen}
    assert kinds == {kind.value for kind in (*NoticeKind, *AccountEmailKind)}
    assert {name for name, language in seen if language == "ja"} == {
        name for name, language in seen if language == "en"
    }


def test_previews_have_the_audiences_of_the_messages_that_are_tested() -> None:
    tested = {f"{case.audience}-{case.kind}" for case in (*cases.CUSTOMER, *cases.BUSINESS)}
    assert tested <= {name for name, _, _ in messages()}


def test_previews_show_the_look_of_the_business_to_its_customers_alone() -> None:
    for name, _, email in messages():
        if name.startswith("customer-"):
            assert "/notifications/logo/" in email.html
            assert "#7a3b69" in email.html
        elif name.startswith("business-"):
            assert "#7a3b69" not in email.html
        optional = any(name == f"{audience}-{kind}" for kind, audience in OPTIONAL.items())
        optional |= name == "account-campaign_message"
        assert (email.unsubscribe_url is not None) == optional, name


def test_write_makes_pages_without_foreign_addresses(tmp_path: Path) -> None:
    index = write(tmp_path)
    pages = {path.name for path in tmp_path.glob("*.html")}
    assert len(pages) == 1 + len({name for name, _, _ in messages()}) * len(LANGUAGES)
    assert all(f'src="{name}"' in index.read_text() for name in pages - {"index.html"})
    assert "/notifications/logo/" not in (tmp_path / "customer-booking_confirmed.ja.html").read_text()
