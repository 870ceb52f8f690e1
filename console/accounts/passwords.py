"""What a password must be: long enough, not too long, and not one that everybody tries."""

import re
import unicodedata

from flask_babel import gettext as _
from flask_security import hash_password

LEAST, MOST = 12, 256
# zxcvbn's score from 0 to 4; below 2 is guessed within a million tries.
SCORE_LEAST = 2
# zxcvbn refuses more than 72 characters; what follows only makes a password better.
SCORED = 72
# What is tried first here; zxcvbn's own lists are English.
TRIED_HERE = re.findall(
    r"\w+",
    """passord velkommen hemmelig sommer vinter høst vår norge oslo bergen trondheim stavanger
    mandag tirsdag onsdag torsdag fredag lørdag søndag januar februar mars april mai juni juli
    august september oktober november desember fotball brann rosenborg hei hallo elsker deg jeg
    bruker drift administrator kommune skole kontor jul påske ferie kjærlighet familie mamma pappa
    techsupport support sak""",
)


def normal(password: str) -> str:
    """The form in which å typed on one keyboard equals å typed on another (Flask-Security's)."""
    return unicodedata.normalize("NFKD", password)


def faults(password: str, *, about: list[str]) -> list[str]:
    """What is wrong with the password; `about` are words it must not be built from."""
    if len(password) < LEAST:
        return [_("The password must have at least %(least)d characters.", least=LEAST)]
    if len(password) > MOST:
        return [_("The password may have at most %(most)d characters.", most=MOST)]
    from zxcvbn import zxcvbn  # 30 000 words that a page without a password need not carry

    own = [word.lower() for word in about if word]
    known = [*TRIED_HERE, *own, *re.findall(r"\w+", " ".join(own))]
    letters = re.sub(r"[\W\d_]+", "", password.lower())
    if letters in known or zxcvbn(password[:SCORED], user_inputs=known)["score"] < SCORE_LEAST:
        return [
            _(
                "That password is among the first that are tried: a common word, a pattern on the "
                "keyboard, a repetition or the name of the account. Take three or four words "
                "that have nothing to do with each other."
            )
        ]
    return []


def hashed(password: str) -> str:
    """The argon2id hash that is stored."""
    return hash_password(normal(password))
