"""What is promised once, to whom, and what becomes of it."""

import itertools
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import pytest_asyncio

from db.engine.context import Context
from db.engine.session import Database, Scope
from db.messages.notices import NoticeStore, QueuedNotice
from domain.errors import NotFound, WrongState
from domain.messages.delivery import DeliveryEvent, DeliveryReport
from domain.messages.kinds import NoticeKind, NoticeStatus
from domain.messages.sending import UNKNOWN_FOR, AttemptOutcome
from tests.support import servers
from tests.support.data import HOUR, NOW, Salon, add_booking, add_customer, add_payment, add_salon, opened, rows

SECOND = timedelta(seconds=1)

Row = dict[str, Any]


@pytest_asyncio.fixture
async def pool(database: servers.Database) -> AsyncIterator[Database]:
    async with opened(database) as opened_pool:
        yield opened_pool


@pytest_asyncio.fixture
async def salon(pool: Database) -> Salon:
    return await add_salon(pool)


async def notices(pool: Database) -> list[Row]:
    return await rows(pool, "SELECT * FROM notification_outbox ORDER BY id")


async def commands(pool: Database) -> list[Row]:
    return await rows(pool, "SELECT * FROM outbox WHERE command = 'notice.start' ORDER BY id")


async def queue(pool: Database, salon: Salon, booking_id: UUID, **values: Any) -> UUID | None:
    defaults = {"kind": NoticeKind.BOOKING_CONFIRMED, "dedupe_key": f"{booking_id}:{uuid4()}"}
    async with pool.unit_of_work(salon.scope, Context(request_id="r1")) as work:
        return await work.messages.notices.queue(
            booking_id=booking_id, business_id=salon.business_id, **{**defaults, **values}
        )


async def test_queue_writes_the_message_and_the_start_of_its_workflow(pool: Database, salon: Salon) -> None:
    booking_id = await add_booking(pool, salon, language="en")
    notice_id = await queue(pool, salon, booking_id, facts={"amount": 6600})
    [notice] = await notices(pool)
    assert notice["id"] == notice_id
    assert (notice["status"], notice["channel"], notice["audience"]) == ("queued", "email", "customer")
    assert (notice["language"], notice["kind"]) == ("en", "booking_confirmed")
    assert (notice["customer_id"], notice["user_id"]) == (salon.customer_id, salon.user_id)
    assert notice["facts"] == {"amount": 6600}
    [command] = await commands(pool)
    assert (command["aggregate"], command["event"]) == (f"notice/{notice_id}", "notice.queued")
    assert command["request_id"] == "r1"
    give_up_at = datetime.fromisoformat(command["payload"].pop("give_up_at"))
    assert give_up_at == command["created_at"] + timedelta(hours=24)
    assert command["payload"] == {
        "notice_id": str(notice_id),
        "business_id": str(salon.business_id),
        "kind": "booking_confirmed",
    }


async def test_queued_twice_is_queued_once(pool: Database, salon: Salon) -> None:
    booking_id = await add_booking(pool, salon)
    first = await queue(pool, salon, booking_id, dedupe_key="same")
    assert first is not None
    assert await queue(pool, salon, booking_id, dedupe_key="same") is None
    assert len(await notices(pool)) == len(await commands(pool)) == 1


async def test_business_is_notified_at_its_owner_in_its_own_language(pool: Database, salon: Salon) -> None:
    await rows(pool, "UPDATE business_settings SET language = 'en'")
    booking_id = await add_booking(pool, salon, language="ja")
    await queue(pool, salon, booking_id, audience="business")
    [notice] = await notices(pool)
    assert (notice["user_id"], notice["customer_id"], notice["language"]) == (salon.owner_id, None, "en")


async def test_customer_without_an_address_has_it_in_the_app_and_nothing_is_started(
    pool: Database, salon: Salon
) -> None:
    customer_id = await add_customer(pool, salon.business_id, email=None)
    booking_id = await add_booking(pool, salon, customer_id=customer_id)
    assert await queue(pool, salon, booking_id) is not None
    [notice] = await notices(pool)
    assert (notice["channel"], notice["status"]) == ("in_app", "sent")
    assert notice["sent_at"] is not None
    assert await commands(pool) == []


async def test_reminder_is_given_up_when_the_visit_begins(pool: Database, salon: Salon) -> None:
    now = (await rows(pool, "SELECT date_trunc('second', now()) AS now"))[0]["now"]
    booking_id = await add_booking(pool, salon, start_at=now + 3 * HOUR)
    await queue(pool, salon, booking_id, kind=NoticeKind.BOOKING_REMINDER)
    [command] = await commands(pool)
    assert datetime.fromisoformat(command["payload"]["give_up_at"]) == now + 3 * HOUR


