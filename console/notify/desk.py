"""The outbox as people see it, and what they can do about what lies in it."""

import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import bindparam, func, insert, literal, select, union_all, update
from sqlalchemy.orm import Session

from console import clock
from console.models import (
    ADMINISTER,
    ID_MAX,
    WORK,
    Delivery,
    DeliveryState,
    Job,
    Lane,
    Medium,
    Topic,
    User,
)
from console.models.base import UTCDateTime
from console.notify.checks import BREAKER_TIME
from console.notify.errors import NotAllowed, NotifyError, NotThere
from console.notify.outbox import DELIVER, forget_jobs

log = logging.getLogger(__name__)

# Why a message did not arrive, where a person says so.
DROPPED, RETURNED = "dropped", "returned"
# A job that is due for longer than this has no worker process that would do it.
LATE = timedelta(minutes=5)
# A message that could not leave for so long is more than a mail server's pause for breath.
DELAYED = timedelta(minutes=30)
# Counting stops here; the screen says "1000+".
COUNT_MAX = 1001
PERIODIC_MAX = 50

MAY_RETRY = (DeliveryState.FAILED, DeliveryState.DEFERRED)
MAY_DROP = (
    DeliveryState.WAITING, DeliveryState.DEFERRED, DeliveryState.STOPPED, DeliveryState.FAILED
)  # fmt: skip
# What is said of a message for which it is too late, or too early.
WHY_NOT = {
    DeliveryState.WAITING: _("It is waiting to be sent already."),
    DeliveryState.SENDING: _("It is being sent in this moment. Look again in a minute."),
    DeliveryState.SENT: _("It has been sent already."),
    DeliveryState.GATHERED: _("It is told together with others in the morning."),
    DeliveryState.STOPPED: _("It is held back with all automatic ones: decide about them all."),
    DeliveryState.CANCELLED: _("It is not going to be sent any more."),
    DeliveryState.BOUNCED: _("It was sent, and came back."),
}


def may(actor: Any, permission: str = ADMINISTER) -> bool:
    """Whether the actor may do something about messages."""
    return isinstance(actor, User) and (actor.active or actor.is_system) and actor.can(permission)


def get(session: Session, actor: User, number: int, *, among: Sequence[int] = ()) -> Delivery:
    """The message of that number, for workers if it is about one of the tickets `among`.

    Raises NotThere.
    """
    _require(actor, WORK if among else ADMINISTER)
    found = session.get(Delivery, number) if 0 < number <= ID_MAX else None
    if found is None or (among and found.ticket_id not in among):
        raise NotThere
    return found


def retry(session: Session, actor: User, delivery: Delivery) -> None:
    """Let the next worker process try it again, as if for the first time.

    Refused unless it has failed or waits for its next try. What is not about a ticket, such as
    a link for a new password, is for admins.
    """
    _require(actor, WORK if delivery.ticket_id else ADMINISTER)
    moment = clock.now()
    fresh = {"state": DeliveryState.WAITING, "tries": 0, "run_at": moment, "error": ""}
    if not _move(session, delivery, MAY_RETRY, **fresh):
        raise NotifyError(WHY_NOT[delivery.state])
    if delivery.topic is Topic.DIGEST:
        _gather_again(session, delivery)
    _let_run(session, delivery.id, moment)


def drop(session: Session, actor: User, delivery: Delivery) -> None:
    """Let it never be sent. Refused once it is being sent."""
    _require(actor, ADMINISTER)
    if not _move(session, delivery, MAY_DROP, state=DeliveryState.CANCELLED, error=DROPPED):
        raise NotifyError(WHY_NOT[delivery.state])
    forget_jobs(session, [delivery.id])


def mark_bounced(session: Session, actor: User, delivery: Delivery) -> bool:
    """Note that a mail came back, as a worker has seen in the inbox. False if that was known."""
    _require(actor, WORK)
    returned = {"state": DeliveryState.BOUNCED, "error": RETURNED}
    is_mail = delivery.channel is Medium.MAIL
    if is_mail and _move(session, delivery, [DeliveryState.SENT], **returned):
        return True
    if delivery.state is DeliveryState.BOUNCED:
        return False
    raise NotifyError(_("Only an e-mail that was sent can have come back."))


