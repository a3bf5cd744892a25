"""Invitations to work at a business: until when they can be accepted, changed and withdrawn. Pure rules."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.errors import AlreadyExists, Gone, InvalidInput, WrongState

#: How long an invitation can be accepted.
VALID_FOR = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class InvitationState:
    """Times are aware UTC; None for what did not happen."""

    expires_at: datetime
    accepted_at: datetime | None = None
    withdrawn_at: datetime | None = None


def check_open(invitation: InvitationState) -> None:
    """Raise WrongState for an invitation that was accepted or withdrawn: it is neither sent again nor withdrawn. An
    expired one can be sent again."""
    if invitation.accepted_at is not None or invitation.withdrawn_at is not None:
        raise WrongState({"status": "accepted" if invitation.accepted_at else "withdrawn", "wanted": "open"})


def check_link(invitation: InvitationState, now: datetime) -> None:
    """Raise Gone if the link of the invitation opens nothing any more: it was used, or the invitation was withdrawn or
    has expired."""
    if invitation.accepted_at is not None:
        raise Gone({"reason": "link_used"})
    if invitation.withdrawn_at is not None or invitation.expires_at <= now:
        raise Gone({"reason": "link_expired"})


def check_person(*, works_here: bool, is_free: bool) -> None:
    """Raise AlreadyExists for a person who works at the business, and InvalidInput if the bookable person that they
    would be is taken or not the business's (``is_free``)."""
    if works_here:
        raise AlreadyExists({"field": "email"})
    if not is_free:
        raise InvalidInput.at("resource_id", "unknown_or_taken")
