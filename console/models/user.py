"""Accounts."""

import unicodedata
import uuid
from datetime import datetime
from enum import StrEnum
from typing import Any

from flask_security import UserMixin
from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from console.models.base import Base, UTCDateTime, exact, stored
from console.models.organisation import Organisation
from console.models.role import Role

SYSTEM = "system"


def login_key(text: str) -> str:
    """The form of a username or an address in which two spellings of the same are equal."""
    return unicodedata.normalize("NFKC", text).strip().casefold()


def family_name(login_name: str) -> str:
    """The last word of a name, by which people are asked for too; none when there is but one."""
    _first, *others = [word for word in login_name.split() if not word.isdecimal()] or [""]
    return others[-1] if others else ""


class ContactBy(StrEnum):
    """How a requester wants to hear of his tickets."""

    MAIL = "mail"
    SMS = "sms"
    NONE = "none"


class OneRole(list[Role]):
    """Flask-Security's list of roles over an account that has exactly one.

    Adding a role replaces the one there was. (A plain property would make Flask-Security's
    add_role_to_user report success and change nothing.)
    """

    def __init__(self, user: "User") -> None:
        super().__init__([user.role] if user.role else [])
        self._user = user

    def append(self, role: Role) -> None:
        self._user.role = role
        self[:] = [role]

    def remove(self, role: Role) -> None:
        raise ValueError("an account always has a role")


class User(Base, UserMixin):
    """A person who can log in, or the system itself, which cannot."""

    __tablename__ = "users"

    USERNAME_MIN, USERNAME_MAX = 3, 64
    EMAIL_MAX = 254
    PHONE_MAX = 20
    CHAT_URL_MAX = 500
    # The end of what stands for the address of one who called and gave none (RFC 2606: such an
    # address can never exist).
    NO_ADDRESS = "@no-address.invalid"

    id: Mapped[int] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column("brukernavn", String(USERNAME_MAX))
    login_name: Mapped[str] = mapped_column(exact(USERNAME_MAX * 2), unique=True)
    # The last word of login_name: «Moe» finds Kari Moe, by an index.
    family_name: Mapped[str] = mapped_column(exact(USERNAME_MAX * 2), default="")
    email: Mapped[str] = mapped_column(exact(EMAIL_MAX), unique=True)
    # None: no password has been chosen yet; the account waits for its one-time link.
    password: Mapped[str | None] = mapped_column("passord", String(255))
    role_name: Mapped[str] = mapped_column("rolle", ForeignKey("roles.name"))
    # As dialled: digits, with + in front of a foreign country's number.
    phone: Mapped[str] = mapped_column(String(PHONE_MAX), default="")
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"))
    # A wish to be more than a requester, until an admin has answered it.
    requested_role: Mapped[str | None] = mapped_column(ForeignKey("roles.name"))
    active: Mapped[bool] = mapped_column(default=True)
    fs_uniquifier: Mapped[str] = mapped_column(
        String(64), unique=True, default=lambda: uuid.uuid4().hex
    )
    confirmed_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
    created_at: Mapped[datetime] = mapped_column(UTCDateTime())
    # Two who change an account in the same moment: the second looks again (a link works once).
    version: Mapped[int] = mapped_column()
    # That of the mails to this person: nb or en, as last chosen on a page.
    language: Mapped[str] = mapped_column(String(2), default="nb")
    contact_by: Mapped[ContactBy] = mapped_column(
        stored(ContactBy, "contact_by"), default=ContactBy.MAIL
    )
    # An Apprise address at which a worker wants to be told; it is as good as a password.
    chat_url: Mapped[str] = mapped_column(String(CHAT_URL_MAX), default="")
    # Whether what matters most may reach a worker outside the opening hours.
    wakes: Mapped[bool] = mapped_column(default=True)

    __mapper_args__ = {"version_id_col": version}

    organisation: Mapped[Organisation | None] = relationship()
    role: Mapped[Role] = relationship(foreign_keys=[role_name], lazy="joined", innerjoin=True)

    __table_args__ = (
        Index(None, "brukernavn", "id"),
        Index(None, "rolle", "active", "id"),
        Index(None, "requested_role", "id"),
        Index(None, "phone"),
        Index(None, "family_name", "id"),
        Index(None, "organisation_id", "id"),
    )

    def __init__(self, *, roles: list[Role] | None = None, **columns: Any) -> None:
        super().__init__(**columns)
        for role in roles or []:
            self.roles.append(role)
        if self.username:
            self.login_name = login_key(self.username)
            self.family_name = family_name(self.login_name)

    @property
    def roles(self) -> list[Role]:
        return OneRole(self)

    @property
    def has_address(self) -> bool:
        """Whether mail can reach the person."""
        return not self.email.endswith(self.NO_ADDRESS)

    @property
    def mobile(self) -> str:
        """The number as a text message needs it, +47 in front; empty when it takes none.

        Of the numbers in Norway only the mobile ones do: eight digits that begin with 4 or 9.
        """
        if self.phone.startswith("+"):
            return self.phone
        return f"+47{self.phone}" if len(self.phone) == 8 and self.phone[0] in "49" else ""

    @property
    def is_system(self) -> bool:
        return self.login_name == SYSTEM

    def can(self, permission: str) -> bool:
        """Whether the account's role has the permission. The system may everything."""
        return self.is_system or permission in self.role.permissions

    def __str__(self) -> str:
        return self.username
