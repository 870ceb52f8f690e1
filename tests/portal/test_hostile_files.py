"""Files that mean harm: whatever they are called and claim to be, they are only downloads."""

import re
import zipfile
from io import BytesIO

import pytest

from console.models import Attachment, Caution
from console.transaction import change
from tests.attachments.pictures import PAGE, PDF, PROGRAM, SVG, png
from tests.portal.uploads import UNKNOWN, body, guarded, one

MB = 1024 * 1024
pytestmark = pytest.mark.usefixtures("folder")

NAMES = {
    "x.html": "x.html", "x.html.": "x.html", "../../x.txt": "x.txt", "C:\\a\\x.txt": "x.txt",
    "x\u202etxt.exe": "xtxt.exe", "x" * 300 + ".txt": "x" * 146 + ".txt", 'x"y".txt': "x_y_.txt",
    "%0d%0aX: y.txt": "%0d%0aX_ y.txt", "x;filename=y.html": "x;filename=y.html",
    "CON.txt": "_CON.txt",
}  # fmt: skip


@pytest.mark.parametrize("name", NAMES, ids=lambda name: ascii(name)[:30])
def test_a_name_comes_back_harmless(browser_of, name):
    kari = browser_of("kari")
    told = one(kari, b"hei", name)
    assert told["name"] == NAMES[name]
    disposition = kari.get(f"/attachments/{told['id']}").headers["Content-Disposition"]
    assert re.match(r"attachment; filename=", disposition)
    assert not re.search(r"[\r\n\x00/\\\u202e]", disposition)


@pytest.mark.parametrize("name", ["a\x00b.txt", "a\nb.txt", "a\r\nSet-Cookie: x=1.txt"])
def test_a_name_that_no_browser_sends_does_no_harm(browser_of, name):
    kari = browser_of("kari")
    token = {"X-CSRFToken": kari.token("/tickets/new")}
    answer = kari.post("/attachments", **body((b"hei", name, "text/html")), headers=token)
    assert answer.status_code in (201, 400, 422)
    for told in answer.json["files"]:
        found = kari.get(f"/attachments/{told['id']}")
        assert "Set-Cookie" not in found.headers or "x=1" not in found.headers["Set-Cookie"]
        assert not re.search(r"[\r\n\x00]", told["name"])


HOSTILE = [
    ("x.html", PAGE, "text/html", "active", UNKNOWN),
    ("x.htm", b"+ADw-script+AD4-", "text/html; charset=utf-7", "active", UNKNOWN),
    ("x.svg", SVG, "image/svg+xml", "active", UNKNOWN),
    ("x.xhtml", PAGE, "application/xhtml+xml", "active", UNKNOWN),
    ("x.xml", b"<?xml version='1.0'?>" + SVG, "text/xml", "active", UNKNOWN),
    ("x.pdf", PDF, "application/pdf", "none", "application/pdf"),
    ("x.png", PAGE, "image/png", "misnamed", UNKNOWN),
    ("x.png", SVG, "image/svg+xml", "misnamed", UNKNOWN),
    ("x.gif", b"GIF89a/*" + PAGE, "text/html", "none", "image/gif"),
    ("x.txt", PAGE, "text/html; charset=utf-7", "none", "text/plain"),
    ("x.PHP", b"<?php system($_GET[0]);", "text/plain", "active", UNKNOWN),
    ("x.exe", PROGRAM, "image/png", "active", UNKNOWN),
    ("x", PAGE, "text/html", "active", UNKNOWN),
    ("x.js", b"alert(1)", "text/javascript", "active", UNKNOWN),
    ("x.zip", b"PK\x03\x04" + bytes(40), "text/html", "none", "application/zip"),
    ("x.bin", b"hei", "text/html\r\nX-Evil: 1", "none", UNKNOWN),
]


@pytest.mark.parametrize(("name", "content", "claimed", "caution", "announced"), HOSTILE)
def test_nothing_is_ever_shown_by_the_browser(
    browser_of, name, content, claimed, caution, announced
):
    kari = browser_of("kari")
    told = one(kari, content, name, claimed.partition("\r")[0])
    assert told["caution"] == caution
    answer = kari.get(f"/attachments/{told['id']}?inline=1", headers={"Accept": "text/html"})
    assert answer.data == content
    assert answer.mimetype == announced
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert answer.headers.getlist("Content-Type") in ([announced], [f"{announced}; charset=utf-8"])
    guarded(answer)


def test_a_type_that_stands_in_the_row_is_not_believed(app, browser_of):
    kari = browser_of("kari")
    number = one(kari)["id"]
    for media_type in (
        "text/html",
        "image/svg+xml",
        "text/plain; charset=utf-7",
        "x",
        "image/png\nX: y",
    ):
        with app.app_context(), change() as session:
            session.get_one(Attachment, number).media_type = media_type
        assert kari.get(f"/attachments/{number}").headers["Content-Type"] == UNKNOWN
    for caution in (Caution.ACTIVE, Caution.MISNAMED):
        with app.app_context(), change() as session:
            row = session.get_one(Attachment, number)
            row.media_type, row.caution = "image/png", caution
        assert kari.get(f"/attachments/{number}").headers["Content-Type"] == UNKNOWN


def test_a_bomb_is_kept_as_it_is_and_not_opened(browser_of):
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as bomb:
        bomb.writestr("x", bytes(200 * MB))
    kari = browser_of("kari")
    told = one(kari, packed.getvalue(), "x.zip")
    assert told["size"] == len(packed.getvalue()) < MB
    assert kari.get(f"/attachments/{told['id']}").data == packed.getvalue()
    assert not one(kari, png(50_000, 50_000), "x.png")["is_picture"]