async def test_queue_lets_a_later_message_wait_in_the_outbox(pool: Database, salon: Salon) -> None:
    booking_id = await add_booking(pool, salon)
    await queue(pool, salon, booking_id, not_before=NOW + 500 * HOUR)
    [command] = await commands(pool)
    assert command["not_before"] == NOW + 500 * HOUR
    assert datetime.fromisoformat(command["payload"]["give_up_at"]) == NOW + 524 * HOUR


async def test_queue_many_is_one_statement_and_counts_each_once(pool: Database, salon: Salon) -> None:
    booking_id = await add_booking(pool, salon)
    wanted = [
        QueuedNotice(NoticeKind.BOOKING_CONFIRMED, booking_id, salon.business_id, "a"),
        QueuedNotice(NoticeKind.PAYMENT_RECEIVED, booking_id, salon.business_id, "b", {"amount": 1, "at": NOW}),
        QueuedNotice(NoticeKind.BOOKING_CONFIRMED, booking_id, salon.business_id, "a"),
    ]
    async with pool.unit_of_work(salon.scope) as work:
        assert len(await work.messages.notices.queue_many(wanted)) == 2
        assert await work.messages.notices.queue_many([]) == []
    assert [notice["dedupe_key"] for notice in await notices(pool)] == ["a", "b"]
    assert (await notices(pool))[1]["facts"] == {"amount": 1, "at": NOW.isoformat()}
    assert len(await commands(pool)) == 2


async def test_queue_refuses_another_tenants_booking(pool: Database, salon: Salon) -> None:
    other = await add_salon(pool)
    booking_id = await add_booking(pool, other)
    assert await queue(pool, salon, booking_id) is None
    assert await notices(pool) == []


def report(notice_id: object, event: str, at: datetime = NOW, reason: str | None = None) -> DeliveryReport:
    """An event as the provider's client gives it."""
    return DeliveryReport("e", None if notice_id is None else str(notice_id), DeliveryEvent(event), at, reason)


async def queued(pool: Database, salon: Salon, **values: Any) -> UUID:
    notice_id = await queue(pool, salon, await add_booking(pool, salon), **values)
    assert notice_id is not None
    return notice_id


async def attempts(pool: Database) -> list[Row]:
    return await rows(pool, "SELECT * FROM notification_attempts ORDER BY id")


async def apply(pool: Database, *reports: DeliveryReport) -> int:
    async with pool.unit_of_work(Scope.platform()) as work:
        return await work.messages.notices.apply_delivery(reports)


async def test_notice_is_read_with_all_facts_for_sending(pool: Database, salon: Salon) -> None:
    booking_id = await add_booking(pool, salon, language="en", version=3, special_requests="quiet")
    await add_payment(pool, salon, booking_id, status="captured")
    notice_id = await queue(pool, salon, booking_id, facts={"amount": 6600})
    assert notice_id is not None
    async with pool.unit_of_work(salon.scope) as work:
        content = await work.messages.notices.read_for_sending(notice_id)
        with pytest.raises(NotFound):
            await work.messages.notices.read_for_sending(uuid4())
    [customer] = await rows(pool, "SELECT email FROM customers")
    assert content.address == customer["email"]
    assert (content.family_name, content.given_name) == ("佐藤", "愛")
    assert content.business_name == {"ja": "美容室さくら", "en": "Salon Sakura"}
    assert [(item.name["en"], item.price, item.start_at) for item in content.items] == [("Cut", 6600, NOW + 72 * HOUR)]
    assert content.staff == ({"ja": "花子", "en": "Hanako"},)
    assert (content.captured, content.refunded, content.version) == (6600, 0, 3)
    assert content.facts == {"amount": 6600}


async def test_business_is_written_to_at_its_address_else_at_its_owners(pool: Database, salon: Salon) -> None:
    notice_id = await queued(pool, salon, audience="business")
    [owner] = await rows(pool, "SELECT email FROM users WHERE id = :id", id=salon.owner_id)
    async with pool.unit_of_work(salon.scope) as work:
        assert (await work.messages.notices.read_for_sending(notice_id)).address == owner["email"]
    await rows(pool, "UPDATE businesses SET email = 'desk@salon.example'")
    async with pool.unit_of_work(salon.scope) as work:
        assert (await work.messages.notices.read_for_sending(notice_id)).address == "desk@salon.example"


