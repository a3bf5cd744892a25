"""Through which channels a message goes, in which order, and when it goes on to the next one. Pure rules."""

import re
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from zoneinfo import available_timezones

from domain.errors import Gone, InvalidInput
from domain.messages.kinds import AccountEmailKind, Channel, NoticeKind

#: The platform's order: e-mail says everything and has the calendar file; SMS costs most. A person may choose another.
ORDER = (Channel.EMAIL, Channel.LINE, Channel.PUSH, Channel.SMS)
#: Kinds to customers with a short text: what somebody on the way needs to know. All others go by e-mail alone.
SHORT: frozenset[NoticeKind | AccountEmailKind] = frozenset(
    {
        NoticeKind.BOOKING_CONFIRMED,
        NoticeKind.BOOKING_REMINDER,
        NoticeKind.BOOKING_CHANGED,
        NoticeKind.BOOKING_CANCELLED,
        NoticeKind.PAYMENT_FAILED,
        NoticeKind.PAYMENT_RENEW,
        AccountEmailKind.WAITLIST_OFFERED,
    }
)
#: Those of them that are about a booking.
SHORT_NOTICES = frozenset(kind for kind in SHORT if isinstance(kind, NoticeKind))
#: A provider that does nothing for so long is left for the next channel.
LEAVE_AFTER = timedelta(minutes=15)
#: A push message that was not opened in the app after this time is sent through the next channel as well. Of e-mail,
#: LINE and SMS it is not known whether they were read.
UNREAD_AFTER = timedelta(minutes=30)
#: The reason in the ledger of a message that exceeds the limit of its business.
OVER_QUOTA = "channel_quota"
#: The period of the limits of a business.
QUOTA_PERIOD = timedelta(days=30)

#: One segment of an SMS: 70 UTF-16 units in UCS-2, 160 in the GSM 7-bit alphabet; of several, each has 67 or 153
#: (3GPP TS 23.038 and 23.040).
_GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_EXTENDED = frozenset("^{}\\[~]|€\f")


def route(
    kind: NoticeKind | AccountEmailKind,
    audience: str,
    reachable: Collection[Channel],
    positions: Mapping[Channel, int],
    refused: Collection[Channel] = (),
) -> tuple[Channel, ...]:
    """The channels to try, first one first; empty: nobody can be reached. ``reachable``: those that are switched on and
    for which the recipient has an address; ``positions``: the person's own order; ``refused``: switched off by the
    person for this kind."""
    # The number of a guest without an address is proven by SMS; an address is proven by e-mail alone.
    by_sms = kind is NoticeKind.BOOKING_PROOF and set(reachable) == {Channel.SMS}
    # An account e-mail to a customer has the audience "user".
    short = (kind in SHORT or by_sms) and audience != "business"
    known = [one for one in ORDER if one in reachable and one not in refused and (short or one is Channel.EMAIL)]
    return tuple(sorted(known, key=lambda one: (positions.get(one, len(ORDER) + 1), ORDER.index(one))))


def leaves(first_try: datetime, now: datetime, *, may_be_sent: bool) -> bool:
    """Whether a channel whose provider does nothing is left for the next one. Never where an earlier call may have sent
    the message (``may_be_sent``): it would come twice."""
    return not may_be_sent and now - first_try >= LEAVE_AFTER


def segments(text: str) -> int:
    """How many segments an SMS with this text has."""
    if all(one in _GSM or one in _GSM_EXTENDED for one in text):
        units, single, several = sum(2 if one in _GSM_EXTENDED else 1 for one in text), 160, 153
    else:
        units, single, several = len(text.encode("utf-16-be")) // 2, 70, 67
    return 1 if units <= single else -(-units // several)


#: Digits of the code that proves a number, how long it is valid, and how often it may be typed.
CODE_DIGITS = 6
CODE_LASTS = timedelta(minutes=10)
MOST_TRIES = 5
#: Codes that one login, and one number, may cause in 24 hours.
CODES_PER_DAY = 5
#: Browsers of one login.
MOST_SUBSCRIPTIONS = 10
_PUSH_KEY = re.compile(r"[A-Za-z0-9_-]{16,120}={0,2}")


def check_push_keys(p256dh: str, auth: str) -> None:
    """Raise InvalidInput for keys that are no base64url (Push API, ``PushSubscription.toJSON``)."""
    for field, value in (("p256dh", p256dh), ("auth", auth)):
        if not _PUSH_KEY.fullmatch(value):
            raise InvalidInput.at(field, "not_a_push_key")


def check_tries(tries: int, expires_at: datetime | None, now: datetime) -> None:
    """Raise Gone where a code is over, or was typed wrongly too often."""
    if tries >= MOST_TRIES or expires_at is None or expires_at <= now:
        raise Gone({"reason": "code_expired"})


def check_zone(time_zone: str | None) -> None:
    """Raise InvalidInput at ``time_zone`` for a zone that is not in the tz database; None is the business's."""
    if time_zone is not None and time_zone not in available_timezones():
        raise InvalidInput.at("time_zone", "unknown_zone")


#: Numbers of mobile telephones in Japan (総務省 電気通信番号計画: 060, 070, 080 and 090), as E.164. Codes to numbers
#: abroad are a known way to make a platform pay.
_MOBILE = re.compile(r"\+81[6-9]0[0-9]{8}")


def is_mobile(number: str) -> bool:
    """Whether a number (E.164) is a mobile number in Japan, so that it gets SMS."""
    return _MOBILE.fullmatch(number) is not None


def check_mobile(number: str, field: str) -> None:
    """Raise InvalidInput at ``field`` for a number (E.164) that is no mobile number in Japan."""
    if not is_mobile(number):
        raise InvalidInput.at(field, "not_a_mobile_number")
