"""Finds what should not lie open in a ticket: national identity numbers, cards and passwords.

Too much hidden costs a colleague a click; too little puts a password into lists and mails. But
nobody reads a text full of bullets, so a number must have the right check digits, and a password
the word for it in front.
"""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from typing import NamedTuple

from console.models import Secret, SecretKind

MASK = "•" * 8

# The sums that must be divisible by 11, and what may be added to the month (40 in the H-numbers
# of hospitals, 65 in NAV's tests, 80 in Skatteetaten's) or to the day (40 in D-numbers), as in
# Skatteetaten's documentation of Folkeregisteret and in NAV's fnrvalidator.
WEIGHTS = ((3, 7, 6, 1, 8, 9, 4, 5, 2, 1, 0), (5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1))
MONTHS_ADDED, DAYS_ADDED = (80, 65, 40, 0), (40, 0)

# How the cards of a brand begin, and how long they are: ISO/IEC 7812 and the brands' own lists.
BRANDS: dict[str, tuple[str, tuple[int, ...]]] = {
    "Visa": (r"4", (13, 16, 19)),
    "Mastercard": (r"5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720", (16,)),
    "American Express": (r"3[47]", (15,)),
    "Diners": (r"30[0-5]|3095|36|3[89]", (14,)),
    "Discover": (r"6011|64[4-9]|65", (16, 17, 18, 19)),
    "JCB": (r"352[89]|35[3-8]", (16, 17, 18, 19)),
    "Maestro": (r"50(?:18|20|38)|5893|6304|6759|676[1-3]", (13, 14, 15, 16, 17, 18, 19)),
    "UnionPay": (r"62", (16, 17, 18, 19)),
}
PREFIXES = {name: re.compile(prefix) for name, (prefix, _) in BRANDS.items()}

# What Word and web pages write for a blank or a hyphen, and what they put in that nobody sees.
ODD = str.maketrans("\u00a0\u2007\u2009\u202f\u2010\u2011", "    --")
UNSEEN = re.compile("[\u00ad\u200b-\u200d\u2060\ufeff]")
BREAK = r" ?\n ?"
GAP = rf"(?:{BREAK}|  |[ .\u2013-])"
# What may not follow a number: a letter, a digit, or a sign that makes it longer.
ENDS = r"(?![^\W_])(?![.,][0-9])"
# Letters may stand right in front of a national id: "scan", or "fnr" if it has gaps too.
STARTS = re.compile(r"(?<!\d)(?<![0-9][.,])(?=[0-9])")
NATIONAL_ID = re.compile(
    rf"(?:[0-9]{{6}}|[0-9]{{2}}(?P<gap>  |[ ./\u2013-])[0-9]{{2}}(?P=gap)[0-9]{{2}})"
    rf"(?:{GAP}| [\u2013-] )?[0-9]{{3}}{GAP}?[0-9]{{2}}{ENDS}"
)
# Together; in fours, perhaps with a rest; and as on Amex, Diners and the old Visa. The gaps are
# alike but for a new line. Four more digits, or rows of them, make it something else.
ALIKE = rf"(?=[0-9]{{4}}(?:{BREAK}[0-9]{{3,6}})?( {{1,2}}|[.-]))"
BEFORE = r"(?<![0-9]{4}[ -])(?<![A-Z]{2}[0-9]{2} )" + ALIKE
GROUPS = ((4, 4, 4, 4, "1,3"), (4, 4, 4, 4), (4, 6, "4,5"), (4, 3, 3, 3))
CARDS = [
    re.compile(rf"{BEFORE}{rest}{ENDS}(?!(?:\1|[ -])[0-9]{{4}})")
    for rest in (rf"(?:\1|{BREAK})".join(f"[0-9]{{{n}}}" for n in sizes) for sizes in GROUPS)
] + [re.compile(rf"[0-9]{{13,19}}{ENDS}")]
ROWS = re.compile(rf"[0-9]\n{MASK}|{MASK}\n[0-9]{{4}}")
# They have the check digit of cards too, so that only the word in front tells them apart.
NO_CARD = re.compile(
    r"(?:kid|imei|iccid|ean|gtin|ordre|order|bestilling\w*|faktura|invoice|ref|referanse|serie"
    r"|serial|sporing\w*|tracking|kolli|sending\w*|pakke|strek|s/n|sn|kunde|avtale)s?[ -]?"
    r"(?:nr|nummer|number|no|id|kode)?(?:et)?[.:#=\s]{0,4}(?:er |is )?$",
    re.IGNORECASE,
)

