"""A hold that is not paid expires, and its time is free again."""

from datetime import datetime

from stack.demo.expectations import Unexpected, expect, until
from stack.demo.salon import GOOD_CARD, HOLD, ZONE, Salon

TITLE = "A hold that expires"
#: Seconds: time to read the list and to ask for a payment on a busy machine, and no long wait for a person who watches.
_SHORT = 5


async def play(salon: Salon) -> None:
    """Hold, wait, try to pay too late."""
    hanako = salon.hanako
    start_at = await salon.a_start()
    await salon.set_up(hold_for=_SHORT)
    booking = await salon.book(hanako, start_at)
    left = await salon.left_at(start_at)
    # On a machine that is busy for a moment the hold may be over before the list of starts is read.
    if datetime.now(ZONE) < datetime.fromisoformat(booking["hold_expires_at"]):
        expect("left at that start while it is held", left, 1)
    await salon.set_up(hold_for=HOLD.total_seconds())
    payment = await salon.ask_to_pay(hanako, booking)
    await until("the start to be offered again", lambda: salon.left_at(start_at), lambda left: left == 2)
    salon.timeline.say(f"{_SHORT} s later the start is offered to everybody again: 2 left")
    await salon.becomes(hanako, booking, "expired")
    await salon.payment_becomes(hanako, payment, "voided")
    salon.timeline.say("the intent is closed at the provider; expired", booking["code"])
    answer = await salon.try_card(hanako, payment, GOOD_CARD)
    if answer.status not in {409, 410}:
        raise Unexpected("a card that comes too late to be refused", answer)
    salon.timeline.say(f"a card now is refused: {answer.status} {answer.code}")
    await salon.mail_arrives(hanako, booking, "booking_expired")