def resume(session: Session, actor: User) -> int:
    """Send what was stopped, and count the automatic ones anew; answers how many it was."""
    moment = clock.now()
    number = _release(session, actor, moment, state=DeliveryState.WAITING, tries=0, error="")
    # By what the first statement wrote, and not by the state: others may be stopped meanwhile.
    theirs = select(Delivery.id).where(
        Delivery.state == DeliveryState.WAITING, Delivery.run_at == moment
    )
    session.execute(
        update(Job)
        .where(Job.name == DELIVER, Job.about.in_(theirs))
        .values(run_at=moment, failures=0, error="")
        .execution_options(synchronize_session=False)
    )
    known = select(Job.about).where(Job.name == DELIVER, Job.about == Delivery.id)
    lane = literal(int(Lane.AUTOMATIC))
    session.execute(
        insert(Job).from_select(
            ["name", "about", "lane", "run_at", "failures", "error"],
            theirs.where(~known.exists()).with_only_columns(
                literal(DELIVER), Delivery.id, lane, Delivery.run_at, literal(0), literal("")
            ),
        )
    )
    log.warning("%s messages that were stopped are sent, by account %s", number, actor.id)
    return number


def discard(session: Session, actor: User) -> int:
    """Never send what was stopped, and count the automatic ones anew; answers how many it was."""
    moment = clock.now()
    number = _release(session, actor, moment, state=DeliveryState.CANCELLED, error=DROPPED)
    theirs = select(Delivery.id).where(
        Delivery.state == DeliveryState.CANCELLED, Delivery.run_at == moment
    )
    forget_jobs(session, theirs)
    log.warning("%s messages that were stopped are not sent, by account %s", number, actor.id)
    return number


def _require(actor: User, permission: str) -> None:
    if not may(actor, permission):
        raise NotAllowed


def _move(
    session: Session, delivery: Delivery, states: Collection[DeliveryState], **values: Any
) -> bool:
    """Whether it was in one of these states, and now has these values: one statement."""
    mine = update(Delivery).where(Delivery.id == delivery.id, Delivery.state.in_(states))
    moved = session.connection().execute(mine.values(**values)).rowcount
    session.refresh(delivery)
    return bool(moved)


def _gather_again(session: Session, digest: Delivery) -> None:
    """What failed with the message that was to tell of it is told by that again."""
    session.execute(
        update(Delivery)
        .where(Delivery.digest_id == digest.id, Delivery.state == DeliveryState.FAILED)
        .values(state=DeliveryState.GATHERED, error="")
        .execution_options(synchronize_session=False)
    )


def _let_run(session: Session, number: int, moment: datetime) -> None:
    """Make the job due, or make a new one. A lease is left alone: it may be in somebody's hands."""
    due = {"run_at": moment, "lane": int(Lane.PEOPLE), "failures": 0, "error": ""}
    mine = update(Job).where(Job.name == DELIVER, Job.about == number)
    if not session.connection().execute(mine.values(**due)).rowcount:
        session.execute(insert(Job).values(name=DELIVER, about=number, **due))


def _release(session: Session, actor: User, moment: datetime, **values: Any) -> int:
    """Give all that is stopped these values. Neither they nor the latest are counted again."""
    _require(actor, ADMINISTER)
    stopped = update(Delivery).where(Delivery.state == DeliveryState.STOPPED)
    number = (
        session.connection()
        .execute(stopped.values(automatic=False, run_at=moment, **values))
        .rowcount
    )
    latest = update(Delivery).where(
        Delivery.automatic.is_(True), Delivery.created_at > moment - BREAKER_TIME
    )
    session.connection().execute(latest.values(automatic=False))
    session.expire_all()
    return number


