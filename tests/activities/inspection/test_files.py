"""What is shown of a file that anybody sent, and what is refused: in this process and in one of its own."""

import base64
import io
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from activities.inspection import subprocess as looking
from activities.inspection.__main__ import inspect
from activities.inspection.results import InspectionResult, Rejected
from activities.inspection.subprocess import inspect_in_subprocess
from domain.media.files import MOST_FRAMES, VARIANTS, FileType
from domain.media.status import Rejection
from tests.support import pictures


def opened(looked: InspectionResult, name: str = "large.webp") -> Image.Image:
    """One of the pictures that were drawn."""
    (shown,) = [one for one in looked.shown if one.name == name]
    image = Image.open(io.BytesIO(shown.content))
    image.load()
    return image


def near(image: Image.Image, at: tuple[int, int]) -> str:
    """The colour at a place, in a word."""
    red, green, blue = image.convert("RGB").getpixel(at)
    return "red" if red > 200 and blue < 60 and green < 60 else "blue" if blue > 200 and red < 60 else "other"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP"])
def test_picture_is_drawn_in_every_variant_and_never_enlarged(kind: str) -> None:
    looked = inspect(pictures.picture(kind, (2400, 1200)), FileType(f"image/{kind.lower()}"))
    assert (looked.width, looked.height, looked.duration_ms) == (2400, 1200, None)
    sizes = {one.name: (one.width, one.height) for one in looked.shown}
    assert sizes == {"large.webp": (1920, 960), "medium.webp": (960, 480), "thumbnail.webp": (320, 160)}
    for one in looked.shown:
        assert one.content_type == "image/webp"
        assert opened(looked, one.name).size == (one.width, one.height)
    assert near(opened(looked), (100, 100)) == "red"
    assert near(opened(looked), (1800, 100)) == "blue"
    small = inspect(pictures.picture(kind, (200, 100)), FileType(f"image/{kind.lower()}"))
    assert {(one.width, one.height) for one in small.shown} == {(200, 100)}


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_picture_loses_its_place_and_its_camera(kind: str) -> None:
    content = pictures.with_place(kind)
    assert Image.open(io.BytesIO(content)).getexif().get_ifd(0x8825)[2] == pictures.LATITUDE, "the test can see it"
    looked = inspect(content, FileType(f"image/{kind.lower()}"))
    for one in looked.shown:
        image = Image.open(io.BytesIO(one.content))
        assert len(image.getexif()) == 0
        assert not {"exif", "xmp", "icc_profile"} & set(image.info)
        for metadata in (b"Exif", b"EXIF", b"XMP ", pictures.SECRET_MAKER.encode()):
            assert metadata not in one.content


def test_picture_is_turned_upright() -> None:
    looked = inspect(pictures.with_place(orientation=6, size=(640, 480)), FileType.JPEG)
    assert (looked.width, looked.height) == (480, 640)
    image = opened(looked)
    assert image.size == (480, 640)
    assert near(image, (240, 20)) == "red", "turned clockwise: left is above"
    assert near(image, (240, 620)) == "blue"


def test_profile_is_applied_and_a_broken_one_does_no_harm() -> None:
    for content in (pictures.with_profile(), pictures.picture("JPEG", icc_profile=b"no profile at all" * 20)):
        image = opened(inspect(content, FileType.JPEG))
        assert near(image, (10, 10)) == "red"
        assert "icc_profile" not in image.info


@pytest.mark.parametrize(
    ("kind", "mode"),
    [("PNG", "RGBA"), ("PNG", "P"), ("PNG", "L"), ("PNG", "LA"), ("PNG", "1"), ("PNG", "I;16"), ("JPEG", "CMYK")],
)
def test_picture_of_every_colour_mode_is_drawn(kind: str, mode: str) -> None:
    looked = inspect(pictures.picture(kind, (64, 48), mode), FileType(f"image/{kind.lower()}"))
    assert opened(looked).mode in {"RGB", "RGBA"}


def test_grey_of_sixteen_bits_keeps_its_greys() -> None:
    written = io.BytesIO()
    Image.new("I;16", (32, 32), 0x8000).save(written, "PNG")
    red, green, blue = opened(inspect(written.getvalue(), FileType.PNG)).convert("RGB").getpixel((5, 5))
    assert all(abs(value - 128) < 6 for value in (red, green, blue))


