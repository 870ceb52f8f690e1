"""Names of files, made harmless: a name is shown to people and saved on their disks."""

import re
import unicodedata

from console.models import Attachment

UNNAMED = "vedlegg"
EXTENSION_MAX = 20
# Of a longer name the end is read, where the last part and the extension are.
LONGEST = 1000
# Controls, formats (among them those that turn the reading direction), halves, line ends.
UNSEEN = ("Cc", "Cf", "Cs", "Cn", "Zl", "Zp")
# The names of devices on Windows, with or without an extension.
DEVICES = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³]) *(\.|$)", re.IGNORECASE)


def clean_name(name: str) -> str:
    """The last part of the name, with nothing in it that a screen or a disk could trip over."""
    text = unicodedata.normalize("NFC", name[-LONGEST:])
    text = "".join(c for c in text if unicodedata.category(c) not in UNSEEN)
    text = re.split(r"[/\\]", text)[-1]
    text = re.sub(r'[<>:"|?*]', "_", text)
    text = " ".join(text.split()).strip(". ")
    if DEVICES.match(text):
        text = f"_{text}"
    return _cut(text) or UNNAMED


def extension(name: str) -> str:
    """What the name ends in, after the last dot, in small letters; or nothing."""
    return name.rpartition(".")[2].lower() if "." in name else ""


def _cut(name: str) -> str:
    """At most as long as there is room for, and still ending in its extension."""
    if len(name) <= Attachment.NAME_MAX:
        return name
    stem, dot, ending = name.rpartition(".")
    if not stem or len(ending) > EXTENSION_MAX:
        return name[: Attachment.NAME_MAX].rstrip(". ")
    return stem[: Attachment.NAME_MAX - len(ending) - 1].rstrip(". ") + dot + ending
