"""Which messages a person may switch off, and when those that can wait are not sent. Pure rules."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo

from domain.errors import InvalidInput
from domain.messages.channels import SHORT
from domain.messages.kinds import AccountEmailKind, Audience, Channel, NoticeKind

#: Kinds that their recipients may switch off, and who the recipients are. All others are about a booking, a payment or
#: the security of an account, and are always sent.
OPTIONAL: Mapping[NoticeKind, Audience] = {
    NoticeKind.BOOKING_REMINDER: "customer",
    NoticeKind.REVIEW_REQUESTED: "customer",
    NoticeKind.REVIEW_REPLIED: "customer",
    NoticeKind.REVIEW_POSTED: "business",
}
#: Channels that can be switched off. In the apps every message is shown, and disturbs nobody.
SWITCHED = (Channel.EMAIL, Channel.LINE, Channel.PUSH, Channel.SMS)

#: No optional message is sent between these times of the recipient's zone. A choice of the platform: for e-mail the law
#: names no hours.
QUIET_FROM = time(21, 0)
QUIET_UNTIL = time(8, 0)
#: A reminder that the quiet hours would bring closer than this to the visit is sent at once.
LEAST_AHEAD = timedelta(hours=1)


class PreferenceSource(StrEnum):
    """How a preference was set."""

    LOGIN = "login"  # by the login, for all businesses or one
    LINK = "link"  # with the signed link of a message
    ONE_CLICK = "one_click"  # by the mail program (RFC 8058)


@dataclass(frozen=True, slots=True)
class Choice:
    """A stored preference. ``business_id`` None: for all businesses that have none of their own. ``position``: the
    place of the channel in the order in which this kind is sent, from 1; None: the platform's."""

    kind: NoticeKind | AccountEmailKind
    channel: Channel
    enabled: bool
    business_id: UUID | None = None
    position: int | None = None


def is_optional(kind: NoticeKind | AccountEmailKind, audience: str) -> bool:
    """Whether the recipient may switch this kind off."""
    return isinstance(kind, NoticeKind) and OPTIONAL.get(kind) == audience


def optional_kinds(audience: str) -> tuple[NoticeKind, ...]:
    """The kinds that recipients of this side may switch off."""
    return tuple(kind for kind, recipients in OPTIONAL.items() if recipients == audience)


def check_choice(
    kind: NoticeKind | AccountEmailKind,
    channel: Channel,
    field: str,
    *,
    enabled: bool = False,
    position: int | None = None,
) -> None:
    """Raise InvalidInput at ``field`` for a kind or a channel that cannot be switched off. Of a kind that is always
    sent and has a short form, the order (``position``) can be chosen."""
    orders = kind in SHORT and enabled and position is not None
    if kind not in OPTIONAL and not orders:
        raise InvalidInput.at(f"{field}.kind", "always_sent")
    if channel not in SWITCHED:
        raise InvalidInput.at(f"{field}.channel", "always_shown")


def is_enabled(
    kind: NoticeKind | AccountEmailKind, channel: Channel, choices: Iterable[Choice], business_id: UUID | None
) -> bool:
    """Whether messages of the kind go through the channel. The choice for the business counts before the one for all;
    without any they are sent."""
    by_business = {one.business_id: one.enabled for one in choices if (one.kind, one.channel) == (kind, channel)}
    return by_business.get(business_id, by_business.get(None, True))


def positions(
    kind: NoticeKind | AccountEmailKind, choices: Iterable[Choice], business_id: UUID | None
) -> dict[Channel, int]:
    """The person's order for a kind; a place chosen for the business counts before one for all."""
    found: dict[Channel, int] = {}
    for one in sorted(choices, key=lambda choice: choice.business_id is not None):
        if one.kind == kind and one.position is not None and one.business_id in {None, business_id}:
            found[one.channel] = one.position
    return found


def quiet_until(now: datetime, zone: str, visit_at: datetime | None) -> datetime | None:
    """Until when an optional message waits at ``now``: the end of the quiet hours in ``zone``; None: it is sent now.
    ``visit_at``: when the visit begins that the message is about, if it must come before."""
    place = ZoneInfo(zone)
    local = now.astimezone(place)
    if QUIET_UNTIL <= local.time() < QUIET_FROM:
        return None
    day = local.date() + timedelta(days=1 if local.time() >= QUIET_FROM else 0)
    end = datetime.combine(day, QUIET_UNTIL, place)
    if visit_at is not None and end + LEAST_AHEAD > visit_at:
        return None
    return end.astimezone(now.tzinfo)
