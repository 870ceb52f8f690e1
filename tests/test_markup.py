"""What people wrote, in the page: nothing but what is allowed, and in time."""

import html
import re
import time
from itertools import product
from urllib.parse import quote

import pytest
from bs4 import BeautifulSoup
from markupsafe import Markup, escape

from console import markup
from console.markup import REMEMBERED, REMEMBERED_MAX, render
from console.masking import MASK

LONGEST = 20_000
ALLOWED = {
    *("p", "br", "hr", "strong", "em", "s", "a", "h3", "h4", "h5", "blockquote", "pre", "code"),
    *("ul", "ol", "li", "table", "thead", "tbody", "tr", "th", "td"),
}
BATTERY = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'><svg/onload=alert(1)>",
    '<a href="javascript:alert(1)">x</a>',
    '<a href="jav&#x09;ascript:alert(1)">',
    "[x](javascript:alert(1))",
    '<iframe srcdoc="<script>alert(1)</script>">',
    '<math><mi xlink:href="javascript:alert(1)">',
    "<style>*{background:url(http://127.0.0.1:9/x)}</style>",
    "<form action=//evil><input name=password>",
    "<base href=//evil>",
    '<meta http-equiv=refresh content="0;url=//evil">',
    "</textarea><script>",
    "{{constructor.constructor('alert(1)')()}}",
    'http://a"onmouseover=alert(1)',
    "=?utf-8?q?=3Cimg_src=3Dx_onerror=3Dalert(1)=3E?=",
    '"\u2028alert(1)//',
    "<!--<script>",
    "<div>" * 5_000,
    "[x](JaVaScRiPt:alert(1))",
    "[x](java&#115;cript:alert(1))",
    "[x](java\tscript:alert(1))",
    "[x](&#x6A;avascript&colon;alert(1))",
    "[x](<javascript:alert(1)>)",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](data:image/png;base64,AAAA)",
    "[x](vbscript:msgbox)",
    "[x](file:///etc/passwd)",
    "[x](//evil.example.com)",
    "[x](/tickets/5/close)",
    "[x](?a=b)",
    '[x](http://a.no "onmouseover=alert(1)")',
    '[x](http://a.no"onmouseover="alert(1))',
    "![x](http://evil.example.com/a.png)",
    '![x" onerror="alert(1)](x)',
    "![x](data:image/svg+xml;base64,AAAA)",
    "<javascript:alert(1)>",
    "<http://a.no/\"onclick=alert(1)>",
    "[x]: javascript:alert(1)\n\n[x]",
    '```"><script>alert(1)</script>\nx\n```',
    '``` x" onclick="alert(1)\nx\n```',
    "`<script>alert(1)</script>`",
    "|a|\n|:-:|\n|<img src=x onerror=alert(1)>|",
    "# <svg onload=alert(1)>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;script&#62;alert(1)",
    "www.a.no/<script>alert(1)</script>",
    "javascript://www.a.no/%0aalert(1)",
    "mailto:a@b.no?body=<script>",
    "kari@firma.no<script>alert(1)</script>",
    "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
    "<svg></p><style><a id=\"</style><img src=1 onerror=alert(1)>\">",
    "\x00<scr\x00ipt>alert(1)",
    "<plaintext>",
    "<xmp><b>",
    "</pre></p></td><script>x</script>",
    "    </code></pre><script>x</script>",
]  # fmt: skip


def dom(shown):
    assert isinstance(shown, Markup)
    return BeautifulSoup(f"<!doctype html><body><div>{shown}</div>", "html5lib").body.div


def inspect(shown):
    """The parsed text; fails on anything that is not allowed, and on anything outside its box."""
    page = BeautifulSoup(f"<!doctype html><body><div>{shown}</div></body>", "html5lib")
    assert [e.name for e in page.body.find_all(recursive=False)] == ["div"]
    assert not page.head.find_all(True)
    for element in page.body.div.find_all(True):
        assert element.name in ALLOWED, element
        allowed = {"a": {"href", "rel"}, "ol": {"start"}}.get(element.name, set())
        assert set(element.attrs) <= allowed, element
        if element.name == "a":
            assert element["rel"] == ["noopener", "noreferrer", "nofollow"]
            if "href" in element.attrs:
                assert re.match(r"(https?://|mailto:|tel:)", element["href"], re.IGNORECASE), (
                    element
                )
    return page.body.div


