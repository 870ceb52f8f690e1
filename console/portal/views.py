"""The requester's pages: own tickets, one ticket, a new one."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from console import faults, tickets
from console.extensions import db
from console.login.sessions import me
from console.login.setup import to_login
from console.portal.forms import TicketForm
from console.refusals import Refusal
from console.tickets import policy, queries
from console.tickets.errors import TicketError
from console.transaction import change

portal = Blueprint("portal", __name__, url_prefix="/tickets")
PAGE_SIZE = 20
PAGE_MAX = 10_000


@portal.before_request
def members_only() -> Any:
    if current_user.is_authenticated:
        return None
    return to_login()


@portal.errorhandler(TicketError)
def refused(refusal: TicketError) -> Any:
    return faults.refuse(refusal, url_for("portal.index"))


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
    form = TicketForm()
    if form.validate_on_submit():
        try:
            with change() as session:
                event = tickets.open_ticket(
                    session,
                    me(),
                    title=form.title.data or "",
                    description=form.description.data or "",
                    key=form.key.sent,
                )
                ticket_id = event.ticket_id
        except TicketError as refusal:
            show(refusal, form)
        else:
            flash(_("Thank you. Your ticket has number %(number)s.", number=ticket_id), "success")
            return redirect(url_for("portal.ticket", ticket_id=ticket_id), 303)
    return render_template("portal/new.html", form=form), 422 if form.is_submitted() else 200


@portal.get("/<int:ticket_id>")
def ticket(ticket_id: int) -> Any:
    found = queries.get_visible(db.session(), me(), ticket_id)
    if policy.may(me(), "see_all"):
        return redirect(url_for("ticket.show", ticket_id=ticket_id))
    before = request.args.get("before", type=int)
    return render_template(
        "portal/ticket.html",
        ticket=found,
        history=queries.history(db.session(), found, before=before),
    )


def show(refusal: Refusal, form: Any) -> None:
    """Put the refusal's sentence on the field it belongs to, or above the form."""
    field = form._fields.get(refusal.field or "")
    if field is not None:
        field.errors = [*field.errors, str(refusal)]
    else:
        flash(str(refusal), "error")
