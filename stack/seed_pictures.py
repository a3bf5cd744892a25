"""Pictures of the example businesses, drawn by this program: shapes and colours, nobody's photographs."""

import io
import math
from collections.abc import Callable

from PIL import Image, ImageDraw, ImageFilter

_SIZE = (1600, 1000)
_QUALITY = 84

Colour = tuple[int, int, int]
Draw = ImageDraw.ImageDraw


def salon_pictures() -> list[tuple[dict[str, str], bytes]]:
    """Caption and JPEG of each picture of the hair salon."""
    return [
        ({"ja": "窓辺のセット面", "en": "Seats by the window"}, _drawn((238, 228, 220), (214, 196, 190), _seats)),
        ({"ja": "シャンプー台", "en": "Wash basins"}, _drawn((222, 228, 226), (190, 204, 202), _basins)),
        ({"ja": "季節の花", "en": "Flowers of the season"}, _drawn((240, 232, 236), (226, 206, 214), _flowers)),
    ]


def izakaya_pictures() -> list[tuple[dict[str, str], bytes]]:
    """Caption and JPEG of each picture of the izakaya."""
    return [
        ({"ja": "提灯の灯る店内", "en": "Lanterns inside"}, _drawn((58, 34, 26), (30, 18, 16), _lanterns)),
        ({"ja": "カウンター席", "en": "The counter"}, _drawn((84, 56, 38), (40, 26, 20), _counter)),
    ]


def _drawn(top: Colour, bottom: Colour, shapes: Callable[[Draw], None]) -> bytes:
    """A JPEG of the shapes on a wall whose colour runs from ``top`` to ``bottom``."""
    width, height = _SIZE
    image = Image.new("RGB", _SIZE)
    draw = ImageDraw.Draw(image)
    for y in range(height):
        share = y / height
        red, green, blue = (round(a + (b - a) * share) for a, b in zip(top, bottom, strict=True))
        draw.line([(0, y), (width, y)], fill=(red, green, blue))
    shapes(draw)
    written = io.BytesIO()
    image.filter(ImageFilter.SMOOTH).save(written, "JPEG", quality=_QUALITY, optimize=True)
    return written.getvalue()


def _floor(draw: Draw, colour: Colour) -> None:
    draw.rectangle([0, 800, 1600, 1000], fill=colour)


def _seats(draw: Draw) -> None:
    _floor(draw, (176, 142, 116))
    draw.rectangle([60, 90, 380, 640], fill=(250, 246, 236))
    for x in (60, 220):
        draw.rectangle([x, 90, x + 160, 640], outline=(196, 178, 160), width=10)
    for x in (520, 880, 1240):
        draw.rounded_rectangle([x, 130, x + 240, 560], 120, fill=(232, 240, 240), outline=(154, 118, 84), width=14)
        draw.line([(x + 60, 220), (x + 150, 380)], fill=(248, 252, 252), width=16)
        draw.rectangle([x - 20, 590, x + 260, 616], fill=(132, 98, 70))
        draw.rounded_rectangle([x + 50, 640, x + 190, 800], 34, fill=(122, 52, 87))
        draw.rounded_rectangle([x + 20, 760, x + 220, 840], 30, fill=(102, 42, 72))
        draw.rectangle([x + 112, 840, x + 128, 900], fill=(120, 116, 112))
        draw.ellipse([x + 50, 890, x + 190, 926], fill=(120, 116, 112))
    _plant(draw, 220, 800, (74, 112, 78))


def _plant(draw: Draw, x: int, y: int, colour: Colour) -> None:
    for step in range(9):
        angle = math.pi * (0.1 + 0.1 * step)
        tip = (x + 150 * math.cos(angle), y - 90 - 190 * math.sin(angle))
        draw.line([(x, y - 80), tip], fill=colour, width=26)
    draw.polygon([(x - 70, y - 100), (x + 70, y - 100), (x + 50, y + 40), (x - 50, y + 40)], fill=(226, 218, 206))


