"""From a business's page to a booking, and what can be done with it: plain forms, no JavaScript."""

from datetime import datetime
from urllib.parse import parse_qs, urlsplit

from db.engine.session import Database as Pool
from tests.api.conftest import PREFIX
from tests.api.pages.visitor import Visitor
from tests.api.salon import StaffedSalon, counted, keyed
from tests.support import data

CONTACT = {"family_name": "佐藤", "given_name": "愛", "email": "ai@example.jp"}


async def choose_time(visitor: Visitor, salon: StaffedSalon, slug: str, position: int = 0) -> str:
    """Go to the contact form; the address of the chosen time."""
    day = salon.at(10).date().isoformat()
    await visitor.open(f"/{slug}/book", service=str(salon.ids.service_id), day=day)
    address = visitor.links("start=")[position]
    await visitor.open(address)
    return address


async def book(visitor: Visitor, salon: StaffedSalon, slug: str) -> str:
    """Book the first time of the first free day; the address of the booking's page."""
    await choose_time(visitor, salon, slug)
    await visitor.send(f"/{slug}/book", **CONTACT, step="confirm")
    page = await visitor.send(f"/{slug}/book", step="book")
    assert page.status_code == 200, page.text
    return urlsplit(str(page.url)).path


async def test_business_page_shows_menu_hours_and_the_next_free_time(
    visitor: Visitor, salon: StaffedSalon, slug: str
) -> None:
    page = await visitor.open(f"/{slug}")
    assert page.status_code == 200
    assert "Next free: " in page.text
    assert visitor.links(f"/{slug}/book?service={salon.ids.service_id}")
    assert "<table" in page.text


async def test_business_page_shows_the_coming_one_off_days(
    visitor: Visitor, salon: StaffedSalon, slug: str, pool: Pool
) -> None:
    await data.rows(
        pool,
        "INSERT INTO business_holidays (business_id, day, opens) VALUES (:id, :day, '{{600,720}}')",
        id=salon.ids.business_id,
        day=salon.at(0, days=3).date(),
    )
    page = await visitor.open(f"/{slug}")
    assert page.status_code == 200
    assert "10:00–12:00" in page.text


async def test_flow_books_in_four_screens(visitor: Visitor, salon: StaffedSalon, slug: str, pool: Pool) -> None:
    await visitor.open(f"/{slug}/book")
    assert visitor.heading() == "Choose a service"
    start = await choose_time(visitor, salon, slug)
    assert visitor.heading() == "About you"
    await visitor.send(f"/{slug}/book", **CONTACT, step="confirm")
    assert visitor.heading() == "Check your booking"
    page = await visitor.send(f"/{slug}/book", step="book")
    assert page.url.path.startswith("/bookings/"), page.text
    [booking] = await data.rows(pool, "SELECT start_at FROM bookings")
    assert booking["start_at"] == datetime.fromisoformat(parse_qs(urlsplit(start).query)["start"][0])


async def test_flow_books_once_when_the_last_form_is_sent_twice(
    visitor: Visitor, salon: StaffedSalon, slug: str, pool: Pool
) -> None:
    await choose_time(visitor, salon, slug)
    check = await visitor.send(f"/{slug}/book", **CONTACT, step="confirm")
    first = await visitor.send(f"/{slug}/book", step="book")
    visitor.page = check  # the back button, and the same form again
    again = await visitor.send(f"/{slug}/book", step="book")
    assert again.url.path == first.url.path
    assert await counted(pool, "bookings") == {"bookings": 1}


async def test_flow_offers_other_times_when_the_time_was_taken(
    visitor: Visitor, salon: StaffedSalon, slug: str
) -> None:
    address = await choose_time(visitor, salon, slug)
    await visitor.send(f"/{slug}/book", **CONTACT, step="confirm")
    start = parse_qs(urlsplit(address).query)["start"][0]
    body = {"service_id": str(salon.ids.service_id), "start_at": start}
    for _ in range(3):  # all units
        await salon.customer.post("/bookings", json=body, headers=keyed())
    page = await visitor.send(f"/{slug}/book", step="book")
    assert page.status_code == 409
    assert "Free times nearby" in page.text
    assert visitor.links("start="), "the next step is one tap away"


async def test_flow_shows_the_new_price_before_it_books(
    visitor: Visitor, salon: StaffedSalon, slug: str, pool: Pool
) -> None:
    await choose_time(visitor, salon, slug)
    await visitor.send(f"/{slug}/book", **CONTACT, step="confirm")
    await data.rows(pool, "UPDATE services SET price = price + 500")
    page = await visitor.send(f"/{slug}/book", step="book")
    assert (page.status_code, "The price has changed" in page.text) == (409, True)
    assert await counted(pool, "bookings") == {"bookings": 0}
    assert (await visitor.send(f"/{slug}/book", step="book")).status_code == 200
    assert await counted(pool, "bookings") == {"bookings": 1}


async def test_flow_keeps_what_was_typed_beside_the_error(visitor: Visitor, salon: StaffedSalon, slug: str) -> None:
    await choose_time(visitor, salon, slug)
    page = await visitor.send(
        f"/{slug}/book", **{**CONTACT, "email": "ai@", "special_requests": "窓側"}, step="confirm"
    )
    assert page.status_code == 422
    assert 'value="佐藤"' in page.text
    assert "窓側" in page.text
    assert 'aria-invalid="true"' in page.text


async def test_booking_page_cancels_for_what_it_said(
    visitor: Visitor, salon: StaffedSalon, slug: str, pool: Pool
) -> None:
    address = await book(visitor, salon, slug)
    page = await visitor.open(f"{address}/cancel")
    assert "Cancelling is free." in page.text


