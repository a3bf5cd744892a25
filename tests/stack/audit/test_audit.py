"""Every invariant is broken on purpose, one at a time, and must be found and named; untouched, nothing is found."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from db.engine.session import Database, Scope
from db.invariants import CHECKS, Limits
from db.messages.notices import AccountEmail
from domain.messages.kinds import AccountEmailKind
from stack.audit import invariants, report
from stack.audit.invariants import KINDS, TITLES
from tests.stack.audit.audited import Audited
from tests.support import servers
from tests.support.data import opened

NO_CONSTRAINT = "ALTER TABLE resource_claims DROP CONSTRAINT ex_resource_claims_no_double_booking"
LEDGER = "INSERT INTO payment_transactions (business_id, payment_id, movement_id, movement, phase, amount, currency)"
REFUND = "INSERT INTO refunds (business_id, payment_id, booking_id, status, amount, currency, reason, command_id)"
ATTEMPT = "INSERT INTO notification_attempts (business_id, notice_id, finished_at, outcome)"

#: kind of finding -> how to break it; each breaks this and nothing else.
PLANTS: dict[str, list[str]] = {
    "double_claim": [
        NO_CONSTRAINT,
        # Past and present alike: one minute of overlap, on the same unit.
        "UPDATE resource_claims SET starts_at = starts_at - interval '61 minutes' WHERE booking_id = '{confirmed}'",
        "UPDATE booking_items SET start_at = start_at - interval '61 minutes' WHERE booking_id = '{confirmed}'",
        "UPDATE bookings SET start_at = start_at - interval '61 minutes' WHERE id = '{confirmed}'",
    ],
    "item_without_claim": ["DELETE FROM resource_claims WHERE booking_id = '{confirmed}'"],
    "booking_and_items_differ": [
        "UPDATE bookings SET end_at = end_at + interval '1 minute' WHERE id = '{confirmed}'",
    ],
    "claim_of_another_time": [
        "INSERT INTO resource_claims (business_id, booking_id, resource_id, unit, starts_at, ends_at)"
        " SELECT business_id, booking_id, resource_id, 7, starts_at + interval '3 hours', ends_at + interval '3 hours'"
        " FROM resource_claims WHERE booking_id = '{confirmed}'",
    ],
    "claim_that_lapses": ["UPDATE resource_claims SET holds_until = now() WHERE booking_id = '{confirmed}'"],
    "overbooked_without_record": ["UPDATE resource_claims SET unit = 1000 WHERE booking_id = '{confirmed}'"],
    "totals_and_recount_differ": ["UPDATE customer_totals SET visits = visits + 1"],
    "stars_and_recount_differ": ["UPDATE review_statistics SET stars_4 = 2 WHERE subject = 'business'"],
    "review_history_broken": [
        "INSERT INTO review_history (business_id, review_id, from_status, to_status, actor_kind)"
        " SELECT business_id, id, 'pending', 'published', 'system' FROM reviews",
    ],
    "review_status_without_history": [
        "UPDATE reviews SET status = 'hidden', removal_reason = 'other'",
        "DELETE FROM review_statistics",
    ],
    "money_unaccounted": ["UPDATE bookings SET cancellation_penalty = 3299 WHERE id = '{cancelled}'"],
    "wrong_amount": ["UPDATE bookings SET amount_due = 6599 WHERE id = '{confirmed}'"],
    "refund_stuck": [
        "UPDATE refunds SET status = 'processing', updated_at = now() - interval '11 days' WHERE id = '{refund}'",
        "UPDATE booking_payments SET refunded = 0, status = 'captured' WHERE id = '{returned}'",
        "DELETE FROM payment_transactions WHERE payment_id = '{returned}' AND movement = 'refund'",
    ],
    "event_not_applied": ["UPDATE payment_webhooks SET applied_at = NULL"],
    "refunded_more_than_paid": [
        f"{REFUND} VALUES ('{{business}}', '{{returned}}', '{{cancelled}}', 'requested', 3301, 'JPY', 'late', 'c2')",
    ],
    "refunds_and_total_differ": [
        f"{REFUND} VALUES ('{{business}}', '{{returned}}', '{{cancelled}}', 'succeeded', 1, 'JPY', 'late', 'c2')",
        f"{LEDGER} VALUES ('{{business}}', '{{returned}}', 'm2', 'refund', 'succeeded', 1, 'JPY')",
    ],
    "ledger_and_total_differ": [
        f"{LEDGER} VALUES ('{{business}}', '{{payment}}', 'm2', 'capture', 'succeeded', 1, 'JPY')"
    ],
    "ledger_and_refunds_differ": [
        f"{LEDGER} VALUES ('{{business}}', '{{returned}}', 'm2', 'refund', 'succeeded', 1, 'JPY')"
    ],
    "hold_overdue": [
        "UPDATE bookings SET hold_expires_at = '2026-01-01' WHERE id = '{pending}'",
        "UPDATE resource_claims SET holds_until = '2026-01-01' WHERE booking_id = '{pending}'",
    ],
    "claim_of_ended_booking": ["UPDATE resource_claims SET released_at = NULL WHERE booking_id = '{expired}'"],
    "claim_and_hold_differ": ["UPDATE resource_claims SET holds_until = NULL WHERE booking_id = '{pending}'"],
    "offer_without_claim": ["DELETE FROM resource_claims WHERE offer_id = '{offer}'"],
    "claim_of_ended_offer": [
        "UPDATE waitlist_offers SET status = 'declined', decided_at = now() WHERE id = '{offer}'",
    ],
    "offer_overdue": ["UPDATE waitlist_offers SET expires_at = '2026-01-01' WHERE id = '{offer}'"],
    "offer_of_another_state": ["UPDATE waitlist SET status = 'waiting'"],
    "history_broken": [
        "UPDATE booking_history SET from_status = 'pending' WHERE booking_id = '{cancelled}' AND event = 'cancelled'"
    ],
    "transition_not_allowed": [
        "UPDATE bookings SET status = 'completed' WHERE id = '{confirmed}'",
        "UPDATE customer_totals t SET visits = t.visits + 1, spent = t.spent + b.price FROM bookings b"
        " WHERE b.id = '{confirmed}' AND t.customer_id = b.customer_id",
        "UPDATE resource_claims SET released_at = now() WHERE booking_id = '{confirmed}'",
        "INSERT INTO booking_history (business_id, booking_id, event, from_status, to_status, actor_kind)"
        " VALUES ('{business}', '{confirmed}', 'completed', 'confirmed', 'completed', 'staff')",
    ],
    "status_without_history": ["DELETE FROM booking_history WHERE booking_id = '{confirmed}' AND event = 'confirmed'"],
    "notice_sent_twice": [f"{ATTEMPT} VALUES ('{{business}}', '{{sent}}', now(), 'accepted')"],
    "notice_never_accepted": ["UPDATE notification_attempts SET outcome = 'unknown' WHERE notice_id = '{sent}'"],
    "notice_sent_but_not_noted": ["UPDATE notification_outbox SET status = 'failed' WHERE id = '{sent}'"],
    "notice_overdue": ["UPDATE notification_outbox SET updated_at = now() - interval '2 days' WHERE id = '{queued}'"],
}
#: Found with Temporal at hand; planted below.
OF_TEMPORAL = {"booking_without_workflow", "workflow_not_running", "notice_without_workflow"}


def test_planted_findings_cover_every_kind_and_invariant() -> None:
    assert PLANTS.keys() | OF_TEMPORAL == KINDS.keys()
    assert {number for number, _ in KINDS.values()} == TITLES.keys() == set(range(1, 9))


async def test_audit_plans_its_pages_for_any_keys(audited: Audited) -> None:
    """A plan for these keys expects one row between them, and compares a page with itself row by row."""
    async with audited.pool.unit_of_work(Scope.platform()) as work:
        _ = [found async for found in work.invariants.run(CHECKS[0], datetime.now(UTC), Limits())]
        assert await work.session.scalar(text("SHOW plan_cache_mode")) == "force_generic_plan"


async def test_audit_finds_nothing_where_all_is_well(audited: Audited) -> None:
    found = await audited.audit()
    assert found.violations == []
    assert (found.total, found.unchecked.keys()) == (0, {6, 7})


async def test_empty_platform_is_clean(database: servers.Database) -> None:
    async with opened(database) as pool:
        assert (await report.audit(pool, None)).total == 0


@pytest.mark.parametrize("kind", PLANTS)
async def test_audit_finds_and_names_what_is_planted(audited: Audited, kind: str) -> None:
    await audited.plant(*PLANTS[kind])
    found = await audited.audit()
    assert found.counts == {kind: 1}
    [violation] = found.violations
    assert violation.invariant == KINDS[kind][0]
    assert any(str(row) in violation.sentence for row in audited.ids.values()) or kind == "double_claim"
    assert "{" not in violation.sentence
    assert found.of(violation.invariant) == 1


async def test_account_email_that_is_not_sent_is_found_too(audited: Audited) -> None:
    """A message about no booking and of no business."""
    async with audited.pool.unit_of_work(Scope.public()) as work:
        await work.messages.notices.queue_account_email(
            AccountEmail(AccountEmailKind.PASSWORD_CHANGED, audited.salon.user_id, "e-mail")
        )
    assert (await audited.audit()).total == 0
    await audited.plant(
        "UPDATE notification_outbox SET updated_at = now() - interval '2 days' WHERE booking_id IS NULL",
        "UPDATE outbox SET not_before = now() - interval '2 days' WHERE event = 'notice.queued'",
    )
    found = await audited.audit()
    assert found.counts == {"notice_overdue": 1}
    assert "password_changed" in found.violations[0].sentence
    assert "None" not in found.violations[0].sentence


async def test_double_claim_names_both_bookings(audited: Audited) -> None:
    await audited.plant(*PLANTS["double_claim"])
    [violation] = (await audited.audit()).violations
    both = {violation.ids["booking_id"], violation.ids["other_booking_id"]}
    assert both == {str(audited.ids["pending"]), str(audited.ids["confirmed"])}


@pytest.mark.parametrize(
    ("kind", "excuse"),
    [
        (
            "money_unaccounted",
            "INSERT INTO attention (business_id, payment_id, kind, dedupe_key)"
            " VALUES ('{business}', '{returned}', 'movement_unsettled', 'x')",
        ),
        (
            "money_unaccounted",
            f"{REFUND} VALUES ('{{business}}', '{{returned}}', '{{cancelled}}', 'requested', 1, 'JPY', 'late', 'c2')",
        ),
        ("money_unaccounted", f"{LEDGER} VALUES ('{{business}}', '{{returned}}', 'm2', 'void', 'intended', 1, 'JPY')"),
        (
            "hold_overdue",
            "INSERT INTO attention (business_id, booking_id, kind, dedupe_key)"
            " VALUES ('{business}', '{pending}', 'hold_unsettled', 'x')",
        ),
        (
            "refund_stuck",
            "INSERT INTO attention (business_id, booking_id, kind, dedupe_key)"
            " VALUES ('{business}', '{cancelled}', 'refund_unsettled', 'x')",
        ),
        (
            "event_not_applied",
            "INSERT INTO outbox (business_id, event, aggregate, command)"
            " VALUES ('{business}', 'payment.event', 'booking/{confirmed}', 'booking.payment_event')",
        ),
        ("notice_overdue", "UPDATE notification_outbox SET status = 'failed' WHERE id = '{queued}'"),
    ],
)
async def test_audit_accepts_what_is_under_way_or_with_a_person(audited: Audited, kind: str, excuse: str) -> None:
    await audited.plant(*PLANTS[kind], excuse)
    assert (await audited.audit()).counts == {}


@pytest.mark.parametrize(
    "no_excuse",
    [
        "INSERT INTO attention (business_id, booking_id, payment_id, kind, dedupe_key)"
        " VALUES ('{business}', '{cancelled}', '{returned}', 'visit_unattended', 'x')",
        f"{LEDGER} VALUES ('{{business}}', '{{returned}}', 'm2', 'void', 'intended', 1, 'JPY'),"
        " ('{business}', '{returned}', 'm2', 'void', 'failed', 1, 'JPY')",
    ],
)
async def test_audit_accepts_no_excuse_that_is_not_about_the_money(audited: Audited, no_excuse: str) -> None:
    await audited.plant(*PLANTS["money_unaccounted"], no_excuse)
    assert (await audited.audit()).counts == {"money_unaccounted": 1}


@pytest.mark.parametrize(
    "payment",
    [
        "status = 'captured', captured = 6600",
        "status = 'voided', captured = 6600",
        "status = 'authorized', authorized = 6600",
        "status = 'disputed', captured = 6600",
    ],
)
async def test_money_of_an_expired_booking_is_found_in_every_state(audited: Audited, payment: str) -> None:
    ledger = f"{LEDGER} SELECT business_id, id, 'm2', 'capture', 'succeeded', captured, 'JPY' FROM booking_payments"
    await audited.plant(
        f"UPDATE booking_payments SET {payment} WHERE id = '{{voided}}'",
        f"{ledger} WHERE id = '{{voided}}' AND captured > 0",
    )
    found = await audited.audit()
    assert found.counts == {"money_unaccounted": 1}
    assert found.violations[0].ids["booking_id"] == str(audited.ids["expired"])


async def test_authorization_left_after_the_visit_is_found(audited: Audited) -> None:
    await audited.plant(
        "UPDATE booking_payments SET status = 'authorized', authorized = 6600, captured = 0"
        " WHERE booking_id = '{completed}'",
        "DELETE FROM payment_transactions USING booking_payments p WHERE p.id = payment_id"
        " AND p.booking_id = '{completed}'",
    )
    assert (await audited.audit()).counts == {"money_unaccounted": 1}


async def test_audit_leaves_young_rows_alone_unless_nothing_may_be_under_way(audited: Audited) -> None:
    await audited.plant(*PLANTS["money_unaccounted"], "UPDATE bookings SET updated_at = now() WHERE id = '{cancelled}'")
    audited.at = datetime.now(UTC) + timedelta(seconds=1)
    assert (await audited.audit()).counts == {}
    none = timedelta(0)
    assert (await audited.audit(limits=Limits(settling=none))).counts == {"money_unaccounted": 1}


async def test_pages_end_nowhere_too_early(audited: Audited) -> None:
    await audited.plant(*PLANTS["status_without_history"], *PLANTS["claim_of_ended_booking"])
    async with audited.pool.unit_of_work(Scope.platform()) as work:
        found = {
            size: [
                finding
                for check in CHECKS
                async for finding in work.invariants.run(check, audited.at, Limits(), size=size)
            ]
            for size in (1, 2, 1000)
        }
    assert len(found[1]) == len(found[2]) == len(found[1000]) == 2


async def test_audit_counts_all_findings_and_keeps_some(audited: Audited, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(invariants, "KEPT", 2)
    await audited.plant("DELETE FROM booking_history")
    found = await audited.audit()
    assert found.counts == {"status_without_history": 5}
    assert len(found.violations) == 2


async def test_audit_only_reads(audited: Audited) -> None:
    read_only = Database(audited.pool.engine.execution_options(postgresql_readonly=True))
    with pytest.raises(DBAPIError, match="read-only"):
        async with read_only.unit_of_work(Scope.platform()) as work:
            await work.session.execute(text("DELETE FROM outbox"))

    class Seen(Exception):
        pass

    async def spy(self: object, *_: object, **__: object) -> AsyncIterator[Any]:
        state = await self.session.execute(  # type: ignore[attr-defined]
            text("SELECT current_setting('transaction_read_only'), current_setting('transaction_isolation')")
        )
        raise Seen(tuple(state.one()))
        yield

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("db.invariants.InvariantStore.run", spy)
        with pytest.raises(Seen) as seen:
            await audited.audit()
    assert seen.value.args[0] == ("on", "repeatable read")


# -- the program -----------------------------------------------------------------------------------------------------


async def test_report_has_a_table_and_a_last_line(audited: Audited, capsys: pytest.CaptureFixture[str]) -> None:
    report.show(await audited.audit(), as_json=False)
    clean = capsys.readouterr().out
    assert clean.splitlines()[-1] == "audit: 0 violations"
    assert "not checked: 6" in clean
    await audited.plant(*PLANTS["hold_overdue"])
    report.show(await audited.audit(), as_json=False)
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == "audit: 1 violations"
    assert any(line.startswith(f"4 hold_overdue: Booking {audited.ids['pending']}") for line in lines)


async def test_answer_for_programs(audited: Audited, capsys: pytest.CaptureFixture[str]) -> None:
    await audited.plant(*PLANTS["hold_overdue"])
    report.show(await audited.audit(), as_json=True)
    data = json.loads(capsys.readouterr().out)
    assert (data["violations"], data["counts"]) == (1, {"hold_overdue": 1})
    assert [part["checked"] for part in data["invariants"]] == [True] * 5 + [False] * 2 + [True]
    assert [part["invariant"] for part in data["unchecked"]] == [6, 7]
    [found] = data["found"]
    assert (found["invariant"], found["ids"]) == (4, {"booking_id": str(audited.ids["pending"])})


async def test_exit_codes(audited: Audited, capfd: pytest.CaptureFixture[str]) -> None:
    """The program has an event loop of its own, so it runs in a thread."""
    nowhere = audited.servers.settings(temporal_address="127.0.0.1:1")
    assert await asyncio.to_thread(report.main, nowhere, False) == 0
    assert capfd.readouterr().out.splitlines()[-1] == "audit: 0 violations"
    await audited.plant(*PLANTS["hold_overdue"])
    assert await asyncio.to_thread(report.main, nowhere, False) == 1
    away = nowhere.model_copy(update={"database_url": SecretStr("postgresql+asyncpg://x@127.0.0.1:1/x")})
    assert await asyncio.to_thread(report.main, away, False) == 2
