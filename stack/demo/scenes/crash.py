"""A worker is killed while the customer pays; the booking continues without an error."""

import asyncio
import os
import signal
from collections import Counter

from stack.demo.expectations import Unexpected, expect, until
from stack.demo.salon import Json, Salon, run_of
from stack.platform import Platform
from stack.processes import Child

TITLE = "kill -9 in the middle"
_CONFIRM = "payment_intents.confirm"
#: The bank takes this long, so that the worker is dead when the money is there.
_BANK = 0.4


async def play(salon: Salon, platform: Platform) -> None:
    """Pay, kill the worker, wait for the confirmation."""
    hanako = salon.hanako
    booking = await salon.book(hanako, await salon.a_start())
    payment = await salon.ask_to_pay(hanako, booking)
    # One process serves all roles, or each role has one of its own.
    worker = next(child for child in platform.supervisor.children if child.name in {"worker", "worker-bookings"})
    victim = worker.pid
    await salon.provider.take_time(_CONFIRM, _BANK)
    await salon.mail_arrives(hanako, booking, "booking_held")
    before = await salon.provider.calls(_CONFIRM)
    _, killed_at = await asyncio.gather(salon.give_card(hanako, payment), _kill_while_paying(salon, worker, before))
    status = (await salon.read(hanako, booking))["status"]
    salon.timeline.say(f"the money is taken; the booking is {status}, nobody works on it", payment["payment_id"])
    await salon.becomes(hanako, booking, "confirmed")
    took = salon.timeline.seconds - killed_at
    salon.timeline.say(f"confirmed by the next worker, {took:.1f} s after the kill", run_of(booking))
    if worker.pid in {victim, None}:
        raise Unexpected("another worker process", f"{worker.name}: {worker.pid}, killed was {victim}")
    await salon.mail_arrives(hanako, booking, "booking_confirmed")
    await _nothing_twice(salon, booking)


async def _kill_while_paying(salon: Salon, worker: Child, before: int) -> float:
    await until("the card to reach the provider", lambda: salon.provider.calls(_CONFIRM), lambda now: now > before)
    if worker.pid is None:
        raise Unexpected("a running worker", f"{worker.name} is down")
    salon.timeline.trouble(f"the card is at the provider: kill -9 {worker.pid} ({worker.name})")
    os.kill(worker.pid, signal.SIGKILL)
    return salon.timeline.seconds


async def _nothing_twice(salon: Salon, booking: Json) -> None:
    """Each kind of message once: one notice, one e-mail."""
    await until("no webhook under way", salon.provider.webhooks_under_way, lambda count: count == 0)
    notices = Counter(str(notice["kind"]) for notice in await salon.notices(salon.hanako, booking))
    mails = {kind: len(await salon.emails(salon.hanako, booking, kind)) for kind in notices}
    once = {"booking_held": 1, "booking_confirmed": 1}
    expect("notices", dict(notices), once)
    expect("e-mails", mails, once)
    salon.timeline.say("exactly one e-mail of each kind")
