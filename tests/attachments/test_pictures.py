"""Previews: drawn by us, upright, without the camera's notes, and never at any price."""

import random
import subprocess
import sys
import threading
from io import BytesIO

import pytest
from PIL import Image

from console.attachments import pictures
from console.attachments.pictures import previews
from tests.attachments.pictures import picture, png, resized_jpeg, webp_canvas
from tests.servers import ROOT


def opened(data):
    found = Image.open(BytesIO(data))
    found.load()
    return found


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP", "BMP"])
def test_each_kind_has_both_previews(kind):
    drawn = previews(BytesIO(picture(kind, (2000, 1000))))
    assert (drawn.width, drawn.height) == (1600, 800)
    assert opened(drawn.view).size == (1600, 800)
    assert opened(drawn.thumb).size == (320, 160)
    for data in (drawn.view, drawn.thumb):
        assert opened(data).format == "WEBP"
        plain = opened(data).convert("RGB")
        left, right = (plain.getpixel((x, 20)) for x in (5, plain.width - 5))
        assert left[0] > 200 > 60 > left[2]
        assert right[2] > 200 > 60 > right[0]


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16", "CMYK"])
def test_each_mode_can_be_drawn(mode):
    plain = Image.new("L", (50, 30), 128)
    plain = Image.new(mode, (50, 30), 32768) if mode == "I;16" else plain.convert(mode)
    file = BytesIO()
    plain.save(file, "JPEG" if mode == "CMYK" else "PNG")
    grey = opened(previews(file).view).convert("L").getpixel((9, 9))
    assert 110 < grey < 145 or mode == "1"


def test_a_small_picture_is_not_made_larger():
    drawn = previews(BytesIO(picture(size=(40, 20))))
    assert (drawn.width, drawn.height) == (40, 20)
    assert opened(drawn.thumb).size == (40, 20)


@pytest.mark.parametrize("size", [(9000, 1), (1, 9000)])
def test_a_thin_picture_keeps_a_pixel(size):
    drawn = previews(BytesIO(picture(size=size)))
    assert min(drawn.width, drawn.height) == 1


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_nothing_of_the_original_but_the_picture_is_left(kind):
    exif = Image.Exif()
    exif[0x010E] = "HEMMELIG"
    exif[0x0112] = 6  # held upright
    data = picture(
        kind, (200, 100), exif=exif, icc_profile=b"HEMMELIG" * 20, xmp=b"<x>HEMMELIG</x>"
    )
    assert b"HEMMELIG" in data
    drawn = previews(BytesIO(data))
    assert (drawn.width, drawn.height) == (100, 200)
    top = opened(drawn.view).convert("RGB").getpixel((50, 10))
    assert top[0] > 200
    for made in (drawn.view, drawn.thumb):
        assert b"HEMMELIG" not in made
        assert not {"exif", "icc_profile", "xmp"} & set(opened(made).info)
        assert made[12:16] in (b"VP8 ", b"VP8L")


def test_only_the_first_frame_is_drawn():
    frames = [Image.new("RGB", (40, 20), colour) for colour in ("red", "blue", "green")]
    for kind in ("GIF", "WEBP", "PNG"):
        file = BytesIO()
        frames[0].save(file, kind, save_all=True, append_images=frames[1:], duration=100)
        drawn = opened(previews(file).view)
        assert getattr(drawn, "n_frames", 1) == 1
        assert drawn.convert("RGB").getpixel((5, 5))[0] > 200


