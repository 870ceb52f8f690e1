"""Roles: what an account may do."""

from flask_security import RoleMixin
from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from console.models.base import Base, NameList

REQUESTER, WORKER, ADMIN = "bruker", "drift", "admin"
BUILT_IN = (REQUESTER, WORKER, ADMIN)

WORK = "work"
ADMINISTER = "administer"
PERMISSIONS = (WORK, ADMINISTER)


class Role(Base, RoleMixin):
    """A named set of permissions; `work` opens the console, `administer` the accounts."""

    __tablename__ = "roles"

    NAME_MAX = 40

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(NAME_MAX), unique=True)
    description: Mapped[str] = mapped_column(String(200), default="")
    permissions: Mapped[list[str]] = mapped_column(NameList, default=list)

    @property
    def rank(self) -> int:
        """How much the role may do: the number of its permissions."""
        return len(self.permissions)

    @property
    def is_built_in(self) -> bool:
        return self.name in BUILT_IN

    def __str__(self) -> str:
        return self.name
