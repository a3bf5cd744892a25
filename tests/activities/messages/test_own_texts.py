"""A business's own text in a message: its words around the platform's, with nothing lost and nothing executed."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from activities.templates.render import compose
from domain.messages.kinds import NoticeKind
from domain.messages.texts import RULES, OwnText
from tests.activities.messages.test_notices import Clock, Mailbox, NoticeSending, notices_of
from tests.activities.templates.cases import NOW
from tests.activities.templates.contents import LINKS, content
from tests.support import servers
from tests.support.data import add_salon, opened, rows

OWN = OwnText("{{ short }} welcome", "Dear {{ customer }}\n\n{{ standard }}\n\nSee you soon <b>")


@pytest_asyncio.fixture
async def sending(database: servers.Database) -> AsyncIterator[NoticeSending]:
    async with opened(database) as pool:
        mailbox, clock = Mailbox(), Clock()
        yield NoticeSending(pool, await add_salon(pool), mailbox, clock, notices_of(pool, mailbox, clock))


async def stored(sending: NoticeSending, kind: NoticeKind, own: OwnText = OWN) -> None:
    async with sending.pool.unit_of_work(sending.salon.scope) as work:
        await work.messages.texts.set(sending.salon.business_id, kind, "ja", own)


async def test_own_text_is_sent_in_its_language(sending: NoticeSending) -> None:
    await stored(sending, NoticeKind.BOOKING_CONFIRMED)
    await sending.activities.send(await sending.queued(NoticeKind.BOOKING_CONFIRMED))
    [email] = sending.mailbox.arrived
    assert email.subject.endswith("welcome")
    assert "See you soon <b>" in email.text
    assert "See you soon &lt;b&gt;" in email.html
    assert "ご予約が確定いたしました" in email.text, "the platform's text is in it"
    assert "予約番号" in email.text, "the facts are in the layout"


async def test_own_text_of_another_kind_or_language_is_not_sent(sending: NoticeSending) -> None:
    await stored(sending, NoticeKind.BOOKING_REMINDER)
    await rows(sending.pool, "UPDATE message_texts SET language = 'en' RETURNING id")
    await stored(sending, NoticeKind.BOOKING_CANCELLED)
    await sending.activities.send(await sending.queued(NoticeKind.BOOKING_CONFIRMED))
    assert "See you soon" not in sending.mailbox.arrived[0].text


async def test_own_text_is_not_sent_to_an_address_that_nobody_has_proven(sending: NoticeSending) -> None:
    await stored(sending, NoticeKind.BOOKING_CONFIRMED)
    await rows(
        sending.pool, "UPDATE users SET email_verified_at = NULL WHERE id = :id RETURNING id", id=sending.salon.user_id
    )
    await sending.activities.send(await sending.queued(NoticeKind.BOOKING_CONFIRMED))
    assert "See you soon" not in sending.mailbox.arrived[0].text


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("kind", RULES)
def test_own_text_keeps_every_paragraph_of_the_platform(kind: NoticeKind, language: str) -> None:
    what = content(kind, language)
    plain, own = compose(what, NOW, LINKS), compose(what, NOW, LINKS, OWN)
    for line in plain.text.splitlines():
        assert line in own.text.splitlines(), line
    assert "See you soon" in own.text


def test_own_text_does_not_execute_what_a_customer_typed() -> None:
    what = content(family_name="{{ price }}", given_name="{{ 7*7 }}")
    email = compose(what, NOW, LINKS, OWN)
    assert "{{ 7*7 }}" in email.text or "{{ price }}" in email.text
