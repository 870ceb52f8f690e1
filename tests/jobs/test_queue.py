"""Of any number of workers one gets a job, and only as long as its lease runs."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
from sqlalchemy import select

from console.extensions import db
from console.jobs import queue
from console.models import Job, Lane
from console.transaction import change, unit

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.fixture
def plan(app):
    """Put jobs into the table, each due at its own time."""
    with app.app_context():

        def put(*times, lane=Lane.PEOPLE, name="deliver"):
            with change() as session:
                first = session.scalar(select(Job.about).order_by(Job.about.desc()).limit(1)) or 0
                rows = [
                    Job(name=name, about=first + n, lane=lane, run_at=at)
                    for n, at in enumerate(times, 1)
                ]
                session.add_all(rows)
                session.flush()
                return [row.id for row in rows]

        yield put


def rows():
    with change() as session:
        return {row.id: row for row in session.scalars(select(Job).order_by(Job.id))}


def test_what_is_due_is_claimed_in_its_order_and_the_rest_is_left(plan):
    late, early, coming = plan(NOON, NOON - SECOND, NOON + SECOND)
    assert [job.number for job in queue.claim(NOON)] == [early, late]
    assert rows()[coming].token is None


def test_periodic_jobs_go_before_replies_and_those_before_automatic_ones(plan):
    (machine,) = plan(NOON - 3 * SECOND, lane=Lane.AUTOMATIC)
    (reply,) = plan(NOON - 2 * SECOND, lane=Lane.PEOPLE)
    (periodic,) = plan(NOON - SECOND, lane=Lane.PERIODIC, name="remind")
    assert [job.number for job in queue.claim(NOON)] == [periodic, reply, machine]


def test_a_queue_of_replies_does_not_hold_up_what_is_periodic(plan):
    plan(*[NOON - timedelta(hours=1)] * 200)
    (periodic,) = plan(NOON, lane=Lane.PERIODIC, name="remind")
    assert periodic in [job.number for job in queue.claim(NOON)]


def test_what_is_claimed_is_nobody_elses_until_its_lease_runs_out(plan):
    (number,) = plan(NOON)
    assert len(queue.claim(NOON)) == 1
    assert queue.claim(NOON + queue.LEASE - SECOND) == []
    (again,) = queue.claim(NOON + queue.LEASE)
    assert again.number == number


def test_a_worker_that_lost_its_lease_can_neither_hold_nor_finish(plan):
    plan(NOON)
    (slow,) = queue.claim(NOON)
    (other,) = queue.claim(NOON + queue.LEASE)
    for late in (
        lambda session: queue.hold(session, slow, NOON),
        lambda session: queue.finish(session, slow, again=None, now=NOON),
    ):
        with pytest.raises(queue.Lost), change() as session:
            late(session)
    with change() as session:
        queue.fail(session, slow, "too late", again=NOON)
    assert rows()[slow.number].token == other.token
    assert rows()[slow.number].failures == 0


def test_who_holds_a_job_has_it_a_lease_longer(plan):
    plan(NOON)
    (job,) = queue.claim(NOON)
    with change() as session:
        queue.hold(session, job, NOON + queue.LEASE)
    assert queue.claim(NOON + queue.LEASE + SECOND) == []


def test_what_is_done_is_gone_and_what_is_periodic_comes_again(plan):
    once, periodic = plan(NOON, NOON)
    for job in queue.claim(NOON):
        with change() as session:
            again = NOON + timedelta(days=1) if job.number == periodic else None
            queue.finish(session, job, again=again, now=NOON)
    left = rows()
    assert once not in left
    assert (left[periodic].run_at, left[periodic].done_at) == (NOON + timedelta(days=1), NOON)
    assert left[periodic].token is None


def test_what_was_done_for_a_job_that_is_lost_does_not_stay(plan):
    plan(NOON)
    (slow,) = queue.claim(NOON)
    queue.claim(NOON + queue.LEASE)

    def work():
        with change() as session:
            session.add(Job(name="trace", run_at=NOON))
            queue.finish(session, slow, again=None, now=NOON)

    with pytest.raises(queue.Lost):
        work()
    assert [row.name for row in rows().values()] == ["deliver"]


def test_a_failure_is_counted_with_its_reason_and_tried_again(plan):
    (number,) = plan(NOON)
    (job,) = queue.claim(NOON)
    with change() as session:
        queue.fail(session, job, "ValueError: no", again=NOON + SECOND)
    row = rows()[number]
    assert (row.failures, row.error, row.token) == (1, "ValueError: no", None)
    assert queue.claim(NOON) == []
    assert len(queue.claim(NOON + SECOND)) == 1


def test_what_was_claimed_and_not_done_is_given_back(plan):
    plan(NOON, NOON)
    queue.claim(NOON, token="ours")
    queue.give_back("ours")
    assert len(queue.claim(NOON)) == 2


def test_what_waits_for_a_setting_is_not_due_until_a_worker_begins_anew(plan):
    plan(None)
    assert queue.claim(NOON) == []
    queue.unpark(NOON)
    assert len(queue.claim(NOON)) == 1


def test_a_periodic_job_has_one_row_however_many_workers_begin(app):
    at = Barrier(6)

    def begin(_):
        with app.app_context():
            at.wait()
            queue.ensure(["remind", "digest"], NOON)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(begin, range(6)))
    with app.app_context():
        assert sorted(row.name for row in rows().values()) == ["digest", "remind"]


def test_many_workers_do_each_job_once(app, plan):
    numbers = plan(*[NOON] * 120)
    at = Barrier(6)

    def work(_):
        done = []
        with app.app_context():
            at.wait()
            idle = 0
            while idle < 3:
                jobs = unit(lambda: queue.claim(NOON))
                idle = 0 if jobs else idle + 1
                for job in jobs:
                    unit(lambda job=job: finish(job))
                    done.append(job.number)
            db.session.remove()
        return done

    def finish(job):
        with change() as session:
            queue.finish(session, job, again=None, now=NOON)

    with ThreadPoolExecutor(6) as pool:
        done = Counter(number for some in pool.map(work, range(6)) for number in some)
    assert done == dict.fromkeys(numbers, 1)
    assert rows() == {}


def test_the_time_is_that_of_the_database(app):
    with app.app_context(), change() as session:
        found = queue.database_time(session)
    assert abs(found - datetime.now(UTC)) < timedelta(seconds=5)
