"""Organisations: whom a requester works for, told by his address."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from console.models import Organisation, OrganisationDomain, User
from console.tickets import events

# As many parts as an address is looked up by; no organisation's domain has more.
LABELS_MAX = 8


def find_by_address(session: Session, email: str) -> Organisation | None:
    """The organisation with the domain of the address, or else with the nearest one above it."""
    labels = email.partition("@")[2].lower().split(".")[-LABELS_MAX:]
    above = [".".join(labels[i:]) for i in range(len(labels) - 1)]
    found = {
        row.domain: row.organisation_id
        for row in session.execute(
            select(OrganisationDomain.domain, OrganisationDomain.organisation_id).where(
                OrganisationDomain.domain.in_(above)
            )
        )
    }
    nearest = next((domain for domain in above if domain in found), None)
    return session.get(Organisation, found[nearest]) if nearest else None


def place(session: Session, account: User) -> None:
    """Put an account that has no organisation under the one of its address, tickets and all."""
    if account.organisation_id is not None or not account.has_address:
        return
    organisation = find_by_address(session, account.email)
    if organisation is None:
        return
    account.organisation = organisation
    account.organisation_id = organisation.id  # read before the flush, by who opens a ticket now
    if account.id is not None:
        events.file_under(session, account, organisation.id)
