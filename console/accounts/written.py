"""One line about a person, as a worker writes it on the phone, taken to pieces."""

import re
import unicodedata
from contextlib import suppress
from typing import NamedTuple

from console.accounts.errors import AccountError
from console.accounts.phones import clean_phone
from console.models import User

TEXT_MAX = User.EMAIL_MAX

ADDRESS = re.compile(r"[^\s<>,;:()\"]+@[^\s<>,;:()\"]+")
# Digits in groups, with what is written between them; whether it is a number clean_phone() says.
NUMBER = re.compile(
    r"(?<![\w+])\(?(?:\+\d{1,3}\)?|\d{2,})(?:[ .\-/()\u2010-\u2015]{1,3}\d{2,})*(?!\w)", re.ASCII
)
LABEL = re.compile(r"\b(?:tlf|tel|telefon|mob|mobil|phone|e-?post|e-?mail|mailto)\b[.:]*\s*$", re.I)


class Written(NamedTuple):
    """What somebody wrote of a person; each part may be empty."""

    name: str = ""
    email: str = ""
    phone: str = ""
    organisation: str = ""


def parse(text: str) -> Written:
    """The name, the address, the number and the organisation in one line about a person."""
    rest, email, phone = one_line(text), "", ""
    if found := ADDRESS.search(rest):
        email, rest = found[0].strip(".'").lower(), _without(rest, found)
    for found in NUMBER.finditer(rest):
        with suppress(AccountError):
            phone, rest = clean_phone(found[0]), _without(rest, found)
            break
    parts = [part.strip(" .:-/'") for part in re.split(r"[,;<>()\"]", rest)]
    name, *others = [part for part in parts if part] or [""]
    return Written(name, email, phone, " ".join(others))


def readable(phone: str) -> str:
    """A Norwegian number as it is read aloud, others as they are dialled."""
    if len(phone) != 8 or not phone.isdecimal():
        return phone
    if phone[0] in "49":
        return f"{phone[:3]} {phone[3:5]} {phone[5:]}"
    return " ".join(phone[at : at + 2] for at in range(0, 8, 2))


def name_for(written: Written) -> str:
    """The name of one who gave none: of the address, or the number."""
    if written.name:
        return written.name
    if not written.email:
        return readable(written.phone).lstrip("+")
    local, _at, domain = written.email.partition("@")
    said = " ".join(word.capitalize() for word in re.split(r"[._+\d-]+", local) if word)
    return said if len(said) >= User.USERNAME_MIN else f"{local} {domain}"


def one_line(text: str) -> str:
    """One line, without characters that cannot be seen."""
    line = " ".join(unicodedata.normalize("NFKC", text[:TEXT_MAX]).split())
    return "".join(c for c in line if c.isprintable())


def _without(text: str, found: re.Match[str]) -> str:
    """The text without what was found in it, nor the word that announces it."""
    return f"{LABEL.sub('', text[: found.start()])} , {text[found.end() :]}"
