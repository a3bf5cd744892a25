"""Messages about no booking: what each says in every language, its link, and that a letter is handed over like any
other message."""

import ast
import itertools
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from uuid import UUID, uuid4

import pytest
import pytest_asyncio

from activities.messages.notices import NoticeActivities, NoticeSendInput
from activities.templates import layout, words
from activities.templates.account_email import FORMS, compose_account_email, unsendable
from db.engine.context import Context
from db.engine.session import Database, Scope
from db.messages.notices import AccountEmail, AccountEmailContent, AccountEmailLink
from domain.messages.kinds import AccountEmailKind
from providers.email.interface import Email
from runtime.keyring import KeyRing
from runtime.links import Links
from tests.activities.messages.test_notices import Clock, Mailbox
from tests.activities.templates.test_templates import HOSTILE, Seen
from tests.support import data, servers

ROOT = Path(__file__).parents[3]
NOW = datetime(2026, 11, 18, 3, 0, tzinfo=UTC)
LINKS = Links(KeyRing("k2", {"k1": b"the former key", "k2": b"the present key"}))
URL = "https://omotenashi.example"
LINK = AccountEmailLink(UUID(int=7), NOW + timedelta(hours=1), "k1", False)
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:132.0) Gecko/20100101 Firefox/132.0"
FACTS: dict[str, Any] = {
    "until": "2026-11-18T12:30:00+09:00",
    "delete_at": "2026-12-18T12:00:00+09:00",
    "enabled": True,
}
WRITTEN = list(itertools.product(FORMS, ("ja", "en")))
#: What a letter must say.
SAYS = {
    AccountEmailKind.BUSINESS_SUBMITTED: {"ja": "審査のお申し込みを受け付けました", "en": "received your application"},
    AccountEmailKind.BUSINESS_APPROVED: {"ja": "掲載を承認いたしました", "en": "your business is approved"},
    AccountEmailKind.BUSINESS_REJECTED: {"ja": "理由：許可証が読めません。", "en": "Reason: 許可証が読めません。"},
    AccountEmailKind.BUSINESS_INFO_REQUESTED: {"ja": "30日以内に", "en": "within 30 days"},
    AccountEmailKind.BUSINESS_SUSPENDED: {"ja": "掲載を停止いたしました", "en": "takes no new bookings"},
    AccountEmailKind.BUSINESS_REINSTATED: {"ja": "掲載を再開いたしました", "en": "takes bookings as before"},
    AccountEmailKind.BUSINESS_REVIEW_CLOSED: {"ja": "審査を終了いたしました", "en": "has ended"},
    AccountEmailKind.REVIEW_DUE: {"ja": "審査がまだ完了していません", "en": "still waiting for an operator"},
    AccountEmailKind.EMAIL_VERIFICATION: {"ja": "ai@example.com", "en": "confirm that ai@example.com is yours"},
    AccountEmailKind.PASSWORD_RESET: {
        "ja": "2026年11月18日(水) 13:00まで有効",
        "en": "Wed 18 Nov 2026, 13:00 (Asia/Tokyo)",
    },
    AccountEmailKind.PASSWORD_CHANGED: {
        "ja": "変更日時：2026年11月18日(水) 12:00",
        "en": "When: Wed 18 Nov 2026, 12:00",
    },
    AccountEmailKind.NEW_DEVICE: {"ja": "端末：Firefox (Windows)", "en": "IP address: 192.0.2.7"},
    AccountEmailKind.LOGIN_LOCKED: {"ja": "再開予定：2026年11月18日(水) 12:30", "en": "until: Wed 18 Nov 2026, 12:30"},
    AccountEmailKind.TOKEN_REUSED: {"ja": "二重に使用", "en": "used twice"},
    AccountEmailKind.DATA_EXPORT_READY: {"ja": "2026年11月18日(水) 13:00", "en": "a copy of your data"},
    AccountEmailKind.ERASURE_PLANNED: {"ja": "2026年12月18日(金) 12:00", "en": "Fri 18 Dec 2026, 12:00"},
    AccountEmailKind.ERASURE_DONE: {"ja": "すべて完了", "en": "is complete"},
    AccountEmailKind.TWO_FACTOR_CHANGED: {"ja": "有効になりました", "en": "was turned on"},
    AccountEmailKind.STAFF_INVITED: {"ja": "スタッフとしてご招待", "en": "invites you to work with it"},
    AccountEmailKind.STAFF_ENDED: {"ja": "終了日時：2026年11月18日(水) 12:00", "en": "Ended: Wed 18 Nov 2026, 12:00"},
}


