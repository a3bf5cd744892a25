"""Operators see which messages did not arrive, of all businesses and of the platform, and send one again."""

import asyncio
from uuid import UUID, uuid4

import pytest_asyncio
from fastapi import FastAPI

from api.http.envelope import Envelope, ListEnvelope
from api.v1.messages.undelivered.schemas import UndeliveredRead
from db.engine.session import Database as Pool
from domain.messages.kinds import NoticeKind
from tests.api.conftest import PREFIX, Clock, Login, Person, error_of
from tests.api.messages.test_notifications import queued_notice
from tests.api.pages.console import entered
from tests.api.pages.visitor import Visitor
from tests.api.platform.audit.test_audit import make_admin
from tests.api.salon import StaffedSalon, keyed
from tests.support import data
from tests.support.servers import Database

PATH = "/admin/notices"


@pytest_asyncio.fixture
async def admin(log_in: Login, database: Database) -> Person:
    person = await log_in()
    await make_admin(person, database)
    return person


@pytest_asyncio.fixture
async def operator(app: FastAPI, pool: Pool, clock: Clock) -> Visitor:
    """The browser of an operator."""
    return await entered(app, pool, clock, await data.add_user(pool, platform_role="admin"))


async def undelivered(pool: Pool, salon: StaffedSalon, status: str = "failed", reason: str = "gave_up") -> UUID:
    """A message of the salon that did not arrive."""
    made = UUID(await queued_notice(pool, salon, NoticeKind.BOOKING_CONFIRMED))
    await data.rows(
        pool,
        "UPDATE notification_outbox SET status = :status, failure_reason = :reason WHERE id = :id RETURNING id",
        id=made,
        status=status,
        reason=reason,
    )
    return made


async def found(admin: Person, **asked: str) -> list[UndeliveredRead]:
    answer = await admin.get(PATH, params=asked)
    assert answer.status_code == 200, answer.text
    return ListEnvelope[UndeliveredRead].model_validate_json(answer.content, extra="forbid").data


async def test_undelivered_messages_of_everybody_are_listed_by_what_became_of_them(
    admin: Person, salon: StaffedSalon, pool: Pool
) -> None:
    failed, bounced = await undelivered(pool, salon), await undelivered(pool, salon, "bounced", "bounced: no mailbox")
    dropped = await undelivered(pool, salon, "dropped", "opted_out")
    await queued_notice(pool, salon, NoticeKind.BOOKING_CONFIRMED)
    assert (await admin.post("/auth/forgot-password", json={"email": admin.email})).is_success
    [own] = await data.rows(
        pool,
        """UPDATE notification_outbox SET status = 'failed', failure_reason = 'no_answer'
            WHERE kind = 'password_reset' AND user_id = :id RETURNING id""",
        id=admin.id,
    )
    assert {(one.id, one.business_id, one.failure_reason, one.can_retry) for one in await found(admin)} == {
        (failed, salon.ids.business_id, "gave_up", True),
        (own["id"], None, "no_answer", True),
    }
    assert [(one.id, one.can_retry) for one in await found(admin, status="bounced")] == [(bounced, False)]
    assert [(one.id, one.can_retry) for one in await found(admin, status="dropped")] == [(dropped, True)]
    first = await admin.get(PATH, params={"limit": 1})
    assert len(first.json()["data"]) == 1
    rest = await admin.get(PATH, params={"cursor": first.json()["meta"]["next_cursor"]})
    assert len(rest.json()["data"]) == 1
    assert admin.email not in first.text + rest.text
    assert error_of(await admin.get(PATH, params={"status": "sent"})) == (422, "invalid_input")


async def test_undelivered_messages_are_for_operators(salon: StaffedSalon, pool: Pool) -> None:
    failed = await undelivered(pool, salon)
    for person in (salon.owner, salon.staff, salon.customer, salon.other_owner):
        assert error_of(await person.get(PATH)) == (403, "forbidden")
        assert error_of(await person.post(f"{PATH}/{failed}/retry")) == (403, "forbidden")
    assert error_of(await salon.nobody.get(f"{PREFIX}{PATH}")) == (401, "unauthenticated")
    assert error_of(await salon.nobody.post(f"{PREFIX}{PATH}/{failed}/retry")) == (401, "unauthenticated")


async def test_undelivered_message_is_sent_again_once(admin: Person, salon: StaffedSalon, pool: Pool) -> None:
    failed, bounced = await undelivered(pool, salon), await undelivered(pool, salon, "bounced", "bounced: no mailbox")
    path = f"{PATH}/{failed}/retry"
    first = await admin.post(path, headers=keyed("u-1"))
    read = Envelope[UndeliveredRead].model_validate_json(first.content, extra="forbid").data
    assert (read.status, read.failure_reason, read.can_retry) == ("queued", None, False)
    assert (await admin.post(path, headers=keyed("u-1"))).content == first.content
    assert error_of(await admin.post(path)) == (409, "wrong_state")
    assert error_of(await admin.post(f"{PATH}/{bounced}/retry")) == (409, "wrong_state")
    assert error_of(await admin.post(f"{PATH}/{uuid4()}/retry")) == (404, "not_found")
    again = "SELECT aggregate FROM outbox WHERE event = 'notice.retried'"
    assert [row["aggregate"] for row in await data.rows(pool, again)] == [f"notice/{failed}"]


async def test_undelivered_message_is_queued_once_by_two_operators_at_once(
    admin: Person, salon: StaffedSalon, pool: Pool
) -> None:
    assert (await admin.post("/auth/forgot-password", json={"email": admin.email})).is_success
    [own] = await data.rows(
        pool,
        """UPDATE notification_outbox SET status = 'failed', failure_reason = 'no_answer'
            WHERE kind = 'password_reset' AND user_id = :id RETURNING id""",
        id=admin.id,
    )
    answers = await asyncio.gather(*(admin.post(f"{PATH}/{own['id']}/retry") for _ in range(2)))
    assert sorted(one.status_code for one in answers) == [200, 409]
    started = await data.rows(pool, "SELECT business_id, payload FROM outbox WHERE event = 'notice.retried'")
    assert [(row["business_id"], row["payload"]["notice_id"]) for row in started] == [(None, str(own["id"]))]


async def test_undelivered_messages_have_a_page_that_sends_one_again(
    operator: Visitor, salon: StaffedSalon, pool: Pool
) -> None:
    failed = await undelivered(pool, salon)
    await undelivered(pool, salon, "bounced", "bounced: no mailbox <b>")
    page = await operator.open("/admin/notices")
    assert page.status_code == 200, page.text
    assert "It could not be sent in time. Please try again." in page.text
    assert operator.links(f"/admin/businesses/{salon.ids.business_id}")
    page = await operator.send(f"/admin/notices/{failed}/retry", key="first-form-of-the-page", status="failed")
    assert page.url.path == "/admin/notices"
    assert "It is being sent again." in page.text
    assert "There are no such messages." in page.text
    page = await operator.open("/admin/notices", status="bounced")
    assert "The recipient&#39;s server returned it." in page.text
    assert "<b>" not in page.text
    assert "/retry" not in page.text
    page = await operator.send(f"/admin/notices/{failed}/retry", status="failed")
    assert page.status_code == 409
    assert operator.alert()
    assert (await operator.open("/admin/notices", status="nonsense")).status_code == 200
    assert (await operator.send(f"/admin/notices/{uuid4()}/retry")).status_code == 404
