"""What people wrote, as HTML that may stand in a page.

Workers write Markdown; what a requester writes means what it says, and only its links can be
clicked. Both leave by the same exit, _clean(), the only maker of Markup here.
"""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import islice
from urllib.parse import quote

import nh3
from linkify_it import LinkifyIt
from linkify_it.main import Match
from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markupsafe import Markup, escape

from console.masking import MASK

SCHEMES = {"http", "https", "mailto", "tel"}
TAGS = {
    *("p", "br", "hr", "strong", "em", "s", "a", "h3", "h4", "h5", "blockquote", "pre", "code"),
    *("ul", "ol", "li", "table", "thead", "tbody", "tr", "th", "td"),
}
CLEANER = nh3.Cleaner(
    tags=TAGS,
    # "*": without it a title and a language may stand in every tag.
    attributes={"*": set(), "a": {"href"}, "ol": {"start"}},
    url_schemes=SCHEMES,
    url_relative="deny",
    link_rel="noopener noreferrer nofollow",
)

# A page shows the same messages again and again. With these two numbers the memory has an end: a
# list of addresses, which grows most, becomes 15 times as long, so that 512 texts of nothing else
# are 16 MB. Longer texts are rare, and one of them on a page is quick enough.
REMEMBERED, REMEMBERED_MAX = 512, 2_000

# A text of 20 000 characters must be ready in a tenth of a second, whatever stands in it. It is
# counted before the work and not stopped by a clock, which would give the same text another face
# on a busy day. Beyond these numbers Markdown is shown as it was written, and an address as text.
LINKS_MAX = 200
# A longer word is no address; the linkifier goes back and forth within one.
WORD_MAX = 1_000
LINK = re.compile(r"@|://|www\.|mailto:", re.IGNORECASE)
# What Markdown stops at, and what each costs at most, in the microseconds of an ordinary machine:
# a sign, an item of a list, a cell of a table, a link.
COSTS = (
    (re.compile(r"[\n!#&()*+<=>\[\\\]_`|~-]"), 8),
    (re.compile(r"(?<![^\s>])(?:[*+-]|[0-9]{1,9}[.)])\s"), 40),
    (re.compile(r"\|"), 12),
    (LINK, 50),
)
COST_MAX = 45_000
# From each "[" Markdown walks over the signs that follow.
BRACKET_STEPS_MAX = 500_000
# Each level of a quote looks through the lines that follow.
LEADING = re.compile(r"^[> \t0-9.)*+-]+", re.MULTILINE)
QUOTED_LINE = 5
# Each row of a table is filled up to the length of its head.
CELLS_MAX = 2_000
# Levels of lists and quotes. What stands deeper markdown-it leaves out, without a word.
NESTING_MAX = 20

# What may be a linked word; bullets end it, so that no address holds a part of a mask.
WORD = re.compile(r"[^\s•]+")
# The last six characters before "://" tell whether it is one of these.
SCHEME = re.compile(r"(?:^|[^a-z0-9.+-])(https?)$", re.IGNORECASE)
FOLLOWED = re.compile(r"(?:https?://|mailto:|tel:)", re.IGNORECASE)

# A token is a character of the last plane for private use between two bullets. The first one,
# U+E000 to U+F8FF, is where Word keeps the bullets of its symbol fonts. With bullets around it
# Markdown sees a mask: a sign and not a letter, which is what decides about "**Passord:**".
TOKENS = range(0x100000, 0x10FFFE)
BULLET = MASK[0]
TAG_OR_TOKEN = re.compile(
    rf'(?P<tag><(?:[^">]|"[^"]*")*>)|{BULLET}(?P<token>[\U00100000-\U0010FFFD]){BULLET}'
)
TOKEN_IN_TAG = re.compile(f"{quote(BULLET)}%F4(?:%[0-9A-F]{{2}}){{3}}{quote(BULLET)}")


