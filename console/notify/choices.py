"""By which ways people want to be told, and whether those lead anywhere."""

from sqlalchemy import Select, String, and_, select, type_coerce
from sqlalchemy.orm import Session, lazyload

from console.models import WORK, ContactBy, Medium, NoticeChoice, Role, Topic, User

USUAL = frozenset({Medium.MAIL, Medium.CHAT})
# What workers choose, in the order of their page, and what holds for who has chosen nothing.
DEFAULTS: dict[Topic, frozenset[Medium]] = {
    Topic.ASSIGNED: USUAL,
    Topic.ANSWERED: USUAL,
    Topic.HIGH: USUAL,
    Topic.DUE_SOON: USUAL,
    Topic.OVERDUE: USUAL,
    Topic.UNDELIVERED: USUAL,
    Topic.POOL: frozenset(),
}
CHOOSABLE = tuple(DEFAULTS)
MEDIA = (Medium.MAIL, Medium.SMS, Medium.CHAT)
# More workers than anybody has; each has a row for each way that he has chosen himself.
WORKERS_MAX = 20_000

WORKERS: Select[tuple[User]] = (
    select(User)
    .where(
        User.role_name.in_(
            select(Role.name).where(type_coerce(Role.permissions, String).contains(WORK))
        ),
        User.active.is_(True),
    )
    .order_by(User.id)
    .options(lazyload(User.role))
)


def of_workers(session: Session, topic: Topic) -> list[tuple[User, Medium]]:
    """The workers who want to be told of the topic, each with the ways that lead to him.

    One statement.
    """
    own = and_(NoticeChoice.user_id == User.id, NoticeChoice.topic == topic)
    asked = WORKERS.add_columns(NoticeChoice.channel, NoticeChoice.chosen)
    # Where nothing is usual only those count who have chosen something.
    asked = asked.outerjoin(NoticeChoice, own) if DEFAULTS[topic] else asked.join(NoticeChoice, own)
    chosen: dict[User, dict[Medium, bool]] = {}
    for worker, channel, wanted in session.execute(asked.limit(WORKERS_MAX * len(MEDIA))):
        chosen.setdefault(worker, {})[channel] = wanted
    return [
        (worker, medium)
        for worker, own_choice in chosen.items()
        for medium in _ways(worker, topic, own_choice)
    ]


def of_person(session: Session, user: User, topic: Topic) -> list[Medium]:
    """The ways by which the worker wants to be told of the topic and that lead to him."""
    own = select(NoticeChoice.channel, NoticeChoice.chosen).where(
        NoticeChoice.user_id == user.id, NoticeChoice.topic == topic
    )
    return _ways(user, topic, {row.channel: row.chosen for row in session.execute(own)})


def of_requester(user: User) -> tuple[Medium, str] | None:
    """How the requester wants to hear of his tickets, and where; None when he does not.

    A text message without a number to send it to becomes a mail; the address is empty when
    there is no way at all.
    """
    if user.contact_by == ContactBy.NONE:
        return None
    if user.contact_by == ContactBy.SMS and user.mobile:
        return Medium.SMS, user.mobile
    return Medium.MAIL, address(user, Medium.MAIL)


def address(person: User, medium: Medium) -> str:
    """Where the medium reaches the person, empty for nowhere.

    For a chat only its kind, such as "slack": the address itself is as good as a password.
    """
    if medium == Medium.MAIL:
        return person.email if person.has_address else ""
    if medium == Medium.SMS:
        return person.mobile
    if medium == Medium.CHAT:
        return person.chat_url.partition("://")[0].lower()
    return ""


def _ways(person: User, topic: Topic, own: dict[Medium, bool]) -> list[Medium]:
    usual = DEFAULTS[topic]
    return [m for m in MEDIA if own.get(m, m in usual) and address(person, m)]
