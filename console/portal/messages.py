"""Writing on a ticket, the same from the requester's page and from the console."""

from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from typing import Any

from babel.lists import format_list
from flask import flash, request
from flask_babel import get_locale
from flask_babel import gettext as _

from console.attachments import files, store
from console.extensions import db
from console.login.sessions import me
from console.models import Event, Ticket
from console.portal.files import received
from console.portal.forms import CarriesFiles, MessageForm
from console.refusals import Refusal
from console.tickets import drafts, queries
from console.tickets.errors import Stale
from console.tickets.family import family
from console.tickets.queries import Timeline
from console.transaction import change
from console.words import SECRET


def place(kind: str, ticket_id: int) -> str:
    """The name under which the draft of that form is kept."""
    return f"{kind}:{ticket_id}"


def send(verb: Callable[..., Event], ticket_id: int, form: MessageForm, **how: Any) -> Event | None:
    """Say it, with its files, and empty the draft. None when the form must be shown again.

    Raises Stale with the news, and what is not there or not allowed; the form keeps the text
    and the files in any case.
    """
    if not take_files(form) or not form.validate_on_submit():
        return None
    try:
        with change() as session:
            ticket = queries.get_visible(session, me(), ticket_id)
            form.place = place(form.kind, ticket_id)
            if ticket.absorbed and ticket.id == ticket_id:
                numbers = [ticket_id, *family(session, ticket)]
                places = [place(form.kind, number) for number in numbers]
                begun = drafts.find(session, me(), places)
                form.place = shown_place(form.kind, numbers, begun)
            event = verb(
                session,
                me(),
                ticket,
                body=form.body.data or "",
                attachments=form.attached,
                key=form.key.sent,
                seen=form.seen_event,
                **how,
            )
            drafts.sent(session, me(), form.place, key=form.key.sent)
    except Stale:
        _find_files(form)
        raise
    except Refusal as refusal:
        if refusal.status in (403, 404):
            raise
        form.status = refusal.status
        show(refusal, form)
        _find_files(form)
        return None
    drop_copies(form)
    return event


def take_files(form: CarriesFiles) -> bool:
    """Store the files that came with the form; False when one of them could not be taken."""
    uploads = received()
    form.attached = uploads.ids
    form.file_errors = [str(problem) for problem in uploads.problems]
    if uploads.problems:
        form.status = uploads.problems[0].status
    _find_files(form)
    return not uploads.problems


def unread(ticket: Ticket, form: MessageForm, stale: Stale) -> dict[str, Any]:
    """What the page needs that shows the news alone; sent from there, the form has seen them."""
    form.seen.data = stale.news[-1].id
    timeline = queries.with_files(db.session(), ticket, stale.news)
    return {"ticket": ticket, "timeline": timeline, "form": form, "revealed": {}}


def drop_copies(form: CarriesFiles) -> None:
    """Forget what is left pending of a form that was sent: it came twice, with its files."""
    if not form.attached:
        return
    with change() as session:
        keys = files.discard(session, me(), form.attached)
    with suppress(Refusal):  # what cannot be deleted now is swept
        store.delete(keys)


def show(refusal: Refusal, form: Any) -> None:
    """Put the refusal's sentence on the field it belongs to, or above the form."""
    field = getattr(form, "_fields", {}).get(refusal.field or "")
    if field is not None:
        field.errors = [*field.errors, str(refusal)]
    elif refusal.field == "attachments":
        form.file_errors = [*form.file_errors, str(refusal)]
    else:
        flash(str(refusal), "error")


def stretch(ticket: Ticket, at: int | None = None) -> Timeline:
    """The part of the conversation that the address asks for; one with the Event `at` in it."""
    # A form that was refused is shown again, and stands below the newest.
    before = request.args.get("before", type=int) if request.method == "GET" else None
    timeline = queries.timeline(db.session(), me(), ticket, before=before)
    if at is None or any(event.id == at for event in timeline.events):
        return timeline
    return queries.timeline(db.session(), me(), ticket, until=at)


def composers(
    ticket: Ticket, timeline: Timeline, kinds: Sequence[str], refused: MessageForm | None = None
) -> dict[str, MessageForm]:
    """A form of each kind for the page of a ticket: with its draft, or as it was refused."""
    numbers = [ticket.id, *timeline.numbers]
    places = [place(kind, number) for kind in kinds for number in numbers]
    begun = drafts.find(db.session(), me(), places)
    forms = {}
    for kind in kinds:
        form = refused
        if form is None or form.kind != kind:
            where = shown_place(kind, numbers, begun)
            form = MessageForm(kind, formdata=None, body=begun.get(where, {}).get("body", ""))
            form.place = where
            fill(form, begun.get(where, {}))
        form.seen.data = timeline.last
        forms[kind] = form
    return forms


def shown_place(kind: str, numbers: Sequence[int], begun: Collection[str]) -> str:
    """Whose draft the form shows: the ticket's own, or one begun on what was merged into it."""
    places = [place(kind, number) for number in numbers]
    return next((where for where in places if where in begun), places[0])


def fill(form: CarriesFiles, draft: dict[str, Any]) -> None:
    """Give the form the files of its draft; the texts were given when it was made."""
    form.has_draft = bool(draft)
    form.attached = draft.get("attached", [])
    _find_files(form)


def tell(event: Event) -> None:
    """Tell the writer of secrets that were found in what he wrote."""
    kinds = event.changes.get("hidden", [None, []])[1]
    if kinds:
        what = format_list([str(SECRET[kind]) for kind in kinds], locale=get_locale())
        flash(
            _(
                "There is %(what)s in what you wrote. That is hidden now, and shown only to those"
                " who click on it, which is recorded. Wipe it when it is no longer needed.",
                what=what,
            ),
            "warning",
        )


def _find_files(form: CarriesFiles) -> None:
    """The files of the form that are still waiting to be sent.

    The form keeps the numbers of the others: a second click is known by the files of the first.
    """
    form.files = files.find_pending(db.session(), me(), form.attached) if form.attached else []
