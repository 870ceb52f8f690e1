"""What stands around a ticket: links, what was merged into it, tags, its requester's others."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, case, literal, null, or_, select, union_all
from sqlalchemy.orm import Session

from console.models import Link, LinkKind, Tag, Ticket, TicketTag, User
from console.tickets import policy
from console.tickets.family import FAMILY_MAX, family

LINKS_MAX = 50
# So many of the requester's other tickets.
OTHERS = 5

ABSORBED, LINK, TAG, EARLIER = PARTS = ("absorbed", "link", "tag", "earlier")
_family: Any = bindparam("family", expanding=True)


@dataclass(frozen=True)
class Around:
    """What stands around one ticket.

    `links` are rows of number, title, status, kind and is_later: whether the other one is the
    later of the two. `absorbed`: number, title, into and at, of all that are part of it, the
    latest merge first. `tags` are words. `earlier`, the newest other tickets of the same
    requester: number, title and status.
    """

    links: Sequence[Any]
    absorbed: Sequence[Any]
    tags: Sequence[str]
    earlier: Sequence[Any]


# One statement of four parts with the same columns; the types are those of the first part.
_absorbed = (
    select(
        literal(ABSORBED).label("part"),
        Ticket.id.label("number"),
        Ticket.title,
        Ticket.status,
        Ticket.merged_into_id.label("into"),
        Ticket.merged_at.label("at"),
        literal("").label("kind"),
        literal(False).label("is_later"),
    )
    .where(Ticket.id.in_(_family), Ticket.id != bindparam("ticket"))
    .order_by(Ticket.merged_at.desc(), Ticket.id.desc())
    .limit(FAMILY_MAX)
)
_is_later = Link.earlier_id.in_(_family)
_links = (
    select(
        literal(LINK).label("part"),
        Ticket.id.label("number"),
        Ticket.title,
        Ticket.status,
        null().label("into"),
        null().label("at"),
        Link.kind,
        _is_later.label("is_later"),
    )
    .join(Ticket, Ticket.id == case((_is_later, Link.later_id), else_=Link.earlier_id))
    .where(
        or_(_is_later, Link.later_id.in_(_family)),
        Ticket.id.not_in(_family),
        Link.kind.in_(bindparam("kinds", expanding=True)),
    )
    .order_by(Ticket.id)
    .limit(LINKS_MAX)
)
_tags = (
    select(
        literal(TAG).label("part"),
        null().label("number"),
        Tag.name.label("title"),
        null().label("status"),
        null().label("into"),
        null().label("at"),
        null().label("kind"),
        null().label("is_later"),
    )
    .join(TicketTag)
    .where(TicketTag.ticket_id == bindparam("ticket"))
    .order_by(Tag.name)
    .limit(Tag.MOST)
)
_earlier = (
    select(
        literal(EARLIER).label("part"),
        Ticket.id.label("number"),
        Ticket.title,
        Ticket.status,
        null().label("into"),
        null().label("at"),
        null().label("kind"),
        null().label("is_later"),
    )
    .where(Ticket.requester_id == bindparam("requester"), Ticket.id.not_in(_family))
    .order_by(Ticket.id.desc())
    .limit(OTHERS)
)
# SQLite takes no parentheses around the parts of a union; as subqueries they need none.
FOR_WORKERS = union_all(*(select(p.subquery()) for p in (_absorbed, _links, _tags, _earlier)))
FOR_REQUESTERS = union_all(*(select(p.subquery()) for p in (_absorbed, _links)))


def around(session: Session, actor: User, ticket: Ticket, numbers: Sequence[int] = ()) -> Around:
    """What stands around the ticket, in one statement; `numbers` are its family's, if known.

    A requester is told of follow-ups only: whatever workers have put together may be another
    customer's.
    """
    is_worker = policy.may(actor, "see_all")
    kinds = list(LinkKind) if is_worker else [LinkKind.FOLLOW_UP]
    found = session.execute(
        FOR_WORKERS if is_worker else FOR_REQUESTERS,
        {
            "ticket": ticket.id,
            "requester": ticket.requester_id,
            "family": numbers or family(session, ticket),
            "kinds": kinds,
        },
    ).all()
    parts: dict[str, list[Any]] = {name: [] for name in PARTS}
    for row in found:
        parts[row.part].append(row)
    return Around(
        links=list({row.number: row for row in parts[LINK]}.values()),
        absorbed=parts[ABSORBED],
        tags=[row.title for row in parts[TAG]],
        earlier=parts[EARLIER],
    )
