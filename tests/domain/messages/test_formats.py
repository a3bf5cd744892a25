"""How dates, times, amounts and names are written, in both languages."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.messages import formats

TOKYO = ZoneInfo("Asia/Tokyo")
AT = datetime(2026, 11, 21, 14, 0, tzinfo=TOKYO)


def tokyo(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=TOKYO)


@pytest.mark.parametrize(
    ("write", "ja", "en"),
    [
        (formats.day, "2026年11月21日（土）", "Sat 21 Nov 2026"),
        (formats.moment, "2026年11月21日（土）14:00", "Sat 21 Nov 2026, 14:00 (Japan time)"),
        (formats.short, "11月21日（土）14:00", "Sat 21 Nov, 14:00"),
        (formats.brief, "11/21（土）14:00", "21 Nov, 14:00"),
    ],
)
def test_time_in_each_form(write: object, ja: str, en: str) -> None:
    assert callable(write)
    assert (write(AT, "Asia/Tokyo", "ja"), write(AT.astimezone(UTC), "Asia/Tokyo", "en")) == (ja, en)


@pytest.mark.parametrize(
    ("start", "end", "ja", "en"),
    [
        (tokyo(21, 14), tokyo(21, 15), "2026年11月21日（土）14:00〜15:00", "Sat 21 Nov 2026, 14:00–15:00 (Japan time)"),
        (tokyo(21, 9), tokyo(21, 9, 30), "2026年11月21日（土）9:00〜9:30", "Sat 21 Nov 2026, 09:00–09:30 (Japan time)"),
        (
            tokyo(27, 23, 30),
            tokyo(28, 1, 30),
            "2026年11月27日（金）23:30〜翌1:30",
            "Fri 27 Nov 2026, 23:30–01:30 next day (Japan time)",
        ),
        (
            tokyo(28, 1),
            tokyo(28, 2),
            "2026年11月28日（土）1:00〜2:00（27日（金）の深夜）",
            "Sat 28 Nov 2026, 01:00–02:00 (the night of Fri 27 Nov, Japan time)",
        ),
        (
            tokyo(1, 4, 59),
            tokyo(3, 10),
            "2026年11月1日（日）4:59〜11月3日（火）10:00（10月31日（土）の深夜）",
            "Sun 1 Nov 2026, 04:59–Tue 3 Nov, 10:00 (the night of Sat 31 Oct, Japan time)",
        ),
        (tokyo(28, 5), tokyo(28, 6), "2026年11月28日（土）5:00〜6:00", "Sat 28 Nov 2026, 05:00–06:00 (Japan time)"),
    ],
)
def test_span_names_the_next_day_and_the_night(start: datetime, end: datetime, ja: str, en: str) -> None:
    assert formats.span(start, end, "Asia/Tokyo", "ja") == ja
    assert formats.span(start, end, "Asia/Tokyo", "en") == en


def test_zone_is_named_where_the_reader_could_take_another() -> None:
    assert (
        formats.moment(AT, "America/New_York", "ja") == "2026年11月21日（土）0:00（20日（金）の深夜）（New York時間）"
    )
    assert formats.moment(AT, "Europe/London", "en") == "Sat 21 Nov 2026, 05:00 (London time)"
    assert formats.moment(AT, "UTC", "en") == "Sat 21 Nov 2026, 05:00 (UTC)"


@given(
    st.integers(0, 2 * 365 * 24 * 60).map(lambda minutes: AT + timedelta(minutes=minutes)),
    st.sampled_from(["Asia/Tokyo", "Europe/London", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca"]),
)
def test_hour_that_is_written_is_the_venues(at: datetime, zone: str) -> None:
    local = at.astimezone(ZoneInfo(zone))
    assert f"{local:%H:%M}" in formats.moment(at, zone, "en")
    assert f"）{local.hour}:{local:%M}" in formats.span(at, at + timedelta(hours=1), zone, "ja")


@pytest.mark.parametrize(
    ("minutes", "ja", "en"),
    [(30, "30分", "30 min"), (60, "60分", "60 min"), (90, "1時間30分", "1 h 30 min"), (120, "2時間", "2 h")],
)
def test_durations(minutes: int, ja: str, en: str) -> None:
    assert (formats.duration(minutes, "ja"), formats.duration(minutes, "en")) == (ja, en)


@pytest.mark.parametrize(
    ("seconds", "ja", "en"),
    [
        (0, "1秒", "1 second"),
        (45, "45秒", "45 seconds"),
        (60, "1分", "1 minute"),
        (61, "2分", "2 minutes"),
        (1800, "30分", "30 minutes"),
        (3600, "1時間", "1 hour"),
        (5000, "2時間", "2 hours"),
    ],
)
def test_wait_is_never_shorter_than_it_is(seconds: int, ja: str, en: str) -> None:
    assert (formats.wait(seconds, "ja"), formats.wait(seconds, "en")) == (ja, en)


@pytest.mark.parametrize(
    ("amount", "currency", "ja", "en"),
    [
        (1234567, "JPY", "1,234,567円", "¥1,234,567"),
        (0, "JPY", "0円", "¥0"),
        (-1200, "JPY", "-1,200円", "-¥1,200"),
        (5005, "USD", "US$50.05", "US$50.05"),
        (5005, "KRW", "₩5,005", "₩5,005"),
    ],
)
def test_amounts(amount: int, currency: str, ja: str, en: str) -> None:
    assert (formats.money(amount, currency, "ja"), formats.money(amount, currency, "en")) == (ja, en)


def test_price_says_that_the_tax_is_included() -> None:
    assert (formats.taxed(5000, "JPY", "ja"), formats.taxed(5000, "JPY", "en")) == (
        "5,000円（税込）",
        "¥5,000 (tax included)",
    )


@pytest.mark.parametrize(
    ("family", "given_name", "ja", "en"),
    [
        ("田中", "太郎", "田中 太郎 様", "Dear 太郎 田中,"),
        ("Tanaka", "", "Tanaka 様", "Dear Tanaka,"),
        ("", "", "お客様", "Hello,"),
    ],
)
def test_person_is_addressed_by_what_is_known(family: str, given_name: str, ja: str, en: str) -> None:
    names = [formats.full_name(family, given_name, language) for language in ("ja", "en")]
    assert [formats.salutation(name, language) for name, language in zip(names, ("ja", "en"), strict=True)] == [ja, en]
