"""Commands: flask --app console serve, worker, accounts link, sweep."""

from contextlib import nullcontext

import click
from flask import Flask, current_app
from flask.cli import AppGroup, with_appcontext
from flask_security.recoverable import generate_reset_link

from console.accounts import names, rules
from console.attachments import sweeping
from console.jobs.alongside import alongside
from console.jobs.worker import Worker, until_nothing_is_due
from console.refusals import Refusal
from console.tickets import drafts, presence
from console.transaction import change, unit

accounts = AppGroup("accounts", help="Accounts, when no admin can log in.")


def init_app(app: Flask) -> None:
    """Add the commands to flask --app console."""
    for command in (serve, worker, accounts, sweep):
        app.cli.add_command(command)


@click.command(help="Serve the program to browsers, in several processes.")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=5000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--workers", default=2, show_default=True, type=click.IntRange(1, 64))
@click.option("--with-worker", is_flag=True, help="Run the background process beside it.")
@with_appcontext
def serve(host: str, port: int, workers: int, with_worker: bool) -> None:
    from granian import Granian
    from granian.constants import Interfaces
    from granian.http import HTTP1Settings

    current_app.logger.info("serving on http://%s:%s", host, port)
    server = Granian(
        "console:create_app",
        factory=True,
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=4,
        backlog=1024,
        http1_settings=HTTP1Settings(header_read_timeout=15_000),
        # A worker that dies is replaced; one that hangs at the end is killed after this long.
        respawn_failed_workers=True,
        workers_kill_timeout=10,
        websockets=False,
        log_access=False,
    )
    with alongside() if with_worker else nullcontext():
        server.serve()


@click.command(help="Do what is due in the background: send messages, remind, tidy up.")
@click.option("--once", is_flag=True, help="Do what is due now, say how much that was, and end.")
@click.option("--with-parent", type=int, help="End when that process, which began it, has ended.")
@with_appcontext
def worker(once: bool, with_parent: int | None) -> None:
    if once:
        click.echo(f"{until_nothing_is_due()} jobs done")
    else:
        Worker().run(with_parent=with_parent)


@accounts.command("link", help="Print a one-time link with which NAME sets a new password.")
@click.argument("name")
def accounts_link(name: str) -> None:
    click.echo(unit(lambda: new_link(name)))


@click.command(help="Forget files that were never sent, old drafts, and who was where.")
@click.option("--all", "everything", is_flag=True, help="Look for files of all months.")
@with_appcontext
def sweep(everything: bool) -> None:
    try:
        rows, gone = sweeping.sweep(everything=everything)
    except Refusal as refusal:
        raise click.ClickException(str(refusal)) from None
    old, away = unit(forget_signs)
    click.echo(f"{rows} never sent, {gone} files removed, {old} drafts and {away} visits forgotten")


def forget_signs() -> tuple[int, int]:
    """Forget old drafts and visits; answers how many of each."""
    with change() as session:
        return drafts.sweep(session), presence.sweep(session)


def new_link(name: str) -> str:
    """A one-time link for the account of that username or address; earlier ones are void."""
    try:
        with change() as session:
            account = names.find_by_login(session, name)
            if account is None or account.is_system:
                raise click.ClickException(f"no account is called {name!r}")
            rules.issue_link(session, rules.system_user(session), account)
            session.flush()  # the link is made from what was just changed
            return str(generate_reset_link(account)[0])
    except Refusal as refusal:
        raise click.ClickException(str(refusal)) from None
