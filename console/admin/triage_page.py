"""What workers decide about one ticket among themselves, from its page."""

from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from flask import current_app, request
from flask_admin import expose
from flask_babel import gettext

from console import tickets
from console.admin.ticket_page import TicketPage, seen_version
from console.models import Category, Priority, Ticket, User, WaitingFor, row_number
from console.tickets.errors import TicketError

MIDNIGHT, END_OF_DAY = time(), time(23, 59, 59)


class TriagePage(TicketPage):
    """Priority, category, tags, waiting and due date. Nothing of it is known to requesters."""

    @expose("/<int:ticket_id>/priority", methods=["POST"])
    def priority(self, ticket_id: int) -> Any:
        def verb(session: Any, actor: User, ticket: Ticket, **how: Any) -> Any:
            to = chosen_priority(request.form.get("priority", ""))
            return tickets.set_priority(session, actor, ticket, to=to, **how)

        return self.move(ticket_id, verb, version=seen_version())

    @expose("/<int:ticket_id>/category", methods=["POST"])
    def categorise(self, ticket_id: int) -> Any:  # `category` is Flask-Admin's own
        chosen = request.form.get("category", "")

        def verb(session: Any, actor: User, ticket: Ticket, **how: Any) -> Any:
            to = chosen_category(session, chosen)
            return tickets.categorise(session, actor, ticket, to=to, **how)

        return self.move(ticket_id, verb, version=seen_version())

    @expose("/<int:ticket_id>/tags", methods=["POST"])
    def tags(self, ticket_id: int) -> Any:
        """The words in the field against those that stood in it: two who add are both right."""
        had, wanted = (set(words(request.form.get(name, ""))) for name in ("had", "tags"))
        return self.move(ticket_id, tickets.tag, add=wanted - had, remove=had - wanted)

    @expose("/<int:ticket_id>/wait", methods=["POST"])
    def wait(self, ticket_id: int) -> Any:
        def verb(session: Any, actor: User, ticket: Ticket, **how: Any) -> Any:
            try:
                waiting_for = WaitingFor(request.form.get("waiting_for", ""))
            except ValueError:
                raise TicketError(
                    gettext("Choose whom the ticket waits for."), field="waiting_for", status=422
                ) from None
            return tickets.wait(
                session,
                actor,
                ticket,
                until=chosen_day("until"),
                waiting_for=waiting_for,
                reason=request.form.get("reason", ""),
                **how,
            )

        return self.move(ticket_id, verb, version=seen_version())

    @expose("/<int:ticket_id>/wake", methods=["POST"])
    def wake(self, ticket_id: int) -> Any:
        return self.move(ticket_id, tickets.wake, version=seen_version())

    @expose("/<int:ticket_id>/due", methods=["POST"])
    def due(self, ticket_id: int) -> Any:
        def verb(session: Any, actor: User, ticket: Ticket, **how: Any) -> Any:
            # The day itself is still in time.
            to = chosen_day("due", END_OF_DAY) if request.form.get("due") else None
            return tickets.set_due(session, actor, ticket, to=to, **how)

        return self.move(ticket_id, verb, version=seen_version())


def chosen_priority(text: str) -> Priority:
    """The priority of that number. Raises TicketError."""
    if text not in {str(int(p)) for p in Priority}:
        raise TicketError(
            gettext("Choose one of the three priorities."), field="priority", status=422
        )
    return Priority(int(text))


def chosen_category(session: Any, text: str) -> Category | None:
    """The category of that number, or none for an empty text. Raises TicketError."""
    if not text:
        return None
    number = row_number(text)
    found = session.get(Category, number) if number else None
    if found is None:
        raise TicketError(gettext("There is no such category."), field="category", status=422)
    return found


def chosen_day(name: str, at: time = MIDNIGHT) -> datetime:
    """That time on the day in that field, where the office is. Raises TicketError."""
    try:
        day = date.fromisoformat(request.form.get(name, "").strip())
        return datetime.combine(day, at, ZoneInfo(current_app.config["TIMEZONE"]))
    except (ValueError, OverflowError):
        raise TicketError(
            gettext("Write the date as year, month and day: 2026-11-30."), field=name, status=422
        ) from None


def words(text: str) -> list[str]:
    """The tags in a field, which has commas between them."""
    return [word.strip() for word in text[:1000].replace("\x00", "").split(",") if word.strip()]
