"""The rights that the README gives to the database user of the program: enough, and no more."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask_migrate import upgrade

from console import clock, create_app, tickets
from console.accounts import organisations, rules
from console.demo import office
from console.extensions import db
from console.jobs.worker import until_nothing_is_due
from console.models import ADMIN, CannedReply, Job, Priority, Role, SavedView, Ticket, User
from console.tickets import canned, drafts, presence, triage, undo, views
from console.transaction import change
from tests.conftest import configuration

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
DELETES = re.search(r"for t in ([\w\s\\]+); do", README)[1].replace("\\", " ").split()  # type: ignore[index]


@pytest.fixture(scope="module")
def limited(new_database):
    """The program as the README sets it up: migrated by its owner, run with few rights."""
    url = new_database("test_grants")
    owner = create_app(configuration(url))
    with owner.app_context():
        upgrade()
        with db.engine.begin() as connection:
            for line in (
                "DROP USER IF EXISTS 'few'@'%'",
                "CREATE USER 'few'@'%' IDENTIFIED BY 'rights'",
                "GRANT SELECT, INSERT, UPDATE ON test_grants.* TO 'few'@'%'",
                *(f"GRANT DELETE ON test_grants.{name} TO 'few'@'%'" for name in DELETES),
            ):
                connection.execute(sa.text(line))
        db.engine.dispose()
    app = create_app(configuration(re.sub(r"//[^@/]+@", "//few:rights@", url)))
    with app.app_context():
        with change() as session:
            office.build(session, timezone="Europe/Oslo")
        yield app
        db.session.remove()
        db.engine.dispose()


def test_everything_that_goes_again_may_go(limited):
    with limited.test_request_context(), change() as session:
        system = rules.system_user(session)
        admin = session.scalars(
            sa.select(User).where(User.role_name == ADMIN, User.login_name != "system")
        ).first()
        one, two = session.scalars(
            sa.select(Ticket).where(Ticket.closed_at.is_(None)).limit(2)
        ).all()
        tickets.tag(session, admin, one, add=["bort"])
        tickets.tag(session, admin, one, remove=["bort"])
        tickets.link(session, admin, one, to=two)
        tickets.unlink(session, admin, one, to=two)
        tickets.retitle(session, admin, one, title="En helt annen tittel")
        view = views.keep(session, admin, name="Bort", shared=False, asked={})
        views.forget(session, admin, view)
        canned.remove(session, admin, session.scalars(sa.select(CannedReply)).first())
        place = {"critical": False, "contract_value": None}
        made = organisations.define_organisation(
            session, system, name="Borte AS", domains=["borte.example"], **place
        )
        organisations.change_organisation(
            session, system, made, name="Borte Igjen AS", domains=[], **place
        )
        role = rules.define_role(session, system, name="borte", description="", permissions=[])
        rules.remove_role(session, system, role)
        drafts.save(session, admin, "new", fields={"title": "x"}, key="")
        presence.touch(session, admin, one, writing=False)
        session.flush()
        with clock.at(clock.now() + timedelta(days=40)):
            assert drafts.sweep(session)
            presence.sweep(session)
    with limited.app_context(), change() as session:
        assert session.scalar(sa.select(SavedView)) is None
        assert session.scalar(sa.select(Role).where(Role.name == "borte")) is None
        assert triage.tags_of(session, session.get_one(Ticket, 1)) is not None


def test_tickets_and_their_history_may_not(limited):
    for table in ("tickets", "events", "messages", "users", "secrets", "account_events"):
        with (
            pytest.raises(sa.exc.OperationalError, match="denied"),
            db.engine.begin() as connection,
        ):
            connection.execute(sa.text(f"DELETE FROM {table}"))


def test_a_worker_process_can_do_all_its_jobs(limited):
    with limited.app_context():
        with change() as session:
            ola = session.scalars(sa.select(User).where(User.role_name == "drift")).first()
            ticket = session.scalars(
                sa.select(Ticket).where(Ticket.closed_at.is_(None)).order_by(Ticket.id.desc())
            ).first()
            reply = tickets.reply(session, ola, ticket, body="Vi ser på det").id
            undo.take_back(session, ola, ticket, reply)
            tickets.reply(session, ola, ticket, body="Vi ser på den")
            triage.set_priority(session, ola, ticket, to=Priority.HIGH)
            session.execute(sa.update(Job).values(run_at=clock.now()))
        assert until_nothing_is_due() >= 4
        with change() as session:
            left = session.scalars(sa.select(Job).order_by(Job.name)).all()
            assert {job.name for job in left} == {"deliver", "digest", "remind", "sweep"}
            assert not any(job.failures for job in left)
            # Without MAIL_SERVER mails wait, for whenever it is there.
            assert {job.run_at for job in left if job.name == "deliver"} == {None}
