"""What machines are told: the truth, soon, and nothing about anybody."""

import re
import socket
import time
from datetime import timedelta

import pytest
import sqlalchemy as sa
from prometheus_client.parser import text_string_to_metric_families as parse

from console import clock, create_app
from console.extensions import db
from console.models import Delivery, DeliveryState, Job, Lane
from console.portal import health
from console.transaction import change
from tests.bench import statements
from tests.conftest import configuration
from tests.notify.owing import owe

BOTH = ("/readyz", "/metrics")


@pytest.fixture
def arrange(app):
    """Do something in the database."""

    def do(work):
        with app.app_context(), change() as session:
            return work(session)

    return do


def late(session):
    run_at = clock.now() - timedelta(minutes=7)
    session.add(Job(name="digest", lane=Lane.PERIODIC, run_at=run_at))


def numbers(answer):
    """The metrics by name and label."""
    found = {}
    for family in parse(answer.text):
        for sample in family.samples:
            name = sample.name.removeprefix("ticketsystem_")
            found[(name, *sample.labels.values())] = sample.value
    return found


def test_all_is_well(visitor):
    answer = visitor.get("/readyz")
    assert answer.status_code == 200
    assert answer.json == {
        "status": "ok", "reasons": [], "oldest_due_seconds": None, "database": "ok"
    }  # fmt: skip


def test_without_a_worker_it_warns(visitor, arrange):
    arrange(late)
    answer = visitor.get("/readyz")
    assert answer.status_code == 200
    assert answer.json["status"] == "warning"
    assert answer.json["reasons"] == [health.NO_WORKER]
    assert 420 <= answer.json["oldest_due_seconds"] < 480


def test_a_breaker_that_is_open_is_told(visitor, arrange):
    arrange(lambda session: owe(session, None, state=DeliveryState.STOPPED, job=False))
    assert visitor.get("/readyz").json["reasons"] == [health.STOPPED]


def test_a_folder_that_cannot_be_written_to_is_told(app, visitor, tmp_path, monkeypatch):
    place = app.extensions["attachments"]
    monkeypatch.setattr(place, "folder", tmp_path)
    assert visitor.get("/readyz").json["status"] == "ok"
    monkeypatch.setattr("os.access", lambda path, how: False)  # root may write everywhere
    answer = visitor.get("/readyz")
    assert (answer.status_code, answer.json["reasons"]) == (200, [health.NO_STORE])


@pytest.mark.parametrize("version", ["0001", None])
def test_an_old_schema_is_not_ready(app, visitor, version):
    with app.app_context():
        newest = db.session.scalar(sa.text("SELECT version_num FROM alembic_version"))
        db.session.remove()
        with db.engine.begin() as connection:
            connection.execute(sa.text("DELETE FROM alembic_version"))
            if version:
                connection.execute(sa.text(f"INSERT INTO alembic_version VALUES ('{version}')"))
        try:
            answer = visitor.get("/readyz")
        finally:
            with db.engine.begin() as connection:
                connection.execute(sa.text("DELETE FROM alembic_version"))
                connection.execute(sa.text(f"INSERT INTO alembic_version VALUES ('{newest}')"))
    assert answer.status_code == 503
    assert (answer.json["status"], answer.json["reasons"]) == ("down", [health.OLD_SCHEMA])
    assert visitor.get("/readyz").status_code == 200


@pytest.fixture
def silent():
    """A server that takes connections and says nothing, as one does that hangs."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


@pytest.fixture
def gone():
    """A port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return listening.getsockname()[1]


@pytest.mark.parametrize("how", ["silent", "gone"])
def test_both_answer_soon_while_the_database_is_away(request, how):
    pytest.importorskip("pymysql")
    port = request.getfixturevalue(how)
    app = create_app(configuration(f"mysql+pymysql://x:secret@127.0.0.1:{port}/nothing"))
    client = app.test_client()
    start = time.monotonic()
    answer = client.get("/readyz")
    assert time.monotonic() - start < 5
    assert answer.status_code == 503
    assert answer.json == {
        "status": "down", "reasons": [health.UNREACHABLE], "oldest_due_seconds": None,
        "database": "unreachable",
    }  # fmt: skip
    assert client.get("/healthz").status_code == 200
    start = time.monotonic()
    answer = client.get("/metrics")
    assert time.monotonic() - start < 5
    assert answer.status_code == 200
    assert numbers(answer)["database_up",] == 0
    assert "secret" not in answer.text


