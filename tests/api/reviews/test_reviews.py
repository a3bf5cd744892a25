"""Reviews over HTTP: by login and by link, what the public sees, and who may do what."""

from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest_asyncio
from fastapi import FastAPI
from httpx import AsyncClient

from api.access.guest_links import HEADER
from db.engine.session import Database as Pool
from tests.api.conftest import PREFIX, Clock, client_of, error_of, rules_of
from tests.api.salon import StaffedSalon, staffed_salon
from tests.support.data import HOUR, rows
from tests.support.reviews import DAY, add_review, add_visit


@pytest_asyncio.fixture
async def salon(app: FastAPI, pool: Pool, clock: Clock) -> AsyncIterator[StaffedSalon]:
    async with staffed_salon(app, pool, clock) as opened:
        yield opened


@pytest_asyncio.fixture
async def visit(salon: StaffedSalon, pool: Pool, clock: Clock) -> UUID:
    """The customer's visit, over since two hours."""
    start = clock.now().replace(microsecond=0) - 3 * HOUR
    return await add_visit(pool, salon.ids, start)


@pytest_asyncio.fixture
async def guest(app: FastAPI, visit: UUID) -> AsyncIterator[AsyncClient]:
    """Somebody with the link of the visit."""
    token = app.state.services.booking_links.token(visit)
    async with client_of(app, **{HEADER: token}) as client:
        yield client


def body(visit: UUID, **more: object) -> dict[str, object]:
    return {"booking_id": str(visit), "rating": 4, "text": "とても\n<b>良かった</b>", **more}


async def test_review_by_login_is_changed_answered_and_deleted(salon: StaffedSalon, pool: Pool, visit: UUID) -> None:
    made = await salon.customer.post("/reviews", json=body(visit, display_name="はな好き"))
    assert made.status_code == 201, made.text
    review = made.json()["data"]
    assert (review["status"], review["text"], review["version"]) == ("pending", "とても\n<b>良かった</b>", 1)
    assert error_of(await salon.customer.post("/reviews", json=body(visit))) == (409, "already_exists")
    path = f"/reviews/{review['id']}"
    assert error_of(await salon.nobody.get(PREFIX + path)) == (404, "not_found"), "not public yet"
    changed = await salon.customer.put(path, json={"rating": 5, "text": "良い"})
    assert (changed.json()["data"]["rating"], changed.json()["data"]["version"]) == (5, 2)
    await rows(pool, "UPDATE reviews SET status = 'published', published_on = :day", day=salon.day.date())
    replied = await salon.owner.post(f"{path}/respond", json={"text": "ありがとうございました"})
    assert replied.json()["data"]["reply"] == "ありがとうございました"
    public = (await salon.nobody.get(PREFIX + path)).json()["data"]
    assert (public["text"], public["reply"], public["is_edited"]) == ("良い", "ありがとうございました", True)
    mine = (await salon.customer.get("/reviews/mine")).json()["data"]
    assert [one["id"] for one in mine] == [review["id"]]
    gone = await salon.customer.delete(f"{path}/delete")
    assert gone.json()["data"] == {"id": review["id"]}
    assert error_of(await salon.customer.get(path)) == (404, "not_found")


async def test_review_by_link_is_written_within_ninety_days(
    salon: StaffedSalon, visit: UUID, guest: AsyncClient, clock: Clock
) -> None:
    clock.ahead = 60 * DAY
    assert error_of(await guest.get(f"{PREFIX}/bookings/{visit}")) == (410, "gone"), "the link itself is over"
    made = await guest.post(f"{PREFIX}/reviews", json=body(visit))
    assert made.status_code == 201, made.text
    shown = await guest.get(f"{PREFIX}/bookings/{visit}/review")
    assert shown.json()["data"]["id"] == made.json()["data"]["id"]
    clock.ahead = 91 * DAY
    assert error_of(await guest.delete(f"{PREFIX}/reviews/{made.json()['data']['id']}/delete")) == (410, "gone")