def _basins(draw: Draw) -> None:
    _floor(draw, (150, 162, 158))
    for row in range(8):
        for column in range(16):
            left, top = column * 100 + (row % 2) * 50 - 50, row * 62
            shade = 236 - (row * 7 + column * 5) % 18
            draw.rectangle([left + 3, top + 3, left + 97, top + 59], fill=(shade - 8, shade, shade - 2))
    for x in (200, 680, 1160):
        draw.rounded_rectangle([x, 520, x + 260, 640], 60, fill=(250, 252, 252), outline=(182, 194, 192), width=8)
        draw.ellipse([x + 50, 540, x + 210, 600], fill=(206, 218, 216))
        draw.rounded_rectangle([x + 20, 640, x + 330, 760], 50, fill=(66, 84, 88))
        draw.rounded_rectangle([x + 250, 620, x + 340, 860], 40, fill=(56, 72, 76))
        draw.rectangle([x + 120, 440, x + 140, 540], fill=(170, 176, 176))


def _flowers(draw: Draw) -> None:
    _floor(draw, (190, 158, 134))
    draw.polygon([(720, 520), (880, 520), (920, 820), (680, 820)], fill=(236, 240, 238))
    for number in range(13):
        angle = math.pi * (0.12 + 0.76 * number / 12)
        reach = 250 + 90 * (number % 3)
        x, y = 800 + reach * math.cos(angle), 520 - reach * math.sin(angle)
        draw.line([(800, 540), (x, y)], fill=(104, 132, 92), width=8)
        for petal in range(6):
            turn = petal * math.pi / 3
            px, py = x + 34 * math.cos(turn), y + 34 * math.sin(turn)
            colour = ((206, 96, 132), (240, 196, 206), (250, 232, 204))[number % 3]
            draw.ellipse([px - 30, py - 30, px + 30, py + 30], fill=colour)
        draw.ellipse([x - 18, y - 18, x + 18, y + 18], fill=(240, 200, 90))


def _lanterns(draw: Draw) -> None:
    draw.rectangle([0, 780, 1600, 1000], fill=(44, 26, 20))
    draw.rectangle([0, 60, 1600, 90], fill=(24, 14, 12))
    for x in range(120, 1600, 280):
        draw.line([(x, 90), (x, 170)], fill=(20, 12, 10), width=6)
        draw.ellipse([x - 96, 160, x + 96, 440], fill=(204, 62, 38))
        draw.ellipse([x - 56, 200, x + 56, 400], fill=(240, 128, 70))
        for y in range(190, 430, 34):
            draw.arc([x - 96, y - 60, x + 96, y + 60], 20, 160, fill=(164, 44, 30), width=4)
        draw.rectangle([x - 44, 150, x + 44, 172], fill=(30, 18, 14))
        draw.rectangle([x - 44, 428, x + 44, 450], fill=(30, 18, 14))
    for x in range(80, 1600, 380):
        draw.rectangle([x, 640, x + 300, 680], fill=(142, 92, 56))
        draw.rectangle([x + 30, 680, x + 54, 860], fill=(104, 66, 42))
        draw.rectangle([x + 246, 680, x + 270, 860], fill=(104, 66, 42))


def _counter(draw: Draw) -> None:
    for x in range(100, 1600, 130):
        height = 120 + (x * 37) % 70
        colour = ((96, 120, 84), (160, 110, 60), (210, 200, 180), (70, 84, 110))[(x // 130) % 4]
        draw.rounded_rectangle([x, 420 - height, x + 70, 420], 18, fill=colour)
        draw.rectangle([x + 22, 390 - height, x + 48, 424 - height], fill=colour)
    draw.rectangle([0, 420, 1600, 446], fill=(120, 80, 50))
    draw.rectangle([0, 620, 1600, 690], fill=(176, 122, 74))
    draw.rectangle([0, 690, 1600, 1000], fill=(70, 44, 30))
    for x in range(140, 1600, 300):
        draw.ellipse([x, 780, x + 180, 830], fill=(150, 46, 40))
        draw.rectangle([x + 80, 820, x + 100, 980], fill=(30, 22, 18))
    for x in (330, 900, 1400):
        draw.ellipse([x, 560, x + 190, 630], fill=(236, 230, 216))
        draw.ellipse([x + 40, 566, x + 150, 604], fill=(196, 92, 62))
