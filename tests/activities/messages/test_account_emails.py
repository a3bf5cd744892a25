"""Messages that are not about a booking: their facts in both languages, their link, and how they are sent."""

import ast
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import UUID, uuid4

import pytest
import pytest_asyncio

from activities.messages.notices import NoticeActivities, NoticeSendInput
from activities.templates import layout, words
from activities.templates.account_email import FORMS, unsendable
from db.engine.context import Context
from db.engine.session import Database, Scope
from db.messages.notices import AccountEmail
from domain.messages.kinds import AccountEmailKind
from providers.channels import Channels
from tests.activities.messages.test_notices import Clock, Mailbox
from tests.activities.templates.accounts import (
    CASES,
    FIREFOX,
    LINK,
    LINKS,
    NOW,
    SUPPORT,
    URL,
    Case,
    compose,
    content,
    written,
)
from tests.activities.templates.contents import LANGUAGES, Seen
from tests.activities.templates.test_templates import HOSTILE
from tests.support import data, servers
from tests.support.cases import for_each

ROOT = Path(__file__).parents[3]
UNTIL_FACT = "2026-11-18T12:30:00+09:00"
WRITTEN = [pytest.param(case, language, id=f"{case.name}-{language}") for case in CASES for language in LANGUAGES]


def queued_kinds() -> dict[AccountEmailKind, str]:
    """Every kind that the code names where it queues messages, and a file that does."""
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


def test_account_emails_of_every_queued_kind_can_be_written() -> None:
    missing = {kind: where for kind, where in queued_kinds().items() if kind not in FORMS}
    assert missing == {}, "add its form, its texts and its case"


def test_forms_and_texts_of_account_emails_belong_together() -> None:
    for language in LANGUAGES:
        texts = {path.stem for path in (ROOT / "activities/templates" / language / "account").glob("*.j2")}
        assert texts == {kind.value for kind in FORMS}
    assert {case.kind for case in CASES} == set(FORMS) == set(AccountEmailKind)


@for_each(("case", "language"), WRITTEN)
def test_account_emails_have_their_facts_as_text_and_html(case: Case, language: str) -> None:
    email = written(case, language)
    shown = Seen(email.html).words
    for form in (email.text, shown):
        for said in case.says(language):
            assert said in form
        assert (SUPPORT in form) == (case.kind is not AccountEmailKind.CAMPAIGN_MESSAGE)
    assert len(email.subject) <= layout.SUBJECT_LENGTH[language]
    assert "{" not in email.text + email.subject
    assert (email.to, email.notice_id, email.language) == ("ai@example.com", str(UUID(int=1)), language)
    sender = (
        words.pick(content(case.kind).business_name, language) if FORMS[case.kind].from_business else words.PLATFORM
    )
    business_answers = case.kind is AccountEmailKind.CAMPAIGN_MESSAGE
    assert (email.from_name, email.reply_to) == (sender, "hello@hana.example" if business_answers else SUPPORT)
    assert f'lang="{language}"' in email.html
    assert "\n\n\n" not in email.text


@for_each(("case", "language"), WRITTEN)
def test_person_is_addressed_and_a_business_is_not(case: Case, language: str) -> None:
    name = "佐藤 愛 様" if language == "ja" else "Dear Ai Sato,"
    assert (name in written(case, language).text) == (not FORMS[case.kind].about_business)
    nameless = written(case, language, family_name="", given_name="").text
    assert not nameless.startswith(("お客様", "Hello", "Dear"))


@for_each("language", LANGUAGES)
@for_each("kind", FORMS)
def test_account_emails_can_be_written_from_required_facts_alone(kind: AccountEmailKind, language: str) -> None:
    form = FORMS[kind]
    # Messages about an entry of the waitlist and about a file are about times, which are always given.
    is_about_times = form.from_business or kind is AccountEmailKind.ANALYTICS_EXPORT_READY
    facts = dict.fromkeys(form.times, UNTIL_FACT) if is_about_times else {}
    email = compose(
        content(kind, language, facts=facts, family_name="", given_name="", user_agent=None, ip=None, reason=None)
    )
    assert "None" not in email.subject + email.text + email.html
    assert "False" not in email.subject + email.text + email.html
    assert "2026" in email.text or (
        form.from_business and not form.times
    )  # when it happened, or until when the link works
    assert not re.search(r"[：:] *\n(?!https)", email.text), "a label without a value"


@for_each(("case", "language"), WRITTEN)
def test_typed_text_is_never_markup(case: Case, language: str) -> None:
    typed = {"family_name": HOSTILE, "given_name": HOSTILE, "reason": HOSTILE, "user_agent": HOSTILE}
    if content(case.kind).business_name:
        typed["business_name"] = {"ja": HOSTILE, "en": HOSTILE}  # type: ignore[assignment]
    hostile = written(case, language, **typed)
    assert not re.search(r"[\r\n\x00-\x1f\u202e]", hostile.subject)
    assert len(hostile.subject) <= layout.SUBJECT_LENGTH[language]
    assert not re.search(r"(?m)^Bcc:", hostile.text)
    assert set(Seen(hostile.html).tags) <= set(Seen(written(case, language).html).tags)


