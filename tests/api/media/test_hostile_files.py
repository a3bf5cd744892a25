"""Hostile uploads: a wrong type, unlimited sizes, bodies that stop."""

from dataclasses import replace
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from providers.storage.registry import storage_provider
from runtime.settings import Settings
from tests.api.business_setup import OpenSalon, rows
from tests.api.conftest import PREFIX, Person, error_of, outcome
from tests.support import pictures
from tests.support.servers import Database

LIMIT = 10 * 1024 * 1024


@pytest.mark.parametrize(
    ("name", "content", "said", "expected"),
    [
        ("a.svg", b"<svg><script>alert(1)</script></svg>", "image/svg+xml", (415, "unsupported_media_type")),
        ("a.jpg", b"<svg><script>alert(1)</script></svg>", "image/jpeg", (415, "unsupported_media_type")),
        ("a.png", b"<!DOCTYPE html><script>alert(1)</script>", "image/png", (415, "unsupported_media_type")),
        ("a.jpg", pictures.archive(), "image/jpeg", (415, "unsupported_media_type")),
        ("a.pdf", b"%PDF-1.7", "application/pdf", (415, "unsupported_media_type")),
        ("a.mov", pictures.mp4(brand=b"qt  "), "video/quicktime", (415, "unsupported_media_type")),
        ("a.jpg", b"", "image/jpeg", [("file", "empty")]),
        ("a.jpg", pictures.picture("PNG"), "image/jpeg", [("file", "another_type")]),
        ("a.html", pictures.picture("GIF"), "image/gif", [("file", "another_ending")]),
        ("a.gif.js", pictures.picture("GIF"), "image/gif", [("file", "another_ending")]),
        ("a.jpg", pictures.picture("PNG"), "application/octet-stream", [("file", "another_ending")]),
    ],
)
async def test_file_is_judged_by_its_content(
    salon: OpenSalon, database: Database, name: str, content: bytes, said: str, expected: Any
) -> None:
    answer = await salon.owner.post(f"/media?business_id={salon.id}", files={"file": (name, content, said)})
    assert outcome(answer) == expected
    assert await rows(database, "SELECT 1 FROM business_media") == []


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("a.jpg", "image/jpg"),
        ("a.jfif", "image/pjpeg"),
        ("a.JPG", "IMAGE/JPEG"),
        ("a.jpg", "application/octet-stream"),
        ("a", "application/octet-stream"),
    ],
)
async def test_file_has_every_name_that_programs_give_its_type(salon: OpenSalon, name: str, said: str) -> None:
    answer = await salon.owner.post(f"/media?business_id={salon.id}", files={"file": (name, pictures.picture(), said)})
    assert answer.status_code == 201, answer.text


async def test_name_is_only_a_name(salon: OpenSalon) -> None:
    for name in ("../../etc/passwd.jpg", "a\x00.jpg", "写真.JPG", "no ending", "…" * 500):
        file = {"file": (name, pictures.picture(), "image/jpeg")}
        assert (await salon.owner.post(f"/media?business_id={salon.id}", files=file)).status_code == 201, name


