"""What people do about the outbox: once, and never about what is on its way already."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from console import clock
from console.accounts import rules
from console.extensions import db
from console.jobs.periodic import PERIODIC
from console.models import Delivery, DeliveryState, Job, Lane, Medium, Topic
from console.notify import desk
from console.notify.desk import DROPPED, LATE, MAY_DROP, MAY_RETRY
from console.notify.errors import NotAllowed, NotifyError, NotThere
from console.notify.outbox import DELIVER
from console.words import DELIVERY, JOB, MEDIUM, REASON, TOPIC
from tests.bench import statements
from tests.notify.owing import owe

LONG_AGO = timedelta(hours=3)


def jobs_of(session, number):
    """When the message's job is due."""
    asked = sa.select(Job.run_at).where(Job.name == DELIVER, Job.about == number)
    return list(session.scalars(asked))


@pytest.fixture
def ticket(number):
    return number


@pytest.fixture
def anne(ticket, people):
    return people("anne")


@pytest.mark.parametrize("state", MAY_RETRY)
@pytest.mark.parametrize("has_job", [True, False])
def test_a_message_that_did_not_go_is_due_at_once(session, people, ticket, state, has_job):
    found = owe(session, ticket, state=state, tries=5, error="451 full", job=has_job)
    before = clock.now()
    desk.retry(session, people("ola"), found)
    assert (found.state, found.tries, found.error) == (DeliveryState.WAITING, 0, "")
    assert before <= found.run_at <= clock.now()
    assert jobs_of(session, found.id) == [found.run_at]


@pytest.mark.parametrize("state", MAY_DROP)
def test_a_message_that_was_dropped_never_goes(session, anne, ticket, state):
    found = owe(session, ticket, state=state)
    desk.drop(session, anne, found)
    assert (found.state, found.error) == (DeliveryState.CANCELLED, DROPPED)
    assert jobs_of(session, found.id) == []


@pytest.mark.parametrize(
    ("verb", "state"),
    [
        *((desk.retry, state) for state in DeliveryState if state not in MAY_RETRY),
        *((desk.drop, state) for state in DeliveryState if state not in MAY_DROP),
        *((desk.mark_bounced, state) for state in DeliveryState
          if state not in (DeliveryState.SENT, DeliveryState.BOUNCED)),
    ],
)  # fmt: skip
def test_what_is_too_late_or_too_early_is_refused_with_a_reason(session, anne, ticket, verb, state):
    found = owe(session, ticket, state=state)
    with pytest.raises(NotifyError) as refusal:
        verb(session, anne, found)
    assert str(refusal.value)
    assert refusal.value.status == 409
    assert found.state is state
    assert len(jobs_of(session, found.id)) == 1


def test_one_that_is_being_sent_since_the_page_was_drawn_is_left_alone(session, anne, ticket):
    found = owe(session, ticket, state=DeliveryState.WAITING)
    sending = sa.update(Delivery).values(state=DeliveryState.SENDING)
    session.connection().execute(sending)
    assert found.state is DeliveryState.WAITING, "as this session remembers it"
    with pytest.raises(NotifyError, match=str(desk.WHY_NOT[DeliveryState.SENDING])):
        desk.drop(session, anne, found)
    assert found.state is DeliveryState.SENDING


def test_what_failed_with_a_digest_is_told_by_it_again(session, anne, ticket):
    digest = owe(session, None, state=DeliveryState.FAILED, topic=Topic.DIGEST)
    part = owe(session, ticket, state=DeliveryState.FAILED, digest_id=digest.id, job=False)
    other = owe(session, ticket, state=DeliveryState.FAILED)
    desk.retry(session, anne, digest)
    session.refresh(part)
    assert (digest.state, part.state) == (DeliveryState.WAITING, DeliveryState.GATHERED)
    assert other.state is DeliveryState.FAILED
    assert jobs_of(session, part.id) == []


def test_a_job_in_somebodys_hands_keeps_its_lease(session, anne, ticket):
    found = owe(session, ticket, state=DeliveryState.DEFERRED)
    lease = clock.now() + timedelta(minutes=1)
    session.execute(sa.update(Job).values(token="x" * 32, leased_until=lease))
    desk.retry(session, anne, found)
    kept = session.execute(sa.select(Job.token, Job.leased_until)).one()
    assert kept == ("x" * 32, lease)


