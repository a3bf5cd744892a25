"""Whether a new booking waits until its caller has shown that the typed e-mail address is theirs."""

from datetime import timedelta

from domain.scheduling.errors import NotBookable

#: What a business asks unless its owner says otherwise.
DEFAULT = timedelta(minutes=30)


def time_to_prove(within: timedelta, *, is_due: bool, by_staff: bool, is_proven: bool, has_address: bool) -> timedelta:
    """How long the booking waits for the proof; zero where none is asked.

    ``within``: the owner's setting, zero switches it off. ``is_due``: money is asked online, which is a commitment of
    its own. ``is_proven``: a login whose address is confirmed. Raises NotBookable where a proof is asked and no address
    is there to send the link to.
    """
    if not within or is_due or by_staff or is_proven:
        return timedelta()
    if not has_address:
        raise NotBookable({"rule": "email_needed"})
    return within