URL = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
PASSWORD = re.compile(
    r"(?:passord|password|passwd|l[øö]senord|passfrase|passphrase|passcode|kodeord"
    r"|(?<![^\W_])(?:pwd|pw|pass)"
    r"|(?P<pin>(?<![^\W_])(?:pin|puk)(?:[ -]?(?:kode|code))?)|(?P<code>kode|code))"
    r"(?:et|en|ene|a|s|n)?(?(code)|(?: ?[0-9]{1,2}(?= ?[:=](?![0-9])))?)(?![^\W_])",
    re.IGNORECASE,
)
# In the name of a file, with or without its ending.
FILE = re.compile(r"[_-]([^\s/\\<>\"|:*?=\[]{5,100}?)(?=\.[a-z0-9]{2,5}\b|[,;)\s]|$)", re.I)
# How the value is joined to the word: by a sign, by "er", or by a blank only. In between may
# stand whose it is or what it opens; behind a colon the value may be on a line below. A dash, an
# arrow or the next cell joins less, and so does the end of the line.
BLANK = r"[ \t]"
TAG = r"</?(?:b|strong|i|em|u|p|br|span|div|font|code|td|th|tr|li)(?: [^<>\n]{0,80})?/?>"
MARKS = rf"""(?:["'*_`]|{TAG}){{0,3}}"""
BLANKS = rf"(?:{BLANK}|{TAG})*"
COLON = rf":[*_]{{0,2}}{BLANKS}(?:\n{BLANKS}){{0,2}}"
JOIN = re.compile(
    rf"""{MARKS}(?P<whose>{BLANK}(?:til|for|på|i|hos|fra|frå|åt|mitt|mi|min|ditt|din|hans"""
    rf"|hennes|hennar|vårt|vår|deres|nå|no|to|on|of|my|our|his|her)(?:{BLANK}[\w-]{{1,30}}){{0,3}}?"
    rf"""|(?P<aside>{BLANK}\([^()\n]{{1,40}}\)))?{MARKS}{BLANK}*"""
    rf"(?:(?P<is>er|var|blir|blei|ble|vert|vart|heter|is|was|är)(?={BLANK}|:)"
    rf"(?:{BLANK}+(?:nå|no|fortsatt|fremdeles|framleis|now|still|(?:endret|byttet|satt) til)"
    rf"(?={BLANK}|:))?{BLANK}*(?P<colon>{COLON})?"
    rf"|(?P<sign>{COLON}|=(?!>){BLANK}*)"
    rf"|(?(aside)(?!)|(?P<loose>(?:(?<={BLANK})[\u2013\u2014-](?={BLANK})|[-=]>|\||(?<=[\t>])){BLANKS})))"
    rf"|{MARKS}{BLANK}*(?P<below>\n{BLANKS})|{BLANK}+",
    re.IGNORECASE,
)
QUOTED = re.compile(
    r"""\"([^"\n]{1,200})"|'([^'\n]{1,200})'(?!\w)|«([^»\n]{1,200})»|[“”„]([^“”„\n]{1,200})[“”]"""
    r"|`([^`\n]{1,200})`|\*\*([^*\n]{1,200})\*\*"
)
UNQUOTED, REST = re.compile(r"\S{1,200}"), re.compile(r"\S*")
PIN = re.compile(r"(?:[0-9]{3}[ -][0-9]{3}|[0-9]{4,8})(?![^\W_]|[.,/:-][0-9])")
# Codes that open something, by the end of the word before "kode"; and words before it that make
# it another kind of code, as every word does that it has grown together with.
OPENS = (
    *("pin", "puk", "engangs", "sms", "bekreftelses", "stadfestings", "sikkerhets", "tryggings"),
    *("verifiserings", "verifikasjons", "autentiserings", "alarm", "dør", "port", "inngangs"),
    *("adgangs", "tilgangs", "lås", "låse", "aktiverings", "innloggings", "påloggings", "bankid"),
    *("otp", "2fa", "mfa", "faktor", "wifi", "wi-fi", "nøkkelboks", "safe", "security", "access"),
    *("verification", "login", "one-time"),
)
TELLS = frozenset(
    ("feil", "error", "status", "exit", "return", "stop", "stopp", "http", "zip", "post", "postal")
    + ("area", "country", "qr", "bar", "product", "source", "discount", "promo", "event", "color")
)
# What stands behind "passord:" in an ordinary sentence, or in a form that nobody filled in.
ORDINARY_WORDS = """
a all alle alltid alt an and any are as at av bare be begge ber ble blei blir blitt both brukar
bruker brukernavn but bytt bytta bytte byttet can cannot change changed could dei den denne der
dere deres des det dette did din ditt do does doesn't don't du e-post eg ein eit eller email en
endra endre endret endring epost er et etter expired expires feil finnes fjernet for forgot
forgotten fra frå funker får fått gammalt gammelt gikk gir gjekk gjelder gjør glemt glömt gløymt
going gå går had han har has have hei heller hello her hers hi hidden hjelp hos how hva hvem
hver hvilken hvilket hvis hvor hvordan hvorfor i if ikke ikkje in incorrect ingen ingenting inn
invalid is it its ja jeg kan kanskje kjem kom komme kommer kor korleis korrekt kunne kva kven
least lost lure lurer låst låste mail maks maksimalt man manglar mangler may me med meg men mi
min minimum minst missing mitt mobil mottatt must my må n/a na ned needs nei new nil no none not
null nullstill nullstille nullstilling nullstilt ny nye nytt nå når og ok okay old om on or over
passord passordet password please på redacted reset rett riktig ringer same samme se seg selv
send sender sendes sendt sent ser should siden sin since skal skjult skulle sladdet slik slutt
sms so som stemmer still står så takk tapt tba tbd telefon telefonen that the their then there
they this til to treng trenger ugyldig ukjent unknown unngå updated ut uten utgår utgått utløper
utløpt vart ved vedlagt veit vel vennligst vert vet vi vil virka virkar virker virket vise vises
vår vårt være was we were what when where which who why will with working works would wrong you
your å øh
"""
ORDINARY = frozenset(ORDINARY_WORDS.split())
# What a sentence puts behind a value, and around a word.
AFTER, AROUND = ',.;)»”"`', ",.;:!?()<>[]*_`'\"«»“”"
FILLED = re.compile(r"[xX*.•_-]+")
# Dates, times, ranges, versions and addresses of machines; cases, error codes; e-mail addresses.
TOLD = re.compile(
    r"v?[0-9]+(?:[.,:/\u2013-][0-9]+)+|#[0-9]+|0x[0-9a-f]+|(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}"
    r"|[^@\s]+@[^@\s]+\.[a-z]{2,}",
    re.IGNORECASE,
)
SIGN = re.compile(r"[0-9!@#$%&*+=?^~€£<>|{}\\\[\]]")
STRONG = (re.compile(r"[a-zæøå]"), re.compile(r"[0-9]"), re.compile(r"[!@#$%&*+=?^~€£]"))


