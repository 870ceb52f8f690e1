"""What was rendered, as a browser reads it, and a button to stand in place of a secret."""

import re

from bs4 import BeautifulSoup
from markupsafe import Markup

LONGEST = 20_000
ALLOWED = {
    *("p", "br", "hr", "strong", "em", "s", "a", "h3", "h4", "h5", "blockquote", "pre", "code"),
    *("ul", "ol", "li", "table", "thead", "tbody", "tr", "th", "td"),
}


def dom(shown):
    assert isinstance(shown, Markup), type(shown)
    return BeautifulSoup(f"<!doctype html><body><div>{shown}</div>", "html5lib").body.div


def inspect(shown):
    """The parsed text; fails on anything that is not allowed, and on anything outside its box."""
    page = BeautifulSoup(f"<!doctype html><body><div>{shown}</div></body>", "html5lib")
    assert [e.name for e in page.body.find_all(recursive=False)] == ["div"], shown
    assert not page.head.find_all(True), shown
    for element in page.body.div.find_all(True):
        assert element.name in ALLOWED, element
        allowed = {"a": {"href", "rel"}, "ol": {"start"}}.get(element.name, set())
        assert set(element.attrs) <= allowed, element
        if element.name == "a":
            assert element["rel"] == ["noopener", "noreferrer", "nofollow"], element
            if "href" in element.attrs:
                assert re.match(r"(https?://|mailto:|tel:)", element["href"], re.IGNORECASE), (
                    element
                )
    return page.body.div


def button(number):
    return Markup('<button name="vis" value="{}">Vis</button>').format(number)
