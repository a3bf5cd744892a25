"""A sold-out hour: somebody waits for it, it is freed and offered, and the offer becomes a booking that is paid."""

import re
from datetime import datetime
from urllib.parse import unquote

from stack.demo.expectations import expect, until
from stack.demo.salon import PRICE, ZONE, Json, Salon, clock, same, yen

TITLE = "Somebody waits for a sold-out hour"
#: The token in the link of the message that asks for the proof of an address.
_PROOF = re.compile(r"[?&]proof=([A-Za-z0-9._%-]+)")


async def play(salon: Salon) -> None:
    """Both of the staff are taken; Ken waits, Hanako cancels, Ken accepts and pays."""
    hanako, ken = salon.hanako, salon.ken
    start_at = await salon.a_start()
    taken = [await salon.book(hanako, start_at) for _ in salon.staff]
    expect("left at that start", await salon.left_at(start_at), 0)
    entry = await _join(salon, start_at)
    cancelled = await hanako.post(f"/bookings/{taken[0]['id']}/cancel", {})
    expect("the cancelled booking", cancelled["status"], "cancelled")
    salon.timeline.say(f"{hanako.name} cancels: the hour is free, and held for the next who waits", taken[0]["code"])
    offered = await until("an offer", lambda: _entry(salon, entry), lambda now: now["status"] == "offered")
    expect("the offered start", same(offered["offer"]["start_at"], start_at), True)
    expect("left for others while it is offered", await salon.left_at(start_at), 0)
    answer = await hanako.ask("POST", "/bookings", {"service_id": salon.service_id, "start_at": start_at})
    expect("somebody who did not wait", (answer.status, answer.code), (409, "slot_taken"))
    salon.timeline.say(f"{hanako.name}, who does not wait, cannot take it back: {answer.code}", entry["id"])
    await _mail_arrives(salon, "waitlist_offered")
    booking: Json = await ken.post(f"/waitlist/{entry['id']}/accept", {})
    expect("the booking of the offer", (booking["status"], same(booking["start_at"], start_at)), ("pending", True))
    salon.timeline.say(f"{ken.name} accepts: a hold like any other ({booking['code']})", f"booking/{booking['id']}")
    await salon.pay(ken, booking)
    await salon.becomes(ken, booking, "confirmed")
    ended = await _entry(salon, entry)
    expect("the entry", (ended["status"], ended["booking_id"]), ("accepted", booking["id"]))
    salon.timeline.say(f"confirmed and paid with {yen(PRICE)}; the wait is over", booking["code"])
    await salon.mail_arrives(ken, booking, "booking_confirmed")


async def _join(salon: Salon, start_at: str) -> Json:
    """Ken waits for this hour."""
    local = datetime.fromisoformat(start_at).astimezone(ZONE)
    day = local.date().isoformat()
    times = [{"begins": f"{local.hour:02}:00", "ends": f"{local.hour + 1:02}:00"}]
    body = {"service_id": salon.service_id, "first_day": day, "last_day": day, "times": times}
    entry: Json = await salon.ken.post("/waitlist", body)
    if entry["status"] == "unproven":
        mail = await _mail_arrives(salon, "waitlist_proof")
        [proof] = _PROOF.findall(mail["text"])
        await salon.ken.post(f"/waitlist/{entry['id']}/confirm-address", {"token": unquote(proof)})
        salon.timeline.say(f"{salon.ken.name} opens its link: the address is proven", entry["id"])
    place = await _entry(salon, entry)
    expect("the entry", place["status"], "waiting")
    salon.timeline.say(f"{salon.ken.name} waits for {clock(start_at)}, as number {place['position']}", entry["id"])
    return entry


async def _entry(salon: Salon, entry: Json) -> Json:
    """The entry now."""
    found: Json = await salon.ken.get(f"/waitlist/{entry['id']}")
    return found


async def _mail_arrives(salon: Salon, kind: str) -> Json:
    """The one e-mail of this kind to Ken, once it is there."""

    async def look() -> list[Json]:
        notices = await salon.ken.get("/notifications", limit=100)
        ids = {notice["id"] for notice in notices if notice["kind"] == kind}
        mails = await salon.provider.emails(salon.ken.email)
        return [mail for mail in mails if mail["custom_args"].get("notice_id") in ids]

    found = await until(f"an e-mail {kind} to {salon.ken.name}", look, lambda mails: len(mails) > 0)
    expect(f"e-mails {kind}", len(found), 1)
    salon.timeline.say(f"{salon.ken.name} gets mail: {found[0]['subject']}", found[0]["custom_args"]["notice_id"])
    return found[0]