class Found(NamedTuple):
    """One secret: where its mask begins in the masked text, what it is, and what it was."""

    position: int
    kind: SecretKind
    value: str


class Hidden(NamedTuple):
    """A text with masks, and what was under them."""

    text: str
    found: tuple[Found, ...]


class Span(NamedTuple):
    """A secret where it stands in the text as written."""

    start: int
    end: int
    kind: SecretKind


def hide(text: str) -> Hidden:
    """The text with bullets where a secret stood; a long one is hidden in pieces."""
    parts: list[str] = []
    found: list[Found] = []
    end = length = 0
    for span in _merged(_spans(text)):
        parts.append(text[end : span.start])
        length += span.start - end
        for start in range(span.start, span.end, Secret.VALUE_MAX):
            value = text[start : min(start + Secret.VALUE_MAX, span.end)]
            found.append(Found(length, span.kind, value))
            parts.append(MASK)
            length += len(MASK)
        end = span.end
    return Hidden("".join([*parts, text[end:]]), tuple(found))


def mask(text: str) -> str:
    """The text with bullets where a secret stood, for whoever has no need of the secret."""
    return hide(text).text


def restore(hidden: Hidden) -> str:
    """The text as it was written."""
    parts: list[str] = []
    end = 0
    for found in hidden.found:
        parts += [hidden.text[end : found.position], found.value]
        end = found.position + len(MASK)
    return "".join([*parts, hidden.text[end:]])


