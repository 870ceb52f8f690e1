"""What may happen to an account: one verb a function. None of them commits."""

import uuid

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from console import clock, tickets
from console.accounts import names, organisations, passwords, phones
from console.accounts.errors import AccountError, NotThere
from console.accounts.history import Kind, record
from console.accounts.policy import require
from console.models import ADMINISTER, WORK, WORKER, AccountEvent, Role, User
from console.models.role import PERMISSIONS
from console.models.user import SYSTEM


def system_user(session: Session) -> User:
    """The account that the program itself acts as."""
    return session.scalars(select(User).where(User.login_name == SYSTEM)).one()


def get(session: Session, account_id: int) -> User:
    """The account. Raises NotThere."""
    account = session.get(User, account_id) if 0 < account_id < 2**31 else None
    if account is None or account.is_system:
        raise NotThere
    return account


def get_role(session: Session, name: str, *, field: str = "role") -> Role:
    """The role of that name. Raises AccountError."""
    role = session.scalar(select(Role).where(Role.name == name)) if name else None
    # MariaDB compares without regard to case; a role's name is exact.
    if role is None or role.name != name:
        raise AccountError(
            _("There is no role called %(name)s.", name=name[:40] or "–"), field=field, status=422
        )
    return role


def registered(session: Session, account: User, *, wish: str, policy: str) -> AccountEvent:
    """Finish what the registration page began: a requester, with a wish if he has one.

    `policy` is DRIFT_REGISTRATION: approve keeps the wish to be a worker for an admin to
    answer, open grants it, closed forgets it.
    """
    event = record(session, account, account, Kind.REGISTERED)
    if account.confirmed_at is not None:  # else it may be anybody's address
        organisations.place(session, account)
    if wish == WORKER and policy == "open":
        account.role = get_role(session, WORKER)
    elif wish == WORKER and policy == "approve":
        account.requested_role = WORKER
        event = record(session, account, account, Kind.WORKER_REQUESTED)
    return event


def create(
    session: Session,
    actor: User,
    *,
    username: str,
    email: str,
    role: str,
    password: str | None = None,
) -> User:
    """Make an account that can be used at once; without a password it waits for its link."""
    require(actor)
    name, address = names.clean_username(username), names.clean_email(email)
    wanted = get_role(session, role)
    if names.find_by_login(session, name):
        raise AccountError(_("That username is taken."), field="username")
    if names.find_by_login(session, address):
        raise AccountError(_("That address has an account already."), field="email")
    if password:
        if wrong := passwords.faults(password, about=[name, address]):
            raise AccountError(wrong[0], field="password", status=422)
        password = passwords.hashed(password)
    account = User(
        username=name,
        email=address,
        password=password or None,
        roles=[wanted],
        active=True,
        confirmed_at=clock.now(),
        created_at=clock.now(),
    )
    organisations.place(session, account)
    session.add(account)
    record(session, actor, account, Kind.CREATED, role=[None, wanted.name])
    session.flush()  # the number of the account is needed for its link
    return account


def change_role(session: Session, actor: User, account: User, *, to: str) -> AccountEvent | None:
    """Give the account another role; its sessions end. Refused for the last active admin."""
    require(actor)
    role = get_role(session, to)
    _hold(session, account)
    if account.role_name == role.name:
        return None
    if ADMINISTER not in role.permissions:
        _keep_an_admin(session, account)
    if WORK not in role.permissions:
        tickets.release_all(session, actor, account)
    event = record(session, actor, account, Kind.ROLE_CHANGED, role=[account.role_name, role.name])
    account.role, account.requested_role = role, None
    end_sessions(account)
    return event


def approve(session: Session, actor: User, account: User) -> AccountEvent:
    """Grant the role that the account has asked for; its sessions end."""
    require(actor)
    if account.requested_role is None:
        raise AccountError(_("%(name)s has no open request.", name=account.username))
    role = get_role(session, account.requested_role)
    event = record(session, actor, account, Kind.APPROVED, role=[account.role_name, role.name])
    account.role, account.requested_role = role, None
    end_sessions(account)
    return event


def decline(session: Session, actor: User, account: User) -> AccountEvent:
    """Turn the account's request down; it stays what it is."""
    require(actor)
    if account.requested_role is None:
        raise AccountError(_("%(name)s has no open request.", name=account.username))
    event = record(
        session, actor, account, Kind.DECLINED, role=[account.requested_role, account.role_name]
    )
    account.requested_role = None
    return event


def deactivate(session: Session, actor: User, account: User) -> AccountEvent | None:
    """Shut the account out at once and give its open tickets back to the pool."""
    require(actor)
    _hold(session, account)
    if not account.active:
        return None
    _keep_an_admin(session, account)
    tickets.release_all(session, actor, account)
    account.active = False
    end_sessions(account)
    return record(session, actor, account, Kind.DEACTIVATED)


