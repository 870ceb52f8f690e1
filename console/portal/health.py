"""What machines ask: whether the program is fit to work, and how much there is to do.

Both have a connection of their own with little patience: an answer must come while the
database is away, and must not wait for one of the pool. No name, no address and no title is
told here, for nobody logs in.
"""

import platform
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

from alembic.script import ScriptDirectory
from flask import Blueprint, Response, current_app
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector
from sqlalchemy import Engine, bindparam, create_engine, func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from console import clock
from console.attachments import store
from console.extensions import db
from console.models import Delivery, DeliveryState, Ticket
from console.models.base import UTCDateTime
from console.notify import desk
from console.notify.desk import OutboxState
from console.tickets.queries import capped_count

health = Blueprint("health", __name__)
ROOT = Path(__file__).parents[2]
# Seconds until a database that does not answer is taken for dead.
PATIENCE = 2
UNREACHABLE = "the database cannot be reached"
OLD_SCHEMA = "the schema is not the newest: flask --app console db upgrade"
NO_WORKER = "no worker process seems to run: what is due is not done"
DELAYED = "messages cannot leave: the outbox says why"
FAILING = "a job of the worker process fails: the outbox says why"
STOPPED = "automatic messages are stopped until an admin decides"
NO_STORE = "attached files cannot be stored"

# By the index on automatic and created_at.
LATEST = (
    select(Delivery.state, func.count())
    .where(
        Delivery.automatic.in_([False, True]),
        Delivery.created_at > bindparam("since", type_=UTCDateTime()),
    )
    .group_by(Delivery.state)
)
OPEN = select(capped_count(select(Ticket).where(Ticket.closed_at.is_(None))))


@health.get("/readyz")
def readyz() -> tuple[dict[str, Any], int]:
    """Whether the program is fit to work. 503 only when nobody can work with it."""
    reasons, outbox = [], None
    try:
        with asking() as session:
            database = "ok" if schema(session) == newest_schema() else "old schema"
            if database == "ok":
                outbox = desk.numbers(session)
    except DBAPIError:
        database = "unreachable"
    if database != "ok":
        reasons.append(OLD_SCHEMA if database == "old schema" else UNREACHABLE)
    if outbox and outbox.is_late:
        reasons.append(NO_WORKER)
    if outbox and outbox.is_delayed:
        reasons.append(DELAYED)
    if outbox and outbox.failing:
        reasons.append(FAILING)
    if outbox and outbox.stopped:
        reasons.append(STOPPED)
    if not store.is_writable():
        reasons.append(NO_STORE)
    status = "down" if database != "ok" else "warning" if reasons else "ok"
    oldest = outbox.oldest_due if outbox else None
    return {
        "status": status,
        "reasons": reasons,
        "oldest_due_seconds": None if oldest is None else int(oldest),
        "database": database,
    }, 503 if status == "down" else 200


@health.get("/metrics")
def metrics() -> Response:
    """The numbers, in Prometheus' words."""
    return Response(generate_latest(REGISTRY), content_type=CONTENT_TYPE_LATEST)


@contextmanager
def asking() -> Iterator[Session]:
    """A session on a connection of its own. Raises DBAPIError when the database is away."""
    known = current_app.extensions
    if "health" not in known:
        known["health"] = impatient(db.engine)
    with Session(known["health"]) as session:
        yield session


def impatient(engine: Engine) -> Engine:
    """An engine for the same database that keeps no connection and gives up soon."""
    names = ("connect_timeout", "read_timeout", "write_timeout")
    mariadb = engine.dialect.name == "mysql"
    return create_engine(
        engine.url,
        poolclass=NullPool,
        hide_parameters=True,
        connect_args=dict.fromkeys(names, PATIENCE) if mariadb else {"timeout": PATIENCE},
        **({"isolation_level": "READ COMMITTED"} if mariadb else {}),
    )


def schema(session: Session) -> str | None:
    """The version of the schema that the database has; None when it has none."""
    session.execute(text("SELECT 1"))
    try:
        return session.scalar(text("SELECT version_num FROM alembic_version"))
    except DBAPIError as error:
        if error.connection_invalidated:
            raise
        return None


@cache
def newest_schema() -> str | None:
    """The version of the schema that this program is written for."""
    return ScriptDirectory(str(ROOT / "console" / "migrations")).get_current_head()


@cache
def build() -> dict[str, str]:
    """What runs here."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return {
        "version": project["version"],
        "schema": newest_schema() or "",
        "python": platform.python_version(),
    }


class Numbers(Collector):
    """Reads the numbers from the database when they are asked for: there are many processes."""

    def describe(self) -> list[Metric]:
        return []  # or the registry would collect to find out

    def collect(self) -> Iterator[Metric]:
        yield InfoMetricFamily("ticketsystem_build", "What runs here.", build())
        try:
            with asking() as session:
                found = list(self.ask(session))
        except DBAPIError:
            yield gauge("database_up", "Whether the database answers.", 0)
            return
        yield gauge("database_up", "Whether the database answers.", 1)
        yield from found

    def ask(self, session: Session) -> Iterator[Metric]:
        """All that the database knows: four statements."""
        outbox = desk.state(session)
        most = desk.COUNT_MAX
        yield gauge("jobs_due", f"Jobs that are due, counted to {most}.", outbox.due)
        yield gauge(
            "oldest_due_seconds", "For how long the oldest job is due.", outbox.oldest_due or 0
        )
        yield gauge(
            "delayed_seconds",
            "For how long a message that is tried again could not leave.",
            outbox.delayed or 0,
        )
        yield gauge("deliveries_stopped", f"Messages held back, counted to {most}.", outbox.stopped)
        yield gauge(
            "deliveries_failed",
            f"Messages that failed in the last 24 hours, counted to {most}.",
            outbox.failed,
        )
        yield self.latest(session)
        yield gauge(
            "tickets_open", f"Tickets that are open, counted to {most}.", session.scalar(OPEN) or 0
        )
        yield from self.periodic(outbox)

    def latest(self, session: Session) -> Metric:
        rows = session.execute(LATEST, {"since": clock.now() - timedelta(days=1)})
        counts = {row[0]: row[1] for row in rows}
        family = gauge("deliveries_day", "Messages made in the last 24 hours, by their state.")
        for state in DeliveryState:
            family.add_metric([state.value], counts.get(state, 0))
        return family

    def periodic(self, outbox: OutboxState) -> Iterator[Metric]:
        done = gauge(
            "job_done_timestamp_seconds", "When a periodic job was last done.", label="job"
        )
        failures = gauge("job_failures", "How often in a row a periodic job failed.", label="job")
        for job in outbox.periodic:
            done.add_metric([job.name], job.done_at.timestamp() if job.done_at else 0)
            failures.add_metric([job.name], job.failures)
        yield done
        yield failures


def gauge(
    name: str, help: str, value: float | None = None, *, label: str = "state"
) -> GaugeMetricFamily:
    """A number, or one for each value of a label."""
    labels = [label] if value is None else None
    return GaugeMetricFamily(f"ticketsystem_{name}", help, value=value, labels=labels)


REGISTRY = CollectorRegistry()
REGISTRY.register(Numbers())
