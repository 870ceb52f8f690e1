"""Pictures and other files for tests, some of them made by hand."""

import struct
import zlib
from io import BytesIO

from PIL import Image

PROGRAM = b"MZ" + bytes(200)
PAGE = b"<!DOCTYPE html><html><script>alert(1)</script></html>"
SVG = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"
PDF = b"%PDF-1.7\n1 0 obj <</OpenAction <</S /JavaScript /JS (app.alert(1))>>>> endobj\n%%EOF\n"


def picture(kind="PNG", size=(40, 20), mode="RGB", **more):
    """A picture that is red on the left and blue on the right."""
    drawn = Image.new(mode, size, "red" if mode != "L" else 40)
    if mode != "L":
        drawn.paste("blue", (size[0] // 2, 0, *size))
    if kind == "GIF":
        drawn = drawn.convert("P")
    file = BytesIO()
    drawn.save(file, kind, **more)
    return file.getvalue()


def png(width, height, rows=b""):
    """A PNG that announces any size."""

    def chunk(kind, data):
        whole = kind + data
        return struct.pack(">I", len(data)) + whole + struct.pack(">I", zlib.crc32(whole))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def resized_jpeg(width, height, **more):
    """A JPEG whose header announces another size than it has."""
    whole = bytearray(picture("JPEG", **more))
    for marker in (b"\xff\xc0", b"\xff\xc2"):
        if (at := whole.find(marker)) >= 0:
            whole[at + 5 : at + 9] = struct.pack(">HH", height, width)
    return bytes(whole)


def webp_canvas(width, height):
    """The header of a WebP of that size, and nothing behind it."""
    canvas = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    chunk = b"VP8X" + struct.pack("<I", 10) + bytes(4) + canvas
    return b"RIFF" + struct.pack("<I", 4 + len(chunk)) + b"WEBP" + chunk
