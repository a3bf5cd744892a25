"""``python -m activities.inspection TYPE FILE FOLDER``: look at one file, write what is shown of it, say what it is.

The answer is one line of JSON. Memory and processor time are limited before a byte of the file is read.
"""

import json
import resource
import sys
from pathlib import Path

from activities.inspection.films import clean
from activities.inspection.pictures import draw
from activities.inspection.results import InspectionResult, Rejected
from domain.media.files import FIRST_BYTES, MEDIA, FileType, MediaKind, type_of
from domain.media.status import Rejection

#: For the largest picture that is taken, some copies of it and the interpreter.
MEMORY = 1536 * 1024 * 1024
CPU_SECONDS = 30


def look(content: bytes, announced: FileType) -> InspectionResult:
    """What the file is and what is shown of it. Raises Rejected."""
    found = type_of(content[:FIRST_BYTES])
    if found not in MEDIA:
        raise Rejected(Rejection.UNKNOWN_TYPE)
    if found is not announced:
        raise Rejected(Rejection.TYPE_MISMATCH)
    return draw(content, found) if MEDIA[found] is MediaKind.IMAGE else clean(content, found)


def main(announced: str, file: str, folder: str) -> None:
    """See the module."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    try:
        looked = look(Path(file).read_bytes(), FileType(announced))
    except Rejected as error:
        said: dict[str, object] = {"rejection": error.reason.value}
    else:
        for shown in looked.shown:
            (Path(folder) / shown.name).write_bytes(shown.content)
        said = {
            "width": looked.width,
            "height": looked.height,
            "duration_ms": looked.duration_ms,
            "shown": [[one.name, one.content_type, one.width, one.height] for one in looked.shown],
        }
    sys.stdout.write(json.dumps(said))


if __name__ == "__main__":
    main(*sys.argv[1:])
