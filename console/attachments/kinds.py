"""What a file is, by its name and its first bytes, and whether to think before opening it.

Nothing here decides that a file may be shown in the browser: no original ever is. It decides
what type is announced with the download, and what warning stands beside it.
"""

import logging
import re
from functools import cache
from threading import Lock
from typing import Any

from console.attachments.names import extension
from console.models import Caution

log = logging.getLogger(__name__)

UNKNOWN = "application/octet-stream"
# How much of a file is looked at.
HEAD = 64 * 1024
OFFICE = "application/vnd.openxmlformats-officedocument"
OPEN = "application/vnd.oasis.opendocument"
ZIP = b"PK\x03\x04"

# What may be announced: the ending, the type, and the bytes that such a file begins with.
SIGNED = {
    "png": ("image/png", rb"\x89PNG\r\n\x1a\n"),
    "jpg": ("image/jpeg", rb"\xff\xd8\xff"),
    "jpeg": ("image/jpeg", rb"\xff\xd8\xff"),
    "gif": ("image/gif", rb"GIF8[79]a"),
    "webp": ("image/webp", rb"RIFF....WEBP"),
    "bmp": ("image/bmp", rb"BM"),
    "pdf": ("application/pdf", rb"%PDF-"),
    "zip": ("application/zip", rb"PK(\x03\x04|\x05\x06)"),
    "docx": (f"{OFFICE}.wordprocessingml.document", ZIP),
    "xlsx": (f"{OFFICE}.spreadsheetml.sheet", ZIP),
    "pptx": (f"{OFFICE}.presentationml.presentation", ZIP),
    "odt": (f"{OPEN}.text", ZIP),
    "ods": (f"{OPEN}.spreadsheet", ZIP),
    "odp": (f"{OPEN}.presentation", ZIP),
}
TEXT = {"txt", "log", "csv", "md", "ini", "conf", "yaml", "yml", "json", "eml", "tsv"}
# Endings whose files hold pictures, sound or packed things: never a page and never a program.
OTHERS = {
    "7z", "aac", "avif", "avi", "flac", "gz", "heic", "heif", "ico", "m4a", "m4v", "mkv", "mov",
    "mp3", "mp4", "mpeg", "mpg", "msg", "ogg", "opus", "rar", "rtf", "tar", "tgz", "tif", "tiff",
    "wav", "webm", "xz",
}  # fmt: skip
# Endings of what can carry a program that runs when it is opened. Old Office files among them:
# whether there is a macro inside cannot be told without unpacking.
PROGRAMS = {
    "ade", "adp", "app", "appimage", "application", "appref-ms", "apk", "appx", "asp", "aspx",
    "bas", "bash", "bat", "cab", "cer", "cgi", "chm", "class", "cmd", "com", "command", "cpl",
    "crx", "csh", "deb", "desktop", "dll", "dmg", "doc", "docm", "dot", "dotm", "elf", "exe",
    "fish", "gadget", "hlp", "hta", "htc", "htm", "html", "img", "inf", "ins", "iqy", "iso", "isp",
    "jar", "jnlp", "js", "jse", "jsp", "ksh", "lnk", "mdb", "mde", "mht", "mhtml", "mjs", "msc",
    "msi", "msix", "msp", "mst", "one", "onepkg", "osx", "out", "pcd", "phar", "php", "php3",
    "php4", "php5", "phps", "pht", "phtml", "pif", "pkg", "pl", "pot", "potm", "ppa", "ppam",
    "pps", "ppsm", "ppt", "pptm", "prg", "ps", "ps1", "ps1xml", "ps2", "psc1", "psd1", "psm1",
    "py", "pyc", "pyw", "pyz", "rb", "rdp", "reg", "rpm", "run", "scf", "scpt", "scr", "sct",
    "service", "settingcontent-ms", "sh", "shb", "shs", "shtml", "sldm", "slk", "so", "svg",
    "svgz", "swf", "sys", "tcsh", "theme", "url", "vb", "vbe", "vbs", "vhd", "vhdx", "vsmacros",
    "vxd", "war", "wasm", "webloc", "website", "wiz", "ws", "wsc", "wsf", "wsh", "xbap", "xht",
    "xhtml", "xla", "xlam", "xll", "xlm", "xls", "xlsb", "xlsm", "xlt", "xltm", "xpi", "xsl",
    "xslt", "zsh",
}  # fmt: skip
# The types of such files, as the library calls them. Not dosexec: it takes one byte in a hundred
# for the beginning of one, and the real ones have their MZ below or the ending .com above.
PROGRAM_TYPES = re.compile(
    r"text/html|image/svg|application/xhtml|application/java|application/x-(executable|"
    r"sharedlib|pie-executable|mach-binary|elf|msdownload|java|ms-shortcut|bytecode)|"
    r"application/vnd\.microsoft\.portable|text/(x-(shellscript|msdos-batch|php|perl|python|"
    r"powershell|vbscript|javascript|script)|javascript)|application/(hta|javascript|wasm)"
)
PROGRAM_BYTES = re.compile(
    rb"MZ|\x7fELF|#!|\xca\xfe\xba\xbe|\xfe\xed\xfa[\xce\xcf]|[\xce\xcf]\xfa\xed\xfe|"
    rb"L\x00\x00\x00\x01\x14\x02\x00",
)
# A page, however it is written, at the beginning of a file or behind its comments.
PAGE = re.compile(
    # (?>...)*+ never looks back: comments could be cut into pieces in too many ways.
    r"(?>\s+|<\?xml[^>]*>|<!--.*?-->)*+"
    r"<(!doctype\s+(html|svg)|html|svg|script|head|body|iframe|x?html:|svg:)",
    re.IGNORECASE | re.DOTALL,
)
LIVELY = re.compile(
    r"<([\w-]+:)?(html|svg|script|stylesheet|transform)\b|xml-stylesheet|<!entity|"
    r"www\.w3\.org/(1999/xhtml|2000/svg|1999/xsl)",
    re.IGNORECASE,
)
BOMS = (("utf-8", b"\xef\xbb\xbf"), ("utf-16-le", b"\xff\xfe"), ("utf-16-be", b"\xfe\xff"))
_guard = Lock()


