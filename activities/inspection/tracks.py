"""Tracks of an MP4 film that are neither picture nor sound: places of a drone or an action camera, subtitles with them.

Such a track is removed with its samples: its header becomes a free box and its samples become zeros, in place, so that
nothing moves. ISO/IEC 14496-12, section 8: ``hdlr`` has the kind of a track (8.4.3), ``stsd`` the format of its samples
(8.5.2), ``stsc``, ``stsz`` and ``stco`` or ``co64`` their positions (8.7).
"""

import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from activities.inspection.results import Rejected
from domain.media.status import Rejection

#: The tracks of picture and sound.
_SHOWN = frozenset((b"vide", b"soun"))
#: Sample entries that are data, also in a track of another kind: GoPro, Google, Apple, DJI.
_DATA = frozenset((b"gpmd", b"camm", b"mebx", b"djmd", b"dbgi", b"mett", b"metx", b"tmcd"))


@dataclass(frozen=True, slots=True)
class Box:
    """A box of MP4: where it begins, where its content begins, and where it ends."""

    kind: bytes
    start: int
    body: int
    end: int


#: Gives the boxes inside a range of a film.
Boxes = Callable[[bytearray, int, int], Iterator[Box]]


def remove_data_tracks(data: bytearray, boxes: list[Box], inside: Boxes) -> None:
    """Remove them from the film. ``boxes`` are all boxes of it; ``inside`` reads those of a range. Raises Rejected:
    BROKEN where samples lie outside of the media data, DATA_TRACK where they cannot be found (a fragmented film)."""
    media = [box for box in boxes if box.kind == b"mdat"]
    fragmented = any(box.kind in {b"moof", b"mvex"} for box in boxes)
    for track in [box for box in boxes if box.kind == b"trak"]:
        parts = {box.kind: box for box in inside(data, track.body, track.end)}
        if _is_shown(data, parts):
            continue
        if fragmented:
            raise Rejected(Rejection.DATA_TRACK)
        for start, end in _samples(data, parts):
            if not any(box.body <= start and end <= box.end for box in media):
                raise Rejected(Rejection.BROKEN)
            data[start:end] = bytes(end - start)
        data[track.start + 4 : track.start + 8] = b"free"
        data[track.body : track.end] = bytes(track.end - track.body)


def _is_shown(data: bytearray, parts: Mapping[bytes, Box]) -> bool:
    handler, description = parts.get(b"hdlr"), parts.get(b"stsd")
    if handler is None or bytes(data[handler.body + 8 : handler.body + 12]) not in _SHOWN:
        return False
    return description is None or bytes(data[description.body + 12 : description.body + 16]) not in _DATA


def _samples(data: bytearray, parts: Mapping[bytes, Box]) -> Iterator[tuple[int, int]]:
    """Where the samples of a track are, chunk by chunk: start and end."""
    sizes = _sizes(data, parts)
    runs = _rows(data, parts.get(b"stsc"), 3)
    first = 0
    for number, offset in enumerate(_offsets(data, parts), start=1):
        while len(runs) > 1 and runs[1][0] <= number:
            runs.pop(0)
        count = runs[0][1] if runs else 0
        length = sizes(first, count)
        first += count
        yield offset, offset + length


def _offsets(data: bytearray, parts: Mapping[bytes, Box]) -> list[int]:
    small, large = _rows(data, parts.get(b"stco"), 1), _rows(data, parts.get(b"co64"), 2)
    return [offset for (offset,) in small] + [high << 32 | low for high, low in large]


def _sizes(data: bytearray, parts: Mapping[bytes, Box]) -> Callable[[int, int], int]:
    """Gives how many bytes some samples have together, from the number of the first and their count."""
    table = parts.get(b"stsz")
    if table is None:
        if b"stz2" in parts:
            raise Rejected(Rejection.DATA_TRACK)
        return lambda first, count: 0
    same, number = struct.unpack_from(">II", data, table.body + 4)
    if same:
        return lambda first, count: same * count
    if table.body + 12 + 4 * number > table.end:
        raise Rejected(Rejection.BROKEN)
    each = struct.unpack_from(f">{number}I", data, table.body + 12)
    return lambda first, count: sum(each[first : first + count])


def _rows(data: bytearray, table: Box | None, width: int) -> list[tuple[int, ...]]:
    """The rows of a table of 32-bit numbers behind version, flags and their count."""
    if table is None:
        return []
    (count,) = struct.unpack_from(">I", data, table.body + 4)
    if table.body + 8 + 4 * width * count > table.end:
        raise Rejected(Rejection.BROKEN)
    numbers = struct.unpack_from(f">{width * count}I", data, table.body + 8)
    return [numbers[at : at + width] for at in range(0, len(numbers), width)]
