"""Whether a new booking waits until its caller has proven the typed e-mail address, or the number without one."""

import hmac
from datetime import timedelta
from uuid import UUID

from domain.messages.channels import is_mobile
from domain.messages.send_decision import A_DAY
from domain.platform.rate_limits import Window
from domain.scheduling.errors import NotBookable

#: The time for the proof, unless the owner changes it.
DEFAULT = timedelta(minutes=30)


#: Proofs by SMS in 24 hours. Each costs money, so every way to cause many of them is limited: one number, one network
#: (a house or a mobile provider's address has several people), one business.
PROOFS_OF_NUMBER = 3
PROOFS_OF_NETWORK = 10
PROOFS_OF_BUSINESS = 100


def time_to_prove(
    within: timedelta,
    *,
    is_due: bool,
    by_staff: bool,
    is_proven: bool,
    has_address: bool,
    phone_within: timedelta = timedelta(),
    phone: str | None = None,
    sms_is_on: bool = False,
) -> timedelta:
    """How long the booking waits for the proof; zero where none is needed.

    ``within``: the owner's setting, zero switches it off. ``is_due``: an online payment is due, which replaces the
    proof. ``is_proven``: the login's address is confirmed. ``phone_within``: the owner's setting for a guest who has no
    address but a number (``phone``, E.164), zero: an address is needed. Raises NotBookable if a proof is needed and
    there is nowhere to send the link to.
    """
    if not within or is_due or by_staff or is_proven:
        return timedelta()
    if has_address:
        return within
    if not phone_within or phone is None:
        raise NotBookable({"rule": "email_needed"})
    if not sms_is_on:
        raise NotBookable({"rule": "sms_off"})
    if not is_mobile(phone):
        raise NotBookable({"rule": "mobile_number_needed"})
    return phone_within


def phone_proof_windows(key: bytes, number: str, network: str, business_id: UUID) -> tuple[Window, ...]:
    """What counts proofs by SMS. The number itself is not stored, and without ``key`` nobody finds it by trying all
    numbers. With a new key the count of a number begins again."""
    digest = hmac.digest(key, number.encode(), "sha256").hex()
    return (
        Window(f"phone_proof:number:{digest}", PROOFS_OF_NUMBER, A_DAY),
        Window(f"phone_proof:network:{network}", PROOFS_OF_NETWORK, A_DAY),
        Window(f"phone_proof:business:{business_id}", PROOFS_OF_BUSINESS, A_DAY),
    )
