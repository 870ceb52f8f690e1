"""What a password must be: long enough, not too long, and not one that everybody tries."""

from flask_babel import gettext as _
from flask_security import hash_password

LEAST, MOST = 12, 256
# zxcvbn's score from 0 to 4; below 2 is guessed within a million tries.
SCORE_LEAST = 2
# zxcvbn refuses more than 72 characters; what follows only makes a password better.
SCORED = 72


def faults(password: str, *, about: list[str]) -> list[str]:
    """What is wrong with the password; `about` are words it must not be built from."""
    if len(password) < LEAST:
        return [_("The password must have at least %(least)d characters.", least=LEAST)]
    if len(password) > MOST:
        return [_("The password may have at most %(most)d characters.", most=MOST)]
    from zxcvbn import zxcvbn  # 30 000 words that a page without a password need not carry

    if zxcvbn(password[:SCORED], user_inputs=[w for w in about if w])["score"] < SCORE_LEAST:
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
    return hash_password(password)
