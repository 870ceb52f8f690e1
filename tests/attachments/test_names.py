"""Names of files: whatever is sent, what is kept can be shown and saved."""

import re
import unicodedata

import pytest

from console.attachments.names import clean_name, extension
from console.models import Attachment


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("rapport.pdf", "rapport.pdf"),
        ("Møtereferat år 2026.docx", "Møtereferat år 2026.docx"),
        ("C:\\Users\\kari\\bilde.png", "bilde.png"),
        ("../../etc/passwd", "passwd"),
        ("a/b\\c.txt", "c.txt"),
        ("bilde.png\x00.html", "bilde.png.html"),
        ("x\r\nSet-Cookie: a=b.txt", "xSet-Cookie_ a=b.txt"),
        ("\u202egnp.exe", "gnp.exe"),
        ("faktura\u200b\ufeff\u2066.pdf", "faktura.pdf"),
        ("a\u030a.txt", "å.txt"),
        ("x.html.", "x.html"),
        ("x.html . . ", "x.html"),
        ("  mye   rom .txt", "mye rom .txt"),
        ('sa "han" <b>|?*:.txt', "sa _han_ _b_____.txt"),
        ("CON", "_CON"),
        ("nul.txt", "_nul.txt"),
        ("Com1 .log", "_Com1 .log"),
        ("lpt²", "_lpt²"),
        ("konsert.txt", "konsert.txt"),
        ("", "vedlegg"),
        ("...", "vedlegg"),
        ("/", "vedlegg"),
        ("a/..", "vedlegg"),
        ("\x00\x01\u202e", "vedlegg"),
        ("\ud800.txt", "txt"),
        ("日本語.png", "日本語.png"),
        (".htaccess", "htaccess"),
    ],
)
def test_a_name_is_made_harmless(sent, kept):
    assert clean_name(sent) == kept
    assert clean_name(kept) == kept


@pytest.mark.parametrize(
    ("sent", "ending"),
    [("x" * 300 + ".png", ".png"), ("å" * 149 + ".tar.gz", ".gz"), ("y" * 300, "y"),
     ("z." + "q" * 300, "q"), ("." * 10 + "w" * 200 + ".PDF", ".PDF"),
     ("a" * 144 + " .docx", ".docx")],
)  # fmt: skip
def test_a_long_name_is_cut_and_keeps_its_ending(sent, ending):
    kept = clean_name(sent)
    assert len(kept) <= Attachment.NAME_MAX
    assert kept.endswith(ending)
    assert clean_name(kept) == kept


def test_no_character_that_cannot_be_seen_or_saved_is_left():
    everything = "".join(map(chr, range(0x3000))) + "\U000e0041\U0001f9ef"
    for start in range(0, len(everything), 100):
        kept = clean_name(f"a{everything[start : start + 100]}b".replace("/", "").replace("\\", ""))
        assert not re.search(r'[\x00-\x1f\x7f<>:"/\\|?*]', kept)
        assert not any(unicodedata.category(c) in ("Cc", "Cf", "Cs") for c in kept)
        assert kept[0] + kept[-1] == "ab" or len(kept) == Attachment.NAME_MAX


@pytest.mark.parametrize(
    ("name", "found"), [("x.PHP", "php"), ("a.b.Exe", "exe"), ("uten", ""), ("x.", "")]
)
def test_the_ending_is_what_stands_after_the_last_dot(name, found):
    assert extension(name) == found
