"""Reviews on pages: written through the link of the visit, answered in the console, and shown to everybody."""

from datetime import timedelta

from fastapi import FastAPI

from db.engine.session import Database as Pool
from tests.api.conftest import Clock
from tests.api.pages.visitor import Visitor
from tests.api.salon import StaffedSalon
from tests.support.data import HOUR, rows
from tests.support.reviews import add_visit


async def link_of(app: FastAPI, salon: StaffedSalon, pool: Pool, clock: Clock) -> str:
    """The page of a visit that is over since two hours."""
    visit = await add_visit(pool, salon.ids, clock.now().replace(microsecond=0) - 3 * HOUR)
    return f"/bookings/{app.state.services.booking_links.token(visit)}"


async def test_review_is_written_changed_and_deleted_by_link(
    app: FastAPI, visitor: Visitor, salon: StaffedSalon, pool: Pool, clock: Clock
) -> None:
    address = await link_of(app, salon, pool, clock)
    await visitor.open(address)
    await visitor.open(visitor.links("/review")[0])
    page = await visitor.send(f"{address}/review", rating="4", text="とても良かった", display_name="はな好き")
    assert "Your review is saved." in page.text, page.text
    page = await visitor.open(f"{address}/review")
    assert "とても良かった" in page.text
    page = await visitor.send(f"{address}/review", rating="5", text="最高", do="save")
    [row] = await rows(pool, "SELECT rating FROM reviews")
    assert row["rating"] == 5
    assert "最高" in (await visitor.open(f"{address}/review")).text
    await visitor.send(f"{address}/review", do="delete", rating="5")
    assert "最高" not in (await visitor.open(f"{address}/review")).text


async def test_review_form_opens_after_the_visit_and_says_so_before(
    app: FastAPI, visitor: Visitor, salon: StaffedSalon, pool: Pool, clock: Clock
) -> None:
    address = await link_of(app, salon, pool, clock)
    for status, said in (("confirmed", "after"), ("cancelled", "after"), ("completed", "")):
        await rows(pool, "UPDATE bookings SET status = :status RETURNING id", status=status)
        page = await visitor.open(f"{address}/review")
        assert page.status_code == 200
        assert ('name="rating"' in page.text) == (said == "")
        if said:
            assert "You can write a review" in page.text, page.text
            assert visitor.links(address)[-1] == address
    clock.ahead = timedelta(days=91)
    page = await visitor.open(f"{address}/review")
    assert 'name="rating"' not in page.text


async def test_review_without_stars_says_so_and_keeps_the_text(
    app: FastAPI, visitor: Visitor, salon: StaffedSalon, pool: Pool, clock: Clock
) -> None:
    address = await link_of(app, salon, pool, clock)
    await visitor.open(f"{address}/review")
    page = await visitor.send(f"{address}/review", text="とても良かった")
    assert page.status_code == 422
    assert visitor.alert()
    assert "とても良かった" in page.text


async def test_review_is_answered_in_the_console_and_shown_on_the_page(
    app: FastAPI, visitor: Visitor, owner: Visitor, salon: StaffedSalon, slug: str, pool: Pool, clock: Clock
) -> None:
    address = await link_of(app, salon, pool, clock)
    await visitor.open(f"{address}/review")
    await visitor.send(f"{address}/review", rating="4", text="とても良かった")
    [row] = await rows(
        pool, "UPDATE reviews SET status = 'published', published_on = :day RETURNING id", day=salon.day.date()
    )
    console = f"/console/{salon.ids.business_id}/reviews"
    page = await owner.open(console)
    assert "とても良かった" in page.text
    page = await owner.send(f"{console}/{row['id']}/respond", text="ありがとうございました")
    assert "ありがとうございました" in page.text
    page = await owner.send(f"{console}/{row['id']}/moderate", reason="advertising", note="宣伝です")
    assert "Saved." in page.text, page.text
    public = await visitor.open(f"/{slug}")
    assert "とても良かった" in public.text
    assert "ありがとうございました" in public.text
