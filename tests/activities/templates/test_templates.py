"""Every message in every case and language: its facts, its button, and that nothing typed by people changes what it
is."""

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from icalendar import Calendar
from jinja2 import UndefinedError

from activities.templates import layout, rows, terms, words
from db.messages.notices import AgreedItem
from domain.messages.kinds import NoticeKind
from tests.activities.templates.cases import BUSINESS, BUSINESS_ALONE, CASES, CUSTOMER, NOW, START, Case
from tests.activities.templates.contents import LANGUAGES, LINKS, Seen, compose, content, written
from tests.support.cases import for_each

EVERY = [pytest.param(case, language, id=f"{case.name}-{language}") for case in CASES for language in LANGUAGES]
TO_CUSTOMERS = [
    pytest.param(case, language, id=f"{case.name}-{language}") for case in CUSTOMER for language in LANGUAGES
]
TO_BUSINESSES = [
    pytest.param(case, language, id=f"{case.name}-{language}") for case in BUSINESS for language in LANGUAGES
]
ADDRESS = {
    "ja": "〒150-0001 東京都渋谷区神宮前4丁目99-1 花ビル2階",
    "en": "2F Hana Bldg., 4-99-1 Jingumae, Shibuya-ku, Tokyo 150-0001",
}
PHONE = {"ja": "03-5550-0123", "en": "+81 3-5550-0123"}


def test_contents_have_a_case_of_every_kind() -> None:
    assert {case.kind for case in CUSTOMER} == set(NoticeKind) - BUSINESS_ALONE
    assert {case.kind for case in BUSINESS} >= BUSINESS_ALONE


@for_each(("case", "language"), EVERY)
def test_message_has_the_facts_of_the_booking_in_both_forms(case: Case, language: str) -> None:
    what = content(case.kind, language, case.audience, facts=case.facts, **case.changes)
    email = compose(what)
    shown = Seen(email.html).words
    for form in (email.text, shown):
        for row in rows.facts(what):
            assert row.label in form
            assert row.value in form or row.plain in form
        assert "A7C9DFHK" in form
        assert ("カット" if language == "ja" else "Cut") in form
        assert ("美咲" if language == "ja" else "Misaki") in form
        for said in case.says[language]:
            assert said in form
    assert "{" not in email.text + email.subject
    assert "None" not in email.text + email.subject
    assert email.language == language
    assert f'lang="{language}"' in email.html


@for_each(("case", "language"), EVERY)
def test_templates_have_the_same_facts_in_both_languages(case: Case, language: str) -> None:
    facts = {one: content(case.kind, one, case.audience, facts=case.facts, **case.changes) for one in LANGUAGES}
    assert len(rows.facts(facts["ja"])) == len(rows.facts(facts["en"]))
    assert len(terms.terms(facts["ja"])) == len(terms.terms(facts["en"]))
    japanese, english = (written(case, one) for one in LANGUAGES)
    assert sorted(_amounts(japanese.text, "ja")) == sorted(_amounts(english.text, "en"))
    assert japanese.text.count("\n\n") == english.text.count("\n\n")


def _amounts(text: str, language: str) -> list[str]:
    return re.findall(r"([\d,]+)円" if language == "ja" else r"¥([\d,]+\d)", text)


@for_each(("case", "language"), TO_CUSTOMERS)
def test_customer_reads_where_it_is_and_whom_to_call(case: Case, language: str) -> None:
    email = written(case, language)
    seen = Seen(email.html)
    assert email.from_name == ("ヘアサロン花" if language == "ja" else "Hair Salon Hana")
    assert email.reply_to == "hello@salon-hana.example"
    for form in (email.text, seen.words):
        assert ADDRESS[language] in form
        assert PHONE[language] in form
        assert "hello@salon-hana.example" in form
    assert "tel:+81355500123" in seen.links
    assert any(link.startswith("https://www.google.com/maps/search/?api=1&query=") for link in seen.links)
    # The name that was typed does not go to an address that nobody has proven.
    named = ("佐藤 愛 様" if language == "ja" else "Dear Ai Sato,") in email.text
    assert named == (case.kind is not NoticeKind.BOOKING_PROOF)


