"""A cancellation at the price that the policy names."""

from stack.demo.expectations import expect, until
from stack.demo.salon import PRICE, Salon, intent_of, yen

TITLE = "A cancellation with part refund"
_HALF = PRICE // 2


async def play(salon: Salon) -> None:
    """Quote, cancel, money back."""
    hanako = salon.hanako
    start_at = await salon.a_start()
    booking = await salon.book(hanako, start_at)
    payment = await salon.pay(hanako, booking)
    await salon.becomes(hanako, booking, "confirmed")
    quote = await hanako.post(f"/bookings/{booking['id']}/cancellation-quote")
    expect("percent kept two days before", quote["percent"], 50)
    expect("refund in the quote", quote["refunding"]["amount"], PRICE - _HALF)
    salon.timeline.say(f"the quote: {quote['percent']} %, {yen(_HALF)} kept, {yen(PRICE - _HALF)} back")
    cancelled = await hanako.post(f"/bookings/{booking['id']}/cancel", {"reason": "体調不良のため"})
    expect("status after cancel", cancelled["status"], "cancelled")
    expect("refund on its way", cancelled["refunding"]["amount"], PRICE - _HALF)
    expect("left at that start", await salon.left_at(start_at), 2)
    salon.timeline.say("cancelled; the start is free at once", booking["code"])
    await salon.payment_becomes(hanako, payment, "partially_refunded")
    refunds = await until(
        "one refund at the provider",
        lambda: salon.provider.refunds(intent_of(payment)),
        lambda found: [(one["amount"], one["status"]) for one in found] == [(PRICE - _HALF, "succeeded")],
    )
    salon.timeline.say(f"the provider gave back {yen(PRICE - _HALF)} of {yen(PRICE)}", refunds[0]["id"])
    await salon.mail_arrives(hanako, booking, "payment_refunded")