@pytest.mark.parametrize("markdown", [True, False], ids=["markdown", "plain"])
@pytest.mark.parametrize("text", BATTERY, ids=lambda text: text[:40])
def test_nothing_that_is_written_can_do_anything(text, markdown):
    inspect(render(text, markdown=markdown))
    for around in ("{}\n\n> - {}\n\n1. {}", "**{}** `{}` [{}](http://a.no)", "|{}|\n|-|\n|{}|"):
        inspect(render(around.replace("{}", text)[:LONGEST], markdown=markdown))


@pytest.mark.parametrize("text", BATTERY, ids=lambda text: text[:40])
def test_plain_text_is_shown_as_it_was_written(text):
    shown = dom(render(text, markdown=False)).get_text()
    assert shown == text.replace("\x00", "\ufffd") or shown == text.replace("\x00", "")


def test_no_pair_of_attacks_does_anything_together():
    for one, other in product(BATTERY[:18] + BATTERY[19:40], repeat=2):
        inspect(render(f"{one}{other}", markdown=True))


def test_whatever_comes_out_of_markdown_is_cleaned(monkeypatch):
    """The exit does not trust what is before it."""
    evil = (
        '<p onclick="x" class="c" id="i" style="color:red">a<script>x</script><img src="x">'
        '<a href="javascript:x" target="_blank">b</a><a href="/x">c</a><a href="http://x.no">d</a>'
    )
    monkeypatch.setattr(markup.MARKDOWN.renderer, "render", lambda *_: evil)
    shown = render("nobody has written this before", markdown=True)
    markup._remembered.cache_clear()
    assert [a.get("href") for a in inspect(shown)("a")] == [None, None, "http://x.no"]


def links(text, *, markdown=False):
    return [(a.get_text(), a["href"]) for a in inspect(render(text, markdown=markdown))("a")]


LINK = '<a href="{}" rel="noopener noreferrer nofollow">{}</a>'
FOUND = [
    ("Se https://www.example.no/side?a=1&b=2.", "https://www.example.no/side?a=1&b=2"),
    ("(https://x.no/a_(b))", "https://x.no/a_(b)"),
    ("http://server01/deling", "http://server01/deling"),
    ("http://10.0.0.1:8080/x", "http://10.0.0.1:8080/x"),
    ("HTTPS://X.NO/A", "HTTPS://X.NO/A"),
    ("«https://x.no»", "https://x.no"),
    ("https://x.no/blåbær", "https://x.no/blåbær"),
]


@pytest.mark.parametrize("markdown", [True, False], ids=["markdown", "plain"])
@pytest.mark.parametrize(("text", "address"), FOUND)
def test_an_address_can_be_clicked(text, address, markdown):
    assert links(text, markdown=markdown) == [(address, quote(address, safe=":/?&=()_."))]


@pytest.mark.parametrize("markdown", [True, False], ids=["markdown", "plain"])
@pytest.mark.parametrize(
    ("text", "shown", "address"),
    [
        ("www.example.no/x, sa han", "www.example.no/x", "http://www.example.no/x"),
        ("(www.example.no)", "www.example.no", "http://www.example.no"),
        ("WWW.Example.no", "WWW.Example.no", "http://WWW.Example.no"),
        ("Skriv til ola.n@firma.no.", "ola.n@firma.no", "mailto:ola.n@firma.no"),
        ("<ola@firma.no>", "ola@firma.no", "mailto:ola@firma.no"),
        ("epost:ola@firma.no", "ola@firma.no", "mailto:ola@firma.no"),
    ],
)  # fmt: skip
def test_a_name_and_a_mail_address_can_be_clicked(text, shown, address, markdown):
    assert links(text, markdown=markdown) == [(shown, address)]


@pytest.mark.parametrize("markdown", [True, False], ids=["markdown", "plain"])
@pytest.mark.parametrize(
    "text",
    ["rapport.no", "e.g.this", "notat.doc og liste.xls", "Node.js", "1.2.3.4", "kl. 10.30", "a@b"]
    + ["@kari", "www", "www.", "http://", "ftp://x.no/a", "file:///c:/a", "//x.no", "xwww.a.no"]
    + ["javascript:alert(1)", "tel:22334455", "f.eks.no", "C:\\x.no", "\\\\server01\\deling"],
)
def test_what_is_no_address_is_no_link(text, markdown):
    assert links(text, markdown=markdown) == []


