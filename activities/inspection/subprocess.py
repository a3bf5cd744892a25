"""Inspects a file in a process of its own: what breaks a decoder there breaks nothing here."""

import asyncio
import base64
import json
import os
import sys
from datetime import timedelta

from activities.inspection.results import FileVariant, InspectionResult, Rejected
from domain.media.files import FileType
from domain.media.status import Rejection

#: Of the clock; of the processor it has less.
PATIENCE = timedelta(seconds=60)


async def inspect_in_subprocess(content: bytes, announced: FileType) -> InspectionResult:
    """What the file is and what is shown of it. Raises Rejected; `BROKEN` also for what took too long or too much."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "activities.inspection", announced.value),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        cwd="/",
        # No secret of ours is in what it inherits.
        env={name: os.environ[name] for name in ("PATH", "LANG", "PYTHONPYCACHEPREFIX") if name in os.environ},
    )
    try:
        async with asyncio.timeout(PATIENCE.total_seconds()):
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
    said = json.loads(answer)
    if "rejection" in said:
        raise Rejected(Rejection(said["rejection"]))
    shown = tuple(
        FileVariant(name, content_type, base64.b64decode(content), width, height)
        for name, content_type, content, width, height in said["shown"]
    )
    return InspectionResult(said["width"], said["height"], said["duration_ms"], shown)