async def test_upload_takes_one_file_in_its_field(salon: OpenSalon) -> None:
    path = f"/media?business_id={salon.id}"
    picture = ("a.jpg", pictures.picture(), "image/jpeg")
    assert outcome(await salon.owner.post(path, files={"other": picture})) == [("file", "one_file")]
    assert outcome(await salon.owner.post(path, files={"file": picture}, data={"x": "1"})) == [("file", "one_file")]
    assert error_of(await salon.owner.post(path, files=[("file", picture), ("file", picture)])) == (400, "malformed")
    assert outcome(await salon.owner.post(path, files={"x": ("", b"")})) == [("file", "one_file")]
    assert error_of(await salon.owner.post(path, json={})) == (415, "unsupported_media_type")
    assert error_of(await salon.owner.post(path)) == (415, "unsupported_media_type")
    assert outcome(await salon.owner.post("/media", files={"file": picture})) == [("business_id", "missing")]


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=b", b"no boundary"),
        ("multipart/form-data; boundary=b", b'--b\r\nContent-Disposition: form-data; name="file"\r\n\r\nx'),
        ("multipart/form-data; boundary=b", b"--b\r\n\r\nx\r\n--b--\r\n"),
        ("multipart/form-data; boundary=b", b"--b\r\n" + b"A" * 20_000 + b": x\r\n\r\nx\r\n--b--"),
        ("multipart/form-data; boundary=" + "b" * 5000, b"--b"),
    ],
)
async def test_broken_forms_are_refused(salon: OpenSalon, content_type: str, body: bytes) -> None:
    answer = await salon.owner.post(
        f"/media?business_id={salon.id}", content=body, headers={"Content-Type": content_type}
    )
    assert answer.status_code in {400, 422}, answer.text
    error_of(answer)


async def test_eleven_megabytes_are_too_many(salon: OpenSalon, database: Database) -> None:
    content = pictures.picture() + bytes(11 * 1024 * 1024)
    path = f"/media?business_id={salon.id}"
    answer = await salon.owner.post(path, files={"file": ("a.jpg", content)})
    assert error_of(answer) == (413, "too_large")
    # A little over the limit it is the file that is counted, not the form.
    content = pictures.picture()
    content += bytes(LIMIT + 1 - len(content))
    assert error_of(await salon.owner.post(path, files={"file": ("a.jpg", content)})) == (413, "too_large")
    assert (await salon.owner.post(path, files={"file": ("a.jpg", content[:LIMIT])})).status_code == 201
    assert len(await rows(database, "SELECT 1 FROM business_media")) == 1


async def test_body_without_end_is_cut_where_the_limit_is(salon: OpenSalon) -> None:
    sent = 0

    async def endless() -> Any:
        nonlocal sent
        yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n\xff\xd8\xff'
        while True:
            sent += 65536
            yield bytes(65536)

    answer = await salon.owner.post(
        f"/media?business_id={salon.id}",
        content=endless(),
        headers={"Content-Type": "multipart/form-data; boundary=b"},
    )
    assert error_of(answer) == (413, "too_large")
    assert sent <= LIMIT + 2 * 65536


async def test_uploads_alone_may_be_large_or_not_json(salon: OpenSalon) -> None:
    file = {"file": ("a.jpg", pictures.picture())}
    for path in ("/media/reorder", "/media/presign", "/bookings"):
        assert error_of(await salon.owner.post(path, files=file)) == (415, "unsupported_media_type")
        large = await salon.owner.post(path, content=b" " * 2_000_000, headers={"Content-Type": "application/json"})
        assert error_of(large) == (413, "too_large")


async def test_upload_without_permission_is_refused_before_the_body_is_read(
    client: AsyncClient, customer: Person, salon: OpenSalon
) -> None:
    async def untouched() -> Any:
        raise AssertionError("the body was read")
        yield b""

    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    path = f"{PREFIX}/media?business_id={salon.id}"
    assert error_of(await client.post(path, content=untouched(), headers=headers)) == (401, "unauthenticated")
    assert error_of(await customer.http.post(path, content=untouched(), headers=headers)) == (404, "not_found")


async def test_storage_that_is_away_is_503_and_leaves_nothing(
    salon: OpenSalon, app: FastAPI, settings: Settings, database: Database
) -> None:
    away = storage_provider(settings.model_copy(update={"s3_endpoint_url": "http://127.0.0.1:1"}))
    app.state.services = replace(app.state.services, storage=away)
    answer = await salon.owner.post(f"/media?business_id={salon.id}", files={"file": ("a.jpg", pictures.picture())})
    assert error_of(answer) == (503, "unavailable")
    assert int(answer.headers["retry-after"]) >= 1
    assert await rows(database, "SELECT 1 FROM business_media") == []
    await away.aclose()
