"""Any text in the page in time and in little memory, and all of it there."""

import html
import re
import time
from itertools import product

import pytest
from markupsafe import Markup

from console import markup
from console.markup import REMEMBERED, REMEMBERED_MAX, render
from console.masking import MASK
from tests.markup.pages import LONGEST, button, inspect


def test_only_so_much_is_remembered():
    markup._remembered.cache_clear()
    for number in range(REMEMBERED + 100):
        render(f"melding {number}", markdown=False)
    assert markup._remembered.cache_info().currsize == REMEMBERED
    render("x" * REMEMBERED_MAX, markdown=False)
    misses = markup._remembered.cache_info().misses
    render("y" * (REMEMBERED_MAX + 1), markdown=False)
    assert markup._remembered.cache_info().misses == misses, "a long text is not remembered"


def test_a_text_of_nothing_but_addresses_grows_no_more_than_is_said():
    for each in ("a@b.no ", "http://a ", "www.a.no "):
        text = (each * REMEMBERED_MAX)[:REMEMBERED_MAX]
        assert len(render(text, markdown=True)) < 16 * REMEMBERED_MAX


def test_plain_and_markdown_are_remembered_apart():
    assert render("**a**", markdown=False) == "**a**"
    assert render("**a**", markdown=True) == "<p><strong>a</strong></p>\n"


def seconds(text, *, markdown, marks=()):
    """The best of three, in processor time: what the text costs, and not who else is at work."""
    times = []
    for _ in range(3):
        markup._remembered.cache_clear()
        start = time.thread_time()
        shown = render(text, markdown=markdown, marks=marks)
        times.append(time.thread_time() - start)
    assert isinstance(shown, Markup)
    return min(times)


TYPICAL = """Hei, **Kari**!

Vi har *byttet* skriveren på kontor 214. Prøv disse stegene:

1. Slå av maskinen
2. Åpne `Innstillinger > Skrivere`
3. Velg [HP-214](https://intranett.example.no/skrivere/214)

> Den skrev bare blanke ark

Si fra til drift@example.no om det ikke hjelper, eller se https://hjelp.example.no/skriver?id=214.

- Toner er bestilt
- Papir ligger i skapet

Hilsen Ola"""


def test_a_long_and_ordinary_text_is_still_markdown():
    text = ("\n\n".join([TYPICAL] * 60))[:LONGEST]
    assert len(inspect(render(text, markdown=True))("strong")) > 40
    assert seconds(text, markdown=True) < 0.1
    log = "2026-01-02 12:00:01 [INFO] main - Connection from 10.0.0.1 (id=44) took 12_000 ms\n" * 40
    assert inspect(render(log, markdown=True)).p


def test_an_ordinary_message_is_quick():
    assert seconds(TYPICAL, markdown=True) < 0.01
    assert seconds(TYPICAL, markdown=False) < 0.005


PIECES = [
    *(
        "[",
        "![",
        "*",
        "**",
        "_",
        "`",
        "``",
        "<",
        "> ",
        ">",
        "- ",
        "  - ",
        "1. ",
        "1. 1. ",
        "|",
        "](",
    ),
    *("[a](", "[a](b)", "[]", "[[", "&", "&amp;", "&#1;", "\\", "\\[", "a@", "a@b.no ", "www."),
    *("www.a.no ", "http://", "http://a ", "http://a/(", 'http://a.no/"', "(http://a/", "mailto:"),
    *(
        "mailto:a@",
        "/",
        "(",
        ")",
        "a.",
        "a-",
        "~~",
        "~",
        "# ",
        "---\n",
        "```\n",
        "~~~\n",
        "    a\n",
    ),
    *(
        "\n\n",
        "\n",
        "\t",
        " ",
        "- a\n",
        "* a\n\n",
        "1. a\n",
        "1. - 1. a\n",
        "> a\n",
        ">> a\n",
        "a\n",
    ),
    *("| a | b |\n", "|-|-|\n", "|a\n|-\n", "<a@b.no>", "<http://a.no>", "<http://", "[x]: y\n"),
    *("a**b", "c* ", "*a **a ", "a_b__c", "**x** ", "_x_ ", "`x` ", "    a\n_x_ ", "æ", "😀", "•"),
    *("- a\n  - b\n    - c\n      - d\n", "://", "a://", "@", "-", "=\n", "0)", "[a]`]`", "![``"),
]
BOMBS = [
    *((piece * LONGEST)[:LONGEST] for piece in PIECES),
    "|a" * 2_000 + "\n" + "|-" * 2_000 + "\n" + "|\n" * 6_000,
    "|a" * 500 + "\n" + "|-" * 500 + "\n" + "|\n" * 650,
    "|a" * 40 + "\n" + "|-" * 40 + "\n" + "|\n" * 48,
    "> " * 19 + "a\n" + "a\n" * 5_000,
    "".join("  " * (level % 9) + "- a\n" for level in range(1_000)),
    "[" * 200 + "*a" * 2_400,
    "x " * 9_500 + "a://" * 199,
    "xy " * 6_000 + "http://" * 199,
    "x," * 9_500 + " http://" * 100,
    "a@b.no " * 199 + "x" * 18_000,
    "x" * 19_000 + "://" * 199,
    "http://a/(" * 199 + "x" * 18_000,
    "*" * 6_000 + "a" * 8_000 + "*" * 6_000,
    "".join("`" * (count % 150) + "a" for count in range(260)),
    "[a](" + "(" * 31 + "x" * 19_000,
    ("<" * 100 + "a" * 100) * 30,
]


@pytest.mark.parametrize("markdown", [True, False], ids=["markdown", "plain"])
@pytest.mark.parametrize("text", BOMBS, ids=lambda text: repr(text[:20]))
def test_no_text_takes_long(text, markdown):
    assert seconds(text[:LONGEST], markdown=markdown) < 0.1


def test_no_pair_of_pieces_takes_long():
    for pair in product(PIECES[:16] + ["a", "\n", "1. a\n", "_x_ ", "a@b.no "], repeat=2):
        text = ("".join(pair) * LONGEST)[:LONGEST]
        assert seconds(text, markdown=True) < 0.1, pair


def test_no_text_with_marks_takes_long():
    for each in ("_x_ ", "- a\n", "c* ", "a@b.no ", "&amp;_x_ "):
        text = MASK + (each * LONGEST)[: LONGEST // 4] + f" {MASK}" * 500
        places = [found.start() for found in re.finditer(MASK, text)]
        marks = [(place, button(0)) for place in places]
        assert seconds(text, markdown=True, marks=marks) < 0.1, each


@pytest.mark.parametrize(
    "text", ["[" * 5_000, "> " * 25 + "dypt", "- a\n" * 4_000, "a@b.no " * 500]
)
def test_what_is_too_much_for_markdown_is_shown_as_it_was_written(text):
    shown = inspect(render(text, markdown=True))
    assert [e.name for e in shown.find_all(recursive=False)] == ["pre"]
    assert shown.get_text() == html.unescape(text)


def test_nothing_is_left_out_of_a_deep_list():
    for depth in range(1, 40):
        quoted = "> " * depth + "innerst"
        nested = "\n".join("  " * level + f"- nivå {level}" for level in range(depth))
        assert "innerst" in render(quoted, markdown=True)
        assert f"nivå {depth - 1}" in render(nested, markdown=True)
