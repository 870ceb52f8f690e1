"""Phone numbers, kept in one way however they are written: it is by them that callers are found."""

import re
import unicodedata

from flask_babel import gettext as _

from console.accounts.errors import AccountError

LEAST, MOST = 5, 15
HERE = "+47"
BETWEEN = re.compile(r"[\s().\-/\u2010-\u2015]+")


def clean_phone(text: str) -> str:
    """The number as it is dialled: digits, with + in front of a foreign one; empty for none.

    Raises AccountError when it is no number.
    """
    if not text.strip():
        return ""
    number = BETWEEN.sub("", unicodedata.normalize("NFKC", text))
    if number.startswith("00"):
        number = f"+{number[2:]}"
    # Norwegian numbers have eight digits: ten of them that begin so have the country in front.
    if re.fullmatch(r"47\d{8}", number, re.ASCII):
        number = f"+{number}"
    number = number.removeprefix(HERE)
    if not re.fullmatch(rf"\+?\d{{{LEAST},{MOST}}}", number, re.ASCII):
        raise AccountError(
            _(
                "A phone number has %(least)d to %(most)d digits, and a + in front if it is"
                " foreign.",
                least=LEAST,
                most=MOST,
            ),
            field="phone",
            status=422,
        )
    return number
