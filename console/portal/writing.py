"""What a page says behind the writer's back: that it is open, and what is being written."""

import re
from typing import Any

from flask import Blueprint, jsonify, request
from flask_babel import gettext as _
from werkzeug.exceptions import BadRequest

from console import faults
from console.login.sessions import me
from console.login.setup import members_only
from console.models import Event
from console.portal.files import attached_ids
from console.refusals import Refusal
from console.tickets import drafts, news, policy, presence, queries
from console.tickets.errors import NotThere
from console.tickets.family import family
from console.tickets.presence import Seen
from console.transaction import change

writing = Blueprint("writing", __name__)
PLACE = re.compile(r"new|(capture)|(reply|note):(\d{1,9})")


writing.before_request(members_only)


@writing.errorhandler(Refusal)
def refused(refusal: Refusal) -> Any:
    return faults.refuse(refusal, "/")


@writing.post("/drafts/<place>")
def draft(place: str) -> Any:
    """Keep what stands in a form now."""
    found = PLACE.fullmatch(place)
    if found is None:
        raise BadRequest
    with change() as session:
        if found[3]:
            queries.get_visible(session, me(), int(found[3]))
        needs = {"capture": "open_for", "note": "note"}.get(found[1] or found[2])
        if needs and not policy.may(me(), needs):
            raise NotThere
        fields: dict[str, Any] = {name: request.form.get(name, "") for name in drafts.TEXTS}
        fields["attached"] = attached_ids()
        key = request.form.get("key", "")[:80]
        kept = drafts.save(session, me(), place, fields=fields, key=key)
    # 409: a form with this key has been sent; what is typed now belongs to another.
    return "", 204 if kept else 409


@writing.post("/tickets/<int:ticket_id>/presence")
def ticket_presence(ticket_id: int) -> Any:
    """Note that the page is open; answer who else is there, and whether there is news."""
    with change() as session:
        ticket = queries.get_visible(session, me(), ticket_id)
        if request.form.get("leave"):
            presence.leave(session, me(), ticket)
            return "", 204
        presence.touch(session, me(), ticket, writing=bool(request.form.get("writing")))
        people = presence.others(session, me(), ticket) if policy.may(me(), "see_all") else []
        seen = request.form.get("seen", type=int)
        unseen = news.unseen(me(), family(session, ticket), seen)
        first = unseen.with_only_columns(Event.id).limit(1)
        has_news = seen is not None and session.scalar(first) is not None
    return jsonify(
        people=[sentence(person) for person in people],
        news=_("Something new has come on this ticket.") if has_news else None,
    )


def sentence(person: Seen) -> str:
    """What a colleague is told of somebody on the same ticket."""
    if person.has_draft:
        return _("%(name)s has begun an answer", name=person.name)
    if person.is_writing:
        return _("%(name)s is writing", name=person.name)
    return _("%(name)s is looking at the ticket", name=person.name)
