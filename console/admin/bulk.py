"""Many tickets at once: asked for once more, done one by one, and answered line by line."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from babel.lists import format_list
from flask import flash, redirect, request
from flask_admin import expose
from flask_admin.helpers import get_redirect_target
from flask_babel import get_locale, gettext, ngettext
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm.exc import StaleDataError

from console.admin.bulk_actions import ACTIONS, Action, BulkForm, number
from console.admin.ticket_page import seen_version
from console.extensions import db
from console.login.sessions import me
from console.models import Status, Ticket, User
from console.refusals import Refusal
from console.tickets import queries
from console.tickets.errors import NO_TICKET, Clash, Conflict, Stale, TicketError
from console.transaction import change, passes, unit
from console.words import FIELD, PRIORITY, STATUS

BULK_MAX = 200
# So many are shown to choose from when more than BULK_MAX were selected.
SHOWN_MAX = 500


@dataclass(frozen=True)
class Line:
    """What became of one ticket: done, left as it was (no sentence), or refused and why."""

    text: str
    ticket: Any
    sentence: str
    refused: bool = False


class BulkPage:
    """The list's actions on the selected tickets.

    Mixed into a view, and none itself: Flask-Admin copies each exposed method into every view
    class, where the copy of its own would hide the one of another parent.
    """

    render: Callable[..., str]  # Flask-Admin's, like the next
    get_url: Callable[..., str]

    @expose("/action/", methods=["POST"])
    def action_view(self) -> Any:
        """The action on the ticked tickets; from our own list it is asked for once more."""
        action = ACTIONS.get(request.form.get("action", ""))
        selected = chosen()
        back = get_redirect_target() or self.get_url(".index_view")
        if action is None or not selected:
            sentence = (
                gettext("Select the tickets first.")
                if action
                else gettext("Choose what is to be done.")
            )
            flash(sentence, "error")
            return redirect(back, 303)
        form = action.form()
        if "ask" in request.form:
            return self.confirm(action, form, selected, back, 200)
        if len(selected) > BULK_MAX or not form.validate():
            return self.confirm(action, form, selected, back, 422)
        return self.carry_out(action, form, selected, back)

    def confirm(
        self, action: Action, form: BulkForm, selected: list[str], back: str, status: int
    ) -> Any:
        """The page that says what will be done to which tickets, and asks for what is missing."""
        shown = selected[:SHOWN_MAX]
        found = rows(shown)
        open_ones = [row for row in found.values() if row.status is not Status.CLOSED]
        page = self.render(
            "admin/confirm.html",
            question=action.question(len(selected)),
            action=request.form["action"],
            form=form,
            lines=[Line(text, found.get(number(text)), "") for text in shown],
            versions={text: seen_version(f"version-{text}") for text in shown},
            return_url=back,
            too_many=len(selected) > BULK_MAX,
            most=BULK_MAX,
            readers=len({row.requester_id for row in open_ones}),
            left_out=len(found) - len(open_ones),
        )
        return page, status

    def carry_out(self, action: Action, form: BulkForm, selected: list[str], back: str) -> Any:
        """One change() a ticket, whatever becomes of the others; the answer has a line for each."""
        found = rows(selected)
        lines = [one(action, form, text, found.get(number(text))) for text in selected]
        refused = [line for line in lines if line.refused]
        done = sum(bool(line.sentence) for line in lines) - len(refused)
        return self.render(
            "admin/bulk_result.html",
            heading=ngettext(
                "%(done)d of %(num)d ticket changed",
                "%(done)d of %(num)d tickets changed",
                len(lines),
                done=done,
            ),
            action=request.form["action"],
            form=form,
            lines=[*refused, *(line for line in lines if not line.refused)],
            # Whoever tries again has read why not: from how it stands now.
            again=rows([line.text for line in refused if line.ticket]),
            return_url=back,
        )


def chosen() -> list[str]:
    """The ticked rows in their order, each once: numbers of tickets, and what was sent as one."""
    # Long enough for any number of a ticket, and for the answer to name what it was not.
    texts = [text[:12] for text in request.form.getlist("rowid")]
    return list({number(text) or text: text for text in texts}.values())


def rows(selected: list[str]) -> dict[int, Any]:
    """What the pages say of these tickets, by number; one statement."""
    ids = {number(text) for text in selected} - {0}
    if not ids:
        return {}
    found = db.session.execute(
        queries.visible_to(me())
        .where(Ticket.id.in_(ids))
        .join(User, User.id == Ticket.requester_id)
        .with_only_columns(
            Ticket.id,
            Ticket.title,
            Ticket.status,
            Ticket.version,
            Ticket.requester_id,
            User.username.label("requester"),
        )
    )
    return {row.id: row for row in found}


def one(action: Action, form: BulkForm, text: str, row: Any) -> Line:
    """The action on one ticket, by itself: a deadlock runs this one again and no other."""
    if row is None:
        printable = "".join(c if c.isprintable() else "\ufffd" for c in text)
        return Line(printable, None, str(NO_TICKET), refused=True)
    version = seen_version(f"version-{text}")

    def work() -> bool:
        with change() as session:
            ticket = session.scalars(select(Ticket).where(Ticket.id == row.id)).one()
            if ticket.merged_into_id is not None:
                into = ticket.merged_into_id
                raise TicketError(
                    gettext("#%(number)d is part of #%(into)d now.", number=row.id, into=into)
                )
            before = ticket.version
            action.verb(session, me(), ticket, form, version)
            return ticket.version != before

    try:
        return Line(text, row, action.done(form) if unit(work) else "")
    except Conflict as conflict:
        return Line(text, row, clash(conflict.clash), refused=True)
    except Stale as stale:
        return Line(text, row, unread(stale), refused=True)
    except Refusal as refusal:
        return Line(text, row, str(refusal), refused=True)
    except (DBAPIError, StaleDataError) as error:
        if not passes(error):
            raise
        sentence = gettext("Others were changing it all the time. Try again.")
        return Line(text, row, sentence, refused=True)


def unread(stale: Stale) -> str:
    """Whose words or decisions must be looked at first."""
    return gettext(
        "%(who)s has said or decided something that you have not seen. Look at it first.",
        who=format_list(
            sorted({event.actor.username for event in stale.news}), locale=get_locale()
        ),
    )


def clash(clash: Clash) -> str:
    """Who changed the same thing meanwhile, and to what."""
    names: dict[Any, Any] = {**STATUS, **PRIORITY}
    return gettext(
        "%(who)s has changed it meanwhile: %(field)s: %(value)s.",
        who=clash.who,
        field=FIELD[clash.field],
        value=names.get(clash.theirs, clash.theirs) or "–",
    )
