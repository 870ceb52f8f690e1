"""A button where a secret stood: never in a tag, never lost, and never forged."""

import re

import pytest
from markupsafe import escape

from console.markup import render
from console.masking import MASK
from tests.markup.pages import LONGEST, button, dom


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
