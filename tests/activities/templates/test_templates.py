"""Every message in every language: what it says, and that nothing typed by people can change what it is."""

import itertools
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from icalendar import Calendar, Event
from jinja2 import UndefinedError

from activities.templates import layout, render, words
from db.messages.notices import AgreedItem, NoticeContent
from domain.messages.kinds import NoticeKind
from providers.email.interface import Email
from runtime.booking_links import BookingLinks
from runtime.keyring import KeyRing
from runtime.links import Links

LINKS = BookingLinks(Links(KeyRing("k1", {"k1": b"0" * 32})), "https://booking.example")
NOW = datetime(2026, 11, 18, 3, 0, tzinfo=UTC)
START = datetime(2026, 11, 21, 5, 0, tzinfo=UTC)
FACTS: dict[str, Any] = {
    "amount": 5000,
    "penalty": "2500",
    "refund": 2500,
    "old_start": "2026-11-20T01:30:00+00:00",
}
#: In which state of the booking each message is sent.
STATUS = {
    NoticeKind.BOOKING_REQUESTED: "pending",
    NoticeKind.BOOKING_CANCELLED: "cancelled",
    NoticeKind.BOOKING_EXPIRED: "expired",
    NoticeKind.BOOKING_DECLINED: "declined",
    NoticeKind.BOOKING_COMPLETED: "completed",
    NoticeKind.BOOKING_NO_SHOW: "no_show",
    NoticeKind.PAYMENT_FAILED: "pending",
}
EVERY = list(itertools.product(NoticeKind, ("ja", "en"), ("customer", "business")))
#: What a message must name beside the booking's code and time.
SAYS = {
    NoticeKind.BOOKING_REQUESTED: {
        "ja": "2026年11月19日(木) 12:00までに",
        "en": "by Thu 19 Nov 2026, 12:00 (Asia/Tokyo)",
    },
    NoticeKind.BOOKING_CONFIRMED: {"ja": "確定いたしました", "en": "is confirmed"},
    NoticeKind.BOOKING_REMINDER: {"ja": "近づいて", "en": "reminder"},
    NoticeKind.BOOKING_CHANGED: {
        "ja": "変更前の日時：2026年11月20日(金) 10:30",
        "en": "Before: Fri 20 Nov 2026, 10:30",
    },
    NoticeKind.BOOKING_CANCELLED: {"ja": "キャンセル料：¥2,500", "en": "Cancellation fee: ¥2,500"},
    NoticeKind.BOOKING_EXPIRED: {"ja": "期限", "en": "not completed in time"},
    NoticeKind.BOOKING_DECLINED: {"ja": "お預かりした¥2,500は、全額ご返金", "en": "Your ¥2,500 will be given back"},
    NoticeKind.BOOKING_COMPLETED: {"ja": "レビュー", "en": "review"},
    NoticeKind.BOOKING_NO_SHOW: {"ja": "¥2,500を申し受けます", "en": "we charge ¥2,500"},
    NoticeKind.PAYMENT_RECEIVED: {"ja": "お支払い¥5,000を確認", "en": "your payment of ¥5,000"},
    NoticeKind.PAYMENT_FAILED: {"ja": "お支払い¥5,000を完了できません", "en": "payment of ¥5,000 for the booking"},
    NoticeKind.PAYMENT_REFUNDED: {"ja": "¥5,000のご返金", "en": "refunded ¥5,000"},
    NoticeKind.PAYMENT_LATE: {"ja": "期限を過ぎてからお支払い¥5,000", "en": "payment of ¥5,000"},
    NoticeKind.REACCOMMODATION_OFFERED: {"ja": "お受けできなくなりました", "en": "cannot keep your booking"},
    NoticeKind.REACCOMMODATION_REMINDER: {"ja": "まだご返答をいただいておりません", "en": "have no answer yet"},
    NoticeKind.REACCOMMODATION_DECIDED: {"ja": "当初の日時のまま", "en": "we can keep your booking as it was"},
    NoticeKind.BOOKING_REASSIGNED: {"ja": "担当者を変更させていただきました", "en": "Somebody else of the team"},
    NoticeKind.PAYMENT_RENEW: {"ja": "カード情報をもう一度", "en": "enter your card again"},
}