async def test_public_answer_does_not_show_who_wrote(salon: StaffedSalon, pool: Pool, visit: UUID) -> None:
    [booking] = await rows(pool, "SELECT * FROM bookings WHERE id = :id", id=visit)
    review = await add_review(pool, salon.ids, visit, published_on=(booking["start_at"] + 2 * DAY).date())
    answers = [
        await salon.nobody.get(f"{PREFIX}/reviews/{review}"),
        await salon.nobody.get(f"{PREFIX}/reviews", params={"business_id": str(salon.ids.business_id)}),
        await salon.other_owner.get(f"/reviews/{review}"),
    ]
    for answer in answers:
        assert answer.status_code == 200, answer.text
        for trace in (
            str(visit),
            str(salon.ids.user_id),
            str(salon.ids.customer_id),
            booking["code"],
            "佐藤",
            "created",
        ):
            assert trace not in answer.text
        shown = answer.json()["data"]
        one = shown[0] if isinstance(shown, list) else shown
        assert one["visited_in"] == "2026-11", "a month"
        assert not [key for key in one if key.endswith("_at")], "no exact time"
        assert UUID(one["id"]).version == 4


async def test_public_list_pages_and_filters(salon: StaffedSalon, pool: Pool, clock: Clock) -> None:
    start = clock.now().replace(microsecond=0) - 4 * DAY
    for number in range(3):
        visit = await add_visit(pool, salon.ids, start + number * HOUR)
        await add_review(pool, salon.ids, visit, rating=number + 3, body=None if number else "text")
    query = {"business_id": str(salon.ids.business_id), "limit": "2"}
    first = (await salon.nobody.get(f"{PREFIX}/reviews", params=query)).json()
    rest = (
        await salon.nobody.get(f"{PREFIX}/reviews", params={**query, "cursor": first["meta"]["next_cursor"]})
    ).json()
    found = [one["rating"] for one in first["data"] + rest["data"]]
    assert (sorted(found), rest["meta"]["next_cursor"]) == ([3, 4, 5], None)
    for asked, number in (({"rating": "5"}, 1), ({"with_text": "true"}, 1), ({"resource_id": str(uuid4())}, 0)):
        listed = (await salon.nobody.get(f"{PREFIX}/reviews", params={**query, **asked})).json()["data"]
        assert len(listed) == number, asked
    stats = (await salon.nobody.get(f"{PREFIX}/businesses/{salon.ids.business_id}/reviews/stats")).json()["data"]
    assert (stats["count"], stats["mean"], stats["distribution"]["5"]) == (3, 4.0, 1)
    assert [one["name"]["en"] for one in stats["by_service"] + stats["by_staff"]] == ["Cut", "Hanako"]


async def test_review_of_another_or_by_the_team_is_refused(salon: StaffedSalon, pool: Pool, visit: UUID) -> None:
    assert error_of(await salon.staff.post("/reviews", json=body(visit))) == (403, "forbidden")
    assert error_of(await salon.other_owner.post("/reviews", json=body(visit))) == (404, "not_found")
    await rows(pool, "UPDATE bookings SET user_id = :user WHERE id = :id", user=salon.owner.id, id=visit)
    refused = await salon.owner.post("/reviews", json=body(visit))
    assert error_of(refused) == (422, "rule_broken")
    assert refused.json()["error"]["message"].startswith("You cannot review a business")
    review = await add_review(pool, salon.ids, visit)
    for path, sent in ((f"/reviews/{review}", {"rating": 1}), (f"/reviews/{review}/respond", {"text": "a"})):
        call = salon.customer.put if "respond" not in path else salon.customer.post
        await rows(pool, "UPDATE reviews SET user_id = NULL")
        assert error_of(await call(path, json=sent))[0] in {403, 404}


async def test_broken_input_is_refused(salon: StaffedSalon, visit: UUID) -> None:
    for sent, expected in (
        ({"rating": 0}, {("rating", "greater_than_equal")}),
        ({"rating": 6}, {("rating", "less_than_equal")}),
        ({"display_name": "佐藤さん"}, {("display_name", "real_name")}),
        ({"display_name": "see example.com"}, {("display_name", "link")}),
    ):
        assert rules_of(await salon.customer.post("/reviews", json=body(visit, **sent))) == expected


async def test_owner_lists_all_reviews_of_the_business(salon: StaffedSalon, pool: Pool, visit: UUID) -> None:
    review = await add_review(pool, salon.ids, visit, status="hidden", removal_reason="untrue")
    path = f"/owner/businesses/{salon.ids.business_id}/reviews"
    listed = (await salon.assistant.get(path, params={"status": "hidden"})).json()["data"]
    assert [(one["id"], one["removal_reason"], one["booking_id"]) for one in listed] == [
        (str(review), "untrue", str(visit))
    ]
    assert (await salon.assistant.get(path, params={"status": "published"})).json()["data"] == []
    assert error_of(await salon.customer.get(path)) == (404, "not_found")
