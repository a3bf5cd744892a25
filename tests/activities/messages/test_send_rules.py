"""The rules about senders and recipients, asked before every message: what goes out whole, without texts, or not."""

import subprocess
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
import pytest_asyncio

from activities.messages.notices import NoticeActivities, NoticeSendInput
from db.engine.session import Database, Scope
from db.messages.notices import AccountEmail
from db.scheduling.staff.invitations import Invited
from domain.messages.kinds import AccountEmailKind, NoticeKind
from domain.messages.send_decision import MessageLimits
from domain.scheduling.staff import StaffRole
from providers.channels import Channels
from providers.errors import ProviderUnavailable
from runtime.keyring import KeyRing
from runtime.links import Links
from tests.activities.messages.test_notices import Clock, Mailbox
from tests.support import data, servers
from tests.support.data import HOUR, NOW, Salon

LIMITS = MessageLimits(unproven=2, person=3, business=4)
NAME = "マロリー"
ROOT = Path(__file__).parents[3]


@dataclass
class Sending:
    """A salon, and what sends its messages."""

    pool: Database
    salon: Salon
    mailbox: Mailbox
    activities: NoticeActivities

    async def booking(self, **values: Any) -> UUID:
        """A booking of a guest with a typed name and address."""
        contact = {"family_name": NAME, "given_name": "", "email": f"{uuid4().hex}@example.com", "user_id": None}
        return await data.add_booking(self.pool, self.salon, **{**contact, **values})

    async def notice(
        self, booking_id: UUID, kind: NoticeKind = NoticeKind.BOOKING_CONFIRMED, to_business: bool = False
    ) -> NoticeSendInput:
        async with self.pool.unit_of_work(self.salon.scope) as work:
            notice_id = await work.messages.notices.queue(
                kind, booking_id, self.salon.business_id, str(uuid4()), {}, "business" if to_business else "customer"
            )
        assert notice_id is not None
        return NoticeSendInput(notice_id, self.salon.business_id)

    async def account_email(self, user_id: UUID, kind: AccountEmailKind, **values: Any) -> NoticeSendInput:
        async with self.pool.unit_of_work(Scope.public()) as work:
            made = await work.messages.notices.queue_account_email(AccountEmail(kind, user_id, str(uuid4()), **values))
        assert made is not None
        return NoticeSendInput(made)

    async def row(self, notice: NoticeSendInput) -> dict[str, Any]:
        [row] = await data.rows(
            self.pool, "SELECT status, failure_reason FROM notification_outbox WHERE id = :id", id=notice.notice_id
        )
        return row


@pytest_asyncio.fixture
async def sending(database: servers.Database) -> AsyncIterator[Sending]:
    async with data.opened(database) as pool:
        mailbox = Mailbox()
        links = Links(KeyRing("k1", {"k1": b"a key"}))
        url, support = "https://omotenashi.example", "support@omotenashi.example"
        activities = NoticeActivities(pool, Channels(mailbox), links, url, support, Clock(), LIMITS)
        yield Sending(pool, await data.add_salon(pool), mailbox, activities)


async def test_typed_name_does_not_go_to_an_address_that_nobody_proved(sending: Sending) -> None:
    notice = await sending.notice(await sending.booking())
    assert await sending.activities.send(notice) == "sent"
    [email] = sending.mailbox.arrived
    assert NAME not in email.text + email.html + email.subject
    assert "お客様" in email.text


async def test_guest_who_proved_the_address_gets_the_confirmation_by_name(sending: Sending) -> None:
    notice = await sending.notice(await sending.booking(contact_proven_at=NOW))
    assert await sending.activities.send(notice) == "sent"
    [email] = sending.mailbox.arrived
    assert f"{NAME} 様" in email.text


async def test_booking_by_staff_names_the_customer(sending: Sending) -> None:
    booking_id = await sending.booking()
    await data.rows(
        sending.pool,
        "INSERT INTO booking_history (business_id, booking_id, event, to_status, actor_kind)"
        " VALUES (:business_id, :booking_id, 'held', 'pending', 'staff')",
        business_id=sending.salon.business_id,
        booking_id=booking_id,
    )
    await sending.activities.send(await sending.notice(booking_id))
    assert f"{NAME} 様" in sending.mailbox.arrived[0].text


async def test_business_reads_the_name_once_operators_know_its_address(sending: Sending) -> None:
    booking_id, business = await sending.booking(), {"id": sending.salon.business_id}
    await data.rows(sending.pool, "UPDATE businesses SET email = 'salon@example.com' WHERE id = :id", **business)
    await sending.activities.send(await sending.notice(booking_id, to_business=True))
    await data.rows(
        sending.pool, "INSERT INTO business_verifications (business_id, status) VALUES (:id, 'waiting')", **business
    )
    await sending.activities.send(await sending.notice(booking_id, to_business=True))
    known, changed = sending.mailbox.arrived
    assert NAME in known.text
    assert NAME not in changed.text + changed.html