def look(name: str, head: bytes) -> tuple[str, Caution]:
    """The type to announce and the caution, for a file of that cleaned name and first bytes."""
    head, ending, found = head[:HEAD], extension(name), _ask_library(head[:HEAD])
    if ending in PROGRAMS:
        return UNKNOWN, Caution.ACTIVE
    text = _as_text(head)
    if ending == "xml" or (not ending and text.lstrip().startswith("<?xml")):
        return UNKNOWN, Caution.ACTIVE if LIVELY.search(text) else Caution.NONE
    if ending in TEXT:
        binary = b"\x00" in head and not any(head.startswith(bom) for _, bom in BOMS)
        return ("text/plain", Caution.NONE) if not binary else (UNKNOWN, Caution.MISNAMED)
    program = bool(PROGRAM_TYPES.match(found) or PROGRAM_BYTES.match(head) or PAGE.match(text))
    if ending in SIGNED:
        media_type, begins = SIGNED[ending]
        if program or not re.match(begins, head, re.DOTALL):
            return UNKNOWN, Caution.MISNAMED
        return media_type, Caution.NONE
    if program:
        return UNKNOWN, Caution.MISNAMED if ending in OTHERS else Caution.ACTIVE
    return UNKNOWN, Caution.NONE


def _as_text(head: bytes) -> str:
    """The first bytes as text, in the encoding that they say they are in."""
    for encoding, bom in BOMS:
        if head.startswith(bom):
            return head[len(bom) :].decode(encoding, "replace")
    return head.replace(b"\x00", b"").decode("latin-1")


@cache
def _library() -> Any:
    from pure_magic_rs import MagicDb  # loads its tables: some megabytes, when first needed

    return MagicDb()


def _ask_library(head: bytes) -> str:
    """What the library takes the bytes for. Its answer only ever makes us more careful."""
    try:
        with _guard:
            return str(_library().best_magic_buffer(head).mime_type)
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # a panic in the library is no Exception
        log.error("attachments: a file's type cannot be told: %s", type(error).__name__)
        return UNKNOWN
