"""What a username and an address may look like, and finding the account that one belongs to."""

import unicodedata

import email_validator
from flask_babel import gettext as _
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from console.accounts.errors import AccountError
from console.models import User, login_key

ALSO_ALLOWED = " .-_'"
# Names that would be taken for the program or for somebody in charge of it.
RESERVED = {"system", "systemet", "root", "administrator", "support"}


def clean_username(text: str) -> str:
    """The username as it will be shown. Raises AccountError with what is wrong with it."""
    # NFKC first: it turns some characters into a space and another one.
    name = " ".join(unicodedata.normalize("NFKC", text).split())
    longest = max(len(name), len(login_key(name)) // 2)
    if not (len(name) >= User.USERNAME_MIN and longest <= User.USERNAME_MAX):
        raise AccountError(
            _(
                "A username has between %(least)d and %(most)d characters.",
                least=User.USERNAME_MIN,
                most=User.USERNAME_MAX,
            ),
            field="username",
            status=422,
        )
    if not name[0].isalnum() or not all(
        c.isalnum() or unicodedata.category(c)[0] == "M" or c in ALSO_ALLOWED for c in name
    ):
        raise AccountError(
            _("A username may have letters, digits, spaces and the characters . - _ '"),
            field="username",
            status=422,
        )
    if login_key(name) in RESERVED:
        raise AccountError(_("That username is reserved."), field="username", status=422)
    return name


def clean_email(text: str) -> str:
    """The address in lower case. Raises AccountError when it is none."""
    try:
        if len(text) > User.EMAIL_MAX:
            raise ValueError
        valid = email_validator.validate_email(text.strip(), check_deliverability=False)
    except ValueError:
        raise AccountError(_("That is not an e-mail address."), field="email", status=422) from None
    return valid.normalized.lower()


def find_by_login(session: Session, text: str) -> User | None:
    """The account with this username or address, or None."""
    key, address = login_key(text), unicodedata.normalize("NFC", text.strip()).lower()
    if not key or len(key) > User.EMAIL_MAX:
        return None
    return session.scalar(select(User).where(or_(User.login_name == key, User.email == address)))


def free_username(session: Session, wanted: str) -> str:
    """The wanted name, or the first of 'name 2', 'name 3', … that nobody has.

    Registration must not tell that a name is taken: it would tell who has an account.
    """
    # Room for a number of up to five digits, and both asked for by what they begin with.
    stem = wanted[: User.USERNAME_MAX - 6]
    taken = set(
        session.scalars(
            select(User.login_name).where(
                User.login_name.startswith(login_key(stem), autoescape=True)
            )
        )
    )
    number, name = 1, wanted
    while login_key(name) in taken:
        number += 1
        name = f"{stem} {number}"
    return name