async def test_unproven_login_is_not_named(sending: Sending) -> None:
    user_id = await data.add_user(sending.pool, family_name=NAME)
    await sending.activities.send(await sending.account_email(user_id, AccountEmailKind.PASSWORD_CHANGED))
    await data.rows(sending.pool, "UPDATE users SET email_verified_at = now() WHERE id = :id", id=user_id)
    await sending.activities.send(await sending.account_email(user_id, AccountEmailKind.PASSWORD_CHANGED))
    unproven, proven = sending.mailbox.arrived
    assert NAME not in unproven.text + unproven.html
    assert NAME in proven.text


async def test_draft_name_does_not_go_to_its_unproven_owner(sending: Sending) -> None:
    owner = await data.add_user(sending.pool)
    business_id = await data.add_business(sending.pool, owner, status="pending", name={"ja": NAME})
    notice = await sending.account_email(owner, AccountEmailKind.BUSINESS_SUBMITTED, business_id=business_id)
    assert await sending.activities.send(notice) == "sent"
    [email] = sending.mailbox.arrived
    assert NAME not in email.subject + email.text + email.html


async def test_invitation_of_a_suspended_business_is_dropped_visibly(sending: Sending) -> None:
    salon = sending.salon
    await data.rows(sending.pool, "UPDATE users SET email_verified_at = now() WHERE id = :id", id=salon.owner_id)
    async with sending.pool.unit_of_work(salon.scope) as work:
        asked = Invited("misaki@example.com", StaffRole.STAFF, None, None, "ja")
        await work.scheduling.staff.invite(salon.business_id, asked, salon.owner_id, NOW)
    await data.rows(sending.pool, "UPDATE businesses SET status = 'suspended' WHERE id = :id", id=salon.business_id)
    [queued] = await data.rows(sending.pool, "SELECT id FROM notification_outbox WHERE kind = 'staff_invited'")
    notice = NoticeSendInput(queued["id"], salon.business_id)
    assert await sending.activities.send(notice) == "dropped"
    assert await sending.row(notice) == {"status": "dropped", "failure_reason": "sender_unproven"}
    assert sending.mailbox.arrived == []


async def test_recipient_limit_is_counted_by_kind_for_unproven_callers(sending: Sending) -> None:
    address = {"email": "victim@example.com"}
    notices = [
        await sending.notice(await sending.booking(**address, start_at=NOW + (24 + number) * HOUR))
        for number in range(LIMITS.unproven + 1)
    ]
    assert [await sending.activities.send(one) for one in notices] == ["sent", "sent", "dropped"]
    assert await sending.row(notices[-1]) == {"status": "dropped", "failure_reason": "recipient_limit"}
    proven = await sending.notice(await sending.booking(**address, start_at=NOW + 48 * HOUR, contact_proven_at=NOW))
    assert await sending.activities.send(proven) == "sent"
    other = await sending.notice(await sending.booking(start_at=NOW + 50 * HOUR))
    assert await sending.activities.send(other) == "sent"


async def test_attempts_of_one_message_count_once(sending: Sending) -> None:
    address = {"email": "victim@example.com"}
    first = await sending.notice(await sending.booking(**address))
    sending.mailbox.fails = ProviderUnavailable("http_429")
    for _ in range(LIMITS.unproven + 1):
        with pytest.raises(ProviderUnavailable):
            await sending.activities.send(first)
    sending.mailbox.fails = None
    assert await sending.activities.send(first) == "sent"
    second = await sending.notice(await sending.booking(**address, start_at=NOW + 24 * HOUR))
    assert await sending.activities.send(second) == "sent"


async def test_dropped_message_can_be_tried_again_and_is_judged_again(sending: Sending) -> None:
    notice = await sending.notice(await sending.booking())
    await data.rows(sending.pool, "UPDATE businesses SET status = 'draft'")
    assert await sending.activities.send(notice) == "dropped"
    async with sending.pool.unit_of_work(sending.salon.scope) as work:
        await work.messages.notices.retry(notice.notice_id, NOW)
    await data.rows(sending.pool, "UPDATE businesses SET status = 'approved'")
    assert await sending.activities.send(notice) == "sent"
    assert await sending.row(notice) == {"status": "sent", "failure_reason": None}


def test_e_mails_leave_by_one_activity_alone() -> None:
    """What asks the rules is the only caller of the provider."""
    found = subprocess.run(
        ["git", "grep", "-lE", r"[a-z_]*email\.send\(", "--", "*.py", ":!tests", ":!providers"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout.split() == ["activities/messages/channels.py"]
