"""Inspects a file in a subprocess, so that a crash of a decoder does not affect the worker."""

import asyncio
import base64
import json
import os
import sys
from datetime import timedelta

from activities.inspection.results import FileVariant, InspectionResult, Rejected
from domain.media.files import FileType
from domain.media.status import Rejection

#: Wall-clock time; the limit of processor time is shorter.
TIME_LIMIT = timedelta(seconds=60)


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
            answer, _ = await process.communicate(content)
    except (TimeoutError, ConnectionError):
        raise Rejected(Rejection.BROKEN) from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        raise Rejected(Rejection.BROKEN)
    return await asyncio.to_thread(_collect, answer)


def _collect(answer: bytes) -> InspectionResult:
    parsed = json.loads(answer)
    if "rejection" in parsed:
        raise Rejected(Rejection(parsed["rejection"]))
    shown = tuple(
        FileVariant(name, content_type, base64.b64decode(content), width, height)
        for name, content_type, content, width, height in parsed["shown"]
    )
    return InspectionResult(parsed["width"], parsed["height"], parsed["duration_ms"], shown)
