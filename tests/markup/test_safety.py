"""What people wrote, in the page: nothing but what is allowed."""

from itertools import product

import pytest

from console import markup
from console.markup import render
from tests.markup.pages import LONGEST, dom, inspect

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
