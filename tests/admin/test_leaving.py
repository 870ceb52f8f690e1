"""Two admins, or an admin and a worker, in the same moment: no ticket and no wish is lost."""

import threading

from flask_security.recoverable import generate_reset_link
from sqlalchemy import select

from console.accounts import rules
from console.extensions import db
from console.models import AccountEvent, Ticket, User
from tests.conftest import PASSWORD


def at_once(app, client, posts):
    """Send the posts of one log-in in the same moment; answers the statuses."""
    token, cookie = client.token(), client.get_cookie("session").value
    together, statuses = threading.Barrier(len(posts)), []

    def send(path, form):
        browser = app.test_client()
        browser.set_cookie("session", cookie)
        together.wait()
        statuses.append(browser.post(path, data={"csrf_token": token, **form}).status_code)

    threads = [threading.Thread(target=send, args=post) for post in posts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return statuses


def test_a_leaving_worker_keeps_no_ticket_that_is_given_in_the_same_moment(
    app, browser_of, new_ticket, cast
):
    anne = browser_of("anne")
    numbers = [new_ticket(title=f"Sak {n}") for n in range(6)]
    at_once(
        app,
        anne,
        [(f"/admin/tickets/{n}/assign", {"assignee": cast.ola}) for n in numbers]
        + [(f"/admin/users/{cast.ola}/deactivate", {})],
    )
    with app.app_context():
        held = select(Ticket.id).where(Ticket.assignee_id == cast.ola)
        assert db.session.scalars(held).all() == []


def test_a_wish_is_answered_once(app, browser_of, visitor):
    form = {"username": "Lise Ny", "email": "lise@ny.example", "role": "drift",
            "password": PASSWORD, "password_confirm": PASSWORD}  # fmt: skip
    visitor.send("/register", form)
    anne = browser_of("anne")
    with app.app_context():
        number = db.session.scalar(select(User.id).where(User.username == "Lise Ny"))
    verbs = ("approve", "decline") * 4
    at_once(app, anne, [(f"/admin/users/{number}/{verb}", {}) for verb in verbs])
    with app.app_context():
        kinds = select(AccountEvent.kind).where(
            AccountEvent.account_id == number,
            AccountEvent.kind.in_(("account.approved", "account.declined")),
        )
        assert len(db.session.scalars(kinds).all()) == 1


def test_a_link_works_once_even_at_once(app, browser_of, cast):
    with app.test_request_context():
        link = generate_reset_link(rules.get(db.session(), cast.kari))[0].split(":5000")[1]
    anne = browser_of("anne")
    words = [f"{PASSWORD} {n}" for n in range(6)]
    at_once(app, anne, [(link, {"password": w, "password_confirm": w}) for w in words])
    with app.app_context():
        changed = select(AccountEvent.id).where(AccountEvent.kind == "account.password_changed")
        assert len(db.session.scalars(changed).all()) == 1