def test_a_mail_that_came_back_is_marked_once(session, people, ticket):
    found = owe(session, ticket, state=DeliveryState.SENT)
    assert desk.mark_bounced(session, people("ola"), found)
    assert found.state is DeliveryState.BOUNCED
    assert not desk.mark_bounced(session, people("ola"), found)


def test_only_a_mail_comes_back(session, people, ticket):
    for channel in set(Medium) - {Medium.MAIL}:
        found = owe(session, ticket, state=DeliveryState.SENT, channel=channel)
        with pytest.raises(NotifyError):
            desk.mark_bounced(session, people("ola"), found)


@pytest.mark.parametrize(
    ("verb", "allowed"),
    [(desk.retry, ("ola", "anne")), (desk.mark_bounced, ("ola", "anne")), (desk.drop, ("anne",))],
)
def test_who_may(session, people, ticket, verb, allowed):
    for who in ("kari", "ola", "anne"):
        state = DeliveryState.SENT if verb is desk.mark_bounced else DeliveryState.FAILED
        found = owe(session, ticket, state=state)
        if who in allowed:
            verb(session, people(who), found)
        else:
            with pytest.raises(NotAllowed):
                verb(session, people(who), found)


def test_mail_about_accounts_is_for_admins(session, people):
    found = owe(session, None, state=DeliveryState.FAILED, topic=Topic.ACCOUNT)
    with pytest.raises(NotAllowed):
        desk.retry(session, people("ola"), found)
    desk.retry(session, people("anne"), found)


def test_one_finds_only_what_is_about_ones_tickets(session, people, ticket, new_ticket):
    other = new_ticket("per")
    found = owe(session, ticket)
    assert desk.get(session, people("ola"), found.id, among=[other, ticket]) is found
    for number in (found.id, 0, -1, 10**12, found.id + 1000):
        with pytest.raises(NotThere):
            desk.get(session, people("ola"), number, among=[other])
    with pytest.raises(NotAllowed):
        desk.get(session, people("ola"), found.id)


@pytest.mark.parametrize("verb", [desk.resume, desk.discard])
def test_the_breaker_is_an_admins_business(session, people, verb):
    for who in ("kari", "ola"):
        with pytest.raises(NotAllowed):
            verb(session, people(who))


def stop(session, ticket):
    """Three that are stopped: with a parked job, with a due one, and with none."""
    stopped = [
        owe(session, ticket, state=DeliveryState.STOPPED, automatic=True, job=job) for job in
        (True, True, False)
    ]  # fmt: skip
    session.execute(sa.update(Job).where(Job.about == stopped[0].id).values(run_at=None))
    return stopped


def test_what_was_stopped_goes_when_an_admin_says_so(session, anne, ticket):
    stopped, other = stop(session, ticket), owe(session, ticket, state=DeliveryState.FAILED)
    assert desk.resume(session, anne) == 3
    for found in stopped:
        assert found.state is DeliveryState.WAITING
        assert jobs_of(session, found.id) == [found.run_at]
        assert found.run_at <= clock.now()
    assert other.state is DeliveryState.FAILED
    assert desk.resume(session, anne) == 0


def test_what_was_stopped_never_goes_when_an_admin_says_so(session, anne, ticket):
    stopped, other = stop(session, ticket), owe(session, ticket)
    assert desk.discard(session, anne) == 3
    for found in stopped:
        assert (found.state, found.error) == (DeliveryState.CANCELLED, DROPPED)
        assert jobs_of(session, found.id) == []
    assert jobs_of(session, other.id)


@pytest.mark.parametrize("verb", [desk.resume, desk.discard])
def test_after_that_the_automatic_ones_are_counted_anew(session, anne, ticket, verb):
    old = clock.now() - LONG_AGO
    stopped = owe(session, ticket, state=DeliveryState.STOPPED, automatic=True, created_at=old)
    latest = owe(session, ticket, state=DeliveryState.SENT, automatic=True)
    before = owe(session, ticket, state=DeliveryState.SENT, automatic=True, created_at=old)
    verb(session, anne)
    assert not stopped.automatic
    assert not latest.automatic
    assert before.automatic, "made before that, it was counted no longer"


@pytest.mark.parametrize("verb", [desk.resume, desk.discard])
def test_deciding_about_hundreds_costs_what_one_does(session, anne, ticket, verb):
    costs = []
    for many in (1, 300):
        for _ in range(many):
            owe(session, ticket, state=DeliveryState.STOPPED, automatic=True)
        with statements(db.engine) as seen:
            assert verb(session, anne) == many
        costs.append(len(seen))
    assert costs[0] == costs[1] <= 5


