"""``python -m activities.inspection TYPE < FILE``: inspect one file and print its properties and public variants.

The output is one line of JSON; contents are base64. Limits on memory and processor time are set before the first byte
is read. Access to files and sockets is dropped before the first file is decoded.
"""

import base64
import json
import resource
import sys

from activities.inspection.films import clean
from activities.inspection.pictures import draw, load_decoders
from activities.inspection.results import InspectionResult, Rejected
from domain.media.files import FIRST_BYTES, MEDIA, FileType, MediaKind, type_of
from domain.media.status import Rejection
from runtime.confinement import drop_privileges

#: Enough for the largest accepted picture, some copies of it, and the interpreter.
MEMORY = 1536 * 1024 * 1024
CPU_SECONDS = 30


def inspect(content: bytes, announced: FileType) -> InspectionResult:
    """Returns the properties of the file and its public variants. Raises Rejected."""
    found = type_of(content[:FIRST_BYTES])
    if found not in MEDIA:
        raise Rejected(Rejection.UNKNOWN_TYPE)
    if found is not announced:
        raise Rejected(Rejection.TYPE_MISMATCH)
    return draw(content, found) if MEDIA[found] is MediaKind.IMAGE else clean(content, found)


def main(announced: str) -> None:
    """See the module."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    content = sys.stdin.buffer.read()
    load_decoders()
    drop_privileges()
    try:
        result = inspect(content, FileType(announced))
    except Rejected as error:
        parsed: dict[str, object] = {"rejection": error.reason.value}
    else:
        parsed = {
            "width": result.width,
            "height": result.height,
            "duration_ms": result.duration_ms,
            "shown": [
                [one.name, one.content_type, base64.b64encode(one.content).decode(), one.width, one.height]
                for one in result.shown
            ],
        }
    sys.stdout.write(json.dumps(parsed))


if __name__ == "__main__":
    main(*sys.argv[1:])
