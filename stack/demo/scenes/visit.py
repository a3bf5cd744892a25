"""A booking without a failure: held, paid, confirmed, reminder, visit, thanks."""

from datetime import datetime, timedelta

from stack.demo.expectations import expect, until
from stack.demo.salon import ZONE, Json, Salon, clock, run_of

TITLE = "A booking's life"
#: The reminder comes this long after the booking: time to pay on a slow machine.
_REMIND_AFTER = timedelta(seconds=6)
#: A text that a customer types: only Postgres may store it.
REQUEST = "ラベンダーの香りは苦手です"
_DAY_BEFORE = timedelta(days=1)
_KINDS = ("booking_held", "booking_confirmed", "booking_reminder", "booking_completed")
#: Written with the completion and sent a day or more after the visit, which the demo does not wait for.
_LATER = "review_requested"


async def play(salon: Salon) -> None:
    """From the hold to the thanks for the visit."""
    hanako, owner = salon.hanako, salon.owner
    start_at = await _soon(salon)
    # As many seconds before the start as bring the reminder soon.
    offset = datetime.fromisoformat(start_at) - datetime.now(ZONE) - _REMIND_AFTER
    await salon.set_up(reminder_offsets=[int(offset.total_seconds())])
    booking = await salon.book(hanako, start_at, special_requests=REQUEST)
    await salon.set_up(reminder_offsets=[_DAY_BEFORE.total_seconds()])
    await salon.mail_arrives(hanako, booking, "booking_held")
    await salon.pay(hanako, booking)
    booking = await salon.becomes(hanako, booking, "confirmed")
    salon.timeline.say("the provider's signed webhook arrives; confirmed", run_of(booking))
    mail = await salon.mail_arrives(hanako, booking, "booking_confirmed")
    expect("attachments of the confirmation", [one["filename"][-4:] for one in mail["attachments"]], [".ics"])
    await salon.mail_arrives(hanako, booking, "booking_reminder")
    for command, status in (("check-in", "checked_in"), ("complete", "completed")):
        changed = await owner.post(f"/bookings/{booking['id']}/{command}")
        expect(f"status after {command}", changed["status"], status)
        salon.timeline.say(f"{owner.name}: {command}, the booking is {status}", booking["code"])
    await salon.mail_arrives(hanako, booking, "booking_completed")
    await _list(salon, booking)


async def _soon(salon: Salon) -> str:
    """The first start that is some minutes ahead: people may come in two hours before theirs."""
    soonest = datetime.now(ZONE) + timedelta(minutes=3)
    starts = [str(start["start_at"]) for start in await salon.starts(salon.hanako, 0, 2)]
    return next(start for start in starts if datetime.fromisoformat(start) > soonest)


async def _list(salon: Salon, booking: Json) -> None:
    notices = await until(
        "every message to be delivered",
        lambda: salon.notices(salon.hanako, booking),
        lambda found: all(notice["status"] == "delivered" for notice in found if notice["kind"] != _LATER),
    )
    kinds = sorted(notice["kind"] for notice in notices if notice["kind"] != _LATER)
    expect("her notifications", kinds, sorted(_KINDS))
    requests = [notice["status"] for notice in notices if notice["kind"] == _LATER]
    expect("the request for a review waits for its day", requests, ["queued"])
    salon.timeline.say(f"her notifications, all delivered: {', '.join(kinds)}", clock(booking["start_at"]))
