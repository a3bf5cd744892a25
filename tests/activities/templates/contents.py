"""A booking with everything that can be known, and the messages about it."""

from dataclasses import replace
from datetime import datetime, timedelta
from html.parser import HTMLParser
from typing import Any
from uuid import UUID

from activities.templates import render
from db.messages.notices import AgreedItem, NoticeContent
from domain.messages.kinds import NoticeKind
from providers.email.interface import Email
from runtime.booking_links import BookingLinks
from runtime.keyring import KeyRing
from runtime.links import Links
from tests.activities.templates.cases import NOW, START, Case

K = NoticeKind
LINKS = BookingLinks(Links(KeyRing("k1", {"k1": b"0" * 32})), "https://booking.example")
LANGUAGES = ("ja", "en")


def content(
    kind: NoticeKind = K.BOOKING_CONFIRMED, language: str = "ja", audience: str = "customer", **changes: Any
) -> NoticeContent:
    """A booking of tomorrow's kind: paid, confirmed, with everything that can be known."""
    to_business = audience == "business"
    whole = NoticeContent(
        id=UUID(int=1),
        business_id=UUID(int=2),
        booking_id=UUID(int=3),
        kind=kind.value,
        channel="email",
        language=language,
        audience=audience,
        facts={},
        created_at=NOW,
        address="ai@example.com",
        family_name="佐藤" if language == "ja" else "Sato",
        given_name="愛" if language == "ja" else "Ai",
        business_name={"ja": "ヘアサロン花", "en": "Hair Salon Hana"},
        business_phone="+81355500123",
        phone_as_typed="03-5550-0123",
        business_email="hello@salon-hana.example",
        business_address={"ja": "神宮前4丁目99-1 花ビル2階", "en": "2F Hana Bldg., 4-99-1 Jingumae"},
        postal_code="150-0001",
        prefecture="東京都",
        city="渋谷区" if language == "ja" else "Shibuya-ku",
        latitude=35.6676,
        longitude=139.7085,
        code="A7C9DFHK",
        booking_status="confirmed",
        start_at=START,
        end_at=START + timedelta(hours=1),
        time_zone="Asia/Tokyo",
        party_size=2,
        price=5000,
        amount_due=5000,
        currency="JPY",
        payment_mode="prepay",
        needs_approval=False,
        policy={
            "tiers": [
                {"hours_before": 48, "penalty_percent": 0},
                {"hours_before": 24, "penalty_percent": 50},
                {"hours_before": 0, "penalty_percent": 100},
            ],
            "no_show_percent": 100,
        },
        hold_expires_at=NOW + timedelta(minutes=10),
        approval_deadline=NOW + timedelta(hours=24),
        proof_deadline=NOW + timedelta(minutes=30),
        special_requests="静かな席",
        version=1,
        kept_penalty_percent=0,
        kept_penalty_until=None,
        cancelled_by=None,
        cancellation_penalty=None,
        captured=5000,
        refunded=0,
        authorized=0,
        customer_phone="+819012345678" if to_business else None,
        customer_email="ai@example.com" if to_business else None,
        customer_kana="さとう あい" if to_business else None,
        customer_visits=1 if to_business else 0,
        cancellation_reason=None,
        colour=None,
        has_logo=False,
        items=(AgreedItem({"ja": "カット", "en": "Cut"}, START, START + timedelta(hours=1), 5000),),
        staff=({"ja": "美咲", "en": "Misaki"},),
    )
    return replace(whole, **changes)


def compose(what: NoticeContent, now: datetime = NOW) -> Email:
    """The message at ``now``."""
    return render.compose(what, now, LINKS)


def written(case: Case, language: str, **changes: Any) -> Email:
    """The message of a case."""
    return compose(content(case.kind, language, case.audience, facts=case.facts, **(case.changes | changes)))


class Seen(HTMLParser):
    """The tags of a page, where its links lead, and the words between them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.words = ""
        self._hidden = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self._hidden = tag == "style"
        if tag == "br":
            self.words += "\n"
        self.links += [value for name, value in attrs if name == "href" and value]

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.words += data
