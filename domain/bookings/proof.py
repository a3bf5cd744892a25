"""Whether a new booking waits until its caller has proven the typed e-mail address."""

from datetime import timedelta

from domain.scheduling.errors import NotBookable

#: The time for the proof, unless the owner changes it.
DEFAULT = timedelta(minutes=30)


def time_to_prove(within: timedelta, *, is_due: bool, by_staff: bool, is_proven: bool, has_address: bool) -> timedelta:
    """How long the booking waits for the proof; zero where none is needed.

    ``within``: the owner's setting, zero switches it off. ``is_due``: an online payment is due, which replaces the
    proof. ``is_proven``: the login's address is confirmed. Raises NotBookable if a proof is needed and there is no
    address to send the link to.
    """
    if not within or is_due or by_staff or is_proven:
        return timedelta()
    if not has_address:
        raise NotBookable({"rule": "email_needed"})
    return within
