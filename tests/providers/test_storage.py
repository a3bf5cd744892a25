"""The storage's contract, against a real server that speaks S3."""

import asyncio
import io
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio
from pydantic import SecretStr

from providers.errors import ProviderUnavailable
from providers.storage.interface import ObjectMissing, ObjectTooLarge, Storage, UploadForm
from providers.storage.registry import storage_provider
from providers.storage.s3 import CHUNK
from runtime.settings import Environment, Settings
from tests.support.servers import StorageServer

LASTS = timedelta(minutes=5)


def settings_of(storage: StorageServer, **more: object) -> Settings:
    return Settings(_env_file=None, environment=Environment.TEST, **{**storage.settings(), **more})


@pytest_asyncio.fixture
async def objects(storage: StorageServer) -> AsyncIterator[Storage]:
    """The provider, connected."""
    provider = storage_provider(settings_of(storage))
    yield provider
    await provider.aclose()


@pytest.fixture
def prefix() -> str:
    """A place of this test's own."""
    return f"tests/{uuid4()}/"


async def test_object_comes_back_as_it_was_written(objects: Storage, prefix: str) -> None:
    key = prefix + "写真 1.bin"
    content = bytes(range(256)) * 3000
    await objects.put(key, content, "application/x-test")
    stored = await objects.head(key)
    assert (stored.key, stored.size, stored.content_type) == (key, len(content), "application/x-test")
    assert abs(stored.modified_at - datetime.now(UTC)) < timedelta(minutes=1)
    async with objects.get(key) as download:
        chunks = [chunk async for chunk in download.chunks]
    assert b"".join(chunks) == content
    assert len(chunks) == -(-len(content) // CHUNK)
    assert await objects.read(key, len(content)) == content
    with pytest.raises(ObjectTooLarge):
        await objects.read(key, len(content) - 1)


async def test_file_is_written_from_where_it_stands_and_again_over_the_old(objects: Storage, prefix: str) -> None:
    await objects.put(prefix + "a", io.BytesIO(b"first"), "text/plain")
    await objects.put(prefix + "a", io.BytesIO(b"second one"), "text/css")
    assert await objects.read(prefix + "a", 100) == b"second one"
    assert (await objects.head(prefix + "a")).content_type == "text/css"


async def test_missing_object_is_missing_and_removed_already(objects: Storage, prefix: str) -> None:
    with pytest.raises(ObjectMissing):
        await objects.head(prefix + "nothing")
    with pytest.raises(ObjectMissing):
        async with objects.get(prefix + "nothing"):
            pass
    await objects.put(prefix + "a", b"x", "text/plain")
    await objects.delete(prefix + "a")
    await objects.delete(prefix + "a")
    with pytest.raises(ObjectMissing):
        await objects.read(prefix + "a", 10)


async def test_lists_come_in_pages_of_their_prefix_alone(objects: Storage, prefix: str) -> None:
    names = [f"{prefix}in/{number:02}" for number in range(7)] + [f"{prefix}in/deep/er"]
    for name in [*names, prefix + "out"]:
        await objects.put(name, b"x" * 3, "text/plain")
    found, after, pages = [], None, 0
    while True:
        page = await objects.list_page(prefix + "in/", after, limit=3)
        found += page.objects
        pages += 1
        if page.next is None:
            break
        after = page.next
    assert [one.key for one in found] == sorted(names)
    assert pages == 3
    assert {one.size for one in found} == {3}
    assert (await objects.list_page(prefix + "none/")).objects == []


async def test_link_reads_one_object_as_what_we_say_it_is(objects: Storage, prefix: str) -> None:
    await objects.put(prefix + "page", b"<script>", "text/html")
    link = objects.link(prefix + "page", LASTS, content_type="image/webp")
    saved = objects.link(prefix + "page", LASTS, download_as='請求書 "1".pdf')
    async with httpx.AsyncClient() as browser:
        shown = await browser.get(link)
        assert (shown.status_code, shown.content, shown.headers["content-type"]) == (200, b"<script>", "image/webp")
        answer = await browser.get(saved)
        assert answer.headers["content-disposition"] == (
            "attachment; filename*=UTF-8''%E8%AB%8B%E6%B1%82%E6%9B%B8%20%221%22.pdf"
        )
        assert (await browser.get(link.replace("/page?", "/other?"))).status_code == 403
        assert (await browser.get(link.replace("image%2Fwebp", "text%2Fhtml"))).status_code == 403
        assert (await browser.get(link.partition("?")[0])).status_code == 403
        assert (await browser.put(link, content=b"mine now")).status_code == 403


async def test_link_is_over_at_its_time(objects: Storage, prefix: str) -> None:
    await objects.put(prefix + "a", b"x", "text/plain")
    link = objects.link(prefix + "a", timedelta(seconds=1))
    async with httpx.AsyncClient() as browser, asyncio.timeout(20):
        while (await browser.get(link)).status_code != 403:  # noqa: ASYNC110 - only the server knows
            await asyncio.sleep(0.2)


async def post(form: UploadForm, content: bytes, **changed: str) -> int:
    async with httpx.AsyncClient() as browser:
        fields = {**form.fields, **changed}
        answer = await browser.post(form.url, data=fields, files={"file": ("picture", content)})
    return answer.status_code


async def test_form_writes_its_object_and_no_other(objects: Storage, prefix: str) -> None:
    form = objects.upload_form(prefix + "a", "image/png", 1000, LASTS)
    assert await post(form, b"x" * 1000) == 204
    stored = await objects.head(prefix + "a")
    assert (stored.size, stored.content_type) == (1000, "image/png")
    assert await post(form, b"x", key=prefix + "b") in {400, 403}
    with pytest.raises(ObjectMissing):
        await objects.head(prefix + "b")


async def test_form_refuses_another_type_and_size(objects: Storage, prefix: str) -> None:
    form = objects.upload_form(prefix + "a", "image/png", 1000, LASTS)
    assert await post(form, b"x" * 1001) in {400, 403}
    assert await post(form, b"") in {400, 403}
    assert await post(form, b"x", **{"Content-Type": "text/html"}) in {400, 403}
    assert (await objects.list_page(prefix)).objects == []


async def test_form_is_over_at_its_time(objects: Storage, prefix: str) -> None:
    form = objects.upload_form(prefix + "a", "image/png", 1000, timedelta(seconds=1))
    async with asyncio.timeout(20):
        while await post(form, b"x") != 403:  # noqa: ASYNC110 - only the server knows
            await asyncio.sleep(0.2)


async def test_links_name_the_address_that_browsers_open(storage: StorageServer) -> None:
    provider = storage_provider(settings_of(storage, s3_public_url="https://files.example.jp"))
    try:
        assert provider.link("a", LASTS).startswith("https://files.example.jp/test/a?")
        assert provider.upload_form("a", "image/png", 10, LASTS).url == "https://files.example.jp/test"
        await provider.check()
    finally:
        await provider.aclose()


@pytest.mark.parametrize(
    "changed",
    [
        {"s3_endpoint_url": "http://127.0.0.1:1"},
        {"s3_endpoint_url": "http://storage.invalid"},
        {"s3_secret_key": SecretStr("wrong")},
    ],
    ids=["nobody listens", "no such host", "wrong key"],
)
async def test_storage_that_does_not_serve_us_is_unavailable(
    storage: StorageServer, changed: dict[str, object]
) -> None:
    provider = storage_provider(settings_of(storage, **changed))
    try:
        with pytest.raises(ProviderUnavailable):
            await provider.put("a", b"x", "text/plain")
        with pytest.raises(ProviderUnavailable):
            await provider.check()
    finally:
        await provider.aclose()


async def test_silent_storage_blocks_nothing_and_is_given_up(storage: StorageServer) -> None:
    """It takes the connection and never answers. It runs on the same event loop: it could read nothing if the call
    blocked the loop."""
    requests: list[bytes] = []

    async def listen_only(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while received := await reader.read(1000):
                requests.append(received)
        finally:
            writer.close()

    silent = await asyncio.start_server(listen_only, "127.0.0.1", 0)
    port = silent.sockets[0].getsockname()[1]
    provider = storage_provider(
        settings_of(storage, s3_endpoint_url=f"http://127.0.0.1:{port}", provider_timeout=timedelta(milliseconds=300))
    )
    try:
        with pytest.raises(ProviderUnavailable):
            await provider.head("a")
        assert requests
    finally:
        silent.close()
        await provider.aclose()
