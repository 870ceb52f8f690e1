"""The form that makes two tickets one, as a browser sends it, and what came of it."""

from console.extensions import db
from tests.conftest import ticket_of


def merge(client, number, into, **more):
    """Ask for the ticket to become part of another one; the answer."""
    return client.send(f"/admin/tickets/{number}/merge", {"into": into, **more})


def state(app, number):
    """What the ticket is part of, its status, and how many are part of it."""
    with app.app_context():
        ticket = ticket_of(db.session, number)
        return ticket.merged_into_id, ticket.status, ticket.absorbed
