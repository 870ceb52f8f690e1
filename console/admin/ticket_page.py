"""The page of one ticket in the console, and everything that is done from it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from flask import current_app, flash, redirect, request, url_for
from flask_admin import expose
from flask_babel import gettext

from console import clock, tickets
from console.admin.ticket_filters import choices
from console.admin.views import RuledView
from console.extensions import db
from console.language import office_day
from console.login.sessions import me
from console.models import ID_MAX, Event, Status, Ticket, User
from console.portal import messages, secrets
from console.portal.forms import MessageForm
from console.refusals import Refusal
from console.tickets import merging, news, queries, undo
from console.tickets.around import around
from console.tickets.errors import Conflict, Stale, TicketError
from console.transaction import change
from console.words import FIELD, STATUS


class TicketPage(RuledView):
    """One ticket: what was said, what happened, and the verbs."""

    @expose("/<int:ticket_id>")
    def show(self, ticket_id: int) -> Any:
        ticket = queries.get_visible(db.session(), me(), ticket_id)
        if ticket.id != ticket_id:
            before = request.args.get("before", type=int)
            return redirect(self.get_url(".show", ticket_id=ticket.id, before=before))
        return self.ticket_page(ticket_id, ticket=ticket)

    def ticket_page(
        self,
        ticket_id: int,
        *,
        status: int = 200,
        refused: MessageForm | None = None,
        at: int | None = None,
        ticket: Ticket | None = None,
        **context: Any,
    ) -> Any:
        ticket = ticket or queries.get_visible(db.session(), me(), ticket_id)
        timeline = messages.stretch(ticket, at)
        shown = [event.id for event in timeline.events]
        beside = around(db.session(), me(), ticket, timeline.numbers, shown=shown)
        body = self.render(
            "admin/ticket.html",
            ticket=ticket,
            timeline=timeline,
            forms=messages.composers(ticket, timeline, ["reply", "note"], refused),
            around=beside,
            choices=choices(),
            statuses=STATUS,
            tags=beside.tags,
            tomorrow=office_day(clock.now() + timedelta(days=1)),
            may_undo=merging.may_undo,
            # The button is one of the form for the next reply, which stands below the newest.
            undo=undo.seconds_left(me(), timeline.events) if timeline.newest else {},
            **{"revealed": {}, **context},
        )
        return body, status

    def to(self, ticket_id: int, event: Event | None = None) -> Any:
        anchor = f"e{event.id}" if event else None
        return redirect(self.get_url(".show", ticket_id=ticket_id, _anchor=anchor), 303)

    # --- what is said

    @expose("/<int:ticket_id>/reply", methods=["POST"])
    def reply(self, ticket_id: int) -> Any:
        """The answer and, by the other button, the end of the ticket with it."""
        close = request.form.get("status") == Status.CLOSED
        days = current_app.config["REOPEN_DAYS"]

        def verb(session: Any, actor: User, ticket: Ticket, **what: Any) -> Event:
            event = tickets.reply(session, actor, ticket, reopen_days=days, **what)
            # Sent twice, the second time after somebody has answered: that stays open.
            if close and event.ticket_id == ticket.id and event.version == ticket.version:
                tickets.set_status(session, actor, ticket, to=Status.CLOSED)
            return event

        return self.say(ticket_id, MessageForm("reply"), verb)

    @expose("/<int:ticket_id>/note", methods=["POST"])
    def note(self, ticket_id: int) -> Any:
        return self.say(ticket_id, MessageForm("note"), tickets.note)

    def say(self, ticket_id: int, form: MessageForm, verb: Callable[..., Event]) -> Any:
        """Send the message; with news that its writer has not seen, show that and ask again."""
        queries.get_visible(db.session(), me(), ticket_id)
        try:
            event = messages.send(verb, ticket_id, form)
        except Stale as stale:
            ticket = queries.get_visible(db.session(), me(), ticket_id)
            return self.render("admin/unread.html", **messages.unread(ticket, form, stale)), 409
        if event is None:
            return self.ticket_page(ticket_id, status=form.status, refused=form)
        messages.tell(event)
        return self.to(event.ticket_id, event)

    @expose("/<int:ticket_id>/secrets/show", methods=["POST"])
    def show_secret(self, ticket_id: int) -> Any:
        return self.ticket_page(ticket_id, **secrets.show(ticket_id))

    @expose("/<int:ticket_id>/secrets/wipe", methods=["POST"])
    def wipe_secret(self, ticket_id: int) -> Any:
        secrets.wipe(ticket_id)
        return self.to(ticket_id)

    # --- what is decided

    @expose("/<int:ticket_id>/take", methods=["POST"])
    def take(self, ticket_id: int) -> Any:
        return self.move(ticket_id, tickets.take)

    @expose("/<int:ticket_id>/release", methods=["POST"])
    def release(self, ticket_id: int) -> Any:
        return self.move(ticket_id, tickets.release, version=seen_version())

    @expose("/<int:ticket_id>/assign", methods=["POST"])
    def assign(self, ticket_id: int) -> Any:
        chosen = request.form.get("assignee", type=int)

        def verb(session: Any, actor: User, ticket: Ticket, **how: Any) -> Any:
            worker = session.get(User, chosen) if chosen and 0 < chosen <= ID_MAX else None
            if worker is None:
                raise TicketError(gettext("Choose who is to have the ticket."), status=422)
            return tickets.assign(session, actor, ticket, to=worker, **how)

        return self.move(ticket_id, verb, version=seen_version())

    @expose("/<int:ticket_id>/status", methods=["POST"])
    def status(self, ticket_id: int) -> Any:
        return self.move(ticket_id, tickets.set_status, to=chosen_status(), version=seen_version())

    @expose("/<int:ticket_id>/title", methods=["POST"])
    def title(self, ticket_id: int) -> Any:
        title = request.form.get("title", "")
        return self.move(ticket_id, tickets.retitle, title=title, version=seen_version())

    def move(self, ticket_id: int, verb: Callable[..., Any], **how: Any) -> Any:
        """One verb on one ticket. A refusal shows the ticket as it is now, and the wish with it."""
        try:
            with change() as session:
                ticket = queries.get_visible(session, me(), ticket_id)
                number = ticket.id
                if number != ticket_id and how.get("version"):
                    # The page is older than the merge: its version is another ticket's.
                    news.refuse_moved(session, me(), ticket, ticket_id, how.pop("version"))
                verb(session, me(), ticket, **how)
        except Stale as stale:
            return self.ticket_page(number, status=409, news=stale.news, wish=self.wish(number))
        except Conflict as conflict:
            clash = conflict.clash
            return self.ticket_page(
                ticket_id, status=409, clash=clash, field=FIELD[clash.field], wish=self.wish()
            )
        except Refusal as refusal:
            return self.refused(ticket_id, refusal)
        return self.back(self.get_url(".show", ticket_id=ticket_id))

    def refused(self, ticket_id: int, refusal: Refusal) -> Any:
        """The page of the ticket with the sentence, and what was asked for still in the form."""
        if refusal.status in (403, 404):
            raise refusal
        flash(str(refusal), "error")
        return self.ticket_page(ticket_id, status=refusal.status, wish=self.wish())

    def wish(self, number: int | None = None) -> dict[str, str]:
        """What the refused form asked for, so that it can be asked for again.

        Of the ticket `number`, when that is another one by now.
        """
        names = (
            "status", "assignee", "title", "priority", "category", "until", "waiting_for",
            "reason", "due", "tags", "had", "into", "to",
        )  # fmt: skip
        found = {name: request.form[name][:500] for name in names if name in request.form}
        action = url_for(str(request.endpoint), ticket_id=number) if number else request.path
        return {"action": action, **found}


def chosen_status() -> Status:
    """The status in the form, or a refusal."""
    try:
        return Status(request.form.get("status", ""))
    except ValueError:
        raise TicketError(gettext("Choose one of the three statuses."), status=422) from None


def seen_version(name: str = "version") -> int | None:
    """The version of the ticket as the page showed it; None when the client does not say."""
    version = request.form.get(name, type=int) or request.args.get(name, type=int)
    return version if version and 0 < version <= ID_MAX else None
