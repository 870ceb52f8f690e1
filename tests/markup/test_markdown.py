"""What signs mean: an address to everybody, Markdown to a worker, themselves to a requester."""

from urllib.parse import quote

import pytest

from console.markup import render
from tests.markup.pages import dom, inspect


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