def content(
    kind: AccountEmailKind = AccountEmailKind.PASSWORD_RESET, language: str = "ja", **changes: Any
) -> AccountEmailContent:
    whole = AccountEmailContent(
        id=UUID(int=1),
        business_id=None,
        kind=kind.value,
        language=language,
        audience="user",
        facts=FACTS,
        created_at=NOW,
        address="ai@example.com",
        family_name="佐藤" if language == "ja" else "Sato",
        given_name="愛" if language == "ja" else "Ai",
        business_name=None,
        time_zone="Asia/Tokyo",
        user_agent=FIREFOX,
        ip="192.0.2.7",
        reason="許可証が読めません。",
        link=LINK if FORMS[kind].opens else None,
    )
    return replace(whole, **changes)


def letter(kind: AccountEmailKind = AccountEmailKind.PASSWORD_RESET, language: str = "ja", **changes: Any) -> Email:
    return compose_account_email(content(kind, language, **changes), LINKS, URL)


def promised_kinds() -> dict[AccountEmailKind, str]:
    """Every kind that the code names where it promises letters, and a file that does."""
    found: dict[AccountEmailKind, str] = {}
    for package in ("db", "activities", "api", "workers", "stack"):
        for path in (ROOT / package).rglob("*.py"):
            if path == ROOT / "activities/templates/account_email.py":
                continue
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if (
                    isinstance(node, ast.Attribute)
                    and isinstance(node.value, ast.Name)
                    and node.value.id == "AccountEmailKind"
                ):
                    found[AccountEmailKind[node.attr]] = str(path.relative_to(ROOT))
    return found


def test_every_letter_that_is_promised_can_be_written() -> None:
    missing = {kind: where for kind, where in promised_kinds().items() if kind not in FORMS}
    assert missing == {}, "add its form, its texts, and what it must say above"


def test_every_form_has_its_texts_and_every_text_its_form() -> None:
    for language in ("ja", "en"):
        texts = {path.stem for path in (ROOT / "activities/templates" / language / "letter").glob("*.j2")}
        assert texts == {kind.value for kind in FORMS}
    assert set(SAYS) == set(FORMS)


@pytest.mark.parametrize(("kind", "language"), WRITTEN)
def test_every_letter_says_what_it_is_about(kind: AccountEmailKind, language: str) -> None:
    email = letter(kind, language)
    shown = Seen(email.html).words
    for form in (email.text, shown):
        assert SAYS[kind][language] in form
        assert ("佐藤 愛 様" if language == "ja" else "Dear Ai Sato,") in form
        assert "Omotenashi Connect" in form
    assert email.subject
    assert "{" not in email.text + email.subject
    assert (email.to, email.notice_id, email.language) == ("ai@example.com", str(UUID(int=1)), language)
    assert f'lang="{language}"' in email.html
    assert "\n\n\n" not in email.text


@pytest.mark.parametrize(("kind", "language"), WRITTEN)
def test_every_letter_can_be_written_from_the_least(kind: AccountEmailKind, language: str) -> None:
    email = letter(kind, language, facts={}, family_name="", given_name="", user_agent=None, ip=None)
    assert "None" not in email.subject + email.text + email.html
    assert "False" not in email.subject + email.text + email.html
    assert ("お客様" if language == "ja" else "Hello,") in email.text
    assert "2026" in email.text  # a time: of what happened, or until when the link is good
    assert not re.search(r"[：:] *\n\s*\n", email.text), "a label without what it names"


@pytest.mark.parametrize(("kind", "language"), WRITTEN)
def test_what_people_typed_stays_words(kind: AccountEmailKind, language: str) -> None:
    typed = {"family_name": HOSTILE, "given_name": HOSTILE, "business_name": {"ja": HOSTILE, "en": HOSTILE}}
    hostile = letter(kind, language, **typed, user_agent=HOSTILE)
    plain = letter(kind, language)
    assert not re.search(r"[\r\n\x00-\x1f\u202e]", hostile.subject)
    assert len(hostile.subject) <= layout.SUBJECT_LENGTH
    assert not re.search(r"(?m)^Bcc:", hostile.text)
    assert set(Seen(hostile.html).tags) == set(Seen(plain.html).tags)
    assert "{{ code }}" in hostile.text  # said, not carried out


@pytest.mark.parametrize("kind", [kind for kind, form in FORMS.items() if form.opens])
@pytest.mark.parametrize("language", ["ja", "en"])
def test_a_letter_that_opens_something_brings_its_token_twice(kind: AccountEmailKind, language: str) -> None:
    """As a link, and by itself for an app; signed with the key that was the current one when it was asked for."""
    email, opens = letter(kind, language), FORMS[kind].opens
    assert opens is not None
    token = LINKS.issue(opens.purpose, LINK.id, LINK.expires_at, "k1")
    [url] = re.findall(r"https://\S+#token=\S+", email.text)
    assert url.partition("#token=")[0] == URL + opens.path
    assert unquote(url.partition("#token=")[2]) == token
    assert f"\n{token}\n" in email.text
    assert f'href="{url}"' in email.html
    assert LINKS.read(opens.purpose, token, NOW) == LINK.id