@for_each(("case", "language"), TO_BUSINESSES)
def test_owner_reads_who_the_customer_is_and_how_to_reach_them(case: Case, language: str) -> None:
    email = written(case, language)
    assert (email.from_name, email.reply_to) == ("Omotenashi Connect", None)
    for form in (email.text, Seen(email.html).words):
        assert ("090-1234-5678" if language == "ja" else "+81 90-1234-5678") in form
        assert ("佐藤 愛（さとう あい）" if language == "ja" else "Ai Sato (さとう あい)") in form
        assert ("2回目" if language == "ja" else "No. 2") in form
        assert "静かな席" in form
    assert "03-5550-0123" not in email.text  # their own number
    for private in ("090", "静かな席", "急な出張"):
        assert private not in email.subject


@for_each(("case", "language"), EVERY)
def test_subject_fits_a_phone_and_begins_with_event_and_date(case: Case, language: str) -> None:
    subject = written(case, language).subject
    assert len(subject) <= layout.SUBJECT_LENGTH[language]
    if case.kind is NoticeKind.BOOKING_COMPLETED:
        return
    head = subject[:20] if language == "ja" else subject[:40]
    assert re.search(r"\d+月\d+日|\d+/\d+" if language == "ja" else r"\d+ Nov", head), subject


@pytest.mark.parametrize("language", LANGUAGES)
def test_subject_cuts_a_long_name_at_its_end(language: str) -> None:
    email = compose(content(language=language, business_name={language: "とても" * 20}))
    assert len(email.subject) == layout.SUBJECT_LENGTH[language]
    assert email.subject.endswith("…")
    assert ("11月21日（土）14:00" if language == "ja" else "Sat 21 Nov, 14:00") in email.subject


#: A state that is over offers nothing that can no longer be done.
_OFFERS = {
    "pay": ("お支払いに進む", "Pay now"),
    "prove": ("予約を確定する", "Confirm my booking"),
    "card": ("カードを登録する", "Enter card"),
    "voucher": ("お支払い番号を見る", "View payment numbers"),
    "choose": ("日時を選ぶ", "Choose a time"),
    "change": ("予約の確認・変更・キャンセル", "View or change booking"),
    "view": ("予約内容を見る", "View booking"),
    "review": ("口コミを書く", "Write a review"),
}


def proves(case: Case) -> bool:
    """Whether the link proves the address: it is asked for, also of a provisional booking without a payment."""
    return case.kind is NoticeKind.BOOKING_PROOF or case.name == "held_provisional"


@for_each(("case", "language"), TO_CUSTOMERS)
def test_button_fits_the_state(case: Case, language: str) -> None:
    email = written(case, language)
    status = case.changes.get("booking_status", "confirmed")
    expected = {
        NoticeKind.BOOKING_HELD: "prove" if proves(case) else "pay",
        NoticeKind.BOOKING_PROOF: "prove",
        NoticeKind.PAYMENT_FAILED: "pay",
        NoticeKind.PAYMENT_RENEW: "card",
        NoticeKind.PAYMENT_VOUCHER: "voucher",
        NoticeKind.PAYMENT_VOUCHER_ENDING: "voucher",
        NoticeKind.REACCOMMODATION_OFFERED: "choose",
        NoticeKind.REACCOMMODATION_REMINDER: "choose",
    }.get(case.kind, "change")
    if status not in {"pending", "confirmed"}:
        expected = "review" if case.kind is NoticeKind.REVIEW_REQUESTED else "view"
    label = _OFFERS[expected][LANGUAGES.index(language)]
    assert f">{label}</a>" in email.html
    for other, labels in _OFFERS.items():
        if other != expected:
            assert f">{labels[LANGUAGES.index(language)]}</a>" not in email.html


@pytest.mark.parametrize("status", ["confirmed", "cancelled", "expired", "completed"])
def test_payment_is_asked_for_only_while_it_can_be_made(status: str) -> None:
    email = compose(content(NoticeKind.PAYMENT_FAILED, booking_status=status))
    assert "お支払いに進む" not in email.html


@for_each(("case", "language"), EVERY)
def test_customer_alone_gets_the_link(case: Case, language: str) -> None:
    email = written(case, language)
    url = "https://booking.example/bookings/"
    assert (url in email.text) == (url in email.html) == (case.audience == "customer")
    if case.audience == "customer":
        [line] = [line for line in email.text.splitlines() if line.startswith(url)]
        token, _, proof = line.removeprefix(url).partition("?proof=")
        assert LINKS.read(token, NOW) == content().booking_id
        assert bool(proof) == proves(case)
        assert not proof or LINKS.read_proof(proof, NOW) == content().booking_id
        assert f'<a href="{line.replace("&", "&amp;")}"' in email.html
        assert ("ご本人専用" if language == "ja" else "for you only") in email.text


