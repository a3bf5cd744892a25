"""An upload over a real connection that ends in the middle."""

import asyncio
from urllib.parse import urlsplit

from fastapi import FastAPI

from domain.media.files import UPLOADS
from providers.storage.interface import Storage
from tests.api.business_setup import OpenSalon, rows
from tests.api.conftest import PREFIX
from tests.e2e.serving import serving
from tests.support import pictures
from tests.support.servers import Database


async def test_upload_that_is_cut_off_leaves_nothing(
    app: FastAPI, salon: OpenSalon, database: Database, objects: Storage
) -> None:
    file = {"file": ("a.jpg", pictures.picture())}
    # The storage makes the bucket with the first file.
    assert (await salon.owner.post(f"/media?business_id={salon.id}", files=file)).status_code == 201
    before = (await objects.list_page(UPLOADS)).objects
    async with serving(app) as url:
        address = urlsplit(url)
        for said in (2_000_000, 5_000_000):
            reader, writer = await asyncio.open_connection(address.hostname, address.port)
            part = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n' + pictures.picture()
            head = (
                f"POST {PREFIX}/media?business_id={salon.id} HTTP/1.1\r\nHost: {address.netloc}\r\n"
                f"Authorization: Bearer {salon.owner.token}\r\nContent-Length: {said}\r\n"
                "Content-Type: multipart/form-data; boundary=b\r\n\r\n"
            )
            writer.write(head.encode() + part + bytes(1_500_000))
            await writer.drain()
            writer.close()
            await writer.wait_closed()
            assert await reader.read() == b""
        # The next one over the same server is served.
        assert (await salon.owner.post(f"/media?business_id={salon.id}", files=file)).status_code == 201
    assert len(await rows(database, "SELECT 1 FROM business_media")) == 2
    assert len((await objects.list_page(UPLOADS)).objects) == len(before) + 1
