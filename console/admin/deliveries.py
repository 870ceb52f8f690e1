"""The outbox: what was sent, what waits, what failed and why, and what admins do about it."""

from collections.abc import Callable
from typing import Any

from flask import flash, redirect, request
from flask_admin import expose
from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.orm import defer, joinedload

from console.admin.filters import Choice, Condition
from console.admin.views import RuledView
from console.extensions import db
from console.login.sessions import me
from console.models import (
    ADMINISTER,
    Delivery,
    DeliveryState,
    Medium,
    Topic,
    User,
    login_key,
    row_number,
)
from console.notify import desk
from console.refusals import Refusal
from console.transaction import change, unit
from console.words import DELIVERY, MEDIUM, TOPIC

# A page of the list has no more rows.
SELECTED_MAX = 100


def one_of(key: str, name: Any, column: Any, enum: Any, words: dict[Any, Any]) -> Choice:
    """A filter by the values of an enum, in the words of the screen."""
    return Choice(
        key,
        name,
        lambda value: column == enum(value),
        lambda: [(each.value, str(words[each])) for each in enum],
    )


class DeliveryView(RuledView):
    """Newest first. What has not gone can be tried again, or dropped."""

    permission = ADMINISTER
    heading = _("Outbox")
    search_hint = _("Recipient begins with")
    list_template = "admin/deliveries.html"
    column_list = (
        "created_at", "recipient", "channel", "topic", "ticket_id", "state", "tries", "run_at",
        "error",
    )  # fmt: skip
    column_labels = {
        "created_at": _("Created"),
        "recipient": _("Recipient"),
        "channel": _("By"),
        "topic": _("About"),
        "ticket_id": _("Ticket"),
        "state": _("State"),
        "tries": _("Tries"),
        "run_at": _("Next try"),
        "error": _("Reason"),
    }
    column_sortable_list = ()
    column_filters = (
        one_of("state", _("State"), Delivery.state, DeliveryState, DELIVERY),
        one_of("channel", _("By"), Delivery.channel, Medium, MEDIUM),
        one_of("topic", _("About"), Delivery.topic, Topic, TOPIC),
        Condition(
            "recipient", _("Recipient"), lambda value: Delivery.recipient == login_key(value)[:254]
        ),
    )

    def get_query(self) -> Any:
        return select(Delivery).options(defer(Delivery.body))

    def init_search(self) -> bool:
        return True

    def searched(self, rows: Any, search: str) -> Any:
        return rows.where(Delivery.recipient.startswith(login_key(search), autoescape=True))

    def render(self, template: str, **kwargs: Any) -> str:
        if template == self.list_template:
            kwargs["outbox"] = desk.state(db.session())
        return super().render(template, may_retry=desk.MAY_RETRY, may_drop=desk.MAY_DROP, **kwargs)

    @expose("/<int:delivery_id>")
    def show(self, delivery_id: int) -> Any:
        """Everything about one message, and what it says."""
        whole = [
            joinedload(Delivery.person).load_only(User.username).lazyload(User.role),
            joinedload(Delivery.event),
        ]
        desk.get(db.session(), me(), delivery_id)
        found = db.session.get(Delivery, delivery_id, options=whole, populate_existing=True)
        return self.render("admin/delivery.html", delivery=found)

    # --- one

    @expose("/<int:delivery_id>/retry", methods=["POST"])
    def retry(self, delivery_id: int) -> Any:
        return self.move(delivery_id, desk.retry)

    @expose("/<int:delivery_id>/drop", methods=["POST"])
    def drop(self, delivery_id: int) -> Any:
        return self.move(delivery_id, desk.drop)

    def move(self, delivery_id: int, verb: Callable[..., Any]) -> Any:
        self.act(lambda session, actor: verb(session, actor, desk.get(session, actor, delivery_id)))
        return self.back(self.get_url(".show", delivery_id=delivery_id))

    # --- many

    @expose("/action/", methods=["POST"])
    def action_view(self) -> Any:
        """The action on the ticked rows, each by itself; the refusals are told once each."""
        verb = {"retry": desk.retry, "drop": desk.drop}.get(request.form.get("action", ""))
        chosen = {row_number(text) for text in request.form.getlist("rowid")[:SELECTED_MAX]} - {0}
        if verb is None or not chosen:
            flash(
                gettext("Select the messages first.") if verb else gettext("Choose what to do."),
                "error",
            )
            return self.back(self.get_url(".index_view"))
        refusals = [said for number in sorted(chosen) if (said := self.try_one(verb, number))]
        done = len(chosen) - len(refusals)
        if done:
            said = ngettext("%(num)d message changed.", "%(num)d messages changed.", done)
            flash(said, "success")
        for sentence in dict.fromkeys(refusals):
            flash(f"{refusals.count(sentence)} × {sentence}", "error")
        return self.back(self.get_url(".index_view"))

    def try_one(self, verb: Callable[..., Any], number: int) -> str:
        """Why the verb refuses that message; nothing when it was done."""

        def work() -> None:
            with change() as session:
                verb(session, me(), desk.get(session, me(), number))

        try:
            unit(work)
        except Refusal as refusal:
            return str(refusal)
        return ""

    # --- all that were stopped

    @expose("/resume", methods=["POST"])
    def resume(self) -> Any:
        """Send what the breaker has stopped."""
        return self.decide(desk.resume, gettext("They are sent now."))

    @expose("/discard", methods=["POST"])
    def discard(self) -> Any:
        """Let what the breaker has stopped never be sent."""
        return self.decide(desk.discard, gettext("They are not going to be sent."))

    def decide(self, verb: Callable[..., int], done: str) -> Any:
        with change() as session:
            number = verb(session, me())
        flash(done if number else gettext("Nothing is stopped any more."), "success")
        return redirect(self.get_url(".index_view"), 303)