#: As little as a booking can have.
LEAST: dict[str, Any] = {
    "family_name": "",
    "given_name": "",
    "business_name": {"en": "Sakura"},
    "business_phone": None,
    "phone_as_typed": None,
    "business_email": None,
    "business_address": None,
    "postal_code": None,
    "prefecture": None,
    "city": None,
    "latitude": None,
    "longitude": None,
    "party_size": 1,
    "price": 0,
    "amount_due": 0,
    "payment_mode": "none",
    "policy": {"tiers": [], "no_show_percent": 0},
    "hold_expires_at": None,
    "approval_deadline": None,
    "special_requests": None,
    "captured": 0,
    "authorized": 0,
    "by_voucher": False,
    "customer_phone": None,
    "customer_email": None,
    "customer_kana": None,
    "customer_visits": 0,
    "cancellation_reason": None,
    "staff": (),
}


@for_each("language", LANGUAGES)
@for_each(
    ("audience", "kind"),
    [
        *(("customer", kind) for kind in NoticeKind if kind not in BUSINESS_ALONE),
        *(("business", kind) for kind in NoticeKind),
    ],
)
def test_notices_can_be_written_from_required_facts_alone(kind: NoticeKind, language: str, audience: str) -> None:
    email = compose(content(kind, language, audience, **LEAST))
    assert "A7C9DFHK" in email.text
    assert "None" not in email.subject + email.text + email.html
    assert "\n\n\n" not in email.text
    assert not re.search(r"[：:] *\n(?!https)", email.text), "a label without a value"
    assert not re.search(r"（ *）|\( *\)|¥0|\b0円| 様様|、、|, ,", email.text + email.subject)


HOSTILE = "<script>alert(1)</script>\r\nBcc: all@example.com\n\n{{ code }}\u202e & \"x'"


@for_each(("case", "language"), EVERY)
def test_typed_text_is_never_markup(case: Case, language: str) -> None:
    hostile = {"ja": HOSTILE, "en": HOSTILE}
    typed: dict[str, Any] = dict.fromkeys(
        (
            *("family_name", "given_name", "business_phone", "phone_as_typed", "city", "special_requests"),
            *("cancellation_reason", "customer_kana", "customer_phone", "customer_email", "postal_code"),
        ),
        HOSTILE,
    )
    email = written(
        case,
        language,
        **typed,
        business_name=hostile,
        business_address=hostile,
        items=(AgreedItem(hostile, START, START, 1),),
        staff=(hostile,),
    )
    plain = written(case, language)
    assert not re.search(r"[\r\n\x00-\x1f\u202e]", email.subject + email.from_name)
    assert not re.search(r"(?m)^Bcc:", email.text)
    assert set(Seen(email.html).tags) <= set(Seen(plain.html).tags)
    assert "{{ code }}" in email.text  # written, not carried out
    for attachment in email.attachments:
        event, *_ = Calendar.from_ical(attachment.content).walk("VEVENT")
        other, *_ = Calendar.from_ical(plain.attachments[0].content).walk("VEVENT")
        assert set(event) == set(other)
        assert "Bcc" not in {line.split(b":")[0].decode() for line in attachment.content.splitlines()}


@pytest.mark.parametrize("name", ["ශ්‍රී", "می\u200cخواهم", "👩‍👧‍👦"])
def test_signs_that_join_letters_stay_in_a_name(name: str) -> None:
    email = compose(content(family_name=name, given_name=""))
    assert f"{name} 様" in email.text


def test_marks_without_width_leave_no_gap() -> None:
    assert words.one_line("カ\u00adッ\ufeffト\u202e") == "カット"


def test_text_that_names_an_unknown_variable_is_a_bug() -> None:
    with pytest.raises(UndefinedError):
        layout.TEXT.from_string("{{ nobody }}").render({})


