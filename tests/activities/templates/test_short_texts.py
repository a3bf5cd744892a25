"""Short forms of messages: as they are written, within the limits of their channels, in both languages."""

from dataclasses import replace
from pathlib import Path

import pytest

from activities.templates.examples import NOW, account_message, booking_message
from activities.templates.short_text import ShortMessage, code_message, short_booking_message, short_offer
from domain.messages.channels import SHORT, segments
from domain.messages.kinds import AccountEmailKind, NoticeKind
from providers.line.messaging_api import LABEL_LENGTH, TEXT_LENGTH

#: A short address as a deployment with a short host name has it.
LINK = "https://omotena.jp/m/aZ3kQ9xY0b"
WRITTEN = Path(__file__).parent / "short_texts.txt"
LANGUAGES = ("ja", "en")
KINDS = sorted({*SHORT, NoticeKind.BOOKING_PROOF})


def message(kind: NoticeKind | AccountEmailKind, language: str) -> ShortMessage:
    if isinstance(kind, AccountEmailKind):
        return short_offer(account_message(kind, language), LINK, NOW)
    return short_booking_message(booking_message(kind, language, "customer"), LINK, NOW)


def as_read() -> str:
    """Every short form as its reader sees it."""
    parts = []
    for kind in KINDS:
        for language in LANGUAGES:
            one = message(kind, language)
            lines = "\n".join((one.title, *one.lines))
            parts.append(f"== {kind} {language}\nSMS ({segments(one.sms)}): {one.sms}\n{lines}\n[{one.button[0]}]\n")
    for language in LANGUAGES:
        parts.append(f"== code {language}\nSMS: {code_message('n', language, '123456').sms}\n")
    return "\n".join(parts)


def test_short_texts_are_as_written() -> None:
    assert as_read() == WRITTEN.read_text(encoding="utf-8")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_short_text_fits_its_channels(kind: NoticeKind | AccountEmailKind, language: str) -> None:
    one = message(kind, language)
    text = "\n".join((one.title, *one.lines))
    assert len(one.lines) <= 3
    assert len(text) <= TEXT_LENGTH
    assert len(one.button[0]) <= LABEL_LENGTH
    assert one.sms.endswith(LINK)
    assert "\n" not in one.sms
    # An offer has two times, and neither can be left out.
    assert segments(one.sms) <= (2 if kind == AccountEmailKind.WAITLIST_OFFERED and language == "ja" else 1)


def test_short_text_cuts_the_name_and_never_time_or_link() -> None:
    content = booking_message(NoticeKind.BOOKING_CONFIRMED, "ja", "customer")
    long = replace(content, business_name={"ja": "ヘアサロン花" * 12, "en": "Hair"})
    one = short_booking_message(long, LINK, NOW)
    assert segments(one.sms) == 1
    assert one.sms.endswith(f"予約確定。変更・詳細 {LINK}")
    assert "…】" in one.sms


def test_short_text_takes_no_line_breaks_from_a_name() -> None:
    content = booking_message(NoticeKind.BOOKING_CONFIRMED, "en", "customer")
    one = short_booking_message(replace(content, business_name={"en": "Hana\nhttp://evil"}), LINK, NOW)
    assert "\n" not in one.sms