class Linkifier(LinkifyIt):
    """Finds http(s) and mailto addresses, www. names and e-mail addresses, word by word.

    A bare name is no link: an office writes "rapport.no" and "e.g.this" and means no server.
    """

    def __init__(self) -> None:
        super().__init__(options={"fuzzy_link": False})
        self.add("//", None).add("ftp:", None)
        self.add("www.", {"validate": self._validate_www, "normalize": self._normalize_www})

    def pretest(self, text: str) -> bool:
        return LINK.search(text) is not None

    test = pretest

    def match(self, text: str) -> list[Match]:
        found = []
        for word in WORD.finditer(text):
            if self._is_worth_it(word[0]):
                for match in super().match(word[0]) or ():
                    self._drop_label(match)
                    match.index += word.start()
                    match.last_index += word.start()
                    found.append(match)
        return found

    def match_at_start(self, text: str) -> Match | None:
        word = WORD.match(text)
        return super().match_at_start(word[0]) if word and self._is_worth_it(word[0]) else None

    def _is_worth_it(self, word: str) -> bool:
        return len(word) <= WORD_MAX and self.pretest(word)

    def _drop_label(self, match: Match) -> None:
        """In "epost:ola@firma.no" linkify-it takes the first word for a part of the name."""
        label, colon, address = match.raw.rpartition(":")
        if match.schema == "mailto:" and colon and label.lower() != "mailto":
            match.index += len(label) + 1
            match.raw = match.text = address
            match.url = f"mailto:{address}"

    def _validate_www(self, text: str, pos: int) -> int:
        if "www" not in self.re:
            self.re["www"] = re.compile(
                self.re["src_host_port_strict"] + self.re["src_path"], re.IGNORECASE
            )
        found = self.re["www"].match(text, pos)
        return len(found[0]) if found else 0

    def _normalize_www(self, match: Match) -> None:
        match.url = f"http://{match.url}"


def _address(state: StateInline, silent: bool) -> bool:
    """Take an http address as it is, before Markdown sees the signs in it.

    The rule that this stands for looks for the scheme through all of the line, at each "://".
    """
    if state.linkLevel > 0 or not state.src.startswith("://", state.pos):
        return False
    scheme = SCHEME.search(state.pending[-6:])
    if not scheme:
        return False
    start = state.pos - len(scheme[1])
    match = LINKIFIER.match_at_start(state.src[start : start + WORD_MAX + 1])
    if not match:
        return False
    written = match.raw.rstrip("*")  # as in **https://x.no**
    if not silent:
        state.pending = state.pending[: -len(scheme[1])]
        state.push("link_open", "a", 1).attrs = {"href": state.md.normalizeLink(written)}
        state.push("text", "", 0).content = state.md.normalizeLinkText(written)
        state.push("link_close", "a", -1)
    state.pos = start + len(written)
    return True


class Parser(MarkdownIt):
    """Leaves a link that may not be followed as it was written."""

    def validateLink(self, url: str) -> bool:
        return FOLLOWED.match(url) is not None


def _markdown() -> MarkdownIt:
    """Markdown as an office writes it.

    Without pictures, which would be fetched from elsewhere; without definitions of links, which
    vanish from the text; and without headings by underlining, since "--" stands above a name.
    """
    options = {"html": False, "linkify": True, "breaks": True, "maxNesting": NESTING_MAX}
    parser = Parser("js-default", options)
    parser.disable(["image", "reference", "lheading", "html_block", "html_inline"])
    parser.inline.ruler.at("linkify", _address)
    parser.linkify = LINKIFIER
    # Its rules are compiled at the first use, in a way that two threads could disturb.
    parser.render("")
    return parser


LINKIFIER = Linkifier()
MARKDOWN = _markdown()


