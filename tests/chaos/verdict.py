"""Compares what the API answered with what is stored, and the mailbox with the queued notices."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from temporalio.client import Client

from db.engine.session import Database
from tests.chaos.caller import Caller
from tests.chaos.customers import Visit
from tests.support.data import rows

Row = dict[str, Any]

_BOOKINGS = """
    SELECT b.id::text AS id, b.special_requests AS marker, b.status, b.start_at, b.hold_expires_at,
           coalesce(p.captured, 0) AS captured, coalesce(p.refunded, 0) AS refunded,
           (SELECT h.actor_kind FROM booking_history h WHERE h.booking_id = b.id AND h.to_status = 'cancelled'
             ORDER BY h.id LIMIT 1) AS cancelled_by,
           EXISTS (SELECT 1 FROM booking_history h WHERE h.booking_id = b.id AND h.reason = 'swept') AS swept,
           (SELECT min(w.received_at) FROM payment_webhooks w JOIN booking_payments m ON m.id = w.payment_id
             WHERE m.booking_id = b.id AND w.event->'intent'->>'status' = 'captured') AS money_at
      FROM bookings b
 CROSS JOIN LATERAL (SELECT sum(captured) AS captured, sum(refunded) AS refunded FROM booking_payments
                      WHERE booking_id = b.id) p
"""
_NOTICES = """
    SELECT n.id::text AS id, n.booking_id::text AS booking_id, n.kind, n.audience, n.status,
           n.failure_reason,
           (SELECT count(*) FROM notification_attempts a WHERE a.notice_id = n.id AND a.outcome = 'unknown') AS unknown
      FROM notification_outbox n