def test_picture_keeps_its_transparency() -> None:
    written = io.BytesIO()
    Image.new("RGBA", (32, 32), (255, 0, 0, 0)).save(written, "PNG")
    image = opened(inspect(written.getvalue(), FileType.PNG))
    assert image.mode == "RGBA"
    assert image.getpixel((5, 5))[3] == 0


@pytest.mark.parametrize("hidden", [pictures.archive(), b"<html><script>alert(1)</script></html>"])
def test_second_file_behind_the_first_is_left_behind(hidden: bytes) -> None:
    for kind in ("JPEG", "PNG", "GIF"):
        looked = inspect(pictures.picture(kind) + hidden, FileType(f"image/{kind.lower()}"))
        for one in looked.shown:
            assert b"<script>" not in one.content
            assert b"PK\x03\x04" not in one.content


def test_picture_that_is_a_script_too_is_a_picture_only() -> None:
    """``GIF89a/*…*/=alert(1)``: the width of the picture is the beginning of a comment."""
    content = bytearray(pictures.picture("GIF", (0x2A2F, 8)))
    assert content[6:8] == b"/*"
    content += b"*/=1;alert(1)//"
    for one in inspect(bytes(content), FileType.GIF).shown:
        assert one.content.startswith(b"RIFF")
        assert b"alert" not in one.content


def test_animation_is_its_first_frame_and_has_an_end() -> None:
    looked = inspect(pictures.animation(5), FileType.GIF)
    assert getattr(opened(looked), "n_frames", 1) == 1
    assert refusal(pictures.animation(MOST_FRAMES + 1), FileType.GIF) is Rejection.TOO_MANY_FRAMES


def refusal(content: bytes, announced: FileType) -> Rejection:
    """Why the file is not shown."""
    with pytest.raises(Rejected) as refused:
        inspect(content, announced)
    return refused.value.reason


@pytest.mark.parametrize("bomb", [pictures.image_bomb(), pictures.image_bomb(7_000), pictures.flat_bomb()])
def test_bombs_are_not_lit(bomb: bytes) -> None:
    assert len(bomb) < 100_000
    assert refusal(bomb, FileType.PNG) is Rejection.TOO_MANY_PIXELS


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP"])
@pytest.mark.parametrize("part", [0.1, 0.5, 0.9])
def test_picture_that_was_cut_off_is_refused(kind: str, part: float) -> None:
    whole = io.BytesIO()
    Image.effect_noise((300, 300), 80).convert("RGB").save(whole, kind)
    content = whole.getvalue()
    assert refusal(content[: int(len(content) * part)], FileType(f"image/{kind.lower()}")) is Rejection.BROKEN


def test_picture_of_another_type_than_announced_is_refused() -> None:
    assert refusal(pictures.picture("PNG"), FileType.JPEG) is Rejection.TYPE_MISMATCH
    assert refusal(b"<svg/>", FileType.PNG) is Rejection.UNKNOWN_TYPE
    assert refusal(b"%PDF-1.7", FileType.PDF) is Rejection.UNKNOWN_TYPE
    assert refusal(b"\xff\xd8\xff" + b"x" * 500, FileType.JPEG) is Rejection.BROKEN


PLACE = b"+35.6586+139.7454/"


@pytest.mark.parametrize(
    ("content", "file_type"),
    [
        (pictures.mp4(pictures.box(b"udta", pictures.box(b"\xa9xyz", b"\x00\x12\x15\xc7", PLACE))), FileType.MP4),
        (pictures.mp4(pictures.box(b"meta", bytes(4), PLACE)), FileType.MP4),
        (pictures.mp4() + pictures.box(b"uuid", bytes(16), PLACE), FileType.MP4),
        (pictures.webm(pictures.element(0x1254C367, pictures.element(0x7373, PLACE))), FileType.WEBM),
        (pictures.webm(pictures.element(0x1254C367, pictures.element(0x7373, PLACE)), live=True), FileType.WEBM),
        (pictures.webm(pictures.element(0x1941A469, PLACE)), FileType.WEBM),
    ],
)
def test_film_does_not_say_where_it_was_taken(content: bytes, file_type: FileType) -> None:
    assert PLACE in content
    looked = inspect(content, file_type)
    (shown,) = looked.shown
    assert PLACE not in shown.content
    assert len(shown.content) == len(content), "nothing moves"
    assert shown.content_type == file_type
    assert (looked.width, looked.height) == (320, 240)
    assert looked.duration_ms == (1500 if file_type is FileType.MP4 else 2000)
    assert inspect(shown.content, file_type) == looked


