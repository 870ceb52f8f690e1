"""Writing down a call: the form, on a page of its own and over every other, and finding people."""

from typing import Any

from flask import current_app, flash, jsonify, redirect, request
from flask_admin import BaseView, expose
from flask_admin.helpers import get_redirect_target
from flask_babel import gettext as _
from markupsafe import Markup

from console.accounts import contacts, rules
from console.accounts.contacts import Person, Unclear
from console.accounts.errors import AccountError
from console.accounts.written import TEXT_MAX, Written, name_for, readable
from console.admin.forms import CAPTURED, MINE, CaptureForm
from console.admin.views import Closed, RuledView
from console.extensions import db
from console.language import moment
from console.login.sessions import me
from console.models import Channel, Event
from console.portal import messages
from console.portal.pages import YEAR
from console.refusals import Refusal
from console.screen import status_name
from console.tickets import capture, drafts
from console.transaction import change

PLACE = "capture"
# The browser's word for how calls came in the last time.
COOKIE = "channel"


class CapturePage(RuledView):
    """A ticket for somebody on the phone or in the chat, from anywhere in the console."""

    create_template = "admin/ticket_new.html"
    can_create = True
    form = CaptureForm

    @expose("/new/", methods=("GET", "POST"))
    def create_view(self) -> Any:
        if request.method == "GET":
            draft = drafts.find(db.session(), me(), [PLACE]).get(PLACE, {})
            form = CaptureForm(data={"channel": last_channel(), **draft})
            messages.fill(form, draft)
            return self.capture_page(form)
        form = CaptureForm()
        if not messages.take_files(form) or not form.validate_on_submit():
            return self.capture_page(form), form.status
        try:
            with change() as session:
                event = self.write_down(session, form)
                drafts.sent(session, me(), PLACE, key=form.key.sent)
        except Refusal as refusal:
            self.show_refusal(refusal, form)
            return self.capture_page(form), form.status
        messages.drop_copies(form)
        messages.tell(event)
        return self.saved(event, form)

    def write_down(self, session: Any, form: CaptureForm) -> Event:
        asked_by, chosen = form.requester.data or "", form.account.data or ""
        return capture.capture(
            session,
            me(),
            requester=lambda: contacts.get_or_introduce(session, me(), asked_by, chosen=chosen),
            asked_by=f"{chosen}:{asked_by}",
            description=form.description.data or "",
            title=form.title.data or "",
            channel=Channel(form.channel.data),
            mine=form.handler.data == MINE,
            attachments=form.attached,
            key=form.key.sent,
        )

    def show_refusal(self, refusal: Refusal, form: CaptureForm) -> None:
        """Put the sentence on its field; with the choices, where it is not clear who is meant."""
        form.status = refusal.status
        if isinstance(refusal, AccountError):
            refusal.field = form.requester.name
        messages.show(refusal, form)
        if isinstance(refusal, Unclear):
            form.choices = refusal.choices
            told = contacts.outcome(db.session(), me(), form.requester.data or "")
            form.new = newcomer(told.new) if told.new else ""

    def capture_page(self, form: CaptureForm) -> Any:
        return_url = get_redirect_target()
        return self.render(
            self.create_template,
            form=form,
            url=return_url or "",
            return_url=return_url or self.get_url(".index_view"),
            NEW=contacts.NEW,
            introduced=introduced,
            address_of=address_of,
        )

    def saved(self, event: Event, form: CaptureForm) -> Any:
        """Back to the page one was on, with the number; from the form's own page to the ticket."""
        page = self.get_url(".show", ticket_id=event.ticket_id)
        link = Markup('<a href="{}">#{}</a>').format(page, event.ticket_id)
        told = Markup(_("%(ticket)s is saved, for %(name)s."))
        who = Markup("<bdi>{}</bdi>").format(event.ticket.requester.username)
        flash(told % {"ticket": link, "name": who}, "success")
        response = redirect(get_redirect_target() or page, 303)
        response.set_cookie(
            COOKIE,
            form.channel.data,
            max_age=YEAR,
            secure=bool(current_app.config["SESSION_COOKIE_SECURE"]),
            httponly=True,
            samesite="Lax",
        )
        return response


class PeopleView(Closed, BaseView):
    """Who is calling, and what he has asked for already: answers for the form, while one types."""

    @expose("/")
    def index_view(self) -> Any:
        """Those who may be meant by `q`, and what would come of it as it stands."""
        text = request.args.get("q", "")[:TEXT_MAX]
        found = contacts.find(db.session(), me(), text)
        told = contacts.outcome(db.session(), me(), text)
        return jsonify(
            people=[told_of(person) for person in found],
            account=told_of(told.account) if told.account else None,
            new=newcomer(told.new) if told.new else None,
            refusal=told.refusal or None,
            unclear=told.unclear,
        )

    @expose("/<int:account_id>/tickets")
    def tickets(self, account_id: int) -> Any:
        """The open tickets of one, those first that are like the text `q`."""
        rules.get(db.session(), account_id)
        found = capture.similar(db.session(), me(), account_id, request.args.get("q", ""))
        return jsonify(
            tickets=[
                {
                    "id": ticket.id,
                    "title": ticket.title,
                    "status": status_name(ticket.status),
                    "handler": ticket.handler or _("nobody yet"),
                    "age": moment(ticket.created_at),
                    "url": self.get_url("ticket.show", ticket_id=ticket.id),
                    "alike": ticket.alike,
                }
                for ticket in found
            ]
        )


def last_channel() -> str:
    """How the last call came in that was written down in this browser."""
    known = {channel.value for channel in CAPTURED}
    asked = request.cookies.get(COOKIE, "")
    return asked if asked in known else Channel.PHONE.value


def told_of(person: Person) -> dict[str, Any]:
    """One person for the list that opens while one types."""
    return {
        "id": person.id,
        "name": person.name,
        "address": address_of(person),
        "phone": readable(person.phone),
        "organisation": person.organisation,
        "says": introduced(person),
    }


def introduced(person: Person) -> str:
    """The person as the form says whom it means: «Kari Moe, Lillevik kommune»."""
    of = person.organisation or person.address or readable(person.phone)
    return f"{person.name}, {of}" if of else person.name


def address_of(person: Person) -> str:
    return person.address or _("no address")


def newcomer(written: Written) -> str:
    """Who would be made of what was written: «New requester: Berit Dal, 900 12 345»."""
    parts = (written.email, readable(written.phone), written.organisation)
    name = name_for(written)
    who = ", ".join([name, *(part for part in parts if part and part != name)])
    return _("New requester: %(who)s", who=who)
