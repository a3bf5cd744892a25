"""Money that arrives after the hold: the booking is reinstated if its time is free, else everything is refunded.

How that happens: at the end of the hold the provider cannot close the intent (it answers 500), so the customer may
still be at the bank's page; meanwhile somebody else wants the time, and a hold that is over blocks no other booking.
"""

import asyncio
from datetime import datetime

from stack.demo.expectations import expect, until
from stack.demo.salon import HOLD, PRICE, ZONE, Json, Salon, clock, run_of, yen
from stack.demo.scenes.cards import bank_page

TITLE = "Money that arrives after the hold"
#: Seconds: both must be at the bank's page before their holds end, on a busy machine too.
_SHORT = 6


async def play(salon: Salon) -> None:
    """Two bookings of Ken's, one for each ending."""
    ken, hanako, staff = salon.ken, salon.hanako, salon.staff[0]
    free, sold = await salon.a_start(), await salon.a_start()
    async with salon.provider.failing("payment_intents.cancel"):
        salon.timeline.trouble("the provider answers 500 to every cancel from now on")
        await salon.set_up(hold_for=_SHORT)
        lucky, unlucky = await asyncio.gather(salon.book(ken, free, staff), salon.book(ken, sold, staff))
        tabs = await asyncio.gather(_at_the_bank(salon, lucky), _at_the_bank(salon, unlucky))
        await salon.set_up(hold_for=HOLD.total_seconds())
        salon.timeline.say("Ken is at his bank's page for both, and takes his time")
        await until("both holds to be over", lambda: holds_are_over(salon, (lucky, unlucky)), bool)
        kept = await _others_come(salon, (lucky, unlucky), (free, sold))
        await salon.pay(hanako, kept)
        await salon.becomes(hanako, kept, "confirmed")
        salon.timeline.say("and pays for the second one: sold", run_of(kept))
        for _, page in tabs:
            await salon.provider.authorize(page)
        salon.timeline.say(f"now Ken's bank says yes to both: 2 x {yen(PRICE)} arrive late")
    await salon.becomes(ken, lucky, "confirmed")
    salon.timeline.say("the first start is free: booked again and confirmed", run_of(lucky))
    await _given_back(salon, unlucky, tabs[1][0])
    for booking in (lucky, unlucky):
        await salon.mail_arrives(ken, booking, "payment_late")


async def _at_the_bank(salon: Salon, booking: Json) -> tuple[Json, str]:
    payment = await salon.ask_to_pay(salon.ken, booking)
    return payment, await bank_page(salon, payment)


async def _others_come(salon: Salon, over: tuple[Json, Json], starts: tuple[str, str]) -> Json:
    """Hanako takes both starts and gives the first up again; gives her booking of the second."""
    hanako = salon.hanako
    regretted, kept = [await _take(salon, start) for start in starts]
    for booking in over:
        expect("a hold that is over and in the way", (await salon.read(salon.ken, booking))["status"], "expired")
    salon.timeline.say("Ken's holds were over and in her way: expired", *(booking["code"] for booking in over))
    await hanako.post(f"/bookings/{regretted['id']}/cancel", {"reason": "やっぱりやめます"})
    salon.timeline.say("Hanako gives the first one up again", regretted["code"])
    return kept


async def _take(salon: Salon, start_at: str) -> Json:
    """Hanako's booking of a start whose hold is over. While the run of the old booking has it locked, to ask the
    provider, the start is still taken: she tries again, as people do."""
    body = {"service_id": salon.service_id, "start_at": start_at, "resource_ids": [salon.staff[0]]}
    answer = await until(
        f"{clock(start_at)} to be free for Hanako",
        lambda: salon.hanako.ask("POST", "/bookings", body),
        lambda answer: answer.code != "slot_taken",
    )
    expect("a booking of a start whose hold is over: status", answer.status, 201)
    booking: Json = answer.data
    salon.timeline.say(f"Hanako holds {clock(start_at)} ({booking['code']})", run_of(booking))
    return booking


async def _given_back(salon: Salon, booking: Json, payment: Json) -> None:
    refunded = await salon.payment_becomes(salon.ken, payment, "refunded")
    expect("given back", refunded["refunded"]["amount"], PRICE)
    expect("status of the booking whose time is sold", (await salon.read(salon.ken, booking))["status"], "expired")
    salon.timeline.say(f"the second one is sold: {yen(PRICE)} refunded", run_of(booking))


async def holds_are_over(salon: Salon, bookings: tuple[Json, ...]) -> bool:
    """Whether the last of Ken's holds is over, as the API says now: a payment under way may have extended a hold
    since the booking was made."""
    found = [await salon.read(salon.ken, booking) for booking in bookings]
    ends = [datetime.fromisoformat(one["hold_expires_at"]) for one in found if one["hold_expires_at"] is not None]
    return not ends or datetime.now(ZONE) > max(ends)
