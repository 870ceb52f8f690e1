"""Accounts from a CSV file: all of it or nothing, and the same file twice changes nothing."""

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from io import StringIO

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from console.accounts import names, passwords, rules
from console.accounts.errors import AccountError
from console.models import Role, User, login_key

COLUMNS = ("brukernavn", "epost", "rolle", "passord")
NEEDED = COLUMNS[:3]
LINES_MAX = 50_000


@dataclass(frozen=True)
class Fault:
    """What is wrong with a line, and in which column."""

    line: int
    column: str
    reason: str


class FileRefused(Exception):
    """The file has faults; nothing of it was loaded."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__(f"{len(faults)} faults")
        self.faults = faults


@dataclass
class Line:
    """One account as the file has it."""

    number: int
    username: str
    email: str
    role: str
    password: str


@dataclass
class Summary:
    """What the file came to."""

    created: list[User] = field(default_factory=list)
    raised: list[User] = field(default_factory=list)
    unchanged: int = 0
    # (name, role in the file, role it keeps): a role is never lowered by a file
    kept: list[tuple[str, str, str]] = field(default_factory=list)
    # accounts with no password yet, which need a link
    without_password: list[User] = field(default_factory=list)
    # a password of the file that was not used, because the account has one
    passwords_kept: int = 0


def decode(raw: bytes) -> str:
    """The text of a file as Excel, LibreOffice or an editor saves it."""
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return raw.decode("utf-16")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1252", errors="replace")


def read(text: str) -> tuple[list[Line], list[Fault]]:
    """The lines of the file, and what is wrong with the others. Raises FileRefused when it is
    no such file at all."""
    header = text.split("\n", 1)[0]
    delimiter = max(";,\t", key=header.count)
    rows = csv.reader(
        StringIO(text.replace("\x00", ""), newline=""), delimiter=delimiter, strict=True
    )
    try:
        titles = [title.strip().lower() for title in next(rows, [])]
    except csv.Error as error:
        raise FileRefused([Fault(1, "", str(error))]) from None
    if missing := [name for name in NEEDED if name not in titles]:
        reason = _("the header must be brukernavn,epost,rolle[,passord]")
        raise FileRefused([Fault(1, name, reason) for name in missing])
    faults: list[Fault] = []
    lines = list(_lines(rows, titles, faults))
    if not lines and not faults:
        faults.append(Fault(1, "", _("there is no account in the file")))
    return lines, faults


def load(
    session: Session,
    actor: User,
    lines: Iterable[Line],
    *,
    faults: Sequence[Fault] = (),
    progress: Callable[[], None] = lambda: None,
) -> Summary:
    """Make the accounts that are missing and raise roles.

    Raises FileRefused with every fault of the file, those of reading included.
    """
    summary, faults = Summary(), list(faults)
    roles = {role.name: role for role in session.scalars(select(Role))}
    seen: dict[str, int] = {}
    for line in lines:
        try:
            _load_line(session, actor, line, roles, seen, summary)
        except AccountError as refusal:
            column = {"username": "brukernavn", "email": "epost", "role": "rolle"}.get(
                refusal.field or "", "passord" if refusal.field == "password" else ""
            )
            faults.append(Fault(line.number, column, str(refusal)))
        progress()
    if faults:
        raise FileRefused(sorted(faults, key=lambda fault: fault.line))
    session.flush()  # the numbers of the accounts are needed for their links
    return summary


def _lines(rows: Iterator[list[str]], titles: list[str], faults: list[Fault]) -> Iterator[Line]:
    count = 0
    while True:
        try:
            cells = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            faults.append(Fault(rows.line_num, "", str(error)))  # type: ignore[attr-defined]
            return
        number = rows.line_num  # type: ignore[attr-defined]
        if not any(cell.strip() for cell in cells):
            continue
        count += 1
        if count > LINES_MAX:
            faults.append(Fault(number, "", _("the file has too many lines")))
            return
        if len(cells) > len(titles) and any(cell.strip() for cell in cells[len(titles) :]):
            faults.append(Fault(number, "", _("the line has more columns than the header")))
            continue
        values = dict(zip(titles, cells, strict=False))
        empty = [name for name in NEEDED if not values.get(name, "").strip()]
        faults.extend(Fault(number, name, _("is missing")) for name in empty)
        if not empty:
            yield Line(
                number,
                values["brukernavn"],
                values["epost"].strip(),
                values["rolle"].strip().lower(),
                values.get("passord", ""),
            )


def _load_line(
    session: Session,
    actor: User,
    line: Line,
    roles: dict[str, Role],
    seen: dict[str, int],
    summary: Summary,
) -> None:
    name, email = names.clean_username(line.username), names.clean_email(line.email)
    for key, title in ((login_key(name), "username"), (email, "email")):
        if key in seen:
            raise AccountError(_("is the same as in line %(line)d", line=seen[key]), field=title)
        seen[key] = line.number
    if line.role not in roles:
        raise AccountError(_("there is no role called %(name)s", name=line.role[:40]), field="role")
    account, owner = names.find_by_login(session, name), names.find_by_login(session, email)
    if account is None and owner is None:
        if line.password and (wrong := passwords.faults(line.password, about=[name, email])):
            raise AccountError(wrong[0], field="password")
        account = rules.create(
            session, actor, username=name, email=email, role=line.role, password=line.password
        )
        summary.created.append(account)
    elif account is None:
        raise AccountError(
            _("belongs to the account %(name)s already", name=owner.username),  # type: ignore[union-attr]
            field="email",
        )
    elif account is not owner:
        raise AccountError(_("is taken, by an account with another address"), field="username")
    else:
        _meet(session, actor, account, line, roles, summary)
    if account.password is None:
        summary.without_password.append(account)


def _meet(
    session: Session,
    actor: User,
    account: User,
    line: Line,
    roles: dict[str, Role],
    summary: Summary,
) -> None:
    """An account that exists: its role may rise, never fall, and its password stays."""
    wanted = roles[line.role]
    if wanted.rank > account.role.rank:
        rules.change_role(session, actor, account, to=wanted.name)
        summary.raised.append(account)
    else:
        summary.unchanged += 1
        if wanted.name != account.role_name:
            summary.kept.append((account.username, wanted.name, account.role_name))
    if line.password and account.password:
        summary.passwords_kept += 1
