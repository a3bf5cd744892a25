"""The facts of a booking as rows of label and value, for customers and for owners."""

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote

from activities.templates import words
from activities.templates.words import LABELS, OWNER_LABELS, one_line, pick
from db.messages.notices import NoticeContent
from domain.booking_status import FINAL, LIVE, BookingStatus
from domain.businesses.address import Prefecture
from domain.messages.address import Address
from domain.messages.formats import full_name, money, short, span, taxed
from domain.payments.status import PaymentMode

#: Google Maps URLs, "Search": https://developers.google.com/maps/documentation/urls/get-started
_MAP = "https://www.google.com/maps/search/?api=1&query="


@dataclass(frozen=True, slots=True)
class Row:
    """``href`` is the link target of the value; ``written`` replaces the value in plain text."""

    label: str
    value: str
    href: str = ""
    written: str = ""

    @property
    def plain(self) -> str:
        return self.written or self.value


def customer_name(content: NoticeContent) -> str:
    """The customer's name, in the order of the reader's language."""
    return full_name(one_line(content.family_name), one_line(content.given_name), content.language)


def business_phone(content: NoticeContent) -> str:
    """The business's phone number in national or international format."""
    return words.phone(content.business_phone, content.phone_as_typed, content.language)


def address(content: NoticeContent) -> str:
    """The whole address of the business."""
    language = content.language
    prefecture = content.prefecture or ""
    if prefecture and language == "en":
        prefecture = Prefecture(prefecture).english
    whole = Address(
        pick(content.business_address, language),
        one_line(content.city or ""),
        prefecture,
        one_line(content.postal_code or ""),
    )
    return whole.in_japanese() if language == "ja" else whole.in_english()


def facts(content: NoticeContent) -> list[Row]:
    """The rows for the audience of the message; a row without a value is left out."""
    to_business = content.audience == "business"
    rows = [*(_of_customer(content) if to_business else ()), *_of_booking(content)]
    rows += _requests(content) if to_business else _of_place(content)
    return [row for row in rows if row.value]


def _of_booking(content: NoticeContent) -> Iterable[Row]:
    language, zone, currency = content.language, content.time_zone, content.currency
    japanese = language == "ja"
    over = content.booking_status in FINAL
    services = (pick(item.name, language) for item in content.items)
    party = f"{content.party_size}名様" if japanese else str(content.party_size)
    yield _row(content, "code", content.code)
    yield _row(content, "when", span(content.start_at, content.end_at, zone, language))
    yield _row(content, "service", ("／" if japanese else " / ").join(services))
    yield _row(content, "staff", listed((pick(name, language) for name in content.staff), language))
    yield _row(content, "party", party if content.party_size > 1 else "")
    yield _row(
        content, "agreed" if over else "total", taxed(content.price, currency, language) if content.price else ""
    )
    yield _row(content, "payment", payment(content) if content.booking_status in LIVE else "")


def _of_place(content: NoticeContent) -> Iterable[Row]:
    """Address and phone number of the business."""
    place, number = address(content), business_phone(content)
    yield _row(content, "address", place)
    if place:
        where = f"{content.latitude},{content.longitude}" if content.latitude is not None else quote(place)
        url = _MAP + where
        yield Row(_label(content, "map"), LABELS["open_map"][content.language], url, url)
    yield Row(_label(content, "phone"), number, _tel(content.business_phone))


def _of_customer(content: NoticeContent) -> Iterable[Row]:
    language = content.language
    name, kana = customer_name(content), one_line(content.customer_kana or "")
    if name and kana:
        name = f"{name}（{kana}）" if language == "ja" else f"{name} ({kana})"
    number = words.phone(content.customer_phone, None, language)
    email = one_line(content.customer_email or "")
    visit = content.customer_visits + 1
    yield _row(content, "customer", name)
    yield Row(_label(content, "phone"), number, _tel(content.customer_phone))
    yield Row(_label(content, "email"), email, f"mailto:{quote(email, safe='@')}" if email else "")
    yield _row(content, "visits", f"{visit}回目" if language == "ja" else f"No. {visit}")


def _requests(content: NoticeContent) -> Iterable[Row]:
    yield _row(content, "requests", one_line(content.special_requests or ""))


def payment(content: NoticeContent) -> str:
    """How the price is paid, and whether it is paid."""
    japanese, mode = content.language == "ja", PaymentMode(content.payment_mode)
    if not content.price:
        return ""
    if not content.amount_due:
        return "当日のお支払い" if japanese else "Pay at the venue"
    due, rest = (
        money(amount, content.currency, content.language)
        for amount in (content.amount_due, content.price - content.amount_due)
    )
    state = _state(content)
    if mode is PaymentMode.CARD_HOLD:
        state = state or ("ご利用後に請求" if japanese else "charged after your visit")
        return f"カードのご利用枠の確保 {due}（{state}）" if japanese else f"{due} held on your card ({state})"
    note = (f"（{state}）" if japanese else f" ({state})") if state else ""
    if mode is PaymentMode.DEPOSIT:
        later = (
            (f"＋当日 {rest}" if japanese else f", {rest} at the venue") if content.price > content.amount_due else ""
        )
        return f"予約金 {due}{note}{later}" if japanese else f"{due} deposit{note}{later}"
    return f"オンライン決済 {due}{note}" if japanese else f"{due} online{note}"


def _state(content: NoticeContent) -> str:
    """Paid, or the deadline for payment; empty where neither is known."""
    japanese = content.language == "ja"
    if content.captured - content.refunded >= content.amount_due:
        return "お支払い済み" if japanese else "paid"
    waits = content.booking_status == BookingStatus.PENDING and not content.captured and not content.authorized
    if waits and content.hold_expires_at is not None:
        until = short(content.hold_expires_at, content.time_zone, content.language)
        return f"{until}までにお支払いください" if japanese else f"please pay by {until}"
    return ""


def listed(names: Iterable[str], language: str) -> str:
    """``花、葵`` or ``Hana, Aoi``."""
    return ("、" if language == "ja" else ", ").join(name for name in names if name)


def _row(content: NoticeContent, key: str, value: str) -> Row:
    return Row(_label(content, key), value)


def _label(content: NoticeContent, key: str) -> str:
    own = OWNER_LABELS if content.audience == "business" else {}
    return own.get(key, LABELS[key])[content.language]


def _tel(number: str | None) -> str:
    digits = "".join(sign for sign in number or "" if sign.isascii() and (sign.isdigit() or sign == "+"))
    return f"tel:{digits}" if digits else ""
