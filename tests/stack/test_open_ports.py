"""Every port on which the stack listens is asked by somebody without a key."""

import asyncio
import contextlib
import ssl
from uuid import uuid4

import httpx
import psutil

from providers.storage.registry import storage_provider
from runtime.settings import Settings
from stack.environment import settings_environment
from stack.ports import LOOPBACK
from tests.stack.running import RunningUp

#: Servers of one developer's machine that trust everybody on it (docs/operations.md). In a deployment they ask for a
#: password, or only our own processes reach them.
TRUSTING = {"postgres", "redis", "temporal"}
SECRET = b"a document that nobody else may see "
#: What a gRPC server without TLS answers: its own SETTINGS frame.
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes((0, 0, 0, 4, 0, 0, 0, 0, 0))
SETTINGS_FRAME = 4
PATHS = (
    *("/", "/status", "/dir/status", "/vol/status", "/dir/assign", "/metrics", "/buckets/", "/cluster/status"),
    *("/buckets/{bucket}/{key}", "/{bucket}/{key}", "/{bucket}?list-type=2", "/col/delete?collection={bucket}"),
)


def listening(stack: RunningUp) -> dict[int, str]:
    """Port -> name of the child that listens on it; of children's children, too."""
    found = {}
    for name, mark in stack.folder.remembered().processes.items():
        parent = psutil.Process(mark.pid)
        for process in (parent, *parent.children(recursive=True)):
            for connection in process.net_connections("tcp"):
                if connection.status == psutil.CONN_LISTEN:
                    found[connection.laddr.port] = name
    return found


async def speaks_grpc(port: int, tls: ssl.SSLContext | None) -> bool:
    """Whether an anonymous caller is let in to gRPC."""
    with contextlib.suppress(OSError, TimeoutError, asyncio.IncompleteReadError):
        async with asyncio.timeout(5):
            reader, writer = await asyncio.open_connection(LOOPBACK, port, ssl=tls)
            writer.write(PREFACE)
            await writer.drain()
            frame = await reader.readexactly(9)
            writer.close()
            return frame[3] == SETTINGS_FRAME
    return False


async def answers(port: int, bucket: str, key: str) -> list[tuple[str, str, int, bytes]]:
    """What an anonymous caller gets by HTTP, reading and deleting."""
    got = []
    async with httpx.AsyncClient(base_url=f"http://{LOOPBACK}:{port}", timeout=5) as client:
        for path in PATHS:
            for method in ("GET", "DELETE", "POST"):
                with contextlib.suppress(httpx.HTTPError):
                    answer = await client.request(method, path.format(bucket=bucket, key=key))
                    got.append((method, path, answer.status_code, answer.content))
    return got


async def test_ports_give_no_data_and_take_no_commands(stack: RunningUp) -> None:
    settings = Settings(
        _env_file=None,
        **{
            name.removeprefix("OMOTENASHI_").lower(): value
            for name, value in settings_environment(stack.folder.remembered().ports).items()
            if "_S3_" in name
        },
    )
    storage, key = storage_provider(settings), f"documents/{uuid4()}"
    ports = listening(stack)
    assert set(ports.values()) >= {*TRUSTING, "storage"}
    asked = [port for port, name in ports.items() if name not in TRUSTING]
    assert len(asked) >= 8, "the storage alone has four parts with two ports each"
    anonymous = ssl.create_default_context()
    anonymous.check_hostname, anonymous.verify_mode = False, ssl.CERT_NONE
    anonymous.set_alpn_protocols(["h2"])
    try:
        await storage.put(key, SECRET, "application/pdf")
        for port in asked:
            for method, path, status, body in await answers(port, settings.s3_bucket, key):
                assert SECRET not in body, f"{ports[port]} gives a document to everybody: {port} {method} {path}"
                assert status >= 400 or "{bucket}" not in path, f"{ports[port]} takes commands: {port} {method} {path}"
            if ports[port] == "storage":
                assert not await speaks_grpc(port, None), f"gRPC without TLS on {port}"
                assert not await speaks_grpc(port, anonymous), f"gRPC without a certificate on {port}"
        assert await storage.read(key, len(SECRET)) == SECRET
    finally:
        await storage.aclose()


async def test_question_sees_an_open_grpc_port(stack: RunningUp) -> None:
    assert await speaks_grpc(stack.folder.remembered().ports["temporal"], None)
