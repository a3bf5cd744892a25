"""The phone asks again until somebody answers, and sees what nobody should see."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from stack.demo.expectations import until
from tests.chaos.caller import Caller, Heard
from tests.support.servers import choose_ports

OK = (200, b'{"data": {"id": 1}}')
AWAY = (503, b'{"error": {"code": "unavailable"}}')
BUSY = (409, b'{"error": {"code": "request_in_progress"}}')
TAKEN = (409, b'{"error": {"code": "slot_taken", "details": {"alternatives": []}}}')
BROKEN = (500, b'{"error": {"code": "internal_error"}, "requestId": "r1"}')
#: The connection ends in the middle of the answer.
DEAD = (0, b"")


@asynccontextmanager
async def answering(port: int, answers: Sequence[tuple[int, bytes]], keys: list[str]) -> AsyncIterator[None]:
    """A server that gives these answers one after the other, whatever it is asked."""
    left = list(answers)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                fields = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:] if line)
                await reader.readexactly(int(fields["content-length"]))
                keys.append(fields.get("idempotency-key", ""))
                status, body = left.pop(0)
                if not status:
                    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
                    return
                writer.write(f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", port)
    try:
        yield
    finally:
        server.close()
        await server.wait_closed()


async def ask(*answers: tuple[int, bytes]) -> tuple[str, Heard, list[str]]:
    """The code of the answer that came at last, what was heard on the way, and the keys that were sent."""
    heard, keys = Heard(), []

    async def retried() -> int:
        return heard.retries["not connected"]

    [port] = choose_ports(["api"], {}).values()
    caller = Caller(port, heard)
    asking = asyncio.create_task(caller.ask("POST", "/api/v1/bookings", {"a": 1}, {"Idempotency-Key": "k"}))
    await until("nobody to listen yet", retried, lambda count: count > 0)
    async with answering(port, answers, keys):
        answer = await asking
        await caller.aclose()
    return answer.code, heard, keys


async def test_caller_repeats_with_the_same_key_until_there_is_an_answer() -> None:
    code, heard, keys = await ask(DEAD, AWAY, BUSY, OK)
    assert code == "ok"
    assert set(heard.retries) == {"not connected", "IncompleteReadError", "503", "request_in_progress"}
    assert keys == ["k"] * 4
    assert heard.wrong == []


async def test_refusal_is_an_answer() -> None:
    code, heard, keys = await ask(TAKEN)
    assert (code, len(keys), heard.wrong) == ("slot_taken", 1, [])
    assert dict(heard.answers) == {"POST /bookings 409 slot_taken": 1}


async def test_caller_records_answers_that_nobody_should_see() -> None:
    _, heard, _ = await ask(BROKEN)
    assert len(heard.wrong) == 1
    assert "r1" in heard.wrong[0]
