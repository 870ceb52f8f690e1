"""Organisations: the companies and municipalities that requesters work for."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from console.models.base import Base, UTCDateTime, exact


class Organisation(Base):
    """A customer. Whoever has an address at one of its domains belongs to it."""

    __tablename__ = "organisations"

    NAME_MAX = 100
    VALUE_MAX = 1_000_000_000

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(NAME_MAX), unique=True)
    # A customer whose tickets must not wait.
    critical: Mapped[bool] = mapped_column(default=False)
    # What the contract is worth a year, in whole kroner; workers only.
    contract_value: Mapped[int | None] = mapped_column()
    created_at: Mapped[datetime] = mapped_column(UTCDateTime())

    domains: Mapped[list["OrganisationDomain"]] = relationship(
        back_populates="organisation",
        order_by="OrganisationDomain.domain",
        cascade="all, delete-orphan",
    )

    __table_args__ = (CheckConstraint("contract_value >= 0", "contract_value"),)

    def __str__(self) -> str:
        return self.name


class OrganisationDomain(Base):
    """The part after the @ in the addresses of an organisation."""

    __tablename__ = "organisation_domains"

    DOMAIN_MAX = 190

    domain: Mapped[str] = mapped_column(exact(DOMAIN_MAX), primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))

    organisation: Mapped[Organisation] = relationship(back_populates="domains")

    __table_args__ = (Index(None, "organisation_id"),)
