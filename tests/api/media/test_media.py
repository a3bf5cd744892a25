"""Pictures and films of a business: both ways in, what is shown, in which order, and to whom."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from httpx import AsyncClient
from temporalio.testing import ActivityEnvironment

from activities.media.media import BATCH, KEEP_REMOVED, KEEP_UNREFERENCED, MediaActivities, MediaSweepInput
from db.engine.session import Database as Pool
from domain.media.files import SHOWN, UPLOADS
from providers.storage.interface import ObjectMissing, Storage
from runtime.settings import Settings
from tests.api.business_setup import OpenSalon, assign, create_business, open_salon, rows
from tests.api.conftest import PREFIX, Clock, Login, Person, Statements, error_of, rules_of
from tests.api.media.conftest import Look, upload
from tests.support import pictures
from tests.support.servers import Database


async def listed(person: AsyncClient | Person, salon: OpenSalon, **asked: Any) -> list[dict[str, Any]]:
    """What somebody sees of a business."""
    http = person.http if isinstance(person, Person) else person
    answer = await http.get(f"{PREFIX}/media", params={"business_id": str(salon.id), **asked})
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["data"]
    return found


async def read(person: AsyncClient | Person, media: dict[str, Any]) -> dict[str, Any]:
    """One, as somebody sees it."""
    http = person.http if isinstance(person, Person) else person
    answer = await http.get(f"{PREFIX}/media/{media['id']}")
    assert answer.status_code == 200, answer.text
    data: dict[str, Any] = answer.json()["data"]
    return data


async def ready(salon: OpenSalon, look: Look, count: int = 1) -> list[dict[str, Any]]:
    """Pictures that are shown."""
    made = [await upload(salon.owner, salon.id) for _ in range(count)]
    for media in made:
        assert await look(media) == "ready"
    return made


async def test_media_is_uploaded_and_shown_to_everybody(
    salon: OpenSalon, client: AsyncClient, look: Look, objects: Storage, database: Database
) -> None:
    media = await upload(salon.owner, salon.id, pictures.with_place())
    assert (media["status"], media["kind"], media["content_type"]) == ("processing", "image", "image/jpeg")
    assert media["variants"] == []
    assert await listed(client, salon) == [], "nothing is shown before it was looked at"
    assert error_of(await client.get(f"{PREFIX}/media/{media['id']}")) == (404, "not_found")
    [row] = await rows(database, "SELECT upload_key, size FROM business_media")
    assert (await objects.head(row["upload_key"])).size == row["size"] == len(pictures.with_place())
    [command] = await rows(database, "SELECT command, payload FROM outbox WHERE command = 'media.start'")
    assert media["id"] in command["payload"]

    assert await look(media) == "ready"
    shown = await read(client, media)
    assert (shown["width"], shown["height"], shown["rejection"]) == (640, 480, None)
    assert {one["name"] for one in shown["variants"]} == {"large", "medium", "thumbnail"}
    async with httpx.AsyncClient() as browser:
        for one in shown["variants"]:
            answer = await browser.get(one["url"])
            assert (answer.status_code, answer.headers["content-type"]) == (200, "image/webp")
            assert answer.content.startswith(b"RIFF")
            assert pictures.SECRET_MAKER.encode() not in answer.content
    with pytest.raises(ObjectMissing):
        await objects.head(row["upload_key"])


async def test_business_has_only_so_many(salon: OpenSalon, database: Database, settings: Settings) -> None:
    fill = (
        "INSERT INTO business_media (business_id, kind, content_type, status, upload_key, position)"
        " SELECT $1::uuid, 'image', 'image/png', 'uploading', 'in/' || n, n FROM generate_series(2, $2) n"
    )
    await rows(database, fill, salon.id, settings.media_per_business)
    await upload(salon.owner, salon.id)
    body = {"business_id": str(salon.id), "content_type": "image/png", "size": 100}
    by_form = await salon.owner.post(f"/media?business_id={salon.id}", files={"file": ("a.jpg", pictures.picture())})
    for answer in (by_form, await salon.owner.post("/media/presign", json=body)):
        assert error_of(answer) == (422, "rule_broken")
        assert answer.json()["error"]["details"]["rule"] == "too_many_media"


async def test_media_of_a_business_have_a_size_together(
    salon: OpenSalon, database: Database, settings: Settings, objects: Storage
) -> None:
    fill = (
        "INSERT INTO business_media (business_id, kind, content_type, status, upload_key, position, size, rejection)"
        " VALUES ($1::uuid, 'video', 'video/mp4', $2, $2, 0, $3, $4)"
    )
    content = pictures.picture()
    most = settings.media_bytes_per_business
    await rows(database, fill, salon.id, "rejected", most, "broken")
    await rows(database, fill, salon.id, "ready", most - len(content), None)
    body = {"business_id": str(salon.id), "content_type": "image/jpeg", "size": len(content)}
    waiting = (await salon.owner.post("/media/presign", json=body)).json()["data"]["media"]
    await upload(salon.owner, salon.id, content)
    [row] = await rows(database, "SELECT upload_key FROM business_media WHERE id = $1", UUID(waiting["id"]))
    await objects.put(row["upload_key"], content, "image/jpeg")
    by_form = await salon.owner.post(f"/media?business_id={salon.id}", files={"file": ("a.jpg", content)})
    by_ticket = await salon.owner.post("/media/presign", json=body)
    finished = await salon.owner.post(f"/media/{waiting['id']}/complete")
    for answer in (by_form, by_ticket, finished):
        assert error_of(answer) == (422, "rule_broken"), answer.text
        assert answer.json()["error"]["details"]["rule"] == "media_space_used"


async def test_media_are_taken_from_an_owner_with_a_confirmed_address(salon: OpenSalon, database: Database) -> None:
    await rows(database, "UPDATE users SET email_verified_at = NULL")
    body = {"business_id": str(salon.id), "content_type": "image/png", "size": 100}
    by_form = await salon.owner.post(f"/media?business_id={salon.id}", files={"file": ("a.jpg", pictures.picture())})
    for answer in (by_form, await salon.owner.post("/media/presign", json=body)):
        assert error_of(answer) == (409, "wrong_state")
        assert answer.json()["error"]["details"]["wanted"] == "email_verified"


async def test_past_the_api_with_a_ticket(
    salon: OpenSalon, client: AsyncClient, look: Look, database: Database, clock: Clock
) -> None:
    content = pictures.picture("PNG")
    body = {"business_id": str(salon.id), "content_type": "image/png", "size": len(content)}
    answer = await salon.owner.post("/media/presign", json=body)
    assert answer.status_code == 201, answer.text
    media, ticket = answer.json()["data"]["media"], answer.json()["data"]["upload"]
    assert media["status"] == "uploading"
    early = await salon.owner.post(f"/media/{media['id']}/complete")
    assert error_of(early) == (409, "wrong_state")
    assert early.json()["error"]["details"]["rule"] == "no_file"

    async with httpx.AsyncClient() as browser:
        large = {"file": ("a.png", b"x" * (ticket["max_bytes"] + 1))}
        assert (await browser.post(ticket["url"], data=ticket["fields"], files=large)).status_code in {400, 403}
        sent = await browser.post(ticket["url"], data=ticket["fields"], files={"file": ("a.png", content)})
        assert sent.status_code == 204, sent.text
    for _ in range(2):
        complete = await salon.owner.post(f"/media/{media['id']}/complete")
        assert (complete.status_code, complete.json()["data"]["status"]) == (200, "processing")
    assert len(await rows(database, "SELECT 1 FROM outbox WHERE command = 'media.start'")) == 1
    assert await look(media) == "ready"
    assert await look(media) == "ready", "twice is once"
    assert (await salon.owner.post(f"/media/{media['id']}/complete")).json()["data"]["status"] == "ready"
    assert [one["id"] for one in await listed(client, salon)] == [media["id"]]


async def test_ticket_for_another_kind_of_file_brings_nothing(
    salon: OpenSalon, look: Look, client: AsyncClient
) -> None:
    body = {"business_id": str(salon.id), "content_type": "image/png", "size": 10}
    data = (await salon.owner.post("/media/presign", json=body)).json()["data"]
    async with httpx.AsyncClient() as browser:
        page = {"file": ("a.png", b"<script>alert(1)</script>")}
        assert (await browser.post(data["upload"]["url"], data=data["upload"]["fields"], files=page)).status_code == 204
    await salon.owner.post(f"/media/{data['media']['id']}/complete")
    assert await look(data["media"]) == "rejected"
    seen = await read(salon.owner, data["media"])
    assert (seen["status"], seen["rejection"], seen["variants"]) == ("rejected", "unknown_type", [])
    assert await listed(client, salon) == []


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"content_type": "image/svg+xml"}, {("content_type", "literal_error")}),
        ({"content_type": "text/html"}, {("content_type", "literal_error")}),
        ({"content_type": "application/pdf"}, {("content_type", "literal_error")}),
        ({"size": 0}, {("size", "greater_than_equal")}),
    ],
)
async def test_tickets_are_for_pictures_and_films(salon: OpenSalon, body: Any, expected: set[tuple[str, str]]) -> None:
    whole = {"business_id": str(salon.id), "content_type": "image/png", "size": 10, **body}
    assert rules_of(await salon.owner.post("/media/presign", json=whole)) == expected


async def test_ticket_is_for_a_file_of_the_right_size(salon: OpenSalon) -> None:
    body = {"business_id": str(salon.id), "content_type": "video/mp4", "size": 10 * 1024 * 1024 + 1}
    assert error_of(await salon.owner.post("/media/presign", json=body)) == (413, "too_large")


async def test_films_are_cleaned_and_shown(salon: OpenSalon, client: AsyncClient, look: Look) -> None:
    metadata = pictures.box(b"udta", pictures.box(b"\xa9xyz", b"+35.6586+139.7454/"))
    media = await upload(salon.owner, salon.id, pictures.mp4(metadata), name="tour.mp4")
    assert await look(media) == "ready"
    [film] = (seen := await read(client, media))["variants"]
    assert (seen["kind"], seen["duration_ms"], film["name"]) == ("video", 1500, "film")
    async with httpx.AsyncClient() as browser:
        answer = await browser.get(film["url"])
    assert answer.headers["content-type"] == "video/mp4"
    assert b"+35.6586" not in answer.content


async def test_order_featured_and_captions(
    salon: OpenSalon, client: AsyncClient, look: Look, statements: Statements
) -> None:
    one, two, three = await ready(salon, look, 3)
    order = [one["id"], two["id"], three["id"]]
    assert [media["id"] for media in await listed(client, salon)] == order
    body = {"business_id": str(salon.id), "ids": [three["id"], one["id"]]}
    assert (await salon.owner.post("/media/reorder", json=body)).status_code == 200
    order = [three["id"], one["id"], two["id"]]
    shown = await listed(client, salon)
    assert [media["id"] for media in shown] == order
    assert [media["position"] for media in shown] == [0, 1, 2]
    for body in ({"featured": True}, {"captions": {"ja": "店内", "en": "Inside"}}):
        assert (await salon.owner.put(f"/media/{one['id']}", json=body)).status_code == 200
    assert (await salon.owner.put(f"/media/{two['id']}", json={"featured": True})).status_code == 200
    shown = await listed(client, salon)
    assert [media["featured"] for media in shown] == [False, False, True], "one at most"
    assert shown[1]["captions"] == {"ja": "店内", "en": "Inside", "text": "Inside"}
    gone = await salon.owner.put(f"/media/{one['id']}", json={"captions": None})
    assert gone.json()["data"]["captions"] is None
    pages = []
    cursor: str | None = None
    while True:
        params = {"business_id": str(salon.id), "limit": "1", **({"cursor": cursor} if cursor else {})}
        answer = (await client.get(f"{PREFIX}/media", params=params)).json()
        pages += [media["id"] for media in answer["data"]]
        cursor = answer["meta"]["next_cursor"]
        if cursor is None:
            break
    assert pages == order
    statements.clear()
    await listed(client, salon)
    assert len(statements) == 2, statements.sent


async def test_order_names_what_is_there_once(salon: OpenSalon, look: Look) -> None:
    [media] = await ready(salon, look)
    for ids, expected in (
        ([media["id"], media["id"]], {("ids", "each_once")}),
        ([str(uuid4())], {("ids", "unknown_media")}),
        ([], {("ids", "too_short")}),
    ):
        body = {"business_id": str(salon.id), "ids": ids}
        assert rules_of(await salon.owner.post("/media/reorder", json=body)) == expected


async def test_featured_is_ready(salon: OpenSalon) -> None:
    media = await upload(salon.owner, salon.id)
    answer = await salon.owner.put(f"/media/{media['id']}", json={"featured": True})
    assert error_of(answer) == (409, "wrong_state")


async def test_removed_and_restored(salon: OpenSalon, client: AsyncClient, customer: Person, look: Look) -> None:
    one, two = await ready(salon, look, 2)
    await salon.owner.put(f"/media/{one['id']}", json={"featured": True})
    assert error_of(await salon.owner.post(f"/media/{one['id']}/restore")) == (404, "not_found")
    assert (await salon.owner.delete(f"/media/{one['id']}")).status_code == 200
    assert error_of(await salon.owner.delete(f"/media/{one['id']}")) == (404, "not_found")
    for person in (client, customer, salon.owner):
        assert [media["id"] for media in await listed(person, salon)] == [two["id"]]
    assert [media["id"] for media in await listed(salon.owner, salon, deleted=True)] == [one["id"]]
    for person in (client, customer):
        shown = [media["id"] for media in await listed(person, salon, deleted=True)]
        assert shown == [two["id"]], "what was removed is for who works there"
    # It does not come back as a second one that is featured.
    await salon.owner.put(f"/media/{two['id']}", json={"featured": True})
    restored = await salon.owner.post(f"/media/{one['id']}/restore")
    assert (restored.status_code, restored.json()["data"]["featured"]) == (200, False)
    assert [media["id"] for media in await listed(client, salon)] == [one["id"], two["id"]]


async def test_removed_while_it_is_looked_at_can_come_back(salon: OpenSalon, client: AsyncClient, look: Look) -> None:
    media = await upload(salon.owner, salon.id)
    await salon.owner.delete(f"/media/{media['id']}")
    assert await look(media) == "ready"
    assert await listed(client, salon) == []
    await salon.owner.post(f"/media/{media['id']}/restore")
    assert [one["id"] for one in await listed(client, salon)] == [media["id"]]


async def test_media_of_another_business_is_not_found(
    salon: OpenSalon, other_owner: Person, customer: Person, client: AsyncClient, look: Look, pool: Pool
) -> None:
    await open_salon(pool, other_owner)
    [shown] = await ready(salon, look)
    hidden = await upload(salon.owner, salon.id)
    for other_person in (other_owner, customer):
        assert [media["id"] for media in await listed(other_person, salon)] == [shown["id"]]
        assert error_of(await other_person.get(f"/media/{hidden['id']}")) == (404, "not_found")
        order = {"business_id": str(salon.id), "ids": [shown["id"]]}
        ticket = {"business_id": str(salon.id), "content_type": "image/png", "size": 10}
        file = {"file": ("a.jpg", pictures.picture())}
        answers = [
            await other_person.put(f"/media/{shown['id']}", json={"featured": True}),
            await other_person.delete(f"/media/{shown['id']}"),
            await other_person.post(f"/media/{shown['id']}/restore"),
            await other_person.post(f"/media/{hidden['id']}/complete"),
            await other_person.post("/media/reorder", json=order),
            await other_person.post("/media/presign", json=ticket),
            await other_person.post(f"/media?business_id={salon.id}", files=file),
        ]
        assert {error_of(answer) for answer in answers} == {(404, "not_found")}
    # Another's picture cannot be put into one's own order either.
    mine = await create_business(other_owner)
    order = {"business_id": mine["id"], "ids": [shown["id"]]}
    assert rules_of(await other_owner.post("/media/reorder", json=order)) == {("ids", "unknown_media")}
    assert error_of(await client.get(f"{PREFIX}/media?business_id={mine['id']}")) == (404, "not_found")
    everywhere = (await client.get(f"{PREFIX}/media")).json()["data"]
    assert [media["id"] for media in everywhere] == [shown["id"]]


@pytest.mark.parametrize(("role", "expected"), [("manager", 201), ("staff", 403), ("assistant", 403)])
async def test_managers_upload(salon: OpenSalon, log_in: Login, database: Database, role: str, expected: int) -> None:
    person = await log_in()
    await assign(database, salon.id, person, role)
    answer = await person.post(f"/media?business_id={salon.id}", files={"file": ("a.jpg", pictures.picture())})
    assert answer.status_code == expected


async def test_sweep_removes_abandoned_uploads(
    salon: OpenSalon, look: Look, objects: Storage, keeper: MediaActivities, clock: Clock, database: Database
) -> None:
    async def keys() -> set[str]:
        found = [await objects.list_page(f"{SHOWN}{salon.id}/"), await objects.list_page(UPLOADS)]
        return {one.key for page in found for one in page.objects}

    async def sweep(later: timedelta) -> int:
        clock.ahead = later
        try:
            return await ActivityEnvironment().run(keeper.sweep, MediaSweepInput())
        finally:
            clock.ahead = timedelta()

    await sweep(KEEP_UNREFERENCED + timedelta(minutes=1))  # what other tests left in the storage they share
    kept, gone = await ready(salon, look, 2)
    waiting = await upload(salon.owner, salon.id)
    body = {"business_id": str(salon.id), "content_type": "image/png", "size": 10}
    abandoned = (await salon.owner.post("/media/presign", json=body)).json()["data"]["media"]
    loose = {f"{UPLOADS}nobody-waits-for-this", f"{SHOWN}{salon.id}/{uuid4()}/large.webp", f"{SHOWN}{salon.id}/odd"}
    for key in loose:
        await objects.put(key, b"x", "image/webp")
    await salon.owner.delete(f"/media/{gone['id']}")
    before = await keys()
    assert await sweep(timedelta(hours=1)) == 0
    assert await keys() == before

    assert await sweep(KEEP_UNREFERENCED + timedelta(minutes=1)) == len(loose) + 1
    assert before - await keys() == loose
    left = {str(row["id"]) for row in await rows(database, "SELECT id FROM business_media")}
    assert left == {kept["id"], gone["id"], waiting["id"]}, abandoned["id"]
    assert await look(waiting) == "ready"

    assert await sweep(KEEP_REMOVED + timedelta(minutes=1)) == 1
    assert {UUID(key.split("/")[2]) for key in await keys()} == {UUID(kept["id"]), UUID(waiting["id"])}
    assert error_of(await salon.owner.post(f"/media/{gone['id']}/restore")) == (404, "not_found")
    assert BATCH > 3