def reactivate(session: Session, actor: User, account: User) -> AccountEvent | None:
    """Let the account in again."""
    require(actor)
    if account.active:
        return None
    account.active = True
    return record(session, actor, account, Kind.REACTIVATED)


def set_phone(session: Session, actor: User, account: User, *, to: str) -> AccountEvent | None:
    """Change the number by which the person is known when he calls; empty for none."""
    require(actor)
    number = phones.clean_phone(to)
    if number == account.phone:
        return None
    event = record(session, actor, account, Kind.PHONE_CHANGED, phone=[account.phone, number])
    account.phone = number
    return event


def issue_link(session: Session, actor: User, account: User) -> AccountEvent:
    """Make earlier links to set a password void; the door then shows a new one, once."""
    require(actor)
    if not account.active:
        raise AccountError(_("%(name)s has no active account.", name=account.username))
    end_sessions(account)
    return record(session, actor, account, Kind.LINK_ISSUED)


def define_role(
    session: Session, actor: User, *, name: str, description: str, permissions: list[str]
) -> Role:
    """Add a role."""
    require(actor)
    clean = " ".join(name.split()).lower()
    if not 2 <= len(clean) <= Role.NAME_MAX or not clean.replace(" ", "").isalnum():
        raise AccountError(
            _("A role has a name of 2 to %(most)d letters, digits and spaces.", most=Role.NAME_MAX),
            field="name",
            status=422,
        )
    if session.scalar(select(Role.id).where(Role.name == clean)):
        raise AccountError(_("There is a role of that name already."), field="name")
    role = Role(name=clean, description=" ".join(description.split()))
    role.permissions = _known(permissions)
    session.add(role)
    record(
        session, actor, actor, Kind.ROLE_DEFINED, role=[None, clean], may=[None, role.permissions]
    )
    return role


def redefine_role(
    session: Session, actor: User, role: Role, *, description: str, permissions: list[str]
) -> AccountEvent | None:
    """Change what a role may do. The built-in roles keep their permissions."""
    require(actor)
    wanted = _known(permissions)
    if role.is_built_in and wanted != list(role.permissions):
        raise AccountError(_("The permissions of a built-in role cannot be changed."))
    role.description = " ".join(description.split())
    if wanted == list(role.permissions):
        return None
    if ADMINISTER not in wanted and role.name == actor.role_name:
        raise AccountError(_("You would shut yourself out. Let another admin do it."))
    change = [list(role.permissions), wanted]
    role.permissions = wanted
    if WORK not in wanted:
        having = select(User).where(User.role_name == role.name).order_by(User.id)
        for account in session.scalars(having.with_for_update()).all():
            tickets.release_all(session, actor, account)
    return record(session, actor, actor, Kind.ROLE_DEFINED, role=[role.name, role.name], may=change)


def remove_role(session: Session, actor: User, role: Role) -> AccountEvent:
    """Take away a role that no account has. The built-in ones stay."""
    require(actor)
    used = session.scalar(
        select(User.id).where((User.role_name == role.name) | (User.requested_role == role.name))
    )
    if role.is_built_in:
        raise AccountError(_("A built-in role cannot be removed."))
    if used:
        raise AccountError(_("The role %(name)s is in use.", name=role.name))
    session.delete(role)
    return record(session, actor, actor, Kind.ROLE_REMOVED, role=[role.name, None])


def end_sessions(account: User) -> None:
    """Make every session and every link of the account void, from the next request on."""
    account.fs_uniquifier = uuid.uuid4().hex


def _hold(session: Session, account: User) -> None:
    """Hold the account until the commit: nobody can give it a ticket meanwhile."""
    session.flush()  # refresh() would drop what this transaction has not written yet
    session.refresh(account, with_for_update=True)


def _keep_an_admin(session: Session, account: User) -> None:
    """Refuse to take away the last active admin.

    The admins' rows are locked: of two admins who remove each other in the same moment, one
    stays.
    """
    if not (account.active and account.can(ADMINISTER)):
        return
    able = [role.name for role in session.scalars(select(Role)) if ADMINISTER in role.permissions]
    admins = session.scalars(
        select(User.id)
        .where(User.role_name.in_(able), User.active.is_(True), User.login_name != SYSTEM)
        .order_by(User.id)
        .with_for_update()
    ).all()
    if set(admins) <= {account.id}:
        raise AccountError(_("%(name)s is the last active admin.", name=account.username))


def _known(permissions: list[str]) -> list[str]:
    return [permission for permission in PERMISSIONS if permission in permissions]
