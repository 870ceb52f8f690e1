"""What stands around a ticket: links, what was merged into it, tags, its requester's others,
and what became of the messages that tell of it.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import (
    Boolean,
    Integer,
    Select,
    String,
    bindparam,
    case,
    literal,
    null,
    or_,
    select,
    type_coerce,
    union_all,
)
from sqlalchemy.orm import Session

from console.models import Delivery, Link, LinkKind, Tag, Ticket, TicketTag, User
from console.models.base import UTCDateTime
from console.tickets import policy
from console.tickets.family import FAMILY_MAX, family

LINKS_MAX = 50
# So many of the requester's other tickets.
OTHERS = 5
# So many messages, of the latest events that are shown.
DELIVERIES_MAX = 100

ABSORBED, LINK, TAG, EARLIER, DELIVERY = PARTS = (
    "absorbed", "link", "tag", "earlier", "delivery"
)  # fmt: skip
_family: Any = bindparam("family", expanding=True)


@dataclass(frozen=True)
class Around:
    """What stands around one ticket.

    `links` are rows of number, title, status, kind and is_later: whether the other one is the
    later of the two. `absorbed`: number, title, into and at, of all that are part of it, the
    latest merge first. `tags` are words. `earlier`, the newest other tickets of the same
    requester: number, title and status. `deliveries`, by the number of their event: number,
    title (the recipient's name), recipient, channel, state, at (when it was sent), run_at, error.
    """

    links: Sequence[Any]
    absorbed: Sequence[Any]
    tags: Sequence[str]
    earlier: Sequence[Any]
    deliveries: dict[int, list[Any]] = field(default_factory=dict)


# One statement of several parts with the same columns, each empty where a part has none of it.
COLUMNS: dict[str, Any] = {
    "number": Integer(),
    "title": String(),
    "status": Ticket.__table__.c.status.type,
    "into": Integer(),
    "at": UTCDateTime(),
    "kind": String(),
    "is_later": Boolean(),
    "recipient": String(),
    "channel": String(),
    "state": String(),
    "run_at": UTCDateTime(),
    "error": String(),
}


def _part(name: str, **columns: Any) -> Select[Any]:
    """The rows of one part, under its name."""
    return select(
        literal(name).label("part"),
        *(type_coerce(columns.get(it, null()), kind).label(it) for it, kind in COLUMNS.items()),
    )


_ticket = {"number": Ticket.id, "title": Ticket.title, "status": Ticket.status}
_absorbed = (
    _part(ABSORBED, **_ticket, into=Ticket.merged_into_id, at=Ticket.merged_at)
    .where(Ticket.id.in_(_family), Ticket.id != bindparam("ticket"))
    .order_by(Ticket.merged_at.desc(), Ticket.id.desc())
    .limit(FAMILY_MAX)
)
_is_later = Link.earlier_id.in_(_family)
_links = (
    _part(LINK, **_ticket, kind=Link.kind, is_later=_is_later)
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
    _part(TAG, title=Tag.name)
    .join(TicketTag)
    .where(TicketTag.ticket_id == bindparam("ticket"))
    .order_by(Tag.name)
    .limit(Tag.MOST)
)
_earlier = (
    _part(EARLIER, **_ticket)
    .where(Ticket.requester_id == bindparam("requester"), Ticket.id.not_in(_family))
    .order_by(Ticket.id.desc())
    .limit(OTHERS)
)
_deliveries = (
    _part(
        DELIVERY,
        number=Delivery.id,
        title=User.username,
        into=Delivery.event_id,
        at=Delivery.sent_at,
        recipient=Delivery.recipient,
        channel=Delivery.channel,
        state=Delivery.state,
        run_at=Delivery.run_at,
        error=Delivery.error,
    )
    .select_from(Delivery)
    .outerjoin(User, User.id == Delivery.recipient_id)
    .where(Delivery.event_id.in_(bindparam("shown", expanding=True)))
    # In the order of the index on the events, from its end.
    .order_by(Delivery.event_id.desc(), Delivery.id.desc())
    .limit(DELIVERIES_MAX)
)
# SQLite takes no parentheses around the parts of a union; as subqueries they need none.
FOR_WORKERS = union_all(
    *(select(p.subquery()) for p in (_absorbed, _links, _tags, _earlier, _deliveries))
)
FOR_REQUESTERS = union_all(*(select(p.subquery()) for p in (_absorbed, _links)))


def around(
    session: Session,
    actor: User,
    ticket: Ticket,
    numbers: Sequence[int] = (),
    *,
    shown: Sequence[int] = (),
) -> Around:
    """What stands around the ticket, in one statement; `numbers` are its family's, if known.

    `shown` are the events whose messages are asked for. A requester is told of follow-ups only:
    whatever workers have put together may be another customer's, and how messages fare is ours.
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
            "shown": shown,
        },
    ).all()
    parts: dict[str, list[Any]] = {name: [] for name in PARTS}
    for row in found:
        parts[row.part].append(row)
    deliveries: dict[int, list[Any]] = defaultdict(list)
    for row in reversed(parts[DELIVERY]):
        deliveries[row.into].append(row)
    return Around(
        links=list({row.number: row for row in parts[LINK]}.values()),
        absorbed=parts[ABSORBED],
        tags=[row.title for row in parts[TAG]],
        earlier=parts[EARLIER],
        deliveries=deliveries,
    )
