"""Japan's public holidays, as the Cabinet Office lists them for 2026."""

from datetime import date

from db.scheduling.public_holidays import public_holidays


def test_japans_holidays_include_the_one_between_two() -> None:
    found = public_holidays("Asia/Tokyo", date(2026, 9, 1), date(2026, 9, 30))
    # 敬老の日 on the 21st and 秋分の日 on the 23rd make the 22nd a holiday of the people (国民の休日).
    assert {date(2026, 9, 21), date(2026, 9, 22), date(2026, 9, 23)} <= found
    assert date(2026, 9, 24) not in found


def test_range_over_new_year_has_both_years() -> None:
    found = public_holidays("Asia/Tokyo", date(2026, 12, 20), date(2027, 1, 20))
    assert {date(2026, 11, 3), date(2027, 1, 1), date(2027, 1, 11)} <= found


def test_elsewhere_there_are_none() -> None:
    assert public_holidays("Europe/London", date(2026, 1, 1), date(2026, 12, 31)) == frozenset()
