"""Categories: what kind of thing a ticket is about."""

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from console.models.base import Base


class Category(Base):
    """One of the admin's list. One that is not in use any more stays on its old tickets."""

    __tablename__ = "categories"

    NAME_MAX = 60

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(NAME_MAX), unique=True)
    position: Mapped[int] = mapped_column(default=0)
    active: Mapped[bool] = mapped_column(default=True)

    def __str__(self) -> str:
        return self.name