async def test_open_attempt_keeps_the_next_one_waiting_until_it_is_old(pool: Database, salon: Salon) -> None:
    notice_id = await queued(pool, salon)
    async with pool.unit_of_work(salon.scope) as work:
        first = await work.messages.notices.open_attempt(notice_id, NOW)
    async with pool.unit_of_work(salon.scope) as work:
        second = await work.messages.notices.open_attempt(notice_id, NOW + 20 * SECOND)
    assert first.id is not None
    assert (second.id, second.wait) == (None, UNKNOWN_FOR - 20 * SECOND)
    async with pool.unit_of_work(salon.scope) as work:
        third = await work.messages.notices.open_attempt(notice_id, NOW + UNKNOWN_FOR)
    assert third.id not in {None, first.id}
    assert [attempt["outcome"] for attempt in await attempts(pool)] == ["unknown", None]


@pytest.mark.parametrize(
    ("outcome", "status", "reason"),
    [
        (AttemptOutcome.ACCEPTED, NoticeStatus.SENT, None),
        (AttemptOutcome.REFUSED, NoticeStatus.FAILED, "invalid_address"),
        (AttemptOutcome.UNAVAILABLE, NoticeStatus.QUEUED, None),
    ],
)
async def test_attempt_ends(
    pool: Database, salon: Salon, outcome: AttemptOutcome, status: NoticeStatus, reason: str | None
) -> None:
    notice_id = await queued(pool, salon)
    async with pool.unit_of_work(salon.scope) as work:
        attempt = await work.messages.notices.open_attempt(notice_id, NOW)
        assert attempt.id is not None
        for _ in range(2):
            assert status == await work.messages.notices.finish_attempt(
                notice_id, attempt.id, outcome, NOW + SECOND, message_id="m1", reason="invalid_address"
            )
        after = await work.messages.notices.open_attempt(notice_id, NOW + 2 * SECOND)
    [notice] = await notices(pool)
    assert (notice["status"], notice["failure_reason"]) == (status, reason)
    assert notice["provider_message_id"] == ("m1" if status is NoticeStatus.SENT else None)
    assert (after.id is not None) is (status is NoticeStatus.QUEUED)
    assert (await attempts(pool))[0]["outcome"] == outcome


async def test_lost_attempt_that_answers_after_all_counts(pool: Database, salon: Salon) -> None:
    notice_id = await queued(pool, salon)
    async with pool.unit_of_work(salon.scope) as work:
        attempt = await work.messages.notices.open_attempt(notice_id, NOW)
        assert attempt.id is not None
        assert await work.messages.notices.mark_failed(notice_id, "gave_up", NOW + HOUR) is NoticeStatus.FAILED
        await work.messages.notices.finish_attempt(
            notice_id, attempt.id, AttemptOutcome.ACCEPTED, NOW + HOUR, message_id="m"
        )
    [notice] = await notices(pool)
    assert (notice["status"], notice["failure_reason"]) == ("sent", None)
    assert [row["outcome"] for row in await attempts(pool)] == ["accepted"]


async def test_giving_up_leaves_what_was_sent(pool: Database, salon: Salon) -> None:
    notice_id = await queued(pool, salon)
    await apply(pool, report(notice_id, "delivered"))
    async with pool.unit_of_work(salon.scope) as work:
        assert await work.messages.notices.mark_failed(notice_id, "gave_up", NOW) is NoticeStatus.DELIVERED
        with pytest.raises(NotFound):
            await work.messages.notices.mark_failed(uuid4(), "gave_up", NOW)


@pytest.mark.parametrize("order", list(itertools.permutations(["processed", "delivered", "bounced"])))
async def test_delivery_events_in_any_order_end_alike(pool: Database, salon: Salon, order: tuple[str, ...]) -> None:
    notice_id = await queued(pool, salon)
    at = {"processed": NOW, "delivered": NOW + SECOND, "bounced": NOW + 2 * SECOND}
    for event in (*order, *order):
        assert await apply(pool, report(notice_id, event, at[event], "mailbox full")) == 1
    [notice] = await notices(pool)
    assert (notice["status"], notice["failure_reason"]) == ("bounced", "bounced: mailbox full")
    assert notice["delivered_at"] == NOW + SECOND


async def test_delivered_is_not_reverted_by_an_older_event(pool: Database, salon: Salon) -> None:
    notice_id = await queued(pool, salon)
    await apply(pool, report(notice_id, "delivered"), report(notice_id, "processed", NOW - SECOND))
    await apply(pool, report(notice_id, "deferred"), report(notice_id, "other"))
    [notice] = await notices(pool)
    assert (notice["status"], notice["sent_at"]) == ("delivered", NOW - SECOND)