@pytest.mark.parametrize(
    ("language", "lines"),
    [
        (
            "ja",
            [
                "11月19日（木）14:00まで：無料",
                "11月20日（金）14:00まで：料金の50%（2,500円）",
                "それ以降：料金の100%（5,000円）",
                "ご連絡なくお越しにならなかった場合：料金の100%（5,000円）",
                "キャンセル料は、オンラインでお支払い済みの金額から申し受けます。",
            ],
        ),
        (
            "en",
            [
                "Until Thu 19 Nov, 14:00: free",
                "Until Fri 20 Nov, 14:00: 50% of the price (¥2,500)",
                "Later: 100% of the price (¥5,000)",
                "If you do not come: 100% of the price (¥5,000)",
                "The fee is taken from what you paid online.",
            ],
        ),
    ],
)
def test_terms_are_points_in_time_and_amounts(language: str, lines: list[str]) -> None:
    assert terms.terms(content(language=language)) == lines


def test_fee_is_never_more_than_what_was_paid_online() -> None:
    deposit = content(payment_mode="deposit", amount_due=1000, captured=1000)
    assert terms.terms(deposit)[1] == "11月20日（金）14:00まで：料金の50%（1,000円まで）"
    assert terms.fee_now(replace(deposit, start_at=NOW), NOW) == 1000


def test_fee_that_is_kept_from_a_move_is_in_the_terms() -> None:
    moved = content(kept_penalty_percent=50, kept_penalty_until=NOW + timedelta(days=2))
    assert "日時変更後のキャンセル料（11月20日（金）12:00まで）：料金の50%（2,500円）以上" in terms.terms(moved)
    assert terms.fee_now(moved, NOW) == 2500
    assert terms.free_until(moved, NOW) is None
    later = NOW + timedelta(days=2)
    assert terms.fee_now(moved, later) == terms.fee_now(content(), later)


@pytest.mark.parametrize(
    "changes",
    [
        {"payment_mode": "at_venue", "amount_due": 0},
        {"booking_status": "completed"},
        {"kind": NoticeKind.REACCOMMODATION_OFFERED.value},
        {"audience": "business"},
    ],
)
def test_terms_are_left_out_where_nothing_can_be_charged(changes: dict[str, Any]) -> None:
    assert terms.terms(replace(content(), **changes)) == []


@pytest.mark.parametrize(
    ("mode", "due", "captured", "status", "ja", "en"),
    [
        ("at_venue", 0, 0, "confirmed", "当日のお支払い", "Pay at the venue"),
        ("prepay", 5000, 5000, "confirmed", "オンライン決済 5,000円（お支払い済み）", "¥5,000 online (paid)"),
        (
            "prepay",
            5000,
            0,
            "pending",
            "オンライン決済 5,000円（11月18日（水）12:10までにお支払いください）",
            "¥5,000 online (please pay by Wed 18 Nov, 12:10)",
        ),
        (
            "deposit",
            1000,
            1000,
            "confirmed",
            "予約金 1,000円（お支払い済み）＋当日 4,000円",
            "¥1,000 deposit (paid), ¥4,000 at the venue",
        ),
        (
            "card_hold",
            5000,
            0,
            "confirmed",
            "カードのご利用枠の確保 5,000円（ご利用後に請求）",
            "¥5,000 held on your card (charged after your visit)",
        ),
    ],
)
def test_payment_line_says_how_it_is_paid(mode: str, due: int, captured: int, status: str, ja: str, en: str) -> None:
    for language, said in (("ja", ja), ("en", en)):
        what = content(language=language, payment_mode=mode, amount_due=due, captured=captured, booking_status=status)
        assert rows.payment(what) == said


@pytest.mark.parametrize(
    ("number", "typed", "ja", "en"),
    [
        ("+81355500123", "03-5550-0123", "03-5550-0123", "+81 3-5550-0123"),
        ("+81355500123", None, "03-5550-0123", "+81 3-5550-0123"),
        ("+12125550123", None, "+1 212-555-0123", "+1 212-555-0123"),
        (None, None, "", ""),
    ],
)
def test_phone_number_as_people_write_it(number: str | None, typed: str | None, ja: str, en: str) -> None:
    assert (words.phone(number, typed, "ja"), words.phone(number, typed, "en")) == (ja, en)


def test_amount_of_zero_is_not_an_amount_that_is_not_known() -> None:
    known = compose(content(NoticeKind.BOOKING_CANCELLED, facts={"penalty": 0}, booking_status="cancelled")).text
    unknown = compose(content(NoticeKind.BOOKING_CANCELLED, facts={}, booking_status="cancelled")).text
    assert "キャンセル料：なし" in known
    assert "キャンセル料" not in unknown
