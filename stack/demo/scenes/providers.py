"""The same booking paid at both APIs of PAY.JP, by card and with PayPay, and refunded there."""

from stack.demo.expectations import Unexpected, expect, until
from stack.demo.salon import PRICE, Json, Salon, intent_of, yen

TITLE = "PAY.JP, both APIs"
_BACK = PRICE // 2
#: API -> a card whose bank asks the customer; a token is good for one payment.
_CARDS = {"payjp_v1": "tok_challenge_demo", "payjp_v2": "pm_challenge_demo"}


async def play(salon: Salon) -> None:
    """The salon's account changes twice, and the salon goes back to Stripe."""
    for provider, card in _CARDS.items():
        await _change_to(salon, provider)
        await _card(salon, provider, card)
    await _paypay(salon)
    await _change_to(salon, "stripe")


async def _change_to(salon: Salon, provider: str) -> None:
    changed = await salon.owner.put(f"/owner/businesses/{salon.business_id}", {"payment_provider": provider})
    expect("the provider of the salon", changed["payment_provider"], provider)
    salon.timeline.say(f"{salon.owner.name}'s salon takes payments at {provider}")


async def _card(salon: Salon, provider: str, card: str) -> None:
    ken = salon.ken
    booking = await salon.book(ken, await salon.a_start())
    payment = await salon.ask_to_pay(ken, booking)
    expect("the provider of the payment", payment["provider"], provider)
    asked = await salon.give_card(ken, payment, card)
    await salon.provider.say_yes(str(asked["action_url"]))
    # PAY.JP's v1 takes the money only when the browser is back; for v2 this is a repeat.
    paid = await salon.give_card(ken, payment, card)
    expect("the payment after 3-D Secure", paid["status"], "captured")
    await salon.becomes(ken, booking, "confirmed")
    salon.timeline.say(f"Ken pays {yen(PRICE)} after 3-D Secure at {provider}; confirmed", booking["code"])
    await _cancel(salon, booking, payment, provider)


async def _paypay(salon: Salon) -> None:
    ken = salon.ken
    booking = await salon.book(ken, await salon.a_start())
    payment = await salon.ask_to_pay(ken, booking)
    page = await salon.provider.pay_with_paypay(intent_of(payment))
    await salon.provider.say_yes(page)
    await salon.becomes(ken, booking, "confirmed")
    salon.timeline.say(f"Ken pays {yen(PRICE)} with PayPay; the webhook confirms", booking["code"])
    await _cancel(salon, booking, payment, "payjp_v2")


async def _cancel(salon: Salon, booking: Json, payment: Json, provider: str) -> None:
    cancelled = await salon.ken.post(f"/bookings/{booking['id']}/cancel", {"reason": "change of plan"})
    expect("status after cancel", cancelled["status"], "cancelled")
    expect("refund on its way", cancelled["refunding"]["amount"], _BACK)
    await salon.payment_becomes(salon.ken, payment, "partially_refunded")
    found = await until(
        f"the refund at {provider}",
        lambda: salon.provider.payjp_totals(provider, booking["id"]),
        lambda totals: totals[1] > 0,
    )
    if found != (PRICE, _BACK):
        raise Unexpected(f"{provider} to have taken {PRICE} and refunded {_BACK}", found)
    salon.timeline.say(f"cancelled: {provider} took {yen(PRICE)} and gave back {yen(_BACK)}", booking["code"])