def is_national_id(digits: str) -> bool:
    """Whether eleven digits are the number of a person, real or invented for a test.

    The date must exist in one of the centuries, and both check digits must be right.
    """
    day, month, year = (int(digits[at : at + 2]) for at in (0, 2, 4))
    day -= next(added for added in DAYS_ADDED if day > added or not added)
    month -= next(added for added in MONTHS_ADDED if month > added or not added)
    try:
        date(2000 + year, month, day)  # 2000 had a leap day, and its years have them as 1900's
    except ValueError:
        return False
    return all(
        sum(weight * int(digit) for weight, digit in zip(weights, digits, strict=True)) % 11 == 0
        for weights in WEIGHTS
    )


def is_card(digits: str) -> bool:
    """Whether the digits are a card of a known brand, with the right check digit (Luhn's)."""
    if not any(
        len(digits) in lengths and PREFIXES[name].match(digits)
        for name, (_, lengths) in BRANDS.items()
    ):
        return False
    doubled = (int(digit) * 2 for digit in digits[-2::-2])
    return (sum(map(int, digits[-1::-2])) + sum(n - 9 * (n > 9) for n in doubled)) % 10 == 0


def _merged(spans: Iterable[Span]) -> list[Span]:
    """The spans in order; those that overlap become one, so that no rest of either shows."""
    merged: list[Span] = []
    for span in sorted(spans):
        if merged and span.start < merged[-1].end:
            merged[-1] = merged[-1]._replace(end=max(merged[-1].end, span.end))
        else:
            merged.append(span)
    return merged


def _spans(text: str) -> Iterator[Span]:
    """What is secret in the text as written, and as it is read without what nobody sees."""
    plain = text.translate(ODD)
    yield from (*_numbers(plain), *_passwords(plain))
    if UNSEEN.search(plain):
        seen = [at for at, c in enumerate(plain) if not UNSEEN.match(c)]
        bare = UNSEEN.sub("", plain)
        for start, end, kind in (*_numbers(bare), *_passwords(bare)):
            yield Span(seen[start], seen[end - 1] + 1, kind)


def _numbers(text: str) -> Iterator[Span]:
    in_link = _links(text)
    for start in (found.start() for found in STARTS.finditer(text)):
        glued = text[start - 1 : start].isalpha() and text[start - 3 : start].casefold() != "fnr"
        found = NATIONAL_ID.match(text, start)
        if found and is_national_id(_digits(found[0])) and not (glued and len(found[0]) > 11):
            yield Span(start, found.end(), SecretKind.NATIONAL_ID)
        elif not glued and (end := _card_end(text, start)) and not in_link(start):
            yield Span(start, end, SecretKind.CARD)


def _card_end(text: str, start: int) -> int | None:
    for pattern in CARDS:
        found = pattern.match(text, start)
        if found and is_card(_digits(found[0])):
            called, after = text[max(start - 40, 0) : start], text[found.end() : found.end() + 5]
            rows = "\n" in found[0] and ROWS.search(called + MASK + after)
            return None if rows or NO_CARD.search(called) else found.end()
    return None


def _digits(written: str) -> str:
    return "".join(c for c in written if c in "0123456789")


def _passwords(text: str) -> Iterator[Span]:
    in_link, end = _links(text), 0
    for word in PASSWORD.finditer(text):
        if word.start() < end or in_link(word.start()):
            continue
        join, digits = JOIN.match(text, word.end()), word["pin"] or word["code"]
        if join and _is_at_home(text, word, join):
            value = _pin(text, word, join) if digits else _password(text, join)
        else:
            value = None if digits or join else _in_name(text, word.end())
        if value:
            start, end = value
            yield Span(start, end, SecretKind.PASSWORD)


def _is_at_home(text: str, word: re.Match[str], join: re.Match[str]) -> bool:
    """Whether what is on a line below, where more than a colon parts them, is there alone."""
    if not join["below"] and join[0].count("\n") < 2:
        return True
    line = text[text.rfind("\n", 0, word.start()) + 1 : word.end()] if join["below"] else ""
    return len(line.strip("-*_•> \t").split()) <= 1 and len(_line(text, join.end()).split()) == 1