@pytest.mark.parametrize("kind", [kind for kind, form in FORMS.items() if form.opens])
@pytest.mark.parametrize("language", LANGUAGES)
def test_message_that_opens_something_has_its_token_in_the_link_alone(kind: AccountEmailKind, language: str) -> None:
    """Signed with the key that was the current one when it was asked for; nobody has to type it."""
    email, opens = compose(content(kind, language, facts={"until": UNTIL_FACT})), FORMS[kind].opens
    assert opens is not None
    token = LINKS.issue(opens.purpose, LINK.id, LINK.expires_at, "k1")
    [url] = [line for line in email.text.splitlines() if line.startswith(URL + opens.address(token))]
    proof = url.removeprefix(URL + opens.address(token))
    assert proof.startswith("?proof=") if opens.proof else not proof
    assert email.text.count(quote(token)) == 1
    assert f'href="{escape(url)}"' in email.html
    assert LINKS.read(opens.purpose, token, NOW) == LINK.id


@pytest.mark.parametrize(
    "kind", [kind for kind, form in FORMS.items() if not form.opens and kind is not AccountEmailKind.CAMPAIGN_MESSAGE]
)
def test_message_that_opens_nothing_has_no_link(kind: AccountEmailKind) -> None:
    assert "href" not in compose(content(kind)).html


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
def test_message_that_would_be_of_no_use_is_not_sent(changes: dict[str, Any], reason: str | None) -> None:
    assert unsendable(content(**changes), LINKS, NOW) == reason


def test_times_of_a_message_about_a_business_are_in_its_zone() -> None:
    text = compose(content(AccountEmailKind.BUSINESS_SUBMITTED, "en", time_zone="America/New_York")).text
    assert "Received: Tue 17 Nov 2026, 22:00 (New York time)" in text


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
def test_device_is_named_as_people_know_it(user_agent: str, device: str) -> None:
    assert words.device(user_agent) == device


@pytest_asyncio.fixture
async def pool(database: servers.Database) -> AsyncIterator[Database]:
    async with data.opened(database) as pool:
        yield pool


async def promised(pool: Database, user_id: UUID, kind: AccountEmailKind, **facts: Any) -> NoticeSendInput:
    async with pool.unit_of_work(Scope.public()) as work:
        made = await work.messages.notices.queue_account_email(AccountEmail(kind, user_id, str(uuid4()), facts))
    assert made is not None
    return NoticeSendInput(made)


async def test_message_is_sent_once(pool: Database) -> None:
    mailbox = Mailbox()
    activities = NoticeActivities(pool, Channels(mailbox), LINKS, URL, SUPPORT, Clock())
    user_id = await data.add_user(pool, email="Ai@example.com", language="en", given_name="Ai")
    notice = await promised(pool, user_id, AccountEmailKind.PASSWORD_CHANGED)
    assert await activities.send(notice) == "sent"
    assert await activities.send(notice) == "sent"
    [email] = mailbox.arrived
    assert (email.to, email.language, email.notice_id) == ("Ai@example.com", "en", str(notice.notice_id))
    attempts = await data.rows(pool, "SELECT outcome, business_id FROM notification_attempts")
    assert attempts == [{"outcome": "accepted", "business_id": None}]


async def test_message_about_a_session_names_its_device(pool: Database) -> None:
    mailbox = Mailbox()
    activities = NoticeActivities(pool, Channels(mailbox), LINKS, URL, SUPPORT, Clock())
    user_id, other = await data.add_user(pool, email_verified_at=NOW), await data.add_user(pool)
    where = Context(ip="192.0.2.7", user_agent=FIREFOX)
    async with pool.unit_of_work(Scope.public(), where) as work:
        until = NOW + timedelta(days=7)
        session_id = await work.identity.sessions.open(user_id, "!", "token", NOW, until, two_factor=False)
    await activities.send(await promised(pool, user_id, AccountEmailKind.NEW_DEVICE, session_id=session_id))
    await activities.send(await promised(pool, other, AccountEmailKind.NEW_DEVICE, session_id=session_id))
    mine, theirs = mailbox.arrived
    assert "端末：Firefox (Windows)\nIPアドレス：192.0.2.7" in mine.text
    assert "192.0.2.7" not in theirs.text


async def test_message_to_a_deleted_account_is_marked_failed(pool: Database) -> None:
    mailbox = Mailbox()
    activities = NoticeActivities(pool, Channels(mailbox), LINKS, URL, SUPPORT, Clock())
    notice = await promised(pool, await data.add_user(pool), AccountEmailKind.PASSWORD_CHANGED)
    await data.rows(pool, "UPDATE users SET deleted_at = now()")
    assert await activities.send(notice) == "failed"
    [row] = await data.rows(pool, "SELECT status, failure_reason FROM notification_outbox")
    assert row == {"status": "failed", "failure_reason": "no_address"}
    assert mailbox.arrived == []