"""
#: Kinds of which one booking gets at most one for each side.
_ONCE = frozenset({"booking_confirmed", "booking_expired", "booking_cancelled", "payment_late"})
#: Kinds that are of use until the hold ends, and are not sent after it.
_WITH_AN_END = frozenset({"booking_held", "booking_proof"})
#: The newest messages that the mailbox gives at once.
_MAILBOX = 1000
#: Money that was in the inbox so long before the end of the hold is not late, also while a process is down.
_IN_TIME = timedelta(seconds=1)


async def judge(database: Database, visits: Sequence[Visit]) -> tuple[list[str], Counter[str]]:
    """Sentences about what is not as the API answered, and how the bookings ended."""
    wrong: list[str] = []
    found: dict[str, list[Row]] = defaultdict(list)
    for row in await rows(database, _BOOKINGS):
        found[row["marker"]].append(row)
    ends: Counter[str] = Counter()
    for visit in visits:
        sentences, end = _judge(visit, found)
        story = "; ".join(visit.story)
        wrong += [
            f"{visit.name} ({visit.booking_id}, {visit.way}, {visit.regret}): {one} [{story}]" for one in sentences
        ]
        ends[end] += 1
    return wrong, ends


def _judge(visit: Visit, found: dict[str, list[Row]]) -> tuple[list[str], str]:
    wrong = [f"was refused {marker!r}, but has it" for marker in visit.refused if found.get(marker)]
    mine = found.get(visit.marker, []) if visit.marker else []
    if len(mine) > 1:
        wrong.append(f"one request made {len(mine)} bookings")
    if visit.booking_id is None:
        return wrong, "heard nothing" if visit.unanswered else "no time was free"
    if [row["id"] for row in mine] != [visit.booking_id]:
        return [*wrong, f"was given booking {visit.booking_id}, but there are {[row['id'] for row in mine]}"], "lost"
    row = mine[0]
    status, left = str(row["status"]), int(row["captured"] - row["refunded"])
    wrong += _judge_cancel(visit, row)
    if status != "expired" and visit.start_at != row["start_at"] and not visit.moves_unanswered:
        wrong.append(f"was given {visit.start_at}, but it is at {row['start_at']}")
    if status == "confirmed" and left <= 0:
        wrong.append("is confirmed without money")
    if visit.way in {"never", "declined", "bank says no", "leaves at the bank", "slow, then no"} and row["captured"]:
        wrong.append(f"never paid, but {row['captured']} was taken")
    return wrong + _judge_payment(visit, row), _end_of(visit, row)


def _judge_cancel(visit: Visit, row: Row) -> list[str]:
    if visit.cancel == "ok" and row["status"] != "cancelled":
        return [f"the answer was cancelled, but it is {row['status']}"]
    if visit.cancel not in {"ok", "asked"} and row["cancelled_by"] is not None:
        return [f"its cancellation was answered with {visit.cancel or 'nothing'}, but it is cancelled"]
    return []


def _judge_payment(visit: Visit, row: Row) -> list[str]:
    """Money that was there in good time keeps the booking."""
    wrong = []
    if visit.declined_last and visit.paid_at is None and row["captured"]:
        wrong.append(f"the answer was that the card was declined, but {row['captured']} was taken")
    if visit.paid_at is not None and not row["captured"]:
        wrong.append("the answer was that the money was taken, but nothing was")
    if row["status"] == "expired" and _was_in_time(row["money_at"], visit.hold_expires_at):
        wrong.append(f"its money was here at {row['money_at']}, but it is expired, swept: {row['swept']}")
    return wrong


def _was_in_time(money_at: datetime | None, hold_ends: datetime | None) -> bool:
    return money_at is not None and hold_ends is not None and money_at < hold_ends - _IN_TIME


def _end_of(visit: Visit, row: Row) -> str:
    status = str(row["status"])
    if status == "expired":
        return "expired, its late money given back" if row["captured"] else "expired"
    if status == "cancelled" and row["refunded"]:
        return "cancelled, with a refund"
    return status


@dataclass
class Mail:
    """What the mailboxes show. ``doubted``: messages that came again because for a minute neither an answer nor a
    webhook said that they had arrived (the e-mail provider has no idempotency keys)."""

    wrong: list[str] = field(default_factory=list)
    messages: int = 0
    doubted: int = 0


async def check_mail(database: Database, sandbox: Caller, addresses: Sequence[str]) -> Mail:
    """Every message that was sent is in a mailbox, and once; nothing is there that was not promised."""
    notices = {row["id"]: row for row in await rows(database, _NOTICES)}
    mail, arrived = Mail(), Counter[str]()
    for address in addresses:
        page = await sandbox.ask("GET", f"/mailbox.json?to={address}&limit={_MAILBOX}", form=False)
        messages = page.body["messages"]
        mail.messages += len(messages)
        if len(messages) >= _MAILBOX:
            mail.wrong.append(f"the mailbox of {address} holds more than can be looked at")
        for message in messages:
            notice_id = str(message["custom_args"].get("notice_id"))
            if notice_id not in notices:
                mail.wrong.append(f"{address} got a message that nobody promised: {message['subject']}")
            arrived[notice_id] += 1
    for notice_id, notice in notices.items():
        _judge_copies(mail, notice, arrived[notice_id])
    mail.wrong += _judge_kinds(notices.values())
    return mail


def _judge_copies(mail: Mail, notice: Row, copies: int) -> None:
    failed = notice["failure_reason"] if notice["status"] == "failed" else None
    # A reminder of a visit that was cancelled meanwhile; a message about a hold that ended while the worker was away.
    outdated = failed == "outdated" or (failed == "gave_up" and notice["kind"] in _WITH_AN_END)
    if 1 < copies <= 1 + notice["unknown"]:
        mail.doubted += 1
    elif copies != (0 if outdated else 1) and not (outdated and copies <= notice["unknown"]):
        mail.wrong.append(
            f"notice {notice['id']} ({notice['kind']}, {notice['status']}) is in the mailbox {copies} times,"
            f" {notice['unknown']} attempts were never answered"
        )


def _judge_kinds(notices: Iterable[Row]) -> list[str]:
    """No second promise of what is said once."""
    promised = Counter((row["kind"], row["booking_id"], row["audience"]) for row in notices if row["kind"] in _ONCE)
    return [f"{count} notices {key}" for key, count in promised.items() if count > 1]


async def check_attention(database: Database) -> list[str]:
    """Nothing that happened here is beyond a machine."""
    filed = await rows(database, "SELECT kind, booking_id, details::text AS details FROM attention ORDER BY id")
    return [f"a person was asked: {row['kind']} of booking {row['booking_id']}: {row['details']}" for row in filed]


async def check_runs(temporal: Client) -> list[str]:
    """No run failed; what runs, runs without a task that fails again and again."""
    wrong = []
    ended = "ExecutionStatus IN ('Failed', 'Terminated', 'TimedOut', 'Canceled')"
    async for run in temporal.list_workflows(ended):
        wrong.append(f"run {run.id} is {run.status.name if run.status else 'unknown'}")
    return wrong