@pytest.mark.parametrize("kind", [kind for kind, form in FORMS.items() if not form.opens])
def test_a_letter_that_opens_nothing_has_no_link(kind: AccountEmailKind) -> None:
    assert "href" not in letter(kind).html


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, None),
        ({"address": None}, "no_address"),
        ({"link": None}, "outdated"),
        ({"link": replace(LINK, over=True)}, "outdated"),
        ({"link": replace(LINK, expires_at=NOW)}, "outdated"),
        ({"link": replace(LINK, kid="k0")}, "key_retired"),
    ],
)
def test_a_letter_that_would_be_of_no_use_is_not_sent(changes: dict[str, Any], reason: str | None) -> None:
    assert unsendable(content(**changes), LINKS, NOW) == reason


def test_times_of_a_letter_about_a_business_are_the_business_own() -> None:
    about = {"business_name": {"en": "Spa"}, "time_zone": "America/New_York"}
    text = letter(AccountEmailKind.PASSWORD_CHANGED, "en", **about).text
    assert "When: Tue 17 Nov 2026, 22:00 (America/New_York)" in text
    assert "Spa" in text


@pytest.mark.parametrize(
    ("user_agent", "device"),
    [
        (FIREFOX, "Firefox (Windows)"),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Safari/604.1",
            "Safari (iPhone)",
        ),
        ("Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/130.0 Mobile Safari/537.36", "Chrome (Android)"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/130.0 Safari/537.36 Edg/130.0", "Edge (Windows)"),
        ("curl/8.5.0", "curl"),
        ("", ""),
    ],
)
def test_a_device_is_named_as_people_know_it(user_agent: str, device: str) -> None:
    assert words.device(user_agent) == device


@pytest_asyncio.fixture
async def pool(database: servers.Database) -> AsyncIterator[Database]:
    async with data.opened(database) as pool:
        yield pool


async def promised(pool: Database, user_id: UUID, kind: AccountEmailKind, **facts: Any) -> NoticeSendInput:
    async with pool.unit_of_work(Scope.public()) as work:
        made = await work.messages.notices.promise_letter(AccountEmail(kind, user_id, str(uuid4()), facts))
    assert made is not None
    return NoticeSendInput(made)


async def test_a_letter_is_sent_once_and_noted(pool: Database) -> None:
    mailbox = Mailbox()
    activities = NoticeActivities(pool, mailbox, LINKS, URL, Clock())
    user_id = await data.add_user(pool, email="Ai@example.com", language="en", given_name="Ai")
    notice = await promised(pool, user_id, AccountEmailKind.PASSWORD_CHANGED)
    assert await activities.send(notice) == "sent"
    assert await activities.send(notice) == "sent"
    [email] = mailbox.arrived
    assert (email.to, email.language, email.notice_id) == ("Ai@example.com", "en", str(notice.notice_id))
    attempts = await data.rows(pool, "SELECT outcome, business_id FROM notification_attempts")
    assert attempts == [{"outcome": "accepted", "business_id": None}]


async def test_a_letter_about_a_session_names_its_device(pool: Database) -> None:
    mailbox = Mailbox()
    activities = NoticeActivities(pool, mailbox, LINKS, URL, Clock())
    user_id, other = await data.add_user(pool), await data.add_user(pool)
    where = Context(ip="192.0.2.7", user_agent=FIREFOX)
    async with pool.unit_of_work(Scope.public(), where) as work:
        until = NOW + timedelta(days=7)
        session_id = await work.identity.sessions.open(user_id, "!", "token", NOW, until, two_factor=False)
    await activities.send(await promised(pool, user_id, AccountEmailKind.NEW_DEVICE, session_id=session_id))
    await activities.send(await promised(pool, other, AccountEmailKind.NEW_DEVICE, session_id=session_id))
    mine, theirs = mailbox.arrived
    assert "端末：Firefox (Windows)\nIPアドレス：192.0.2.7" in mine.text
    assert "192.0.2.7" not in theirs.text


async def test_a_letter_to_a_login_that_is_gone_fails_visibly(pool: Database) -> None:
    mailbox = Mailbox()
    activities = NoticeActivities(pool, mailbox, LINKS, URL, Clock())
    notice = await promised(pool, await data.add_user(pool), AccountEmailKind.PASSWORD_CHANGED)
    await data.rows(pool, "UPDATE users SET deleted_at = now()")
    assert await activities.send(notice) == "failed"
    [row] = await data.rows(pool, "SELECT status, failure_reason FROM notification_outbox")
    assert row == {"status": "failed", "failure_reason": "no_address"}
    assert mailbox.arrived == []
