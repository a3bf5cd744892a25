"""A card that is refused and another one; a card whose bank asks the customer first; cash at a convenience store."""

from stack.demo.expectations import Unexpected, expect
from stack.demo.salon import PRICE, Salon, clock, intent_of, yen

TITLE = "Cards, and cash at a store"


async def play(salon: Salon) -> None:
    """Three ways to a confirmed booking."""
    await _second_card(salon)
    await _three_d_secure(salon)
    await _konbini(salon)


async def _second_card(salon: Salon) -> None:
    hanako = salon.hanako
    booking = await salon.book(hanako, await salon.a_start())
    payment = await salon.ask_to_pay(hanako, booking)
    for method in ("pm_card_chargeDeclined", "pm_card_chargeDeclinedInsufficientFunds"):
        answer = await salon.try_card(hanako, payment, method)
        expect(f"the code of {method}", answer.code, "payment_declined")
        salon.timeline.say(f"{method}: {answer.status} {answer.code} {dict(answer.details)}")
    await salon.mail_arrives(hanako, booking, "payment_failed")
    await salon.give_card(hanako, payment)
    await salon.becomes(hanako, booking, "confirmed")
    salon.timeline.say("a good card: confirmed", payment["payment_id"])


async def _three_d_secure(salon: Salon) -> None:
    ken = salon.ken
    booking = await salon.book(ken, await salon.a_start())
    payment = await salon.ask_to_pay(ken, booking)
    page = await bank_page(salon, payment)
    salon.timeline.say("the bank wants to ask Ken (3-D Secure)", page)
    expect("status while the bank asks", (await salon.read(ken, booking))["status"], "pending")
    back = await salon.provider.authorize(page)
    if "redirect_status=succeeded" not in back:
        raise Unexpected("the bank to say yes", back)
    await salon.becomes(ken, booking, "confirmed")
    salon.timeline.say("Ken says yes at his bank; confirmed", booking["code"])


async def bank_page(salon: Salon, payment: dict[str, object]) -> str:
    """Ken's card needs his bank's page; gives its address after his browser opened it."""
    asked = await salon.give_card(salon.ken, payment, "pm_card_threeDSecure2Required")
    page = str(asked["action_url"])
    await salon.provider.open_page(page)
    return page


async def _konbini(salon: Salon) -> None:
    """Hanako has no card. The salon offers it for this scene alone: PAY.JP, which is next, has no such payment."""
    hanako = salon.hanako
    await salon.set_up(konbini_days=1)
    booking = await salon.book(hanako, await salon.a_start())
    payment = await salon.ask_to_pay(hanako, booking)
    expect("how the booking can be paid", payment["methods"], ["card", "konbini"])
    ordered = await salon.give_card(hanako, payment, "konbini")
    expect("the stores that take it", len(ordered["voucher"]["codes"]) > 0, True)
    await salon.mail_arrives(hanako, booking, "payment_voucher")
    held = await salon.read(hanako, booking)
    salon.timeline.say(f"the time is held for the voucher until {clock(held['hold_expires_at'])}", booking["code"])
    await salon.provider.pay_at_a_store(intent_of(payment))
    await salon.becomes(hanako, booking, "confirmed")
    await salon.mail_arrives(hanako, booking, "payment_received")
    salon.timeline.say(f"Hanako pays {yen(PRICE)} in cash at a store; the webhook confirms", payment["payment_id"])
    await salon.set_up(konbini_days=0)
