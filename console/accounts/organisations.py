"""Organisations: whom a requester works for, told by his address. Admins keep the list."""

from collections.abc import Iterable
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from console import clock
from console.accounts.domains import parents
from console.accounts.errors import AccountError
from console.accounts.history import Kind, record, record_all
from console.accounts.policy import require
from console.models import AccountEvent, Organisation, OrganisationDomain, User
from console.tickets import events, rules

# So many accounts are placed by one statement when a domain is added.
AT_ONCE = 500


def find_by_name(session: Session, name: str) -> Organisation | None:
    """The organisation of that name, whatever its capitals, or None."""
    clean = rules.clean_title(name)[: Organisation.NAME_MAX + 1]
    return session.scalar(
        select(Organisation)
        .where(or_(Organisation.name == clean, func.lower(Organisation.name) == clean.lower()))
        .limit(1)
    )


def get_by_name(session: Session, name: str) -> Organisation:
    """The organisation of that name. Raises AccountError."""
    found = find_by_name(session, name)
    if found is None:
        raise AccountError(
            _(
                "There is no organisation called %(name)s. Add it to the list first.",
                name=name[:60],
            ),
            field="organisation",
            status=422,
        )
    return found


def find_by_address(session: Session, email: str) -> Organisation | None:
    """The organisation with the domain of the address, or else with the nearest one above it."""
    above = parents(email)
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


def move(
    session: Session, actor: User, account: User, *, to: Organisation | None
) -> AccountEvent | None:
    """Say whom the person works for, whatever his address; None for nobody. His tickets follow."""
    require(actor)
    old = account.organisation
    if old is to:
        return None
    account.organisation = to
    account.organisation_id = to.id if to else None
    events.file_under(session, account, account.organisation_id)
    names = [old.name if old else None, to.name if to else None]
    return record(session, actor, account, Kind.ORGANISATION_CHANGED, organisation=names)


def define_organisation(
    session: Session,
    actor: User,
    *,
    name: str,
    critical: bool = False,
    contract_value: int | None = None,
    domains: Iterable[str] = (),
) -> Organisation:
    """Add an organisation; accounts at its domains that have none are put under it."""
    require(actor)
    organisation = Organisation(name="", critical=False, created_at=clock.now())
    _set(session, actor, organisation, name, critical, contract_value, domains)
    return organisation


def change_organisation(
    session: Session,
    actor: User,
    organisation: Organisation,
    *,
    name: str,
    critical: bool,
    contract_value: int | None,
    domains: Iterable[str],
) -> AccountEvent | None:
    """Change what is known of an organisation. Who was put under it by a domain stays there."""
    require(actor)
    return _set(session, actor, organisation, name, critical, contract_value, domains)


def _set(
    session: Session,
    actor: User,
    organisation: Organisation,
    name: str,
    critical: bool,
    contract_value: int | None,
    domains: Iterable[str],
) -> AccountEvent | None:
    name, wanted = _clean_name(name), sorted(set(domains))
    _check_value(contract_value)
    namesake = find_by_name(session, name)
    if namesake is not None and namesake is not organisation:
        raise AccountError(_("There is an organisation of that name already."), field="name")
    _refuse_taken(session, organisation, wanted)
    had = [row.domain for row in organisation.domains]
    old = (organisation.name, organisation.critical, organisation.contract_value, had)
    told: dict[str, list[Any]] = {
        title: [before, after]
        for title, before, after in zip(
            ("organisation", "critical", "contract_value", "domains"),
            old,
            (name, critical, contract_value, wanted),
            strict=True,
        )
        if before != after
    }
    if not told:
        return None
    organisation.name, organisation.critical = name, critical
    organisation.contract_value = contract_value
    kept = {row.domain: row for row in organisation.domains}
    organisation.domains = [
        kept.get(domain) or OrganisationDomain(domain=domain) for domain in wanted
    ]
    session.add(organisation)
    session.flush()  # its number is needed
    if new := [domain for domain in wanted if domain not in had]:
        _gather(session, actor, organisation, new)
    told.setdefault("organisation", [name, name])
    return record(session, actor, actor, Kind.LIST_CHANGED, **told)


def _clean_name(text: str) -> str:
    name = rules.clean_title(text)
    if not 1 <= len(name) <= Organisation.NAME_MAX or not rules.is_visible(name):
        raise AccountError(
            _("The name must have between 1 and %(most)d characters.", most=Organisation.NAME_MAX),
            field="name",
            status=422,
        )
    return name


def _check_value(value: int | None) -> None:
    if value is not None and not 0 <= value <= Organisation.VALUE_MAX:
        raise AccountError(
            _("The contract value is a number of kroner, from 0 to 1 000 000 000."),
            field="contract_value",
            status=422,
        )


def _refuse_taken(session: Session, organisation: Organisation, domains: list[str]) -> None:
    taken = session.scalar(
        select(OrganisationDomain).where(
            OrganisationDomain.domain.in_(domains),
            OrganisationDomain.organisation_id != (organisation.id or 0),
        )
    )
    if taken:
        raise AccountError(
            _(
                "%(domain)s belongs to %(name)s already.",
                domain=taken.domain,
                name=taken.organisation.name,
            ),
            field="domains",
        )


def _gather(session: Session, actor: User, organisation: Organisation, domains: list[str]) -> None:
    """Put those under the organisation who have an address at these domains and none so far."""

    def at(names: Iterable[str]) -> Any:
        ends = [f"{sign}{name}" for name in names for sign in "@."]
        return or_(*(User.email.endswith(end, autoescape=True) for end in ends))

    below = session.scalars(
        select(OrganisationDomain.domain).where(
            OrganisationDomain.organisation_id != organisation.id,
            or_(*(OrganisationDomain.domain.endswith(f".{name}", autoescape=True)
                  for name in domains)),
        )
    ).all()  # fmt: skip
    theirs = select(User.id).where(
        User.organisation_id.is_(None), User.confirmed_at.is_not(None), at(domains)
    )
    if below:
        theirs = theirs.where(~at(below))
    found = list(session.scalars(theirs.order_by(User.id)))
    for start in range(0, len(found), AT_ONCE):
        ids = found[start : start + AT_ONCE]
        session.execute(
            update(User)
            .where(User.id.in_(ids))
            .values(organisation_id=organisation.id, version=User.version + 1)
        )
        events.file_all_under(session, ids, organisation.id)
        record_all(
            session, actor, ids, Kind.ORGANISATION_CHANGED, organisation=[None, organisation.name]
        )