def _in_name(text: str, at: int) -> tuple[int, int] | None:
    """Where the password is in the name of a file; a year or a version alone is none."""
    found = FILE.match(text, at)
    parts = re.split("[_-]", found[1]) if found else []
    mixed = any(_looks_like(part) and re.search(r"[^\W\d_]", part) for part in parts)
    return found.span(1) if found and mixed else None


def _pin(text: str, word: re.Match[str], join: re.Match[str]) -> tuple[int, int] | None:
    """Where the digits of a pin or a code are: behind "pin" at once, behind "koden" said so."""
    pin = PIN.match(text, join.end())
    if not (pin or join["sign"]):
        return None
    before = text[max(word.start() - 24, 0) : word.start()].casefold()
    opens = word["pin"] or before.rstrip(" -").endswith(OPENS)
    if pin and (opens or ((join["sign"] or join["is"]) and not _tells(before))):
        return pin.span()
    found = UNQUOTED.match(text, join.end())
    if opens and join["sign"] and found:
        value = found[0].rstrip(AFTER)
        if len(value) >= 4 and SIGN.search(value) and not TOLD.fullmatch(value):
            return found.start(), found.start() + len(value)
    return None


def _tells(before: str) -> bool:
    """Whether what stands before "kode" makes it one that tells something and opens nothing."""
    return before[-1:].isalnum() or before[-1:] == "-" or not TELLS.isdisjoint(before.split()[-1:])


def _password(text: str, join: re.Match[str]) -> tuple[int, int] | None:
    """Where the password is that is joined like this to its word."""
    start, said = join.end(), bool(join["sign"] or join["is"])
    loose = join["loose"] is not None or bool(join["below"])
    certain = bool(join["sign"] or join["colon"]) and not join["whose"]
    enough = _looks_like if said or loose else _is_strong
    quoted = QUOTED.match(text, start)
    if quoted and quoted.lastindex:
        value = quoted[quoted.lastindex]
        if _may_be(value) and (said or enough(value)):
            return quoted.span(quoted.lastindex)
    found = UNQUOTED.match(text, start)
    if not found or URL.match(text, start):
        return None
    value = re.split(TAG, found[0], maxsplit=1)[0]
    if join["sign"] and join["sign"].startswith("="):
        value = re.split("[;&]", value)[0]  # Server=db;Password=…;Encrypt=True
    if len(value) < Secret.VALUE_MAX:
        value = value.rstrip(AFTER + "|" * loose).removesuffix("**").rstrip(AFTER)
    breaks = join[0].count("\n")
    if breaks > 1 or (breaks and _line(text, start + len(value)).strip(f" \t{AFTER}")):
        certain = False  # further down, or more than a full stop behind it: a sentence
    if not _may_be(value) or not (certain or enough(value)):
        return None
    if len(value) < Secret.VALUE_MAX:
        return start, start + len(value)
    return start, REST.match(text, start).end()  # type: ignore[union-attr]  # it always matches


def _line(text: str, at: int) -> str:
    return text[at : at + Secret.VALUE_MAX].split("\n", 1)[0]


def _may_be(value: str) -> bool:
    """Whether it is anything but a word of a sentence, a label, or what hides a password."""
    core = value.strip(AROUND).casefold()
    return (
        len(value) >= 3
        and any(c.isalnum() for c in core)
        and core not in ORDINARY
        and not FILLED.fullmatch(value)
        and not value.endswith(":")
    )


def _looks_like(value: str) -> bool:
    """Whether it would be taken for a password without being called one."""
    core = value.strip(AROUND)
    return len(value) >= 5 and SIGN.search(core) is not None and not TOLD.fullmatch(core)


def _is_strong(value: str) -> bool:
    return len(value) >= 8 and _looks_like(value) and all(s.search(value) for s in STRONG)


def _links(text: str) -> Callable[[int], bool]:
    """Tells whether a place is within an address, which must stay whole to be followed."""
    spans = [found.span() for found in URL.finditer(text)]
    starts = [start for start, _ in spans]

    def in_link(at: int) -> bool:
        nearest = bisect_right(starts, at) - 1
        return nearest >= 0 and at < spans[nearest][1]

    return in_link
