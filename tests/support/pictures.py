"""Files to upload, made on the spot: good ones, and hostile ones."""

import io
import struct
import zipfile
import zlib

from PIL import Image, ImageCms

#: North and East of a house that nobody should find: as degrees, minutes and seconds.
LATITUDE, LONGITUDE = (35.0, 39.0, 31.0), (139.0, 44.0, 43.0)
SECRET_MAKER = "CameraOfTheOwner"


def picture(kind: str = "JPEG", size: tuple[int, int] = (640, 480), mode: str = "RGB", **options: object) -> bytes:
    """A picture with a red left half and a blue right one."""
    image = Image.new(mode, size, "red" if mode in {"RGB", "RGBA"} else 0)
    if mode in {"RGB", "RGBA"}:
        image.paste("blue", (size[0] // 2, 0, size[0], size[1]))
    written = io.BytesIO()
    image.save(written, kind, **options)
    return written.getvalue()


def with_place(kind: str = "JPEG", orientation: int = 1, size: tuple[int, int] = (640, 480)) -> bytes:
    """A picture that says where it was taken and by what, and how it is to be turned."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = SECRET_MAKER
    exif.get_ifd(0x8825).update({1: "N", 2: LATITUDE, 3: "E", 4: LONGITUDE})
    return picture(kind, size, exif=exif)


def with_profile() -> bytes:
    """A picture that brings a colour profile of its own."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return picture("JPEG", icc_profile=profile)


def animation(frames: int, size: tuple[int, int] = (8, 8)) -> bytes:
    """A GIF that moves."""
    images = [Image.new("P", size, number % 256) for number in range(frames)]
    written = io.BytesIO()
    images[0].save(written, "GIF", save_all=True, append_images=images[1:], duration=20, optimize=False)
    return written.getvalue()


def image_bomb(side: int = 30_000) -> bytes:
    """A small PNG that says it is ``side`` pixels wide and high."""
    small = bytearray(picture("PNG", (1, 1)))
    small[16:24] = struct.pack(">II", side, side)
    small[29:33] = struct.pack(">I", zlib.crc32(bytes(small[12:29])))
    return bytes(small)


def flat_bomb(side: int = 6_400) -> bytes:
    """A real PNG of more pixels than are taken, in a few kilobytes."""
    written = io.BytesIO()
    Image.new("1", (side, side)).save(written, "PNG", optimize=True)
    return written.getvalue()


def archive(content: bytes = b"<script>alert(1)</script>") -> bytes:
    """A ZIP file."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as packed:
        packed.writestr("page.html", content)
    return written.getvalue()


def box(kind: bytes, *parts: bytes) -> bytes:
    """A box of MP4."""
    body = b"".join(parts)
    return struct.pack(">I4s", len(body) + 8, kind) + body


def table(kind: bytes, *numbers: int) -> bytes:
    """A box of MP4 with version, flags and 32-bit numbers."""
    return box(kind, bytes(4), struct.pack(f">{len(numbers)}I", *numbers))


def track(handler: bytes, entry: bytes, *tables: bytes, width: int = 0, height: int = 0) -> bytes:
    """A track of MP4: what it is, how its samples are written, and the ``tables`` that say where they are."""
    tkhd = box(b"tkhd", bytes(76), struct.pack(">II", width << 16, height << 16))
    hdlr = box(b"hdlr", bytes(8), handler, bytes(13))
    stsd = box(b"stsd", bytes(4), struct.pack(">I", 1), box(entry, bytes(8)))
    return box(b"trak", tkhd, box(b"mdia", hdlr, box(b"minf", box(b"stbl", stsd, *tables))))


#: Before the samples in the media data of `mp4`.
FIRST_SAMPLE = len(box(b"ftyp", b"isom", bytes(4), b"isom")) + 8
SAMPLES = b"\x00\x01" * 500


def mp4(*beside: bytes, brand: bytes = b"isom", samples: bytes = SAMPLES) -> bytes:
    """The container of a film of 1.5 s and 320 x 240, with what is written ``beside`` it in its header. The media data
    comes first, so that the place of a sample does not depend on the header."""
    mvhd = box(b"mvhd", struct.pack(">IIIII", 0, 0, 0, 1000, 1500), bytes(80))
    moov = box(b"moov", mvhd, track(b"vide", b"avc1", width=320, height=240), *beside)
    return box(b"ftyp", brand, bytes(4), b"isom") + box(b"mdat", samples) + moov


def element(id_: int, *parts: bytes) -> bytes:
    """An element of WebM."""
    body = b"".join(parts)
    name = id_.to_bytes((id_.bit_length() + 7) // 8, "big")
    return name + (0x10000000 | len(body)).to_bytes(4, "big") + body


def webm(*beside: bytes, live: bool = False) -> bytes:
    """The container of a film of 2 s and 320 x 240; ``live``: recorded by a browser that did not know its length."""
    head = element(0x1A45DFA3, element(0x4286, b"\x01"), b"\x42\x82\x84webm", element(0x4287, b"\x04"))
    info = element(
        0x1549A966, element(0x2AD7B1, (1_000_000).to_bytes(3, "big")), element(0x4489, struct.pack(">d", 2000))
    )
    video = element(0xE0, element(0xB0, b"\x01\x40"), element(0xBA, b"\xf0"))
    tracks = element(0x1654AE6B, element(0xAE, element(0x83, b"\x01"), video))
    block = element(0xA3, b"\x81\x00\x00\x80" + b"\x07" * 400)
    cluster = element(0xE7, b"\x00") + block
    if live:
        inside = info + tracks + b"\x1f\x43\xb6\x75\x01\xff\xff\xff\xff\xff\xff\xff" + cluster
        return head + b"\x18\x53\x80\x67\x01\xff\xff\xff\xff\xff\xff\xff" + inside + b"".join(beside)
    return head + element(0x18538067, info, tracks, element(0x1F43B675, cluster), *beside)
