"""change() and unit(): once, whole, and again when the database says so."""

import threading

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError, OperationalError, PendingRollbackError
from werkzeug.exceptions import InternalServerError

from console import faults, tickets
from console.extensions import db
from console.models import Rate, Status, Ticket, User
from console.transaction import change, unit


def rates(session):
    return session.scalars(sa.select(Rate.key).order_by(Rate.key)).all()


def test_a_change_is_stored_whole(session):
    with change() as work:
        work.add(Rate(key="a", hits=1, expires_at=1))
    assert rates(session) == ["a"]


def test_an_error_leaves_nothing_half_done(session):
    def work():
        with change() as inner:
            inner.add(Rate(key="a", hits=1, expires_at=1))
            inner.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        work()
    assert rates(session) == []


def test_a_change_within_a_change_is_a_mistake(session):
    with change(), pytest.raises(RuntimeError, match="within"), change():
        pass


def test_a_change_sees_what_others_have_done_since_the_page_began(app, people, new_ticket):
    """MariaDB's snapshot would show the ticket as it was when the page was made."""
    number = new_ticket()
    ticket = db.session.get(Ticket, number)
    assert ticket.assignee_id is None

    def other():
        with app.app_context(), change() as session:
            worker = session.scalars(sa.select(User).where(User.username == "Nina Vakt")).one()
            tickets.take(session, worker, session.get(Ticket, number))

    thread = threading.Thread(target=other)
    thread.start()
    thread.join()
    with change():
        assert ticket.assignee_id is not None


def test_a_unit_is_run_again_after_a_duplicate(session):
    """The second run finds the other's row, and can say so in words."""
    seen = []

    def work():
        seen.append(1)
        with change() as inner:
            if len(seen) > 1 and inner.get(Rate, "a"):
                return "found"
            inner.execute(sa.insert(Rate).values(key="a", hits=1, expires_at=1))
            return "made"

    assert unit(work) == "made"
    seen.clear()
    assert unit(work) == "found"
    assert rates(session) == ["a"]


def test_an_error_that_does_not_pass_is_raised_at_the_last(session):
    seen = []

    def work():
        seen.append(1)
        with change() as inner:
            inner.execute(sa.text("INSERT INTO rates VALUES ('a', 1, 1), ('a', 1, 1)"))

    with pytest.raises(IntegrityError):
        unit(work)
    assert len(seen) > 1


def test_two_who_lock_each_other_both_get_through(app, cast, new_ticket):
    """1213 on MariaDB: one of the two is rolled back, and its whole unit runs again."""
    first, second = new_ticket(title="Første"), new_ticket(title="Andre")
    meet, runs = threading.Barrier(2, timeout=5), []

    def close_both(order, who):
        def work():
            runs.append(who)
            with change() as session:
                worker = session.get(User, getattr(cast, who))
                for step, number in enumerate(order):
                    ticket = session.get(Ticket, number)
                    to = Status.CLOSED if who == "ola" else Status.IN_PROGRESS
                    tickets.set_status(session, worker, ticket, to=to)
                    if step == 0 and runs.count(who) == 1 and is_mariadb:
                        meet.wait()

        with app.app_context():
            unit(work)

    with app.app_context():
        is_mariadb = db.engine.dialect.name == "mysql"
    threads = [
        threading.Thread(target=close_both, args=((first, second), "ola")),
        threading.Thread(target=close_both, args=((second, first), "nina")),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(runs) == {"ola", "nina"}
    if is_mariadb:
        assert len(runs) > 2
    with app.app_context():
        for number in (first, second):
            assert db.session.get(Ticket, number).version == 3


def test_the_driver_is_told_to_hide_values(app):
    with app.app_context(), pytest.raises((IntegrityError, OperationalError)) as error:
        db.session.execute(
            sa.text("INSERT INTO rates (key_of_nothing) VALUES (:secret)"), {"secret": "hemmelig"}
        )
    assert "hemmelig" not in str(error.value)


@pytest.mark.parametrize(("code", "status"), [(2013, 503), (1064, 500)])
def test_a_lost_database_is_told_so_whatever_error_follows_it(context, code, status):
    def lose():
        try:
            raise OperationalError("SELECT 1", {}, Exception(code, "gone"))
        except OperationalError:
            raise PendingRollbackError("roll back first") from None

    with pytest.raises(PendingRollbackError) as raised:
        lose()
    context.preprocess_request()
    answer = faults.fault_page(InternalServerError(original_exception=raised.value))
    assert answer.status_code == status