def compose(content: NoticeContent, now: datetime) -> Email:
    return render.compose(content, now, LINKS)


def content(
    kind: NoticeKind = NoticeKind.BOOKING_CONFIRMED, language: str = "ja", audience: str = "customer", **changes: Any
) -> NoticeContent:
    whole = NoticeContent(
        id=UUID(int=1),
        business_id=UUID(int=2),
        booking_id=UUID(int=3),
        kind=kind.value,
        channel="email",
        language=language,
        audience=audience,
        facts=FACTS,
        created_at=NOW,
        address="ai@example.com",
        family_name="佐藤" if language == "ja" else "Sato",
        given_name="愛" if language == "ja" else "Ai",
        business_name={"ja": "美容室さくら", "en": "Salon Sakura"},
        business_phone="03-1234-5678",
        business_email="desk@sakura.example",
        business_address={"ja": "東京都渋谷区1-2-3", "en": "1-2-3 Shibuya, Tokyo"},
        postal_code="150-0001",
        code="A7C9DFHK",
        booking_status=STATUS.get(kind, "confirmed"),
        start_at=START,
        end_at=START + timedelta(hours=1),
        time_zone="Asia/Tokyo",
        party_size=2,
        price=5000,
        amount_due=5000,
        currency="JPY",
        payment_mode="prepay",
        policy={
            "tiers": [
                {"hours_before": 48, "penalty_percent": 0},
                {"hours_before": 30, "penalty_percent": 50},
                {"hours_before": 0, "penalty_percent": 100},
            ],
            "no_show_percent": 100,
        },
        hold_expires_at=NOW + timedelta(minutes=10),
        approval_deadline=NOW + timedelta(hours=24),
        special_requests="静かな席",
        version=1,
        cancelled_by=None,
        cancellation_penalty=None,
        captured=5000,
        refunded=0,
        items=(AgreedItem({"ja": "カット", "en": "Cut"}, START, START + timedelta(hours=1), 5000),),
        staff=({"ja": "花子", "en": "Hanako"},),
    )
    return replace(whole, **changes)


