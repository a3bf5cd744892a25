"""Inspects a file in a subprocess, so that a crash of a decoder does not affect the worker.

The subprocess is not trusted either: a file could take over its decoder. So its answer has a largest size, and names
and types of the variants are those that this code knows: they become keys and types of public files in the storage.
"""

import asyncio
import base64
import contextlib
import json
import os
import sys
from datetime import timedelta

from activities.inspection.results import FileVariant, InspectionResult, Rejected
from domain.media.files import FIRST_BYTES, FileType, shown_names, type_of
from domain.media.status import Rejection

#: Wall-clock time; the limit of processor time is shorter.
TIME_LIMIT = timedelta(seconds=60)
#: Bytes of an answer beside twice the file: a film comes back in base64, a picture as three small ones.
ANSWER_ROOM = 32 * 1024 * 1024


async def inspect_in_subprocess(content: bytes, announced: FileType) -> InspectionResult:
    """The properties and public variants of the file. Raises Rejected; `BROKEN` also when a limit was exceeded."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "activities.inspection", announced.value),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        cwd="/",
        # The subprocess inherits none of our secrets.
        env={name: os.environ[name] for name in ("PATH", "LANG", "PYTHONPYCACHEPREFIX") if name in os.environ},
    )
    try:
        async with asyncio.timeout(TIME_LIMIT.total_seconds()):
            answer = await _exchange(process, content)
    except (TimeoutError, ConnectionError):
        raise Rejected(Rejection.BROKEN) from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        raise Rejected(Rejection.BROKEN)
    return await asyncio.to_thread(_collect, answer, announced)


async def _exchange(process: asyncio.subprocess.Process, content: bytes) -> bytes:
    """Send the file and read the answer to its end. Raises Rejected for an answer that is too large."""
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("the subprocess has no pipes")
    sending = asyncio.create_task(_send(process.stdin, content))
    try:
        answer, most = bytearray(), 2 * len(content) + ANSWER_ROOM
        while part := await process.stdout.read(65536):
            answer += part
            if len(answer) > most:
                raise Rejected(Rejection.BROKEN)
        await process.wait()
        return bytes(answer)
    finally:
        sending.cancel()


async def _send(stdin: asyncio.StreamWriter, content: bytes) -> None:
    with contextlib.suppress(ConnectionError):  # its end is seen by its answer
        stdin.write(content)
        await stdin.drain()
    stdin.close()


def _collect(answer: bytes, announced: FileType) -> InspectionResult:
    """The answer, if it is one that the inspection gives. Raises Rejected."""
    try:
        parsed = json.loads(answer)
        if "rejection" in parsed:
            raise Rejected(Rejection(parsed["rejection"]))
        shown = tuple(_variant(announced, *one) for one in parsed["shown"])
        sizes = (parsed["width"], parsed["height"], parsed["duration_ms"] or 0)
        if not shown or len({one.name for one in shown}) < len(shown) or not all(type(one) is int for one in sizes):
            raise Rejected(Rejection.BROKEN)
        return InspectionResult(parsed["width"], parsed["height"], parsed["duration_ms"], shown)
    except (ValueError, KeyError, TypeError):
        raise Rejected(Rejection.BROKEN) from None


def _variant(announced: FileType, name: str, content_type: str, encoded: str, width: int, height: int) -> FileVariant:
    """Raises ValueError for a name or a type that an announced file does not get, or other bytes than the type's."""
    content = base64.b64decode(encoded, validate=True)
    if (name, content_type) not in shown_names(announced) or type_of(content[:FIRST_BYTES]) != content_type:
        raise ValueError("not a variant of this file")
    if type(width) is not int or type(height) is not int:
        raise ValueError("not a size")
    return FileVariant(name, content_type, content, width, height)