async def test_delivery_event_settles_an_attempt_without_an_answer(pool: Database, salon: Salon) -> None:
    notice_id = await queued(pool, salon)
    async with pool.unit_of_work(salon.scope) as work:
        await work.messages.notices.open_attempt(notice_id, NOW)
    await apply(pool, report(notice_id, "processed", NOW + SECOND))
    async with pool.unit_of_work(salon.scope) as work:
        again = await work.messages.notices.open_attempt(notice_id, NOW + 2 * SECOND)
    assert (again.id, again.wait, again.status) == (None, None, NoticeStatus.SENT)
    assert [row["outcome"] for row in await attempts(pool)] == ["accepted"]


async def test_delivery_events_of_unknown_notices_are_ignored(pool: Database, salon: Salon) -> None:
    await queued(pool, salon)
    assert await apply(pool, report(None, "delivered"), report("x", "delivered"), report(uuid4(), "delivered")) == 0
    [notice] = await notices(pool)
    assert notice["status"] == "queued"


@pytest.mark.parametrize("audience", ["customer", "business"])
@pytest.mark.parametrize("names_staff", [None, True, False])
async def test_read_for_sending_names_staff_to_customers_if_the_business_wants_it(
    pool: Database, salon: Salon, audience: str, names_staff: bool | None
) -> None:
    """The business itself always reads who serves. None: the setting was never changed."""
    if names_staff is not None:
        setting = "UPDATE business_settings SET messages_name_staff = :names WHERE business_id = :id"
        await rows(pool, setting, names=names_staff, id=salon.business_id)
    notice_id = await queue(pool, salon, await add_booking(pool, salon), audience=audience)
    assert notice_id is not None
    async with pool.unit_of_work(salon.scope) as work:
        content = await work.messages.notices.read_for_sending(notice_id)
    assert bool(content.staff) is (audience == "business" or names_staff is not False)


async def test_failed_message_can_be_sent_again_by_hand(pool: Database, salon: Salon) -> None:
    notice_id = await queued(pool, salon)
    async with pool.unit_of_work(salon.scope) as work:
        with pytest.raises(WrongState):
            await work.messages.notices.retry(notice_id, NOW)
        await work.messages.notices.mark_failed(notice_id, "gave_up", NOW)
        assert (await work.messages.notices.retry(notice_id, NOW)).status == "queued"
    first, second = await commands(pool)
    assert (second["event"], second["aggregate"]) == ("notice.retried", first["aggregate"])
    assert datetime.fromisoformat(second["payload"]["give_up_at"]) == NOW + 24 * HOUR


async def listed(pool: Database, scope: Scope, method: str, *arguments: Any, **more: Any) -> list[UUID]:
    async with pool.unit_of_work(scope) as work:
        found = await getattr(NoticeStore(work.session, work.context), method)(*arguments, **more)
    return [notice.id for notice in found]


async def test_lists_page_from_the_newest_and_stay_with_their_reader(pool: Database, salon: Salon) -> None:
    booking_id = await add_booking(pool, salon)
    made = [await queue(pool, salon, booking_id) for _ in range(3)]
    to_business = await queue(pool, salon, booking_id, audience="business")
    other = await add_salon(pool)
    theirs = await queue(pool, other, await add_booking(pool, other))
    me = Scope.self_(salon.user_id)
    assert await listed(pool, me, "list_for_user", salon.user_id, None, 2) == [made[2], made[1]]
    assert await listed(pool, me, "list_for_user", salon.user_id, made[1], 2) == [made[0]]
    assert await listed(pool, salon.scope, "list_for_business", salon.business_id, None, 9) == [
        to_business,
        *reversed(made),
    ]
    failed = NoticeStatus.FAILED
    assert await listed(pool, salon.scope, "list_for_business", salon.business_id, None, 9, status=failed) == []
    assert await listed(pool, me, "list_for_user", other.user_id, None, 9) == []
    async with pool.unit_of_work(me) as work:
        with pytest.raises(NotFound):
            await work.messages.notices.get(theirs)  # type: ignore[arg-type]


async def test_read_is_noted_once_and_by_the_recipient_alone(pool: Database, salon: Salon) -> None:
    notice_id = await queued(pool, salon)
    async with pool.unit_of_work(Scope.self_(salon.user_id)) as work:
        assert (await work.messages.notices.mark_read(notice_id, salon.user_id, NOW)).read_at == NOW
        assert (await work.messages.notices.mark_read(notice_id, salon.user_id, NOW + HOUR)).read_at == NOW
    async with pool.unit_of_work(Scope.self_(salon.owner_id)) as work:
        with pytest.raises(NotFound):
            await work.messages.notices.mark_read(notice_id, salon.owner_id, NOW)
    assert await listed(pool, Scope.self_(salon.user_id), "list_for_user", salon.user_id, None, 9, unread=True) == []
