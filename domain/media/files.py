"""Which files are accepted. The type of a file is read from its first bytes; its name and its declared type are not
trusted."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class MediaKind(StrEnum):
    """The kind of media."""

    IMAGE = "image"
    VIDEO = "video"


class FileType(StrEnum):
    """All types that can be uploaded; the value is the media type."""

    JPEG = "image/jpeg"
    PNG = "image/png"
    GIF = "image/gif"
    WEBP = "image/webp"
    MP4 = "video/mp4"
    WEBM = "video/webm"
    PDF = "application/pdf"


#: The types of pictures and films of a business.
MEDIA: Mapping[FileType, MediaKind] = {
    FileType.JPEG: MediaKind.IMAGE,
    FileType.PNG: MediaKind.IMAGE,
    FileType.GIF: MediaKind.IMAGE,
    FileType.WEBP: MediaKind.IMAGE,
    FileType.MP4: MediaKind.VIDEO,
    FileType.WEBM: MediaKind.VIDEO,
}

#: The file name endings of each type, the usual one first.
ENDINGS: Mapping[FileType, tuple[str, ...]] = {
    FileType.JPEG: (".jpg", ".jpeg", ".jpe", ".jfif", ".pjpeg"),
    FileType.PNG: (".png",),
    FileType.GIF: (".gif",),
    FileType.WEBP: (".webp",),
    FileType.MP4: (".mp4", ".m4v"),
    FileType.WEBM: (".webm",),
    FileType.PDF: (".pdf",),
}

#: Other names that programs use for a type.
ALIASES: Mapping[str, FileType] = {
    "image/jpg": FileType.JPEG,
    "image/pjpeg": FileType.JPEG,
    "image/jfif": FileType.JPEG,
    "image/x-png": FileType.PNG,
    "video/x-m4v": FileType.MP4,
    "video/m4v": FileType.MP4,
    "application/x-pdf": FileType.PDF,
}
#: The types that programs send for an unknown file; then its bytes decide.
UNKNOWN_TYPES = frozenset(("", "application/octet-stream", "binary/octet-stream"))


def announced_type(media_type: str) -> str:
    """The media type without parameters, in lower case, under its usual name."""
    plain = media_type.partition(";")[0].strip().lower()
    return ALIASES.get(plain, plain)


def is_announced(found: FileType, media_type: str) -> bool:
    """Whether a declared media type matches the bytes of a file."""
    announced = announced_type(media_type)
    return announced in UNKNOWN_TYPES or announced == found.value


def has_ending(found: FileType, ending: str) -> bool:
    """Whether the ending of a file's name (``.jpg``, or nothing) matches its bytes."""
    return not ending or ending.lower() in ENDINGS[found]


#: How many of a file's first bytes `type_of` needs.
FIRST_BYTES = 64

#: ISO/IEC 14496-12 brands of plain MP4. QuickTime (``qt``), HEIC and AVIF have the same structure and are not accepted.
_MP4_BRANDS = frozenset(
    (b"isom", b"iso2", b"iso3", b"iso4", b"iso5", b"iso6", b"avc1", b"mp41", b"mp42", b"M4V ", b"dash", b"MSNV")
)


def type_of(first: bytes) -> FileType | None:
    """The type of a file that begins with ``first`` (`FIRST_BYTES` of it). None: the type is not accepted."""
    if first.startswith(b"\xff\xd8\xff"):
        return FileType.JPEG
    if first.startswith(b"\x89PNG\r\n\x1a\n"):
        return FileType.PNG
    if first.startswith((b"GIF87a", b"GIF89a")):
        return FileType.GIF
    if first[:4] == b"RIFF" and first[8:12] == b"WEBP":
        return FileType.WEBP
    if first[4:8] == b"ftyp" and first[8:12] in _MP4_BRANDS:
        return FileType.MP4
    # EBML: its document type, element 4282, is near the beginning and distinguishes WebM from other Matroska files.
    if first.startswith(b"\x1a\x45\xdf\xa3") and b"\x42\x82\x84webm" in first:
        return FileType.WEBM
    return FileType.PDF if first.startswith(b"%PDF-") else None


@dataclass(frozen=True, slots=True)
class Variant:
    """A published picture: WebP, no side longer than ``side`` pixels, never larger than the original."""

    name: str
    side: int
    quality: int


#: Largest first: each is made from the one before.
VARIANTS = (Variant("large", 1920, 82), Variant("medium", 960, 80), Variant("thumbnail", 320, 76))


def shown_names(file_type: FileType) -> frozenset[tuple[str, FileType]]:
    """The names and types of the public files that are made of a file of this type."""
    if MEDIA.get(file_type) is MediaKind.IMAGE:
        return frozenset((f"{variant.name}.webp", FileType.WEBP) for variant in VARIANTS)
    return frozenset({(f"film{ENDINGS[file_type][0]}", file_type)})


#: The most pixels of a picture; 40 megapixels need 160 MB of memory.
MOST_PIXELS = 40_000_000
MOST_FRAMES = 300
#: A file with fewer bytes per pixel than any real picture is probably made to cost processor time. Every file may have
#: the first number of pixels.
_PIXELS_OF_ANY_FILE = 1_000_000
_PIXELS_PER_BYTE = 2_000


def most_pixels(size: int) -> int:
    """How many pixels a picture of ``size`` bytes may have. Decoding costs time per pixel, uploading per byte."""
    return min(MOST_PIXELS, _PIXELS_OF_ANY_FILE + size * _PIXELS_PER_BYTE)


#: Where documents are uploaded, and where they are stored; only operators can read them.
DOCUMENTS_IN = "documents/in/"
DOCUMENTS_KEPT = "documents/kept/"

#: Prefixes of keys. An uploaded file is inspected and deleted; only the files that are made from it are published.
UPLOADS = "uploads/"
SHOWN = "media/"


def shown_key(business_id: UUID, media_id: UUID, name: str) -> str:
    """The key of a public variant; ``name`` includes its ending."""
    return f"{SHOWN}{business_id}/{media_id}/{name}"