def test_the_numbers(app, visitor, arrange, new_ticket):
    new_ticket()
    old = clock.now() - timedelta(days=2)

    def work(session):
        late(session)
        for state in (DeliveryState.SENT, DeliveryState.SENT, DeliveryState.STOPPED):
            owe(session, None, state=state, job=False)
        owe(session, None, state=DeliveryState.FAILED, job=False, automatic=True)
        owe(session, None, state=DeliveryState.SENT, job=False, created_at=old)
        done_at = clock.now() - timedelta(hours=1)
        session.add(Job(name="sweep", lane=Lane.PERIODIC, done_at=done_at, failures=2, error="x"))

    arrange(work)
    answer = visitor.get("/metrics")
    assert answer.content_type.startswith("text/plain; version=")
    found = numbers(answer)
    assert found["database_up",] == 1
    assert found["jobs_due",] == 1
    assert 420 <= found["oldest_due_seconds",] < 480
    assert found["deliveries_day", "sent"] == 2
    assert found["deliveries_day", "failed"] == 1
    assert found["deliveries_day", "waiting"] == 0
    assert (found["deliveries_stopped",], found["deliveries_failed",]) == (1, 1)
    assert found["tickets_open",] == 1
    assert found["job_failures", "sweep"] == 2
    assert time.time() - found["job_done_timestamp_seconds", "sweep"] > 3500
    assert {name for name, *_ in found} >= {"build_info"}


def test_nobody_and_nothing_is_named(app, visitor, arrange, new_ticket):
    new_ticket("kari", title="Hemmelig avtale")
    arrange(
        lambda session: owe(
            session, None, recipient="kari@kunde.example", subject="Hemmelig", error="550 kari",
            state=DeliveryState.FAILED,
        )
    )  # fmt: skip
    for path in BOTH:
        text = visitor.get(path).text
        assert not re.search(r"kari|hemmelig|@|550", text, re.IGNORECASE), path


@pytest.mark.parametrize("path", BOTH)
def test_they_bring_no_cookie_and_are_kept_by_nobody(visitor, kari, path):
    for client in (visitor, kari):
        answer = client.get(path)
        assert "Set-Cookie" not in answer.headers
        assert "no-store" in answer.headers["Cache-Control"]


@pytest.mark.parametrize("path", BOTH)
def test_asked_every_second_they_still_answer(visitor, path):
    assert {visitor.get(path).status_code for _ in range(70)} == {200}


def test_they_cost_a_bounded_number_of_statements(app, visitor, arrange):
    visitor.get("/readyz")
    for path, most in (("/readyz", 3), ("/metrics", 4)):
        with app.app_context(), statements(app.extensions["health"]) as seen:
            visitor.get(path)
        assert len(seen) <= most, path


def test_the_day_is_read_by_an_index(app):
    """And not by reading every message that there ever was."""
    if app.config["SQLALCHEMY_DATABASE_URI"].startswith("sqlite"):
        asked = "EXPLAIN QUERY PLAN "
    else:
        asked = "EXPLAIN "
    with app.app_context():
        moment = clock.now()
        row = {"recipient": "a@b.example", "subject": "", "body": "", "tries": 0, "error": "",
               "run_at": moment, "created_at": moment - timedelta(days=9),
               "state": DeliveryState.SENT}  # fmt: skip
        with change() as session:
            session.execute(sa.insert(Delivery), [row] * 3000)
        bound = health.LATEST.params(since=moment - timedelta(days=1))
        text = str(bound.compile(db.engine, compile_kwargs={"literal_binds": True}))
        plan = " ".join(map(str, db.session.execute(sa.text(asked + text)).all()))
    assert "ix_deliveries_automatic_created_at" in plan, plan
