"""Twenty people press the button for the last place of a slot in the same moment."""

import asyncio
from time import perf_counter

from stack.demo.expectations import Unexpected, expect
from stack.demo.people import Answer
from stack.demo.salon import Salon, clock, same

TITLE = "Twenty people, one place"
_CROWD = 20


async def play(salon: Salon) -> None:
    """One gets it; nineteen get the free alternatives."""
    start_at = await salon.a_start()
    await salon.book(salon.ken, start_at)
    expect("left at that start", await salon.left_at(start_at), 1)
    began = perf_counter()
    answers = await asyncio.gather(*(_try(salon, number, start_at) for number in range(_CROWD)))
    took = (perf_counter() - began) * 1000
    winners = [answer for answer in answers if answer.status == 201]
    losers = [answer for answer in answers if answer.code == "slot_taken"]
    expect("winners and losers", (len(winners), len(losers)), (1, _CROWD - 1))
    for answer in losers:
        alternatives = answer.details.get("alternatives", ())
        if len(alternatives) != 3 or any(same(start, start_at) for start in alternatives):
            raise Unexpected("three other starts for each", answer)
    salon.timeline.say(
        f"{clock(start_at)}: 1 winner, {len(losers)} times slot_taken, all answered in {took:.0f} ms",
        winners[0].data["code"],
    )
    free = ", ".join(clock(start) for start in losers[0].details["alternatives"])
    salon.timeline.say(f"the others are offered {free}")


async def _try(salon: Salon, number: int, start_at: str) -> Answer:
    body = {
        "service_id": salon.service_id,
        "start_at": start_at,
        "guest": {"family_name": "テスト", "given_name": "太郎", "email": f"guest{number + 1}@example.jp"},
    }
    return await salon.guest.ask("POST", "/bookings", body)