# --- how it stands


def test_an_empty_outbox_is_in_order(session):
    state = desk.state(session)
    assert state == desk.OutboxState(None, None, 0, 0, 0, False, 0, [])
    assert not state.is_late
    assert not state.needs_somebody


def test_the_oldest_due_is_found_in_every_lane_and_nothing_parked_counts(session):
    now = clock.now()
    for name, lane, run_at in (
        ("parked", Lane.PEOPLE, None),
        ("later", Lane.PERIODIC, now + LONG_AGO),
        ("a", Lane.PERIODIC, now - timedelta(seconds=20)),
        ("b", Lane.AUTOMATIC, now - timedelta(seconds=400)),
    ):
        session.add(Job(name=name, lane=lane, run_at=run_at))
    session.flush()
    with clock.at(now):
        state = desk.state(session)
        assert (state.oldest_due, state.due) == (400, 2)
        assert state.is_late
        assert [job.name for job in state.periodic] == ["a", "later"]
    with clock.at(now - timedelta(seconds=400) + LATE):
        assert not desk.numbers(session).is_late


def test_what_cannot_leave_for_half_an_hour_is_noticed(session, ticket):
    now = clock.now()
    for minutes, again in ((5, 1), (29, 60)):
        owe(
            session, ticket, state=DeliveryState.DEFERRED, job=False,
            created_at=now - timedelta(minutes=minutes), run_at=now + timedelta(minutes=again),
        )  # fmt: skip
    with clock.at(now):
        state = desk.numbers(session)
        assert (state.delayed, state.needs_somebody) == (29 * 60, False)
    with clock.at(now + timedelta(minutes=2)):
        assert desk.numbers(session).needs_somebody


def test_a_job_of_its_own_that_fails_is_noticed(session):
    session.add(Job(name="remind", lane=Lane.PERIODIC, run_at=clock.now() + LONG_AGO, failures=1))
    session.flush()
    state = desk.numbers(session)
    assert (state.failing, state.is_late, state.needs_somebody) == (1, False, True)


def test_counting_stops_somewhere(session, ticket):
    moment = clock.now()
    row = {"recipient": "a@b.example", "subject": "", "body": "", "tries": 0, "run_at": moment,
           "created_at": moment, "error": "", "state": DeliveryState.STOPPED}  # fmt: skip
    session.execute(sa.insert(Delivery), [row] * 1100)
    session.execute(
        sa.insert(Job),
        [{"name": DELIVER, "about": n, "lane": 2, "run_at": moment} for n in range(1100)],
    )
    state = desk.state(session)
    assert (state.stopped, state.due) == (desk.COUNT_MAX, desk.COUNT_MAX)


def test_what_failed_since_yesterday_is_counted(session, ticket):
    owe(session, ticket, state=DeliveryState.FAILED)
    owe(session, ticket, state=DeliveryState.FAILED, run_at=clock.now() - timedelta(days=2))
    state = desk.numbers(session)
    assert state.failed == 1
    assert state.needs_somebody


def test_a_mail_that_waits_is_noticed(session, ticket):
    owe(session, ticket, state=DeliveryState.WAITING, channel=Medium.SMS)
    assert not desk.numbers(session).mails_wait
    owe(session, ticket, state=DeliveryState.WAITING)
    assert desk.numbers(session).mails_wait


def test_the_state_is_two_statements_at_most(session):
    with statements(db.engine) as seen:
        desk.state(session)
    assert len(seen) == 2


def test_the_system_may_decide_too(session, ticket):
    owe(session, ticket, state=DeliveryState.STOPPED)
    assert desk.discard(session, rules.system_user(session)) == 1


@pytest.mark.parametrize(
    ("enum", "words"), [(DeliveryState, DELIVERY), (Medium, MEDIUM), (Topic, TOPIC)]
)
def test_everything_that_is_stored_has_its_word(context, enum, words):
    assert set(words) == set(enum)
    assert all(str(word) for word in words.values())


def test_every_reason_of_ours_has_its_words(context):
    assert {
        "no_address", "inactive", "outdated", "covered", "taken_back", "capped", "expired",
        "robot", "refuses", "dropped", "no_gateway", "gone", "stopped", "returned",
    } <= set(REASON)  # fmt: skip


def test_every_periodic_job_has_its_words(context):
    assert set(JOB) == {*PERIODIC, "alarm"}