async def test_booking_page_keeps_the_reason_when_the_cancellation_is_refused(
    visitor: Visitor, salon: StaffedSalon, slug: str, pool: Pool
) -> None:
    address = await book(visitor, salon, slug)
    await visitor.open(f"{address}/cancel")
    page = await visitor.send(f"{address}/cancel", reason=f"都合<b>{'が' * 500}")
    assert page.status_code == 422
    assert visitor.alert()
    assert 'value="都合&lt;b&gt;が' in page.text
    assert '<p class="wrong" id="reason-note">' in page.text
    assert await counted(pool, "bookings") == {"bookings": 1}
    # Temporal is away: the booking stays, and so does what was typed.
    page = await visitor.send(f"{address}/cancel", reason="都合がつかなくなりました")
    assert page.status_code == 503
    assert 'value="都合がつかなくなりました"' in page.text
    assert visitor.alert()
    await data.rows(pool, "UPDATE bookings SET status = 'cancelled' RETURNING id, status")
    page = await visitor.send(f"{address}/cancel", reason="都合")
    assert page.status_code == 409, "there is nothing to cancel"
    assert visitor.links("/")


async def test_booking_page_gives_a_calendar_file(visitor: Visitor, salon: StaffedSalon, slug: str) -> None:
    address = await book(visitor, salon, slug)
    file = await visitor.open(f"{address}/booking.ics")
    assert file.headers["content-type"].startswith("text/calendar")
    assert file.text.startswith("BEGIN:VCALENDAR")


async def test_booking_page_says_that_a_link_is_unknown(visitor: Visitor, salon: StaffedSalon, slug: str) -> None:
    address = await book(visitor, salon, slug)
    for wrong in (address[:-1] + ("A" if address[-1] != "A" else "B"), "/bookings/nothing", "/bookings/%00"):
        assert (await visitor.open(wrong)).status_code == 404, wrong


async def test_flow_takes_any_nonsense_in_the_address(visitor: Visitor, salon: StaffedSalon, slug: str) -> None:
    service = str(salon.ids.service_id)
    for query in (
        {"service": "nothing"},
        {"service": service, "day": "2026-02-31"},
        {"service": service, "day": "9999-12-31"},
        {"service": service, "start": "yesterday"},
        {"service": service, "start": "9999-12-31T23:59:00+00:00"},
        {"service": service, "party": "-1"},
        {"service": service, "party": "９"},
        {"service": service, "staff": "nobody"},
        {"service": [service] * 9},
    ):
        page = await visitor.open(f"/{slug}/book", **query)
        assert page.status_code < 500, (query, page.text)


async def test_move_page_takes_any_nonsense_in_the_address(visitor: Visitor, salon: StaffedSalon, slug: str) -> None:
    address = await book(visitor, salon, slug)
    for query in ({"start": "soon"}, {"start": "9999-12-31T23:59:00+00:00"}, {"day": "9999-12-31"}, {"day": "x"}):
        assert (await visitor.open(f"{address}/move", **query)).status_code < 500, query


async def test_waitlist_form_joins_a_full_day(visitor: Visitor, salon: StaffedSalon, slug: str) -> None:
    day = salon.at(0).date()
    times = {"starts_at": salon.at(0).isoformat(), "ends_at": salon.at(0, days=1).isoformat()}
    body = {"business_id": str(salon.ids.business_id), **times}
    assert (await salon.owner.post("/blocks", json=body, headers=keyed())).status_code == 201
    full = await visitor.open(f"/{slug}/book", service=str(salon.ids.service_id), day=day.isoformat())
    [address] = visitor.links("/waitlist?")
    assert "Nothing is free on this day." in full.text
    await visitor.open(address)
    page = await visitor.send(f"/{slug}/waitlist", **CONTACT, first_day=day.isoformat(), last_day=day.isoformat())
    assert page.url.path.startswith("/waitlist/"), page.text
    assert "You are on the waitlist" in page.text or "once your address is confirmed" in page.text
    assert "confirm your booking" not in page.text


async def test_waitlist_says_what_it_is_before_anything_is_typed(
    visitor: Visitor, salon: StaffedSalon, slug: str
) -> None:
    """On the screen that asks which service, on the form, and for several services, of which one is to be chosen."""
    service = str(salon.ids.service_id)
    said = {"en": "Nothing is booked or paid yet.", "ja": "まだ予約ではなく、お支払いもありません。"}
    for chosen in ([], [service], [service, service]):
        for language, sentence in said.items():
            page = await visitor.open(f"/{slug}/waitlist", service=chosen, lang=language)
            assert page.status_code == 200
            assert sentence in page.text.partition("<form")[0], page.text
            assert 'class="steps"' not in page.text
            assert ('type="radio" name="service"' in page.text) == (len(chosen) != 1), chosen
    page = await visitor.send(f"/{slug}/waitlist", **CONTACT)
    assert page.status_code in {403, 422}, page.text


async def test_waitlist_form_says_that_a_time_is_free(visitor: Visitor, salon: StaffedSalon, slug: str) -> None:
    day = salon.at(0).date().isoformat()
    await visitor.open(f"/{slug}/waitlist", service=str(salon.ids.service_id), day=day)
    page = await visitor.send(f"/{slug}/waitlist", **CONTACT, first_day=day, last_day=day)
    assert page.status_code == 409
    assert visitor.alert()


async def test_api_answers_programs_in_its_own_format(salon: StaffedSalon) -> None:
    answer = await salon.nobody.get("/no-such-business", headers={"Accept": "application/json"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")
    assert (await salon.nobody.get(f"{PREFIX}/nothing")).status_code == 404