@dataclass(frozen=True)
class OutboxState:
    """How the outbox stands: for admins, and for the machines that watch.

    `oldest_due` is how many seconds ago the oldest job should have run, None when none is due.
    `delayed` is for how many seconds the one that waits longest for its next try could not
    leave, None when all could. The counts stop at COUNT_MAX; `failed` are those of the last day.
    `periodic` are rows of name, done_at, run_at, failures and error.
    """

    oldest_due: float | None
    delayed: float | None
    due: int
    stopped: int
    failed: int
    mails_wait: bool
    # How many of the program's own jobs could not be done.
    failing: int = 0
    periodic: Sequence[Any] = ()

    @property
    def is_late(self) -> bool:
        """Whether no worker process seems to run."""
        return (self.oldest_due or 0) > LATE.total_seconds()

    @property
    def is_delayed(self) -> bool:
        """Whether messages cannot leave, and have not for a while."""
        return (self.delayed or 0) > DELAYED.total_seconds()

    @property
    def needs_somebody(self) -> bool:
        """Whether an admin should look."""
        return bool(self.is_late or self.is_delayed or self.stopped or self.failed or self.failing)


def _count(rows: Any) -> Any:
    return select(func.count()).select_from(rows.limit(COUNT_MAX).subquery()).scalar_subquery()


# What is parked has no time, and is not due. Lane by lane, for the sake of the index.
_now: Any = bindparam("now", type_=UTCDateTime())
_firsts = union_all(
    *(
        select(
            select(Job.run_at)
            .where(Job.lane == int(lane), Job.run_at <= _now)
            .order_by(Job.run_at)
            .limit(1)
            .subquery()
        )
        for lane in Lane
    )
).subquery()
_in_state = select(Delivery.id).where
NUMBERS = select(
    select(func.min(_firsts.c.run_at)).scalar_subquery().label("oldest"),
    # The pauses grow: what is tried again last has waited longest.
    select(Delivery.created_at)
    .where(Delivery.state == DeliveryState.DEFERRED)
    .order_by(Delivery.run_at.desc())
    .limit(1)
    .scalar_subquery()
    .label("deferred"),
    _count(select(Job.id).where(Job.lane.in_([int(n) for n in Lane]), Job.run_at <= _now)).label(
        "due"
    ),
    _count(_in_state(Delivery.state == DeliveryState.STOPPED)).label("stopped"),
    # Its last try was when it should have been.
    _count(
        _in_state(
            Delivery.state == DeliveryState.FAILED,
            Delivery.run_at > bindparam("yesterday", type_=UTCDateTime()),
        )
    ).label("failed"),
    _count(select(Job.id).where(Job.lane == int(Lane.PERIODIC), Job.failures > 0)).label("failing"),
    _in_state(Delivery.state == DeliveryState.WAITING, Delivery.channel == Medium.MAIL)
    .limit(1)
    .scalar_subquery()
    .label("mail"),
)
PERIODIC = (
    select(Job.name, Job.done_at, Job.run_at, Job.failures, Job.error)
    .where(Job.lane == int(Lane.PERIODIC), Job.about == 0)
    .order_by(Job.name)
    .limit(PERIODIC_MAX)
)


def numbers(session: Session) -> OutboxState:
    """How the outbox stands, without the periodic jobs: one statement."""
    now = clock.now()
    row = session.execute(NUMBERS, {"now": now, "yesterday": now - timedelta(days=1)}).one()
    return OutboxState(
        oldest_due=_seconds(now, row.oldest),
        delayed=_seconds(now, row.deferred),
        due=row.due,
        stopped=row.stopped,
        failed=row.failed,
        mails_wait=row.mail is not None,
        failing=row.failing,
    )


def _seconds(now: datetime, since: datetime | None) -> float | None:
    return None if since is None else max(0.0, (now - since).total_seconds())


def state(session: Session) -> OutboxState:
    """How the outbox stands, with the periodic jobs: two statements."""
    found = numbers(session)
    return OutboxState(
        **{**vars(found), "periodic": session.execute(PERIODIC).all()},
    )