def test_a_requesters_signs_mean_what_they_say():
    text = "# Hei\n\n**Ikke fet** & <b>ikke</b>  to  blanke\n- a\n\n    x\n1. [x](http://a.no)"
    shown = render(text, markdown=False)
    assert dom(shown).get_text() == text
    assert {e.name for e in inspect(shown)(True)} == {"a"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("**fet** og _skrå_", "<p><strong>fet</strong> og <em>skrå</em></p>"),
        ("en\nto", "<p>en<br>\nto</p>"),
        ("en\n\nto", "<p>en</p>\n<p>to</p>"),
        ("# A\n## B\n### C\n#### D\n###### F",
         "<h3>A</h3>\n<h4>B</h4>\n<h5>C</h5>\n<h5>D</h5>\n<h5>F</h5>"),
        ("- a\n- b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>"),
        ("3. a\n4. b", '<ol start="3">\n<li>a</li>\n<li>b</li>\n</ol>'),
        ("> sitat", "<blockquote>\n<p>sitat</p>\n</blockquote>"),
        ("`a < b`", "<p><code>a &lt; b</code></p>"),
        ("```sh\nls\n```", "<pre><code>ls\n</code></pre>"),
        ("~~nei~~", "<p><s>nei</s></p>"),
        ("Hilsen\n--\nOla", "<p>Hilsen<br>\n--<br>\nOla</p>"),
        ("a\n\n---\n\nb", "<p>a</p>\n<hr>\n<p>b</p>"),
        ("|a|\n|:-:|\n", "<table>\n<thead>\n<tr>\n<th>a</th>\n</tr>\n</thead>\n</table>"),
        ("[x]: http://a.no", f"<p>[x]: {LINK.format('http://a.no', 'http://a.no')}</p>"),
        ("[ring](tel:22334455)", f"<p>{LINK.format('tel:22334455', 'ring')}</p>"),
        ("**http://a.no/_b_**", f"<p><strong>{LINK.format(*['http://a.no/_b_'] * 2)}</strong></p>"),
        ("[nei](javascript:x)", "<p>[nei](javascript:x)</p>"),
        ("<b>nei</b>", "<p>&lt;b&gt;nei&lt;/b&gt;</p>"),
    ],
)  # fmt: skip
def test_a_workers_markdown_becomes_html(text, expected):
    assert str(render(text, markdown=True)).strip() == expected


def test_no_picture_is_fetched():
    shown = inspect(render("![skjerm](https://x.no/a.png)", markdown=True))
    assert not shown("img")
    assert shown.a["href"] == "https://x.no/a.png"


# Marks


def button(number):
    return Markup('<button name="vis" value="{}">Vis</button>').format(number)


def marked(text, *, markdown=True):
    """Each mask in the text with its button; answers the parsed page and the buttons on it."""
    places = [found.start() for found in re.finditer(MASK, text)]
    marks = [(place, button(number)) for number, place in enumerate(places)]
    shown = render(text, markdown=markdown, marks=marks)
    assert not re.search("[\U00100000-\U0010fffd]|%F4%8", str(shown)), "a token is left"
    page = dom(shown)
    numbers = [b["value"] for b in page("button")]
    assert sorted(numbers, key=int) == [str(number) for number in range(len(places))], shown
    for each in page.find_all(True):
        assert all("button" not in str(value) for value in each.attrs.values()), each
    return page


@pytest.mark.parametrize(
    ("text", "parent"),
    [
        ("Passord: {}", "p"),
        ("**{}**", "strong"),
        ("**Passord:{}** husk", "strong"),
        ("_{}_", "em"),
        ("~~{}~~", "s"),
        ("`{}`", "code"),
        ("```\n{}\n```", "code"),
        ("    {}", "code"),
        ("[{}](http://a.no)", "a"),
        ("# {}", "h3"),
        ("- {}", "li"),
        ("1. a\n2. b {}", "li"),
        ("> {}", "p"),
        ("|a|b|\n|-|-|\n|{}|c|", "td"),
        ("|{}|\n|-|\n|c|", "th"),
        ("\\{}", "p"),
        ("({})", "p"),
        ("{}{}{}", "p"),
        ("•{}•", "p"),
        ("ola@{}.no", "p"),
        ("linje\n{}\nlinje", "p"),
    ],
)
def test_a_mark_stands_where_its_secret_stood(text, parent):
    text = text.replace("{}", MASK)
    page = marked(text)
    assert {b.parent.name for b in page("button")} == {parent}
    for each in page("button"):
        each.replace_with(MASK)
    assert str(page) == str(dom(render(text, markdown=True)))


