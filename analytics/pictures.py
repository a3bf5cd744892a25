"""Figures as SVG: revenue by day, occupancy by weekday and hour, and cohorts of customers.

A picture has no script and loads nothing. Its colours follow the page's text colour and one accent, and every shape has
its value as a title, which screen readers read.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from html import escape

_FONT = 'font-family="system-ui, sans-serif" font-size="11" fill="currentColor"'
_ACCENT = "#2f6f5e"
_DAYS = {"ja": ("月", "火", "水", "木", "金", "土", "日"), "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")}
_WIDTH, _LEFT, _TOP = 720, 56, 28


def revenue(days: Sequence[tuple[date, int]], currency: str, title: str) -> str:
    """A bar for each day; ``days`` has amounts in minor units. A negative amount (more refunded than captured) is
    drawn below the line."""
    top = max([0, *(amount for _, amount in days)])
    low = min([0, *(amount for _, amount in days)])
    span = max(top - low, 1)
    height, step = 180, (_WIDTH - _LEFT) / max(len(days), 1)
    zero = _TOP + height * top / span
    shapes = [
        f'<line x1="{_LEFT}" x2="{_WIDTH}" y1="{zero:.1f}" y2="{zero:.1f}" stroke="currentColor" stroke-width="0.5"/>',
        _text(4, _TOP + 10, f"{top:,}"),
        _text(4, zero, "0"),
    ]
    for n, (day, amount) in enumerate(days):
        size = height * abs(amount) / span
        y = zero - size if amount >= 0 else zero
        shapes.append(
            f'<rect x="{_LEFT + n * step:.1f}" y="{y:.1f}" width="{max(step - 1, 0.5):.1f}" height="{size:.1f}"'
            f' fill="{_ACCENT}"><title>{day.isoformat()}: {amount:,} {escape(currency)}</title></rect>'
        )
        if day.day == 1 or n == 0:
            shapes.append(_text(_LEFT + n * step, _TOP + height + 16, f"{day.month}/{day.day}"))
    return _picture(title, _TOP + height + 28, shapes)


def occupancy(cells: Mapping[tuple[int, int], int], language: str, title: str) -> str:
    """Weekdays across, hours down; the darker, the more bookings start. ``cells``: by (weekday, hour), 0 is Monday, and
    hour 25 is one o'clock in the night after the day."""
    hours = range(min((hour for _, hour in cells), default=9), max((hour for _, hour in cells), default=18) + 1)
    most = max(cells.values(), default=0) or 1
    width, height = (_WIDTH - _LEFT) / 7, 22
    shapes = [_text(_LEFT + n * width + 4, _TOP - 6, name) for n, name in enumerate(_DAYS[language])]
    for row, hour in enumerate(hours):
        y = _TOP + row * height
        shapes.append(_text(4, y + 15, f"{hour}:00"))
        for weekday in range(7):
            count = cells.get((weekday, hour), 0)
            name = escape(_DAYS[language][weekday])
            shapes.append(
                f'<rect x="{_LEFT + weekday * width:.1f}" y="{y}" width="{width - 2:.1f}" height="{height - 2}"'
                f' fill="{_ACCENT}" fill-opacity="{0.06 + 0.94 * count / most:.2f}">'
                f"<title>{name} {hour}:00: {count}</title></rect>"
            )
    return _picture(title, _TOP + len(hours) * height + 8, shapes)


def cohorts(rows: Sequence[tuple[str, Sequence[int]]], title: str) -> str:
    """A row for each month of first visits: how many of its customers returned after one month, two months, …; the
    first number is how many they were."""
    longest = max((len(counts) for _, counts in rows), default=1)
    width, height = (_WIDTH - _LEFT - 8) / longest, 22
    shapes = [_text(_LEFT + 8 + n * width + 4, _TOP - 6, f"+{n}") for n in range(longest)]
    for row, (month, counts) in enumerate(rows):
        y = _TOP + row * height
        shapes.append(_text(4, y + 15, month))
        for n, count in enumerate(counts):
            share = count / counts[0] if counts[0] else 0
            x = _LEFT + 8 + n * width
            shapes.append(
                f'<rect x="{x:.1f}" y="{y}" width="{width - 2:.1f}" height="{height - 2}" fill="{_ACCENT}"'
                f' fill-opacity="{0.06 + 0.6 * share:.2f}">'
                f"<title>{escape(month)} +{n}: {count} ({share:.0%})</title></rect>"
            )
            shapes.append(_text(x + 4, y + 15, str(count)))
    return _picture(title, _TOP + len(rows) * height + 8, shapes)


def _text(x: float, y: float, words: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" {_FONT}>{escape(words)}</text>'


def _picture(title: str, height: float, shapes: Sequence[str]) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height:.0f}" role="img">'
        f"<title>{escape(title)}</title>{''.join(shapes)}</svg>"
    )