@pytest.mark.parametrize(
    ("handler", "entry"),
    [
        (b"meta", b"gpmd"),
        (b"meta", b"mebx"),
        (b"camm", b"camm"),
        (b"sbtl", b"tx3g"),
        (b"text", b"text"),
        (b"vide", b"gpmd"),
        (b"soun", b"camm"),
        (b"tmcd", b"tmcd"),
        (b"djmd", b"djmd"),
    ],
)
@pytest.mark.parametrize("large", [False, True])
@pytest.mark.parametrize("same_size", [False, True])
def test_film_has_no_track_that_says_where_it_was_taken(
    handler: bytes, entry: bytes, large: bool, same_size: bool
) -> None:
    size, picture = len(PLACE), b"\x00\x01" * 40
    # Chunks of two, two and one sample, with pictures between them.
    samples = picture + PLACE * 2 + picture + PLACE * 2 + picture + PLACE + picture
    at = [pictures.FIRST_SAMPLE + len(picture) * (n + 1) + size * 2 * n for n in range(3)]
    offsets = pictures.table(b"co64", 3, *(part for one in at for part in (0, one)))
    tables = (
        pictures.table(b"stsz", size, 5) if same_size else pictures.table(b"stsz", 0, 5, *[size] * 5),
        pictures.table(b"stsc", 2, 1, 2, 1, 3, 1, 1),
        offsets if large else pictures.table(b"stco", 3, *at),
    )
    content = pictures.mp4(pictures.track(handler, entry, *tables), samples=samples)
    assert content.count(PLACE) == 5
    looked = inspect(content, FileType.MP4)
    (shown,) = looked.shown
    assert PLACE not in shown.content
    assert entry not in shown.content
    assert len(shown.content) == len(content), "nothing moves"
    assert shown.content.count(picture) == 4, "what is seen stays"
    assert (looked.width, looked.height, looked.duration_ms) == (320, 240, 1500)
    assert inspect(shown.content, FileType.MP4) == looked


def test_film_whose_data_cannot_be_removed_is_refused() -> None:
    data_track = pictures.track(b"meta", b"gpmd")
    fragment = pictures.mp4(data_track, pictures.box(b"mvex"))
    assert refusal(fragment, FileType.MP4) is Rejection.DATA_TRACK
    small_sizes = pictures.mp4(
        pictures.track(b"meta", b"gpmd", pictures.table(b"stz2", 8, 0), pictures.table(b"stco", 1, 60))
    )
    assert refusal(small_sizes, FileType.MP4) is Rejection.DATA_TRACK
    subtitles = pictures.element(0xAE, pictures.element(0x83, b"\x11"))
    assert refusal(pictures.webm(pictures.element(0x1654AE6B, subtitles)), FileType.WEBM) is Rejection.DATA_TRACK


@pytest.mark.parametrize(
    ("sizes", "offset"), [((0, 1, 10), 4), ((0, 1, 10), 10**9), ((2**31, 1), 40), ((0, 99, 10), 40), ((0, 1, 2000), 40)]
)
def test_data_track_cannot_erase_what_is_not_media_data(sizes: tuple[int, ...], offset: int) -> None:
    tables = (
        pictures.table(b"stsz", *sizes),
        pictures.table(b"stsc", 1, 1, 1, 1),
        pictures.table(b"stco", 1, offset),
    )
    content = pictures.mp4(pictures.track(b"meta", b"gpmd", *tables))
    assert refusal(content, FileType.MP4) is Rejection.BROKEN


