"""Campaigns: one message to many customers. Pure rules; times are aware UTC."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from domain.errors import InvalidInput, WrongState
from domain.marketing.errors import SenderIncomplete


class CampaignStatus(StrEnum):
    """The status of a campaign."""

    DRAFT = "draft"
    SCHEDULED = "scheduled"  # it begins at its time
    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"  # by a person; who has no message yet gets none
    DONE = "done"


class HeldBecause(StrEnum):
    """Why nothing is sent of a campaign that is scheduled or running."""

    BUSINESS_NOT_APPROVED = "business_not_approved"


class CampaignCommand(StrEnum):
    """What a person may do to a campaign that was started."""

    PAUSE = "pause"
    RESUME = "resume"
    STOP = "stop"


ALLOWED: Mapping[CampaignStatus, frozenset[CampaignStatus]] = {
    CampaignStatus.DRAFT: frozenset({CampaignStatus.SCHEDULED}),
    CampaignStatus.SCHEDULED: frozenset({CampaignStatus.RUNNING, CampaignStatus.PAUSED, CampaignStatus.STOPPED}),
    CampaignStatus.RUNNING: frozenset({CampaignStatus.PAUSED, CampaignStatus.STOPPED, CampaignStatus.DONE}),
    CampaignStatus.PAUSED: frozenset({CampaignStatus.SCHEDULED, CampaignStatus.RUNNING, CampaignStatus.STOPPED}),
    CampaignStatus.STOPPED: frozenset(),
    CampaignStatus.DONE: frozenset(),
}
#: A campaign in these has ended.
OVER = frozenset(status for status, following in ALLOWED.items() if not following)
#: Messages go out in these, at their time.
ACTIVE = frozenset({CampaignStatus.SCHEDULED, CampaignStatus.RUNNING})

#: Recipients of one page, and customers that are read for it. A page is one transaction.
PAGE = 200
READ = 2000
#: The pause after a page that was sent: 200 recipients in 12 seconds are 1,000 a minute.
BETWEEN_PAGES = timedelta(seconds=12)
#: How often a campaign is looked at whose business is suspended: it goes on within this time after the suspension.
LOOK_AGAIN = timedelta(hours=1)
#: The furthest time that a campaign may be scheduled for.
FURTHEST = timedelta(days=365)
#: A booking within this many days after the message counts as made after it, unless the campaign says otherwise.
COUNT_DAYS = 14


def held_because(status: CampaignStatus, *, is_approved: bool) -> HeldBecause | None:
    """Why a campaign does not send now: its business was suspended after the start. None: it does, or a person has
    paused or ended it, or it has not begun. What waits is held, not dropped: a suspension may be a mistake, and a
    campaign is started once. ``is_approved``: the business is approved now."""
    return HeldBecause.BUSINESS_NOT_APPROVED if status in ACTIVE and not is_approved else None


@dataclass(frozen=True, slots=True)
class SenderFacts:
    """What the profile of a business says about itself."""

    has_address: bool
    has_contact: bool
    is_approved: bool
    status: str


def after_command(
    status: CampaignStatus, command: CampaignCommand, starts_at: datetime, now: datetime
) -> CampaignStatus:
    """The status after a person's command. Raises WrongState. A repeated command changes nothing."""
    going_on = CampaignStatus.RUNNING if starts_at <= now else CampaignStatus.SCHEDULED
    wanted = {
        CampaignCommand.PAUSE: CampaignStatus.PAUSED,
        CampaignCommand.RESUME: going_on,
        CampaignCommand.STOP: CampaignStatus.STOPPED,
    }[command]
    if command is CampaignCommand.RESUME and status in ACTIVE:
        return status
    if wanted is status:
        return status
    if wanted not in ALLOWED[status] or status is CampaignStatus.DRAFT:
        raise WrongState({"status": status.value, "wanted": wanted.value})
    return wanted


def start_at(status: CampaignStatus, sender: SenderFacts, asked: datetime | None, now: datetime) -> datetime:
    """When a campaign begins that is started at ``now``: at once, or at the asked time.

    Raises WrongState unless it is a draft of an approved business, SenderIncomplete where the profile does not say
    what an advertising e-mail must, and InvalidInput for a time that has passed or is too far away.

    The law: 特定電子メールの送信の適正化等に関する法律 4条 and its 施行規則 9条 ask for the sender's name and
    address, a way to refuse, the note that one may, and whom to ask. The text was read at
    houritsushoku.com/archives/labeling-obligations-imposed-on-senders-of-specified-email.html, which quotes both.
    """
    if status is not CampaignStatus.DRAFT:
        raise WrongState({"status": status.value, "wanted": CampaignStatus.SCHEDULED.value})
    check_sender(sender)
    if asked is None:
        return now
    if asked < now:
        raise InvalidInput.at("starts_at", "in_the_past")
    if asked > now + FURTHEST:
        raise InvalidInput.at("starts_at", "too_far")
    return asked


def check_sender(sender: SenderFacts) -> None:
    """Raise WrongState for a business that is not approved, SenderIncomplete where its profile does not say what an
    advertising e-mail must (see `start_at`)."""
    if not sender.is_approved:
        raise WrongState({"status": sender.status, "wanted": "approved"})
    missing = [name for name, there in (("address", sender.has_address), ("contact", sender.has_contact)) if not there]
    if missing:
        raise SenderIncomplete({"missing": missing})