def render(text: str, *, markdown: bool, marks: Sequence[tuple[int, Markup]] = ()) -> Markup:
    """The text as a page shows it; plain text keeps its line breaks, for CSS to show.

    Each mark is a place in the text where MASK stands, and what is shown there instead. One whose
    place is not on the page, as in the address of a link, is put at the end.
    """
    whole = _remembered if len(text) <= REMEMBERED_MAX else _rendered
    if not marks:
        return whole(text, markdown)
    # What the text itself brings onto the page can be no token, nor what it may have spelled out.
    taken = {*text, *(whole(text, markdown) if "&" in text or "%" in text else "")}
    free = (chr(code) for code in TOKENS if chr(code) not in taken)
    tokens = list(islice(free, len(marks)))
    places = {position: token for (position, _), token in zip(marks, tokens, strict=True)}
    buttons = {token: button for (_, button), token in zip(marks, tokens, strict=True)}
    return _clean(_html(_with_tokens(text, places), markdown), buttons)


def _rendered(text: str, markdown: bool) -> Markup:
    return _clean(_html(text, markdown))


_remembered = lru_cache(maxsize=REMEMBERED)(_rendered)


def _clean(html: str, buttons: Mapping[str, Markup] | None = None) -> Markup:
    """The HTML with nothing in it but what is allowed, and the buttons in place of their tokens.

    In a tag there is no place for a button: there the token becomes a mask again.
    """
    cleaned = CLEANER.clean(html)
    if not buttons:
        return Markup(cleaned)
    left = dict(buttons)

    def put(found: re.Match[str]) -> str:
        if tag := found["tag"]:
            return TOKEN_IN_TAG.sub(quote(MASK), tag)
        if found["token"] not in buttons:
            return found[0]
        return left.pop(found["token"], MASK)

    placed = TAG_OR_TOKEN.sub(put, cleaned)
    return Markup("\n".join([placed, *left.values()]))


def _with_tokens(text: str, places: Mapping[int, str]) -> str:
    parts, end = [], 0
    for position, token in sorted(places.items()):
        if position >= end and text.startswith(MASK, position):
            parts += [text[end:position], BULLET, token, BULLET]
            end = position + len(MASK)
    return "".join([*parts, text[end:]])


def _html(text: str, markdown: bool) -> str:
    linked = len(LINK.findall(text)) <= LINKS_MAX
    if not markdown:
        return _plain(text, linked)
    tokens = _parsed(text) if linked and _is_bearable(text) else None
    if tokens is None:
        return f"<pre>\n{_plain(text, linked)}</pre>"
    return MARKDOWN.renderer.render(tokens, MARKDOWN.options, {})


def _plain(text: str, linked: bool) -> str:
    parts: list[str] = []
    end = 0
    for match in LINKIFIER.match(text) if linked else ():
        address = MARKDOWN.normalizeLink(match.url)
        if MARKDOWN.validateLink(address):
            parts.append(escape(text[end : match.index]))
            parts.append(f'<a href="{escape(address)}">{escape(match.raw)}</a>')
            end = match.last_index
    return "".join([*parts, escape(text[end:])])


def _is_bearable(text: str) -> bool:
    """Whether markdown-it will be done with it in time."""
    counted = [len(pattern.findall(text)) for pattern, _ in COSTS]
    lines = text.splitlines()
    widest = max((line.count("|") for line in lines), default=0)
    deepest = max((leading.count(">") for leading in LEADING.findall(text)), default=0)
    cost = sum(count * each for count, (_, each) in zip(counted, COSTS, strict=True))
    return (
        cost + deepest * len(lines) * QUOTED_LINE <= COST_MAX
        and text.count("[") * counted[0] <= BRACKET_STEPS_MAX
        and widest * len(lines) <= CELLS_MAX
    )


def _parsed(text: str) -> list[Token] | None:
    """Its Markdown, the headings below those of the page; None when it is nested too deeply."""
    tokens = MARKDOWN.parse(text)
    if any(token.level >= NESTING_MAX - 1 for token in tokens):
        return None
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(int(token.tag[1]) + 2, 5)}"
    return tokens
