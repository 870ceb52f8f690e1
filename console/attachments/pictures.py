"""Previews of pictures, drawn anew by us: nothing of the original's bytes is in them.

A picture is a small program for its decoder, and may ask for all the memory there is. Its
size is read from its header first, and only one is decoded at a time.
"""

import logging
import struct
import warnings
from dataclasses import dataclass
from io import BytesIO
from threading import Lock
from typing import IO

from PIL import Image, ImageOps, PngImagePlugin

log = logging.getLogger(__name__)

FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "BMP")
MEDIA_TYPES = {"image/png", "image/jpeg", "image/gif", "image/webp", "image/bmp"}
THUMB, VIEW = 320, 1600
PIXELS_MAX = 30_000_000
# A JPEG is decoded at an eighth of its size, so that panoramas have previews too.
JPEG_PIXELS_MAX = 250_000_000
SIDE_MAX = 65_535
# A picture that is sharpened in steps costs its whole size at each of them.
SCANS_MAX = 100
QUALITY = 82

# We look at the size ourselves, before anything is decoded, and have other limits.
Image.MAX_IMAGE_PIXELS = None
PngImagePlugin.MAX_TEXT_MEMORY = 4 * 1024 * 1024
_one_at_a_time = Lock()


@dataclass(frozen=True)
class Previews:
    """Two WebP pictures, and the size of the larger one."""

    thumb: bytes
    view: bytes
    width: int
    height: int


def previews(file: IO[bytes]) -> Previews | None:
    """Previews of the picture, or None when it is none, is broken, or is too large to draw."""
    with _one_at_a_time, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return _draw(file)
        except Exception as error:  # a decoder may raise anything
            log.info("no preview: %s", type(error).__name__)
            return None


def _draw(file: IO[bytes]) -> Previews | None:
    if _webp_pixels(file) > PIXELS_MAX:
        return None
    file.seek(0)
    with Image.open(file, formats=FORMATS) as picture:
        if not _may_be_decoded(picture, file):
            return None
        if picture.format in ("JPEG", "MPO"):
            picture.draft("RGB", (VIEW, VIEW))
        view = _plain(picture)
    view.thumbnail((VIEW, VIEW), reducing_gap=2.0)
    view = _upright(view)
    thumb = view.copy()
    thumb.thumbnail((THUMB, THUMB))
    return Previews(_webp(thumb), _webp(view), *view.size)


def _may_be_decoded(picture: Image.Image, file: IO[bytes]) -> bool:
    """Whether the picture's header asks for no more than we give."""
    width, height = picture.size
    most = PIXELS_MAX
    if picture.format in ("JPEG", "MPO") and _comes_in_one_scan(file):
        most = JPEG_PIXELS_MAX
    return 0 < width <= SIDE_MAX and 0 < height <= SIDE_MAX and width * height <= most


def _plain(picture: Image.Image) -> Image.Image:
    """The first frame in one of two modes, still with its orientation."""
    orientation = picture.getexif().get(0x0112)
    picture.load()
    if picture.mode.startswith("I"):  # 16 bits of grey
        picture = picture.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    mode = "RGBA" if picture.has_transparency_data else "RGB"
    plain = picture if picture.mode == mode else picture.convert(mode)
    plain.info = {"orientation": orientation}
    return plain


def _upright(picture: Image.Image) -> Image.Image:
    """The picture as its camera was held; the small one is turned, not the large one."""
    exif = Image.Exif()
    exif[0x0112] = picture.info["orientation"] or 1
    picture.info = {"exif": exif.tobytes()}
    turned = ImageOps.exif_transpose(picture)
    turned.info = {}
    return turned


def _webp(picture: Image.Image) -> bytes:
    drawn = BytesIO()
    picture.save(drawn, "WEBP", quality=QUALITY, method=4, exif=b"", icc_profile=b"", xmp=b"")
    return drawn.getvalue()


def _webp_pixels(file: IO[bytes]) -> int:
    """How many pixels a WebP's header announces: its decoder asks for them when it is opened."""
    file.seek(0)
    head = file.read(30)
    if len(head) < 30 or head[:4] != b"RIFF" or head[8:12] != b"WEBP":
        return 0
    if head[12:16] == b"VP8X":
        return (int.from_bytes(head[24:27], "little") + 1) * (
            int.from_bytes(head[27:30], "little") + 1
        )
    if head[12:16] == b"VP8L":
        bits = int.from_bytes(head[21:25], "little")
        return ((bits & 0x3FFF) + 1) * (((bits >> 14) & 0x3FFF) + 1)
    width, height = struct.unpack("<HH", head[26:30])
    return (width & 0x3FFF) * (height & 0x3FFF)


def _comes_in_one_scan(file: IO[bytes]) -> bool:
    """Whether a JPEG is told from top to bottom once.

    Any other keeps all of its coefficients in memory until the end, whatever size is asked
    for. Raises ValueError for one with more scans than a camera or a program would make.
    """
    position, scans, last = file.tell(), 0, b""
    file.seek(0)
    while piece := file.read(1 << 16):
        scans += (last + piece).count(b"\xff\xda")
        last = piece[-1:]
    file.seek(2)
    parts, in_scan, progressive, ended = 0, 0, False, False
    while not ended and (marker := file.read(2)):
        if marker[0] != 0xFF:
            raise ValueError("no marker")
        if marker[1] == 0xFF:  # padding
            file.seek(-1, 1)
            continue
        if 0xD0 <= marker[1] <= 0xD9 or marker[1] == 0x01:
            continue
        length = int.from_bytes(file.read(2), "big")
        if 0xC0 <= marker[1] <= 0xCF and marker[1] not in (0xC4, 0xC8, 0xCC):
            progressive = marker[1] not in (0xC0, 0xC1)
            parts = file.read(6)[5]
            file.seek(-6, 1)
        elif marker[1] == 0xDA:
            ended, in_scan = True, file.read(1)[0]
        file.seek(length - 2 if not ended else 0, 1)
    file.seek(position)
    if scans > SCANS_MAX:
        raise ValueError("too many scans")
    return ended and not progressive and in_scan == parts