def test_a_transparent_picture_stays_so():
    drawn = previews(BytesIO(picture(mode="RGBA")))
    assert drawn is not None
    clear = BytesIO()
    Image.new("RGBA", (20, 20), (0, 0, 0, 0)).save(clear, "PNG")
    assert opened(previews(clear).view).getpixel((3, 3))[3] == 0


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP", "BMP"])
def test_a_broken_picture_has_no_preview(kind):
    whole = picture(kind, (300, 200))
    assert previews(BytesIO(whole)) is not None
    assert previews(BytesIO(whole[: len(whole) // 2])) is None
    assert previews(BytesIO(whole[:20])) is None
    dice = random.Random(kind)
    for _ in range(150):  # whatever comes of it, it is an answer
        bent = bytearray(whole)
        for _ in range(dice.randrange(1, 30)):
            bent[dice.randrange(len(bent))] = dice.randrange(256)
        previews(BytesIO(bytes(bent)))


@pytest.mark.parametrize("data", [
    b"", b"hei", b"<svg/>", b"%!PS-Adobe-3.0 EPSF-3.0\n", b"P6 9 9 255\n" + bytes(243),
    b"II*\0\x08\0\0\0", b"\0\0\1\0\1\0", b"8BPS\0\1", b"\xff\xd8\xff", b"\xff\xd8" + b"\xff" * 999,
    b"\xff\xd8\xff\xe0\0\0\xff\xe0\0\0", b"RIFF\0\0\0\0WEBP", webp_canvas(40, 20),
])  # fmt: skip
def test_what_is_no_picture_of_the_five_kinds_has_none(data):
    assert previews(BytesIO(data)) is None


def bombs():
    yield "png", png(50_000, 50_000)
    yield "png, just too large", png(6000, 5001, b"\0" + bytes(18000))
    yield (
        "gif",
        b"GIF89a\xff\xff\xff\xff" + bytes(3) + b"," + bytes(4) + b"\xff\xff\xff\xff\0\2\2L\1\0;",
    )
    yield "bmp", picture("BMP")[:18] + (60_000).to_bytes(4, "little") * 2 + bytes(30)
    yield "webp", webp_canvas(16_000_000, 2)
    yield "webp, all there is", webp_canvas(1 << 24, 1 << 24)
    yield "jpeg", resized_jpeg(65_000, 65_000)
    yield "jpeg, sharpened in steps", resized_jpeg(15_000, 15_000, progressive=True)
    yield "png, much text", picture("PNG", pnginfo=text_bomb())


def text_bomb():
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    for number in range(60):
        info.add_text(f"t{number}", "x" * 900_000, zip=True)
    return info


BOMBS = dict(bombs())


def cost_of(data, expected):
    """The megabytes that a preview costs, in a process of its own."""
    code = (
        "import resource, sys\n"
        "from io import BytesIO\n"
        "from console.attachments.pictures import previews\n"
        "data = sys.stdin.buffer.read()\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        f"assert {expected}, previews(BytesIO(data))\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        input=data, cwd=ROOT, capture_output=True, timeout=30,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode()
    assert done.stderr == b""
    return int(done.stdout) // 1024


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_has_no_preview_and_costs_little(name):
    assert cost_of(BOMBS[name], "previews(BytesIO(data)) is None") < 30


def test_a_panorama_has_a_preview_and_costs_little():
    """200 megapixels from a JPEG, at an eighth of its size."""
    data = picture("JPEG", (16_000, 12_500), "L")
    assert cost_of(data, "previews(BytesIO(data)).width == 1600") < 100


def test_the_largest_of_the_others_costs_what_it_must():
    data = picture("PNG", (6000, 5000))
    assert cost_of(data, "previews(BytesIO(data)).width == 1600") < 250


def test_a_jpeg_of_a_thousand_scans_is_not_begun():
    steps = picture("JPEG", progressive=True)
    first = steps.index(b"\xff\xda")
    assert previews(BytesIO(steps)) is not None
    assert previews(BytesIO(steps[:-2] + steps[first:-2] * 200 + b"\xff\xd9")) is None


def test_one_picture_is_decoded_at_a_time(monkeypatch):
    inside, most, real = [], [], pictures._draw

    def draw(file):
        inside.append(1)
        most.append(len(inside))
        try:
            return real(file)
        finally:
            inside.pop()

    monkeypatch.setattr(pictures, "_draw", draw)
    data = picture(size=(1500, 1500))
    threads = [threading.Thread(target=previews, args=(BytesIO(data),)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1] * 6