@pytest.mark.parametrize(("content", "file_type"), [(pictures.mp4(), FileType.MP4), (pictures.webm(), FileType.WEBM)])
def test_film_that_is_cut_off_or_none_is_refused(content: bytes, file_type: FileType) -> None:
    assert inspect(content, file_type).shown[0].content == content
    for end in (len(content) - 1, len(content) // 2, 40):
        assert refusal(content[:end], file_type) is Rejection.BROKEN
    assert refusal(content + b"<script>alert(1)</script>", file_type) is Rejection.BROKEN


@pytest.mark.parametrize("file_type", [FileType.MP4, FileType.WEBM])
def test_film_with_any_changed_byte_is_read_or_refused(file_type: FileType) -> None:
    content = pictures.mp4() if file_type is FileType.MP4 else pictures.webm()
    for at in range(0, min(len(content), 400)):
        for value in (0x00, 0x7F, 0xFF):
            broken = bytearray(content)
            broken[at] = value
            try:
                inspect(bytes(broken), file_type)
            except Rejected:
                continue


async def test_apart_it_is_the_same() -> None:
    content = pictures.with_place()
    assert await inspect_in_subprocess(content, FileType.JPEG) == inspect(content, FileType.JPEG)
    assert await inspect_in_subprocess(pictures.mp4(), FileType.MP4) == inspect(pictures.mp4(), FileType.MP4)
    for bad, reason in ((pictures.flat_bomb(), Rejection.TOO_MANY_PIXELS), (b"<svg/>", Rejection.UNKNOWN_TYPE)):
        with pytest.raises(Rejected) as refused:
            await inspect_in_subprocess(bad, FileType.PNG)
        assert refused.value.reason is reason


async def test_decoder_that_hangs_or_dies_costs_the_one_file_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looking, "TIME_LIMIT", timedelta(milliseconds=1))
    with pytest.raises(Rejected) as refused:
        await inspect_in_subprocess(pictures.picture(), FileType.JPEG)
    assert refused.value.reason is Rejection.BROKEN
    monkeypatch.undo()
    monkeypatch.setattr(looking.sys, "executable", "/bin/false")
    with pytest.raises(Rejected) as refused:
        await inspect_in_subprocess(pictures.picture(), FileType.JPEG)
    assert refused.value.reason is Rejection.BROKEN


def _answer(**changes: Any) -> bytes:
    """What a decoder that a file has taken over might print."""
    webp = base64.b64encode(pictures.picture("WEBP")).decode()
    one = {"name": "large.webp", "type": "image/webp", "content": webp, "width": 8, "height": 8} | changes
    shown = [[one["name"], one["type"], one["content"], one["width"], one["height"]]]
    whole = {"width": 8, "height": 8, "duration_ms": None, "shown": shown} | changes.get("whole", {})
    return json.dumps(whole).encode()


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "../../other-business/large.webp"},
        {"name": "page.html"},
        {"name": "film.mp4", "type": "video/mp4"},
        {"type": "text/html"},
        {"type": "image/svg+xml"},
        {"content": base64.b64encode(b"<script>alert(1)</script>").decode()},
        {"content": "not base64!"},
        {"width": "8"},
        {"height": True},
        {"whole": {"shown": []}},
        {"whole": {"shown": [["large.webp"]]}},
        {"whole": {"width": None}},
        {"whole": {"duration_ms": "soon"}},
        {"whole": {"rejection": "because"}},
    ],
)
def test_collect_believes_no_name_type_or_size_of_a_decoder(changes: dict[str, Any]) -> None:
    assert looking._collect(_answer(), FileType.JPEG).shown[0].name == "large.webp"
    with pytest.raises(Rejected) as refused:
        looking._collect(_answer(**changes), FileType.JPEG)
    assert refused.value.reason is Rejection.BROKEN


async def test_decoder_that_answers_without_end_is_stopped(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "decoder"
    program.write_text("#!/bin/sh\nexec head -c 5000000 /dev/zero\n")
    program.chmod(0o755)
    monkeypatch.setattr(looking, "ANSWER_ROOM", 1024)
    monkeypatch.setattr(looking.sys, "executable", str(program))
    monkeypatch.setattr(looking, "_collect", lambda *_: pytest.fail("the answer was read to its end"))
    with pytest.raises(Rejected) as refused:
        await inspect_in_subprocess(b"x" * 10, FileType.JPEG)
    assert refused.value.reason is Rejection.BROKEN


def test_largest_variant_comes_first() -> None:
    assert [variant.side for variant in VARIANTS] == sorted((v.side for v in VARIANTS), reverse=True)