def test_what_stands_around_a_mark_is_as_without_it():
    """Bullets are signs and no letters, which decides what is bold in "**Passord:**••••"."""
    page = marked(f"**Passord:**{MASK}")
    assert page.strong.get_text() == "Passord:"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("[x](http://a.no/{})", "x"),
        ("[x](http://a.no '{}')", "x"),
        ("[x](http://{}.no)", "x"),
        ("[x]({})", None),
        ("![x](http://a.no/{})", "!x"),
        ("```{}\nkode\n```", "kode"),
        ("|a|\n|-|\n|b|{}|", "b"),
        ("<http://a.no/?x={}>", None),
        ("<ola{}@a.no>", None),
        ("http://a.no/?passord={}", None),
        ("https://ola:{}@a.no/", None),
        ("> " * 30 + "{}", None),
    ],
)
def test_a_mark_is_never_in_a_tag_and_never_lost(text, left):
    page = marked(text.replace("{}", MASK))
    if left is not None:
        assert page("button")[0].parent == page, "at the end, outside everything"
        assert left in page.get_text()


@pytest.mark.parametrize(
    "text", ["{}", "a {} b\n{}", "<b>{}</b>", "http://a.no/{}", "{}{}", "•{}•"]
)
def test_marks_in_plain_text_leave_all_else_as_it_is(text):
    text = text.replace("{}", MASK)
    page = marked(text, markdown=False)
    for each in page("button"):
        each.replace_with(MASK)
    assert page.get_text() == text
    assert str(page) == str(dom(render(text, markdown=False)))


FIRST, SECOND = chr(0x100000), chr(0x100001)


@pytest.mark.parametrize("markdown", [True, False], ids=["markdown", "plain"])
@pytest.mark.parametrize(
    "forged",
    [
        f"•{FIRST}•",
        f"{FIRST}",
        f"•{FIRST}••{SECOND}•",
        "•&#x100000;•",
        "&bull;&#1048576;&#8226;",
        "<http://a.no/•%F4%80%80%80•>",
        "http://a.no/%E2%80%A2%F4%80%80%80%E2%80%A2",
        "[x](http://a.no/%E2%80%A2%F4%80%80%80%E2%80%A2)",
        "".join(chr(code) for code in range(0x100000, 0x100400)),
    ],
)
def test_no_writing_can_be_taken_for_a_token(forged, markdown):
    text = f"{forged} {MASK} {forged}"
    place = text.index(MASK)
    shown = render(text, markdown=markdown, marks=[(place, button(0))])
    page = dom(shown)
    assert len(page("button")) == 1
    page.button.replace_with(MASK)
    assert page.get_text() == dom(render(text, markdown=markdown)).get_text()


def test_symbols_from_word_are_kept():
    assert "\uf0b7 punkt" in render("\uf0b7 punkt", markdown=False)
    assert "\uf0b7 punkt" in render("\uf0b7 punkt", markdown=True)


@pytest.mark.parametrize("places", [[0], [5], [99], [-1], [6, 7], [6, 6]])
def test_a_mark_that_has_no_mask_is_at_the_end(places):
    text = f"abcdef{MASK}"
    marks = [(place, button(number)) for number, place in enumerate(places)]
    page = dom(render(text, markdown=False, marks=marks))
    assert len(page("button")) == len(places)
    if 6 not in places:
        assert page.get_text().startswith(text)


def test_what_is_put_in_place_is_not_escaped_and_the_text_is():
    shown = render(f"<b>{MASK}", markdown=False, marks=[(3, button(0))])
    assert str(shown) == f"{escape('<b>')}{button(0)}"


def test_many_marks_at_once():
    marked(f"{MASK} " * 500)
    marked(f"{MASK} " * (LONGEST // 9))


# Memory and time


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
