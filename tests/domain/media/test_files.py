"""The first bytes alone decide the type, and every status follows the table."""

import pytest

from domain.errors import WrongState
from domain.media.files import (
    ALIASES,
    ENDINGS,
    FIRST_BYTES,
    MOST_PIXELS,
    FileType,
    has_ending,
    is_announced,
    most_pixels,
    type_of,
)
from domain.media.status import ALLOWED, MediaStatus, check_transition
from tests.support import pictures

KNOWN = {
    FileType.JPEG: pictures.picture("JPEG"),
    FileType.PNG: pictures.picture("PNG"),
    FileType.GIF: pictures.picture("GIF"),
    FileType.WEBP: pictures.picture("WEBP"),
    FileType.MP4: pictures.mp4(),
    FileType.WEBM: pictures.webm(),
    FileType.PDF: b"%PDF-1.7\n",
}


@pytest.mark.parametrize("file_type", FileType)
def test_file_type_follows_from_the_first_bytes(file_type: FileType) -> None:
    assert type_of(KNOWN[file_type][:FIRST_BYTES]) is file_type
    assert ENDINGS[file_type]


@pytest.mark.parametrize(
    ("found", "media_type", "ending", "agrees"),
    [
        (FileType.JPEG, "image/jpg", ".jpg", (True, True)),
        (FileType.JPEG, "IMAGE/PJPEG; q=1", ".JFIF", (True, True)),
        (FileType.MP4, "video/x-m4v", ".m4v", (True, True)),
        (FileType.PNG, "application/octet-stream", ".png", (True, True)),
        (FileType.PNG, "", "", (True, True)),
        (FileType.PNG, "image/jpg", ".png", (False, True)),
        (FileType.PNG, "text/html", "", (False, True)),
        (FileType.PNG, "image/png", ".jfif", (True, False)),
        (FileType.GIF, "application/octet-stream", ".html", (True, False)),
    ],
)
def test_announced_type_must_not_contradict_the_bytes(
    found: FileType, media_type: str, ending: str, agrees: tuple[bool, bool]
) -> None:
    assert (is_announced(found, media_type), has_ending(found, ending)) == agrees


def test_type_aliases_lead_to_accepted_types() -> None:
    for name, file_type in ALIASES.items():
        assert is_announced(file_type, name)
        assert name not in set(FileType)


def test_small_file_may_not_ask_for_many_pixels() -> None:
    assert most_pixels(38) < 1_100_000
    assert most_pixels(30_000) == MOST_PIXELS
    assert most_pixels(10) <= most_pixels(1_000) <= most_pixels(10_000_000) == MOST_PIXELS


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"<?xml version='1.0'?><svg/>",
        b"<!DOCTYPE html><script>alert(1)</script>",
        b"\n" + KNOWN[FileType.JPEG],
        pictures.archive(),
        b"MZ\x90\x00",
        b"GIF88a",
        b"RIFF\x00\x00\x00\x00WAVE",
        pictures.mp4(brand=b"qt  "),
        pictures.mp4(brand=b"heic"),
        pictures.mp4(brand=b"avif"),
        b"\x1a\x45\xdf\xa3\x01\x00\x00\x00\x00\x00\x00\x23\x42\x82\x88matroska",
    ],
)
def test_other_types_are_refused(content: bytes) -> None:
    assert type_of(content[:FIRST_BYTES]) is None


def test_media_status_follows_the_table() -> None:
    for current in MediaStatus:
        for wanted in MediaStatus:
            if wanted in ALLOWED[current]:
                check_transition(current, wanted)
            else:
                with pytest.raises(WrongState):
                    check_transition(current, wanted)
