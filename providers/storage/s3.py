"""Amazon's S3, or any server that speaks its protocol, behind ``Storage``."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import cache, cached_property, partial
from threading import Lock
from typing import TYPE_CHECKING, Any, BinaryIO, ParamSpec, TypeVar
from urllib.parse import quote

from providers.errors import ProviderError, ProviderRefused, ProviderUnavailable
from providers.storage.interface import Download, ObjectMissing, ObjectTooLarge, Page, Stored, UploadForm
from runtime.settings import Settings
from runtime.starting import deferred

if TYPE_CHECKING:
    import boto3
    from botocore import config, exceptions
else:
    # Loaded by the first call, in its thread: many processes never make a call.
    boto3, config, exceptions = map(deferred, ("boto3", "botocore.config", "botocore.exceptions"))

#: Threads that may wait for the storage at once; apart from the default pool, so that a slow storage blocks nothing
#: else. As many connections are kept.
THREADS = 16
#: One piece of an object that is read bit by bit, in bytes.
CHUNK = 256 * 1024
_MISSING = frozenset({"404", "NoSuchKey", "NotFound"})
#: The read limit covers one wait for bytes; a connection is made quickly or not at all.
_CONNECT_SECONDS = 3

# At DEBUG they write the signatures of requests.
for _name in ("botocore", "boto3", "urllib3"):
    logging.getLogger(_name).setLevel(logging.WARNING)

P = ParamSpec("P")
R = TypeVar("R")


class S3Storage:
    """Built once per process; ``aclose`` at the end. Nothing is sent before the first use."""

    name = "s3"

    def __init__(self, settings: Settings) -> None:
        self._bucket = settings.s3_bucket
        self._settings = settings
        self._making = Lock()
        self._threads = ThreadPoolExecutor(max_workers=THREADS, thread_name_prefix="s3")

    async def put(self, key: str, body: bytes | BinaryIO, content_type: str) -> None:
        """Write an object, or replace it."""
        await self._call("put_object", Key=key, Body=body, ContentType=content_type)

    async def head(self, key: str) -> Stored:
        """The metadata of an object. Raises ObjectMissing."""
        return _stored(key, await self._call("head_object", Key=key))

    @asynccontextmanager
    async def get(self, key: str) -> AsyncIterator[Download]:
        """Read an object in pieces. Raises ObjectMissing on entering."""
        answer = await self._call("get_object", Key=key)
        body = answer["Body"]
        try:
            yield Download(_stored(key, answer), self._chunks(body))
        finally:
            await self._in_thread(body.close)

    async def read(self, key: str, most: int) -> bytes:
        """Read a whole object of at most so many bytes. Raises ObjectMissing and ObjectTooLarge."""
        async with self.get(key) as download:
            if download.stored.size > most:
                raise ObjectTooLarge("too_large")
            return b"".join([chunk async for chunk in download.chunks])

    async def delete(self, key: str) -> None:
        """Remove an object, if it is there."""
        await self._call("delete_object", Key=key)

    async def list_page(self, prefix: str, after: str | None = None, limit: int = 1000) -> Page:
        """Objects whose key begins with ``prefix``, by key; ``after`` is ``next`` of the page before."""
        more = {"StartAfter": after} if after else {}
        answer = await self._call("list_objects_v2", Prefix=prefix, MaxKeys=limit, **more)
        found = [Stored(one["Key"], one["Size"], "", one["LastModified"]) for one in answer.get("Contents", ())]
        return Page(found, found[-1].key if answer.get("IsTruncated") and found else None)

    def upload_form(self, key: str, content_type: str, most: int, lasts: timedelta) -> UploadForm:
        """A form that allows writing this object, of this type and 1 to ``most`` bytes."""
        made = self._signer.generate_presigned_post(
            self._bucket,
            key,
            Fields={"Content-Type": content_type},
            Conditions=[{"Content-Type": content_type}, ["content-length-range", 1, most]],
            ExpiresIn=int(lasts.total_seconds()),
        )
        return UploadForm(made["url"], dict(made["fields"]))

    def link(
        self, key: str, lasts: timedelta, *, content_type: str | None = None, download_as: str | None = None
    ) -> str:
        """A URL that reads this object."""
        asked = {"Bucket": self._bucket, "Key": key}
        if content_type is not None:
            asked["ResponseContentType"] = content_type
        if download_as is not None:
            # RFC 6266: the encoded form carries any script.
            asked["ResponseContentDisposition"] = f"attachment; filename*=UTF-8''{quote(download_as, safe='')}"
        seconds = int(lasts.total_seconds())
        return str(self._signer.generate_presigned_url("get_object", Params=asked, ExpiresIn=seconds))

    async def check(self) -> None:
        """Whether the storage answers and has our bucket."""
        await self._call("head_bucket")

    async def aclose(self) -> None:
        """Wait for running requests (at most the provider's time limit) and end the threads."""
        await asyncio.to_thread(self._threads.shutdown)
        for name in ("_client", "_signer"):
            if client := self.__dict__.get(name):
                client.close()

    async def _chunks(self, body: Any) -> AsyncIterator[bytes]:
        while chunk := await self._in_thread(body.read, CHUNK):
            yield chunk

    # Made at the first use, because it takes 70 ms: most processes of the platform never read or write a file.
    @cached_property
    def _client(self) -> Any:
        return _client(self._settings, self._settings.s3_endpoint_url)

    @cached_property
    def _signer(self) -> Any:
        # A link is signed for the address that its reader opens; this process may use another one.
        return _client(self._settings, self._settings.s3_public_url or self._settings.s3_endpoint_url)

    async def _call(self, operation: str, **arguments: Any) -> dict[str, Any]:
        def call() -> dict[str, Any]:
            with self._making:
                client = self._client
            answer: dict[str, Any] = getattr(client, operation)(Bucket=self._bucket, **arguments)
            return answer

        return await self._in_thread(call)

    async def _in_thread(self, call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._threads, partial(call, *args, **kwargs))
        except (exceptions.ClientError, exceptions.BotoCoreError, exceptions.HTTPClientError) as error:
            raise _failure(error) from None


#: Sessions make clients one after the other.
_MAKING = Lock()


@cache
def _session() -> Any:
    """Has read botocore's description of the API: its first client takes 0.16 s of processor time, the next 0.01 s."""
    return boto3.session.Session()


def _client(settings: Settings, address: str) -> Any:
    seconds = settings.provider_timeout.total_seconds()
    with _MAKING:
        return _make_client(settings, address, seconds)


def _make_client(settings: Settings, address: str, seconds: float) -> Any:
    return _session().client(
        "s3",
        endpoint_url=address,
        region_name=settings.s3_region,
        aws_access_key_id=settings.s3_access_key.get_secret_value(),
        aws_secret_access_key=settings.s3_secret_key.get_secret_value(),
        config=config.Config(
            signature_version="s3v4",
            connect_timeout=min(_CONNECT_SECONDS, seconds),
            read_timeout=seconds,
            # The caller decides about retries; one more try covers a broken connection of the pool.
            retries={"mode": "standard", "total_max_attempts": 2},
            max_pool_connections=THREADS,
            s3={"addressing_style": "path"},
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        ),
    )


def _failure(error: Exception) -> ProviderError:
    if not isinstance(error, exceptions.ClientError):
        return ProviderUnavailable(type(error).__name__)
    code = str(error.response.get("Error", {}).get("Code", ""))
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    if code in _MISSING:
        return ObjectMissing(code)
    # A refused key is a mistake of ours: once it is corrected, the same call works.
    return ProviderUnavailable(code) if status >= 500 or status in {401, 403, 429} else ProviderRefused(code)


def _stored(key: str, answer: dict[str, Any]) -> Stored:
    return Stored(
        key,
        int(answer["ContentLength"]),
        str(answer.get("ContentType", "")),
        answer["LastModified"],
    )
