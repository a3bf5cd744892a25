"""Colour and logo of a business in its messages."""

from typing import Any
from uuid import uuid4

import pytest
from fastapi import FastAPI

from api.http.envelope import Envelope
from api.v1.messages.brands.schemas import MessageBrandRead
from db.engine.session import Database as Pool
from db.media.tables import BusinessMedia
from providers.storage.interface import ObjectMissing
from tests.api.conftest import PREFIX, error_of, rules_of
from tests.api.salon import StaffedSalon
from tests.support import data

PLUM: dict[str, Any] = {"colour": "#7a3b69", "logo_media_id": None}
_FILE = {"key": "published/a/thumbnail.webp", "content_type": "image/webp", "width": 320, "height": 320}


async def added_picture(pool: Pool, business_id: object, **values: Any) -> str:
    row = {
        "business_id": business_id,
        "kind": "image",
        "content_type": "image/webp",
        "status": "ready",
        "upload_key": uuid4().hex,
        "variants": {"thumbnail": _FILE},
        **values,
    }
    return str(await data.add(pool, BusinessMedia, **row))


def asked(salon: StaffedSalon) -> dict[str, str]:
    return {"business_id": str(salon.ids.business_id)}


async def test_brand_is_chosen_and_read(salon: StaffedSalon, pool: Pool) -> None:
    empty = await salon.owner.get("/notifications/brand", params=asked(salon))
    Envelope[MessageBrandRead].model_validate_json(empty.content, extra="forbid")
    assert empty.json()["data"] == {"colour": None, "logo_media_id": None, "logo_url": None}
    logo = await added_picture(pool, salon.ids.business_id)
    body = {"colour": "#7A3B69", "logo_media_id": logo}
    changed = await salon.owner.put("/notifications/brand", params=asked(salon), json=body)
    assert changed.json()["data"]["colour"] == "#7a3b69"
    assert changed.json()["data"]["logo_url"].endswith(f"/notifications/logo/{salon.ids.business_id}")
    again = await salon.owner.get("/notifications/brand", params=asked(salon))
    assert again.json()["data"] == changed.json()["data"]


async def test_logo_is_the_chosen_picture(
    app: FastAPI, salon: StaffedSalon, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"{PREFIX}/notifications/logo/{salon.ids.business_id}"
    assert error_of(await salon.nobody.get(path)) == (404, "not_found")
    logo = await added_picture(pool, salon.ids.business_id)
    await salon.owner.put("/notifications/brand", params=asked(salon), json={**PLUM, "logo_media_id": logo})

    async def read(key: str, most: int) -> bytes:
        if key != _FILE["key"]:
            raise ObjectMissing
        return b"a picture"

    monkeypatch.setattr(app.state.services.storage, "read", read)
    answer = await salon.nobody.get(path)
    assert (answer.status_code, answer.content, answer.headers["content-type"]) == (200, b"a picture", "image/webp")
    await data.rows(pool, "UPDATE business_media SET deleted_at = now() RETURNING id")
    assert error_of(await salon.nobody.get(path)) == (404, "not_found")


@pytest.mark.parametrize(
    ("colour", "status"), [("#ffff00", 422), ("red", 422), ("#12345", 422), ("url(x)", 422), ("#000000", 200)]
)
async def test_brand_takes_colours_that_white_can_be_read_on(salon: StaffedSalon, colour: str, status: int) -> None:
    answer = await salon.owner.put("/notifications/brand", params=asked(salon), json={**PLUM, "colour": colour})
    assert answer.status_code == status, answer.text


async def test_brand_takes_published_pictures_of_its_business_alone(salon: StaffedSalon, pool: Pool) -> None:
    foreign = await added_picture(pool, salon.other.business_id)
    waiting = await added_picture(pool, salon.ids.business_id, status="processing", variants={})
    film = await added_picture(pool, salon.ids.business_id, kind="video", content_type="video/mp4")
    for picture in (foreign, waiting, film, str(uuid4())):
        body = {**PLUM, "logo_media_id": picture}
        answer = await salon.owner.put("/notifications/brand", params=asked(salon), json=body)
        assert rules_of(answer) == {("logo_media_id", "not_a_picture")}


async def test_brand_is_chosen_by_managers_alone(salon: StaffedSalon) -> None:
    for person in (salon.staff, salon.assistant):
        answer = await person.put("/notifications/brand", params=asked(salon), json=PLUM)
        assert error_of(answer) == (403, "forbidden")
    for person in (salon.other_owner, salon.customer):
        answer = await person.put("/notifications/brand", params=asked(salon), json=PLUM)
        assert error_of(answer) == (404, "not_found")
