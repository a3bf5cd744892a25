"""Pictures: decoded strictly and encoded again, so that no byte of the uploaded file is in a published file."""

import io
import logging

from PIL import Image, ImageCms, ImageOps

from activities.inspection.results import FileVariant, InspectionResult, Rejected
from domain.media.files import MOST_FRAMES, MOST_PIXELS, VARIANTS, FileType, most_pixels
from domain.media.status import Rejection

log = logging.getLogger(__name__)

# Pillow compares the size in the header with this before it reads a pixel. It refuses twice this size; we refuse more
# than it.
Image.MAX_IMAGE_PIXELS = MOST_PIXELS
_FORMATS = {FileType.JPEG: "JPEG", FileType.PNG: "PNG", FileType.GIF: "GIF", FileType.WEBP: "WEBP"}


def load_decoders() -> None:
    """Import everything that decoding imports later, so that no file is opened while decoding."""
    Image.preinit()
    Image.init()
    ImageCms.createProfile("sRGB")


def draw(content: bytes, file_type: FileType) -> InspectionResult:
    """Every variant of a picture, upright and in sRGB, without the data beside its pixels: place, camera, comments, or
    a second file after the first. Of an animation the first frame. Raises Rejected."""
    try:
        image = _read(content, file_type)
        width, height = image.size
        shown = []
        for variant in VARIANTS:
            image.thumbnail((variant.side, variant.side), Image.Resampling.LANCZOS)
            written = io.BytesIO()
            image.save(written, "WEBP", quality=variant.quality, method=4, icc_profile=None, exif=b"", xmp=b"")
            shown.append(FileVariant(f"{variant.name}.webp", "image/webp", written.getvalue(), *image.size))
    except Rejected:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning, MemoryError):
        raise Rejected(Rejection.TOO_MANY_PIXELS) from None
    except Exception as error:
        # A decoder can raise any error for a damaged or hostile file.
        log.info("unreadable picture: %s", type(error).__name__)
        raise Rejected(Rejection.BROKEN) from None
    return InspectionResult(width, height, None, tuple(shown))


def _read(content: bytes, file_type: FileType) -> Image.Image:
    # Only the decoder of the announced type may open the file.
    with Image.open(io.BytesIO(content), formats=(_FORMATS[file_type],)) as image:
        if image.width * image.height > most_pixels(len(content)):
            raise Rejected(Rejection.TOO_MANY_PIXELS)
        # A file may declare any number of frames; only the first is decoded.
        if getattr(image, "n_frames", 1) > MOST_FRAMES:
            raise Rejected(Rejection.TOO_MANY_FRAMES)
        image.seek(0)
        image.load()
        upright = _in_srgb(ImageOps.exif_transpose(image))
    upright.info = {}
    return upright


def _in_srgb(image: Image.Image) -> Image.Image:
    """Eight bits per channel: red, green, blue, and alpha where there is transparency."""
    profile = image.info.get("icc_profile")
    if image.mode.startswith("I;16"):
        image = image.convert("I").point(lambda value: value / 256).convert("L")
    alpha = image.convert("RGBA").getchannel("A") if image.has_transparency_data else None
    colours = _by_profile(image, profile) if profile and image.mode in {"RGB", "CMYK", "L", "RGBA"} else None
    colours = (colours or image).convert("RGB")
    if alpha is not None:
        colours.putalpha(alpha)
    return colours


def _by_profile(image: Image.Image, profile: bytes) -> Image.Image | None:
    """Its colours converted to sRGB. None: the profile is damaged, or not for this kind of picture."""
    plain = image.convert("RGB") if image.mode == "RGBA" else image
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        return ImageCms.profileToProfile(plain, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError):
        return None
