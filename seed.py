"""Accounts from a CSV file, or a believable demo office.

    python seed.py ACCOUNTS.csv      header: brukernavn,epost,rolle[,passord]
    python seed.py --demo            only into an empty database

Nothing is loaded when any line is bad, and every bad line is named. The same file twice
changes nothing. An account without a password gets a link with which it chooses one.
"""

import sys
from pathlib import Path
from typing import Any

import click
from flask import current_app
from flask_migrate import upgrade
from flask_security.recoverable import generate_reset_link
from sqlalchemy import func, select

from config import SettingError
from console import create_app
from console.accounts import importing, rules
from console.demo import office
from console.models import User
from console.transaction import change, unit


@click.command(help=__doc__)
@click.argument("accounts", required=False, type=click.Path(exists=True, dir_okay=False))
@click.option("--demo", is_flag=True, help="Make the demo office.")
@click.option("--if-empty", is_flag=True, help="With --demo: do nothing when there are accounts.")
def seed(accounts: str | None, demo: bool, if_empty: bool) -> None:
    if demo == bool(accounts):
        raise click.UsageError("give either a CSV file or --demo")
    try:
        app = create_app()
    except SettingError as error:
        raise click.ClickException(str(error)) from None
    with app.app_context():
        upgrade()
        if demo:
            make_demo(if_empty)
        else:
            load_file(Path(accounts or ""))


def load_file(path: Path) -> None:
    """Load the accounts of the file, or name every bad line on stderr and exit with 1."""
    try:
        lines, faults = importing.read(importing.decode(path.read_bytes()))
        with progress(len(lines), "Accounts") as step:
            summary, links = unit(lambda: load(lines, faults, step))
    except importing.FileRefused as refused:
        for fault in refused.faults:
            where = f"line {fault.line}" + (f", {fault.column}" if fault.column else "")
            click.echo(f"{path.name}: {where}: {fault.reason}", err=True)
        click.echo(f"{len(refused.faults)} faults; nothing was loaded.", err=True)
        sys.exit(1)
    report(summary)
    for name, link in links:
        click.echo(f"{name}: {link}")


def load(
    lines: list[importing.Line], faults: list[importing.Fault], step: Any
) -> tuple[importing.Summary, list[tuple[str, str]]]:
    """Load all of it in one change, and make the links of the new accounts."""
    with change() as session:
        actor = rules.system_user(session)
        summary = importing.load(session, actor, lines, faults=faults, progress=step)
        new = [account for account in summary.without_password if account in summary.created]
        links = [(account.username, str(generate_reset_link(account)[0])) for account in new]
        return summary, links


def report(summary: importing.Summary) -> None:
    click.echo(
        f"{len(summary.created)} created, {len(summary.raised)} raised, "
        f"{summary.unchanged} unchanged."
    )
    for name, asked, kept in summary.kept:
        click.echo(f"{name}: stays {kept}; a file does not lower a role (it says {asked}).")
    if summary.passwords_kept:
        click.echo(
            f"{summary.passwords_kept} passwords in the file were not used: kept as they are."
        )


def make_demo(if_empty: bool) -> None:
    """Make the demo office in an empty database, and print once how to log in."""
    with change() as session:
        there = session.scalar(select(func.count()).select_from(User).limit(2)) or 0
    if there > 1:
        if if_empty:
            return
        raise click.ClickException("there are accounts already; the demo needs an empty database")
    with progress(0, "Demo office") as step:
        made = unit(lambda: demo(step))
    click.echo("\nThe demo office is ready. All its accounts have this password, shown only now:\n")
    click.echo(f"    {made['password']}\n")
    for person in made["staff"]:
        click.echo(f"    {person['role']:8}{person['username']:24}{person['email']}")
    for person in made["requesters"][:3]:
        click.echo(f"    {'bruker':8}{person['username']:24}{person['email']}")
    click.echo(f"    … and {len(made['requesters']) - 3} more requesters\n")


def demo(step: Any) -> dict[str, Any]:
    with change() as session:
        return office.build(session, timezone=current_app.config["TIMEZONE"], progress=step)


class progress:
    """A progress bar on stderr where the work is long and somebody is watching."""

    def __init__(self, length: int, label: str) -> None:
        wanted = length > 200 and sys.stderr.isatty()
        self.bar = (
            click.progressbar(length=length, label=label, file=sys.stderr) if wanted else None
        )

    def __enter__(self) -> Any:
        bar = self.bar.__enter__() if self.bar else None
        return lambda: bar.update(1) if bar else None

    def __exit__(self, *error: Any) -> None:
        if self.bar:
            self.bar.__exit__(*error)


if __name__ == "__main__":
    seed()
