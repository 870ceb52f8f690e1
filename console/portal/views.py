"""The requester's pages: own tickets, one ticket, a new one."""

from typing import Any

from flask import (
    Blueprint,
    current_app,
    flash,
    redirect,
    render_template,
    request,
    url_for,
)
from flask_babel import gettext as _

from console import faults, tickets
from console.extensions import db
from console.login.sessions import me
from console.login.setup import members_only
from console.models import Ticket
from console.portal import messages, secrets
from console.portal.forms import MessageForm, TicketForm
from console.refusals import Refusal
from console.tickets import conversation, drafts, policy, queries
from console.tickets.around import around
from console.tickets.errors import Stale, TicketError
from console.transaction import change

portal = Blueprint("portal", __name__, url_prefix="/tickets")
PAGE_SIZE = 20
PAGE_MAX = 10_000


portal.before_request(members_only)


@portal.errorhandler(TicketError)
def refused(refusal: TicketError) -> Any:
    number = (request.view_args or {}).get("ticket_id")
    back = url_for("portal.ticket", ticket_id=number) if number else url_for("portal.index")
    return faults.refuse(refusal, back)


@portal.get("/")
def index() -> str:
    page = min(max(request.args.get("page", 0, type=int), 0), PAGE_MAX)
    found = queries.own_tickets(db.session(), me(), page=page, size=PAGE_SIZE)
    return render_template(
        "portal/index.html",
        rows=found[:PAGE_SIZE],
        page=page,
        has_next=len(found) > PAGE_SIZE,
    )


@portal.route("/new", methods=["GET", "POST"])
def new() -> Any:
    if request.method == "GET":
        draft = drafts.find(db.session(), me(), ["new"]).get("new", {})
        form = TicketForm(data=draft)
        messages.fill(form, draft)
        return render_template("portal/new.html", form=form)
    form = TicketForm()
    if messages.take_files(form) and form.validate_on_submit():
        try:
            with change() as session:
                event = tickets.open_ticket(
                    session,
                    me(),
                    title=form.title.data or "",
                    description=form.description.data or "",
                    attachments=form.attached,
                    key=form.key.sent,
                )
                drafts.sent(session, me(), "new", key=form.key.sent)
        except Refusal as refusal:
            form.status = refusal.status
            messages.show(refusal, form)
        else:
            messages.drop_copies(form)
            messages.tell(event)
            number = event.ticket_id
            flash(_("Thank you. Your ticket has number %(number)s.", number=number), "success")
            return redirect(url_for("portal.ticket", ticket_id=number), 303)
    return render_template("portal/new.html", form=form), form.status


@portal.get("/<int:ticket_id>")
def ticket(ticket_id: int) -> Any:
    found = queries.get_visible(db.session(), me(), ticket_id)
    if policy.may(me(), "see_all"):
        return redirect(url_for("ticket.show", ticket_id=found.id))
    if found.id != ticket_id:
        before = request.args.get("before", type=int)
        return redirect(url_for("portal.ticket", ticket_id=found.id, before=before))
    return ticket_page(found)


def ticket_page(
    found: Ticket,
    *,
    status: int = 200,
    refused: MessageForm | None = None,
    at: int | None = None,
    **context: Any,
) -> Any:
    timeline = messages.stretch(found, at)
    form = messages.composers(found, timeline, ["reply"], refused)["reply"]
    days = current_app.config["REOPEN_DAYS"]
    body = render_template(
        "portal/ticket.html",
        ticket=found,
        timeline=timeline,
        form=form,
        links=around(db.session(), me(), found, timeline.numbers).links,
        is_over=conversation.is_over(found, days),
        **{"revealed": {}, **context},
    )
    return body, status


@portal.post("/<int:ticket_id>/reply")
def reply(ticket_id: int) -> Any:
    found = queries.get_visible(db.session(), me(), ticket_id)
    form = MessageForm("reply")
    try:
        event = messages.send(
            tickets.reply, ticket_id, form, reopen_days=current_app.config["REOPEN_DAYS"]
        )
    except Stale as stale:
        return render_template("portal/unread.html", **messages.unread(found, form, stale)), 409
    if event is None:
        return ticket_page(found, status=form.status, refused=form)
    messages.tell(event)
    if "follows" in event.changes:
        flash(
            _(
                "Ticket %(old)s was closed long ago, so your answer is a new ticket: %(new)s.",
                old=event.changes["follows"][1],
                new=event.ticket_id,
            ),
            "success",
        )
    number = event.ticket_id
    return redirect(url_for("portal.ticket", ticket_id=number, _anchor=f"e{event.id}"), 303)


@portal.post("/<int:ticket_id>/secrets/show")
def show_secret(ticket_id: int) -> Any:
    shown = secrets.show(ticket_id)
    return ticket_page(queries.get_visible(db.session(), me(), ticket_id), **shown)


@portal.post("/<int:ticket_id>/secrets/wipe")
def wipe_secret(ticket_id: int) -> Any:
    secrets.wipe(ticket_id)
    return redirect(url_for("portal.ticket", ticket_id=ticket_id), 303)
