"""What a file is: the content may only ever make us more careful than the name."""

import random

import pytest

from console.attachments import kinds
from console.attachments.kinds import UNKNOWN, look
from console.models import Caution
from tests.attachments.pictures import PAGE, PDF, PROGRAM, SVG, picture

ZIP = b"PK\x03\x04" + bytes(60)
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)
NONE, ACTIVE, MISNAMED = Caution.NONE, Caution.ACTIVE, Caution.MISNAMED


@pytest.mark.parametrize(
    ("name", "content", "media_type"),
    [
        ("a.png", picture(), "image/png"),
        ("a.JPG", picture("JPEG"), "image/jpeg"),
        ("a.jpeg", picture("JPEG"), "image/jpeg"),
        ("a.gif", picture("GIF"), "image/gif"),
        ("a.webp", picture("WEBP"), "image/webp"),
        ("a.bmp", picture("BMP"), "image/bmp"),
        ("a.pdf", PDF, "application/pdf"),
        ("a.zip", ZIP, "application/zip"),
        ("a.docx", ZIP, f"{kinds.OFFICE}.wordprocessingml.document"),
        ("a.txt", b"hei\n", "text/plain"),
        ("a.txt", "på norsk".encode("utf-16"), "text/plain"),
        ("feil.log", b"<html> i loggen\n", "text/plain"),
        ("a.csv", b"a;b\n1;2\n", "text/plain"),
        ("a.xml", b"<?xml version='1.0'?><Invoice><ID>1</ID></Invoice>", UNKNOWN),
        ("a.mp4", b"\0\0\0\x18ftypmp42" + bytes(40), UNKNOWN),
        ("a.heic", b"\0\0\0\x18ftypheic" + bytes(40), UNKNOWN),
        ("a", b"hei", UNKNOWN),
        ("a.ukjent", bytes(range(256)), UNKNOWN),
    ],
)
def test_an_ordinary_file_needs_no_caution(name, content, media_type):
    assert look(name, content) == (media_type, NONE)


@pytest.mark.parametrize("name", [
    "x.html", "x.HTM", "x.xhtml", "x.svg", "x.js", "x.exe", "x.ps1", "x.bat", "x.cmd", "x.vbs",
    "x.sh", "x.PHP", "x.jar", "x.hta", "x.lnk", "x.docm", "x.xlsm", "x.pptm", "x.doc", "x.iso",
    "x.pdf.exe", "x.url", "x.one", "x.scr", "x.msi", "x.mht", "x.svgz", "x.xsl",
])  # fmt: skip
@pytest.mark.parametrize("content", [b"hei", ZIP, OLE, PROGRAM, picture()])
def test_what_can_carry_a_program_is_called_so_whatever_is_in_it(name, content):
    assert look(name, content) == (UNKNOWN, ACTIVE)


@pytest.mark.parametrize("content", [
    PAGE, SVG, PROGRAM, b"#!/bin/sh\nrm -rf /\n", b"\x7fELF\x02\x01\x01" + bytes(60),
    b"\n\n  <HTML>", b"<!-- x -->\n<svg>", b"\xef\xbb\xbf<html>", "<script>".encode("utf-16"),
    b"<?xml version='1.0'?><!DOCTYPE svg><svg/>", b"@echo off\r\nformat c:\r\n",
])  # fmt: skip
@pytest.mark.parametrize(("name", "caution"), [
    ("x.png", MISNAMED), ("x.jpg", MISNAMED), ("x.pdf", MISNAMED), ("x.docx", MISNAMED),
    ("x.mp4", MISNAMED), ("x", ACTIVE), ("x.ukjent", ACTIVE),
])  # fmt: skip
def test_a_page_or_a_program_by_another_name_is_seen(name, caution, content):
    assert look(name, content) == (UNKNOWN, caution)


@pytest.mark.parametrize(
    ("name", "content"),
    [("x.png", picture("JPEG")), ("x.jpg", picture()), ("x.pdf", ZIP), ("x.docx", OLE),
     ("x.txt", PROGRAM), ("x.txt", picture()), ("x.csv", ZIP), ("x.zip", b"hei"),
     ("x.png", b""), ("x.png", b"\x89PNG")],
)  # fmt: skip
def test_content_that_is_clearly_something_else_is_seen(name, content):
    assert look(name, content) == (UNKNOWN, MISNAMED)


@pytest.mark.parametrize("content", [
    b"<a><html xmlns='http://www.w3.org/1999/xhtml'/></a>", b"<?xml-stylesheet href='x'?><a/>",
    b"<a xmlns:h='http://www.w3.org/1999/xhtml'><h:script/></a>", SVG, PAGE,
    b"<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><a>&b;</a>",
    "<svg>".encode("utf-16"), "<svg>".encode("utf-16-le"),
])  # fmt: skip
def test_xml_that_a_browser_would_run_is_active(content):
    assert look("x.xml", content) == (UNKNOWN, ACTIVE)


def test_the_library_can_only_forbid(monkeypatch):
    monkeypatch.setattr(kinds, "_ask_library", lambda head: "image/png")
    assert look("x.png", b"hei") == (UNKNOWN, MISNAMED)
    assert look("x.html", b"hei") == (UNKNOWN, ACTIVE)
    assert look("x", b"hei") == (UNKNOWN, NONE)


def test_the_library_can_forbid(monkeypatch):
    monkeypatch.setattr(kinds, "_ask_library", lambda head: "text/html")
    assert look("x.png", picture()) == (UNKNOWN, MISNAMED)


class Panic(BaseException):
    """What a Rust library raises when it trips over itself."""


@pytest.mark.parametrize("fault", [ValueError("x"), Panic("x"), MemoryError()])
def test_a_library_that_fails_changes_nothing_else(monkeypatch, fault):
    class Broken:
        def best_magic_buffer(self, head):
            raise fault

    monkeypatch.setattr(kinds, "_library", Broken)
    assert look("x.ukjent", b"hei") == (UNKNOWN, NONE)
    assert look("x.png", PAGE) == (UNKNOWN, MISNAMED)
    assert look("x", PROGRAM) == (UNKNOWN, ACTIVE)


def test_any_bytes_have_an_answer():
    dice = random.Random(1)
    for _ in range(300):
        content = dice.randbytes(dice.randrange(400))
        for name in ("x", "x.png", "x.txt", "x.xml", "x.html"):
            assert look(name, content)[1] in Caution


@pytest.mark.parametrize("content", [b"<!--" * 16000, b"<?xml>" * 10000, b" " * 65536, b"<" * 65536,
                                     b"<?xml" + b" <!--" * 13000,
                                     b"<!---->" * 9000, b"<!-- -->" * 40 + b"x"])  # fmt: skip
def test_no_content_takes_long(content):
    from time import process_time

    begun = process_time()
    look("x", content)
    look("x.xml", content)
    assert process_time() - begun < 1


def test_noise_is_not_taken_for_a_program():
    noise = random.Random(7)
    taken = [kinds.look("målinger.bin", noise.randbytes(2048))[1] for _ in range(1000)]
    assert taken.count(Caution.NONE) >= 999
