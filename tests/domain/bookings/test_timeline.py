"""Which entries of a booking's timeline its readers see."""

from datetime import UTC, datetime, timedelta

from domain.bookings.timeline import Source, TimelineEntry, visible_entries

NOW = datetime(2026, 11, 1, 9, tzinfo=UTC)


def entry(minute: int, source: Source, event: str, **more: object) -> TimelineEntry:
    return TimelineEntry(NOW + timedelta(minutes=minute), source, event, **more)  # type: ignore[arg-type]


ALL = [
    entry(2, Source.MESSAGE, "booking_confirmed.sent"),
    entry(2, Source.MESSAGE, "booking_confirmed.sent", to_business=True),
    entry(0, Source.BOOKING, "held"),
    entry(1, Source.PROVIDER, "payment_intent.succeeded"),
    entry(1, Source.MONEY, "capture.intended", amount=5000, currency="JPY"),
    entry(1, Source.MONEY, "capture.succeeded", amount=5000, currency="JPY"),
    entry(2, Source.BOOKING, "confirmed"),
    entry(3, Source.MESSAGE, "booking_reminder.failed"),
    entry(4, Source.MONEY, "void.succeeded", amount=0, currency="JPY"),
    entry(5, Source.BOOKING, "reassigned"),
]


def test_story_is_whole_for_staff_in_order_of_time() -> None:
    seen = visible_entries(ALL, for_staff=True)
    assert len(seen) == len(ALL)
    assert [one.at for one in seen] == sorted(one.at for one in ALL)
    at_two = [one.source for one in seen if one.at == NOW + timedelta(minutes=2)]
    assert at_two == [Source.BOOKING, Source.MESSAGE, Source.MESSAGE]


def test_story_is_short_for_the_customer() -> None:
    seen = [(one.source.value, one.event) for one in visible_entries(ALL, for_staff=False)]
    assert seen == [
        ("booking", "held"),
        ("money", "capture.succeeded"),
        ("booking", "confirmed"),
        ("message", "booking_confirmed.sent"),
    ]


def test_story_leaves_an_undone_step_out_for_the_customer_alone() -> None:
    steps = [
        entry(0, Source.BOOKING, "confirmed"),
        entry(1, Source.BOOKING, "no_show"),
        entry(2, Source.BOOKING, "undone"),
        entry(3, Source.BOOKING, "checked_in"),
    ]
    assert [one.event for one in visible_entries(steps, for_staff=False)] == ["confirmed", "checked_in"]
    assert [one.event for one in visible_entries(steps, for_staff=True)] == [
        "confirmed",
        "no_show",
        "undone",
        "checked_in",
    ]
