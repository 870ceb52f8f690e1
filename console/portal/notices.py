"""The page on which everybody chooses how he is told, and a worker of what."""

from typing import Any

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import BooleanField, RadioField, StringField
from wtforms.validators import Length

from console.accounts import notices as rules
from console.accounts.written import readable
from console.extensions import db
from console.login.sessions import me
from console.login.setup import members_only
from console.models import WORK, ContactBy, Medium, Topic, User
from console.notify import chat
from console.notify.choices import CHOOSABLE, MEDIA, address
from console.portal import messages
from console.refusals import Refusal
from console.transaction import change

notices = Blueprint("notices", __name__, url_prefix="/notifications")
notices.before_request(members_only)

# The rows of a worker's table.
TOPICS = {
    Topic.ASSIGNED: _("I was given a ticket"),
    Topic.ANSWERED: _("The requester has written on my ticket"),
    Topic.HIGH: _("A ticket has got high priority"),
    Topic.DUE_SOON: _("My ticket is due soon"),
    Topic.OVERDUE: _("My ticket is overdue"),
    Topic.UNDELIVERED: _("A message from my ticket did not reach its recipient"),
    Topic.POOL: _("A new ticket that nobody has"),
}
WAYS = {Medium.MAIL: _("E-mail"), Medium.SMS: _("SMS"), Medium.CHAT: _("Chat")}


class NoticeForm(FlaskForm):
    """How somebody wants to hear of his own tickets, and where he is reached."""

    contact_by = RadioField(
        _("Tickets I have asked for"),
        validate_choice=False,  # the rule has a sentence for it
    )
    phone = StringField(
        _("Mobile number"),
        description=_("For text messages. It is also how we know you when you call."),
        validators=[Length(max=40)],
        render_kw={"type": "tel", "autocomplete": "tel", "maxlength": 40},
    )
    chat_url = StringField(
        _("Chat address"),
        validators=[Length(max=User.CHAT_URL_MAX)],
        render_kw={"autocomplete": "off", "spellcheck": "false", "maxlength": User.CHAT_URL_MAX},
    )
    forget_chat = BooleanField(_("Remove the chat address"))
    wakes = BooleanField(_("Important tickets may reach me outside opening hours"))


@notices.get("")
def index() -> Any:
    account = me()
    form = NoticeForm(
        formdata=None,
        contact_by=account.contact_by.value,
        phone=readable(account.phone),
        wakes=account.wakes,
    )
    told = rules.chosen(db.session(), account) if account.can(WORK) else set()
    return page(form, told)


@notices.post("")
def save() -> Any:
    account, form = me(), NoticeForm(request.form)
    told = {
        (topic, medium)
        for topic in CHOOSABLE
        for medium in MEDIA
        if f"{topic}:{medium}" in request.form.getlist("told")
    }
    if not form.validate_on_submit():
        return page(form, told), 422
    try:
        # Before the change: it looks a name up, which may take its time.
        chat_url = wanted_chat(form) if account.can(WORK) else None
        with change() as session:
            rules.choose(
                session,
                me(),
                me(),
                contact_by=form.contact_by.data or "",
                phone=form.phone.data if takes_sms() else None,
                told=told,
                media=[m for m in MEDIA if m != Medium.SMS or takes_sms()],
                chat_url=chat_url,
                wakes=form.wakes.data if account.can(WORK) else None,
            )
    except Refusal as refusal:
        if refusal.status in (403, 404):
            raise
        messages.show(refusal, form)
        return page(form, told), refusal.status
    flash(gettext("Your choice is kept."), "success")
    return redirect(url_for("notices.index"), 303)


@notices.post("/test")
def test() -> Any:
    """Send a message to one's own chat now, and say what came of it."""
    url = me().chat_url if me().can(WORK) else ""
    if not url:
        flash(gettext("Save a chat address first."), "error")
        return redirect(url_for("notices.index"), 303)
    name, words = current_app.config["ORGANISATION_NAME"], gettext("This is a test. It works.")
    db.session.rollback()  # the answer may take its time: no connection is held meanwhile
    try:
        chat.send(url, name, words, personal=True)
    except chat.ChatError as error:
        flash(gettext("The message did not get through: %(why)s", why=error.reason), "error")
    else:
        flash(
            gettext("A message was sent to %(kind)s. Have a look.", kind=chat.kind_of(url)),
            "success",
        )
    return redirect(url_for("notices.index"), 303)


def wanted_chat(form: NoticeForm) -> str | None:
    """The chat address to keep: a new one, empty for none, None for the one that is there."""
    if form.forget_chat.data:
        return ""
    typed = (form.chat_url.data or "").strip()
    return chat.check(typed, personal=True) if typed else None


def takes_sms() -> bool:
    """Whether text messages can be sent from here."""
    return bool(current_app.config["SMS_URL"])


def page(form: NoticeForm, told: set[rules.Cell]) -> str:
    """The page, with what was typed; never with the chat address that is kept."""
    account = me()
    email = address(account, Medium.MAIL)
    ways = [
        (
            ContactBy.MAIL,
            gettext("E-mail to %(address)s", address=email) if email else WAYS[Medium.MAIL],
        ),
        (ContactBy.SMS, gettext("Text message (SMS)")),
        (ContactBy.NONE, gettext("Nothing: I look here myself")),
    ]
    if not takes_sms():
        ways = [way for way in ways if way[0] != ContactBy.SMS]
        if form.contact_by.data == ContactBy.SMS:
            form.contact_by.data = ContactBy.MAIL.value
    form.contact_by.choices = ways
    return render_template(
        "portal/notices.html",
        form=form,
        told=told,
        topics=TOPICS,
        ways=WAYS,
        takes_sms=takes_sms(),
        email=email,
        chat_kind=address(account, Medium.CHAT),
        examples=chat.EXAMPLES,
    )
