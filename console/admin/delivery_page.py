"""What workers do about the messages of a ticket, beside what they tell."""

from collections.abc import Callable
from typing import Any

from flask_admin import expose

from console.admin.ticket_page import TicketPage
from console.login.sessions import me
from console.models import Delivery, Event, Ticket
from console.notify import desk
from console.refusals import Refusal
from console.tickets import queries
from console.tickets.family import family
from console.tickets.undelivered import undelivered
from console.transaction import change


class DeliveryPage(TicketPage):
    """A message that failed is tried again, one that came back is marked so."""

    @expose("/<int:ticket_id>/deliveries/<int:delivery_id>/retry", methods=["POST"])
    def retry_delivery(self, ticket_id: int, delivery_id: int) -> Any:
        return self.about(ticket_id, delivery_id, retry)

    @expose("/<int:ticket_id>/deliveries/<int:delivery_id>/bounced", methods=["POST"])
    def delivery_bounced(self, ticket_id: int, delivery_id: int) -> Any:
        return self.about(ticket_id, delivery_id, bounced)

    def about(
        self, ticket_id: int, delivery_id: int, verb: Callable[[Any, Ticket, Delivery], None]
    ) -> Any:
        """One verb on a message of the ticket, or of one that is part of it."""
        try:
            with change() as session:
                ticket = queries.get_visible(session, me(), ticket_id)
                numbers = family(session, ticket)
                delivery = desk.get(session, me(), delivery_id, among=numbers)
                verb(session, ticket, delivery)
                event = session.get(Event, delivery.event_id) if delivery.event_id else None
        except Refusal as refusal:
            return self.refused(ticket_id, refusal)
        return self.to(ticket_id, event)


def retry(session: Any, ticket: Ticket, delivery: Delivery) -> None:
    """Try it again."""
    desk.retry(session, me(), delivery)


def bounced(session: Any, ticket: Ticket, delivery: Delivery) -> None:
    """Mark it as returned; the ticket gets a next step if it was the requester's."""
    if desk.mark_bounced(session, me(), delivery):
        undelivered(session, me(), ticket, delivery)
