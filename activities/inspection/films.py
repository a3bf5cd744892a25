"""Films: the container is parsed and cleaned; the pictures in it are not decoded.

Metadata that a camera adds (place, owner, device, tags) is overwritten in place, so that the offsets of the samples do
not change. Tracks that are neither picture nor sound are removed with their samples (`tracks`).
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from activities.inspection.results import FileVariant, InspectionResult, Rejected
from activities.inspection.tracks import Box, remove_data_tracks
from domain.media.files import FileType
from domain.media.status import Rejection

#: Boxes of MP4 (ISO/IEC 14496-12) that contain other boxes, as far as the header is read.
_NESTED = frozenset((b"moov", b"trak", b"mdia", b"minf", b"stbl"))
#: User data, metadata, and additions of makers. Places are in the first two, XMP in the third.
#: Free space may have what was there before.
_METADATA_BOXES = frozenset((b"udta", b"meta", b"uuid", b"free", b"skip"))
_FREE = b"free"

# Elements of WebM (RFC 8794, RFC 9559).
_SEGMENT, _CLUSTER, _INFO, _TRACKS, _TRACK, _VIDEO = 0x18538067, 0x1F43B675, 0x1549A966, 0x1654AE6B, 0xAE, 0xE0
_SCALE, _DURATION, _WIDTH, _HEIGHT = 0x2AD7B1, 0x4489, 0xB0, 0xBA
_TRACK_TYPE = 0x83
#: RFC 9559, section 5.1.4.1.3: pictures and sound. Subtitles and metadata may name places.
_SHOWN_TYPES = frozenset((1, 2))
_TAGS, _ATTACHMENTS = 0x1254C367, 0x1941A469
_OPENED = frozenset((_SEGMENT, _CLUSTER, _INFO, _TRACKS, _TRACK, _VIDEO))
_VOID = b"\xec\x01"
_UNKNOWN = -1


def clean(content: bytes, file_type: FileType) -> InspectionResult:
    """The film without its metadata. Raises Rejected."""
    try:
        return _mp4(bytearray(content)) if file_type is FileType.MP4 else _webm(bytearray(content))
    except (struct.error, IndexError, ValueError, OverflowError, ZeroDivisionError):
        raise Rejected(Rejection.BROKEN) from None


def _boxes(data: bytearray, start: int, end: int) -> Iterator[Box]:
    """The boxes in the range, which they must fill to the last byte."""
    while start < end:
        size, kind = struct.unpack_from(">I4s", data, start)
        body = start + 8
        if size == 1:
            (size,) = struct.unpack_from(">Q", data, body)
            body += 8
        elif size == 0:
            size = end - start
        if size < body - start or start + size > end:
            raise Rejected(Rejection.BROKEN)
        yield Box(bytes(kind), start, body, start + size)
        start += size
        if kind in _NESTED:
            yield from _boxes(data, body, start)


def _mp4(data: bytearray) -> InspectionResult:
    found = list(_boxes(data, 0, len(data)))
    kinds = [box.kind for box in found]
    if kinds.count(b"moov") != 1 or b"mdat" not in kinds:
        raise Rejected(Rejection.BROKEN)
    remove_data_tracks(data, found, _boxes)
    duration, sizes = 0, [(0, 0)]
    for box in _boxes(data, 0, len(data)):
        if box.kind == b"mvhd":
            duration = _mp4_duration(data, box)
        elif box.kind == b"tkhd":
            # 16.16 fixed point, at the very end of the box; a sound track has 0 x 0.
            width, height = struct.unpack_from(">II", data, box.end - 8)
            sizes.append((width >> 16, height >> 16))
        elif box.kind in _METADATA_BOXES:
            data[box.start + 4 : box.start + 8] = _FREE
            data[box.body : box.end] = bytes(box.end - box.body)
    return _result(data, FileType.MP4, max(sizes), duration)


def _mp4_duration(data: bytearray, box: Box) -> int:
    if data[box.body] == 1:
        scale, duration = struct.unpack_from(">IQ", data, box.body + 20)
    else:
        scale, duration = struct.unpack_from(">II", data, box.body + 12)
    return int(duration * 1000 // scale)


def _number(data: bytearray, at: int, keep_marker: bool) -> tuple[int, int]:
    """A variable-size integer and the position after it; `_UNKNOWN` for an unknown size."""
    length = 9 - data[at].bit_length()
    if length > 8 or at + length > len(data):
        raise Rejected(Rejection.BROKEN)
    value = int.from_bytes(data[at : at + length], "big")
    if not keep_marker:
        value &= (1 << (7 * length)) - 1
        if value == (1 << (7 * length)) - 1:
            value = _UNKNOWN
    return value, at + length


@dataclass(frozen=True, slots=True)
class _Element:
    id: int
    start: int
    body: int
    end: int


def _elements(data: bytearray) -> Iterator[_Element]:
    """Every element in order; the children of a container follow it. A live recording does not know the size of the
    element that it is still writing; such an element is read as a container too."""
    at = 0
    while at < len(data):
        start = at
        element, at = _number(data, at, keep_marker=True)
        size, body = _number(data, at, keep_marker=False)
        end = body if size == _UNKNOWN else body + size
        if end > len(data) or (size == _UNKNOWN and element not in (_SEGMENT, _CLUSTER)):
            raise Rejected(Rejection.BROKEN)
        yield _Element(element, start, body, end)
        at = body if element in _OPENED else end


def _webm(data: bytearray) -> InspectionResult:
    scale, duration, width, height, seen = 1_000_000, 0.0, 0, 0, set()
    for element in list(_elements(data)):
        seen.add(element.id)
        value = data[element.body : element.end]
        if element.id == _SCALE:
            scale = int.from_bytes(value, "big")
        elif element.id == _DURATION:
            (duration,) = struct.unpack(">f" if len(value) == 4 else ">d", value)
        elif element.id == _WIDTH:
            width = int.from_bytes(value, "big")
        elif element.id == _HEIGHT:
            height = int.from_bytes(value, "big")
        elif element.id == _TRACK_TYPE and int.from_bytes(value, "big") not in _SHOWN_TYPES:
            raise Rejected(Rejection.DATA_TRACK)
        elif element.id in (_TAGS, _ATTACHMENTS):
            _blank(data, element)
    if not {_SEGMENT, _TRACKS, _CLUSTER} <= seen:
        raise Rejected(Rejection.BROKEN)
    return _result(data, FileType.WEBM, (width, height), int(duration * scale / 1_000_000))


def _blank(data: bytearray, element: _Element) -> None:
    """Overwrite the element with a void element of the same length. That needs nine bytes; a shorter one is empty."""
    length = element.end - element.start
    if length >= 9:
        data[element.start : element.end] = _VOID + (length - 9).to_bytes(7, "big") + bytes(length - 9)


def _result(data: bytearray, file_type: FileType, size: tuple[int, int], duration_ms: int) -> InspectionResult:
    width, height = size
    if not (0 < width <= 16_384 and 0 < height <= 16_384 and 0 <= duration_ms < 2**31):
        raise Rejected(Rejection.BROKEN)
    name = "film" + (".mp4" if file_type is FileType.MP4 else ".webm")
    return InspectionResult(
        width, height, duration_ms, (FileVariant(name, file_type.value, bytes(data), width, height),)
    )