class Seen(HTMLParser):
    """The tags of a page, and the words between them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.words = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.words += data


def visit(email: Email) -> Event:
    [attachment] = email.attachments
    [event] = Calendar.from_ical(attachment.content).walk("VEVENT")
    assert isinstance(event, Event)
    return event


@pytest.mark.parametrize(("kind", "language", "audience"), EVERY)
def test_every_message_names_the_booking_and_what_it_is_about(kind: NoticeKind, language: str, audience: str) -> None:
    email = compose(content(kind, language, audience), NOW)
    when = "2026年11月21日(土) 14:00–15:00" if language == "ja" else "Sat 21 Nov 2026, 14:00–15:00 (Asia/Tokyo)"
    shown = Seen(email.html).words
    for form in (email.text, shown):
        assert "A7C9DFHK" in form
        assert when in form
        assert "¥5,000" in form
        if audience == "customer":
            assert SAYS[kind][language] in form
        else:
            assert ("佐藤 愛" if language == "ja" else "Ai Sato") in form
    assert email.subject
    assert "{" not in email.text + email.subject
    assert (email.to, email.notice_id, email.language) == ("ai@example.com", str(UUID(int=1)), language)
    assert f'lang="{language}"' in email.html


@pytest.mark.parametrize(("kind", "language", "audience"), EVERY)
def test_the_customer_alone_gets_the_link(kind: NoticeKind, language: str, audience: str) -> None:
    email = compose(content(kind, language, audience), NOW)
    url = f"https://booking.example/bookings/{UUID(int=3)}#token="
    assert (url in email.text) == (url in email.html) == (audience == "customer")
    if audience == "customer":
        [line] = [line for line in email.text.splitlines() if line.startswith(url)]
        assert LINKS.read(line.removeprefix(url), NOW) == UUID(int=3)
        assert f'<a href="{line}"' in email.html


@pytest.mark.parametrize(("kind", "language", "audience"), EVERY)
def test_every_message_can_be_written_from_the_least(kind: NoticeKind, language: str, audience: str) -> None:
    least = content(
        kind,
        language,
        audience,
        facts={},
        family_name="",
        given_name="",
        business_name={"en": "Sakura"},
        business_phone=None,
        business_email=None,
        business_address=None,
        postal_code=None,
        price=0,
        amount_due=0,
        payment_mode="none",
        policy={"tiers": [], "no_show_percent": 0},
        hold_expires_at=None,
        approval_deadline=None,
        special_requests=None,
        captured=0,
        staff=(),
    )
    email = compose(least, NOW)
    assert "A7C9DFHK" in email.text
    assert "None" not in email.subject + email.text + email.html
    assert "\n\n\n" not in email.text


HOSTILE = "<script>alert(1)</script>\r\nBcc: all@example.com\n\n{{ code }}\u202e & \"x'"


@pytest.mark.parametrize(("kind", "language", "audience"), EVERY)
def test_what_people_typed_stays_words(kind: NoticeKind, language: str, audience: str) -> None:
    hostile = {"ja": HOSTILE, "en": HOSTILE}
    email = compose(
        content(
            kind,
            language,
            audience,
            family_name=HOSTILE,
            given_name=HOSTILE,
            business_name=hostile,
            business_address=hostile,
            business_phone=HOSTILE,
            special_requests=HOSTILE,
            items=(AgreedItem(hostile, START, START, 1),),
            staff=(hostile,),
        ),
        NOW,
    )
    plain = compose(content(kind, language, audience), NOW)
    assert not re.search(r"[\r\n\x00-\x1f\u202e]", email.subject)
    assert len(email.subject) <= layout.SUBJECT_LENGTH
    assert not re.search(r"(?m)^Bcc:", email.text)
    assert set(Seen(email.html).tags) == set(Seen(plain.html).tags)
    assert "{{ code }}" in email.text  # said, not carried out
    for attachment in email.attachments:
        [event] = Calendar.from_ical(attachment.content).walk("VEVENT")
        assert set(event) == set(visit(plain))
        assert "Bcc" not in {line.split(b":")[0].decode() for line in attachment.content.splitlines()}


def test_a_text_that_names_what_nobody_knows_is_a_bug() -> None:
    with pytest.raises(UndefinedError):
        layout.TEXT.from_string("{{ nobody }}").render({})


def test_the_business_that_cancels_apologises_and_the_customer_who_does_is_not_blamed() -> None:
    cancelled = content(NoticeKind.BOOKING_CANCELLED)
    ours = compose(replace(cancelled, facts={"by_business": True}), NOW).text
    theirs = compose(replace(cancelled, facts={"by_business": False}, cancelled_by="staff"), NOW).text
    assert "お詫び" in ours
    assert "お詫び" not in theirs


@pytest.mark.parametrize(("retaken", "says"), [(True, "確定いたしました"), (False, "全額ご返金")])
def test_late_money_is_told_as_it_ended(retaken: bool, says: str) -> None:
    facts = {"amount": 5000, "retaken": retaken, "confirmed": retaken}
    assert says in compose(content(NoticeKind.PAYMENT_LATE, facts=facts, booking_status="completed"), NOW).text


def test_the_policy_is_told_in_its_tiers() -> None:
    japanese, english = (compose(content(language=language), NOW).text for language in ("ja", "en"))
    assert "・ご予約時刻の2日前まで：無料\n・ご予約時刻の30時間前まで：料金の50%\n・それ以降：料金の100%\n" in japanese
    assert "- Until 2 days before the start: free\n- Until 30 hours before the start: 50% of the price\n" in english
    assert "- Later: 100% of the price\n- Not coming without notice: 100% of the price" in english


@pytest.mark.parametrize(
    ("mode", "due", "says"),
    [
        ("at_venue", 0, "現地でお支払い"),
        ("prepay", 5000, "事前決済 ¥5,000"),
        ("deposit", 1000, "ご予約金 ¥1,000（残額 ¥4,000 は当日）"),
        ("card_hold", 5000, "カードの与信枠を確保 ¥5,000"),
    ],
)
def test_how_it_is_paid(mode: str, due: int, says: str) -> None:
    assert says in compose(content(payment_mode=mode, amount_due=due), NOW).text


def test_times_are_the_venues_also_over_midnight_and_abroad() -> None:
    late = datetime(2026, 11, 21, 14, 30, tzinfo=UTC)
    end = late + timedelta(hours=1)
    assert words.span(late, end, "Asia/Tokyo", "ja") == "2026年11月21日(土) 23:30–2026年11月22日(日) 00:30"
    assert words.moment(late, "America/New_York", "ja") == "2026年11月21日(土) 09:30 (America/New_York)"
    assert words.moment(late, "Asia/Tokyo", "en") == "Sat 21 Nov 2026, 23:30 (Asia/Tokyo)"


@pytest.mark.parametrize(
    ("amount", "currency", "written"),
    [(1234567, "JPY", "¥1,234,567"), (0, "JPY", "¥0"), (5005, "USD", "US$50.05"), (-1200, "JPY", "-¥1,200")],
)
def test_amounts(amount: int, currency: str, written: str) -> None:
    assert words.money(amount, currency) == written


def test_the_calendar_file_of_a_confirmation() -> None:
    email = compose(content(language="en", version=4), NOW)
    [attachment] = email.attachments
    assert (attachment.filename, attachment.content_type) == ("booking.ics", "text/calendar")
    calendar = Calendar.from_ical(attachment.content)
    event = visit(email)
    assert calendar["METHOD"] == "PUBLISH"
    assert event["UID"] == f"booking-{UUID(int=3)}@omotenashi"
    assert (event["SEQUENCE"], event["STATUS"]) == (4, "CONFIRMED")
    assert event.start == START.astimezone(ZoneInfo("Asia/Tokyo"))
    assert event["DTSTART"].params["TZID"] == "Asia/Tokyo"
    assert event.end - event.start == timedelta(hours=1)
    assert "A7C9DFHK" in event["DESCRIPTION"]
    assert event["ORGANIZER"] == "mailto:desk@sakura.example"


@pytest.mark.parametrize(
    ("zone", "at"),
    [
        ("Asia/Tokyo", START),
        ("Europe/Berlin", datetime(2026, 10, 25, 2, 30, tzinfo=UTC)),
        ("America/New_York", datetime(2027, 3, 14, 8, 0, tzinfo=UTC)),
        ("Australia/Lord_Howe", START),
    ],
)
def test_the_zone_in_the_file_gives_the_same_instant(zone: str, at: datetime) -> None:
    """Read by the rules that the file itself brings, not by the reader's own."""
    email = compose(content(time_zone=zone, start_at=at, end_at=at + timedelta(hours=1)), NOW)
    [attachment] = email.attachments
    [rules] = Calendar.from_ical(attachment.content).timezones
    assert rules.tz_name == zone
    local = visit(email).start.replace(tzinfo=rules.to_tz(lookup_tzid=False))
    assert local.astimezone(UTC) == at


def test_a_cancelled_visit_is_called_off_in_the_calendar() -> None:
    event = visit(compose(content(NoticeKind.BOOKING_CANCELLED, version=4), NOW))
    assert (event["STATUS"], event["SEQUENCE"]) == ("CANCELLED", 5)


def test_the_business_gets_no_calendar_file() -> None:
    assert compose(content(audience="business"), NOW).attachments == ()
