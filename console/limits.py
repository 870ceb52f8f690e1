"""Too many tries, counted in the database so that all processes share the count."""

import logging
import secrets
import time
from typing import Any

from flask import Flask, Response, request
from flask_limiter import Limiter
from flask_login import current_user
from limits.storage import Storage
from sqlalchemy import delete, insert, or_, select, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from console.accounts import names
from console.application import AGAIN
from console.extensions import db
from console.models import Rate, login_key

log = logging.getLogger(__name__)

# Wrong log-ins: of one account, and from one address (an office may sit behind one).
WRONG_BY_ACCOUNT = "10 per 5 minutes"
WRONG_BY_ADDRESS = "20 per 5 minutes"
MAILS_BY_ACCOUNT = "5 per hour"
MAILS_BY_ADDRESS = "30 per hour"
REGISTRATIONS_BY_ACCOUNT = "20 per hour"
REGISTRATIONS_BY_ADDRESS = "100 per hour"
TICKETS_BY_ACCOUNT = "120 per minute"
UPLOADS_BY_ACCOUNT = "240 per minute"
MESSAGES_BY_ACCOUNT = "120 per minute"
# Each may change many tickets.
BULKS_BY_ACCOUNT = "60 per minute"
# A page says every 8 seconds that it is open and every few seconds what is being written.
SIGNS_BY_ACCOUNT = "600 per minute"
# A chat address makes us look up a name, and a test sends to it.
CHOICES_BY_ACCOUNT = "30 per minute"
CHAT_TESTS_BY_ACCOUNT = "5 per minute"


class SQLStorage(Storage):
    """Counters for Flask-Limiter in the table `rates`, each change one conditional statement.

    It uses connections of its own: a count stays, whatever becomes of the request.
    """

    STORAGE_SCHEME = ["console-sql"]

    @property
    def base_exceptions(self) -> type[Exception]:
        return Exception

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        now, mine = int(time.time()), Rate.key == key
        for _ in range(3):
            with self._begin() as connection:
                live = update(Rate).where(mine, Rate.expires_at > now)
                over = update(Rate).where(mine, Rate.expires_at <= now)
                fresh = {"hits": amount, "expires_at": now + expiry}
                if connection.execute(live.values(hits=Rate.hits + amount)).rowcount or (
                    connection.execute(over.values(**fresh)).rowcount
                ):
                    return int(connection.scalar(select(Rate.hits).where(mine)) or amount)
            try:
                with self._begin() as connection:
                    # A new name is rare enough to be the time for forgetting the old ones.
                    connection.execute(delete(Rate).where(Rate.expires_at <= now))
                    connection.execute(insert(Rate).values(key=key, **fresh))
                    return amount
            except IntegrityError:
                continue  # another process made the row in between: count on it
        return amount

    def get(self, key: str) -> int:
        with self._reading() as connection:
            return int(connection.scalar(self._live(Rate.hits, key)) or 0)

    def get_expiry(self, key: str) -> float:
        with self._reading() as connection:
            return float(connection.scalar(self._live(Rate.expires_at, key)) or time.time())

    def check(self) -> bool:
        return True

    def reset(self) -> int | None:
        with self._begin() as connection:
            return connection.execute(delete(Rate)).rowcount

    def clear(self, key: str) -> None:
        with self._begin() as connection:
            connection.execute(delete(Rate).where(Rate.key == key))

    def _live(self, column: Any, key: str) -> Any:
        return select(column).where(Rate.key == key, Rate.expires_at > int(time.time()))

    def _reading(self) -> Any:
        return db.engine.execution_options(begin="DEFERRED").connect()

    def _begin(self) -> Any:
        # The request's own session must not hold SQLite's one write lock meanwhile.
        db.session.rollback()
        return db.engine.execution_options(begin="IMMEDIATE").begin()


class Lease:
    """What an account may do one of at a time: held until free(), or by a dead process for a while.

    A row of `rates` like the counters, on connections of its own; `hits` tells the holders apart.
    """

    SECONDS = 180
    # Held once more before that many have passed it costs nothing.
    FRESH = 20

    def __init__(self, key: str) -> None:
        self.key, self.engine = key, db.engine.execution_options(begin="IMMEDIATE")
        self.token = secrets.randbelow(2**31 - 1) + 1
        self.held_at = 0.0

    def hold(self) -> bool:
        """Take it, or keep it for longer. False while somebody else has it."""
        now = time.time()
        if now - self.held_at < self.FRESH:
            return True
        values = {"hits": self.token, "expires_at": int(now) + self.SECONDS}
        ours = or_(Rate.hits == self.token, Rate.expires_at <= int(now))
        try:
            with self.engine.begin() as connection:
                taken = update(Rate).where(Rate.key == self.key, ours).values(**values)
                if not connection.execute(taken).rowcount:
                    connection.execute(insert(Rate).values(key=self.key, **values))
        except IntegrityError:
            return False
        self.held_at = now
        return True

    def free(self) -> None:
        """Let the next one have it."""
        if not self.held_at:
            return
        self.held_at = 0.0
        try:
            with self.engine.begin() as connection:
                mine = Rate.key == self.key, Rate.hits == self.token
                connection.execute(delete(Rate).where(*mine))
        except DBAPIError:  # then it ends by itself
            log.warning("a lease could not be given back")


def init_app(app: Flask) -> None:
    """Put the limits on the pages where somebody could try too often."""
    limiter = Limiter(
        app=app,
        key_func=lambda: request.remote_addr or "-",
        storage_uri="console-sql://",
        strategy="fixed-window",
        headers_enabled=True,
    )
    limiter.request_filter(lambda: AGAIN in request.environ)
    views = app.view_functions

    def limit(endpoint: str, rate: str, **how: Any) -> None:
        views[endpoint] = limiter.limit(rate, methods=["POST"], **how)(views[endpoint])

    limit("security.login", WRONG_BY_ACCOUNT, key_func=account_asked_for, deduct_when=was_wrong)
    limit("security.login", WRONG_BY_ADDRESS, deduct_when=was_wrong)
    for endpoint in ("security.change_password", "security.verify"):
        limit(endpoint, WRONG_BY_ACCOUNT, key_func=by_user, deduct_when=was_wrong)
    for endpoint in ("security.forgot_password", "security.send_confirmation"):
        limit(endpoint, MAILS_BY_ACCOUNT, key_func=account_asked_for)
        limit(endpoint, MAILS_BY_ADDRESS)
    limit("security.register", REGISTRATIONS_BY_ACCOUNT, key_func=account_asked_for)
    limit("security.register", REGISTRATIONS_BY_ADDRESS)
    limit("portal.new", TICKETS_BY_ACCOUNT, key_func=by_user)
    limit("files.upload", UPLOADS_BY_ACCOUNT, key_func=by_user)
    for endpoint in ("portal.reply", "ticket.reply", "ticket.note"):
        limit(endpoint, MESSAGES_BY_ACCOUNT, key_func=by_user)
    limit("ticket.action_view", BULKS_BY_ACCOUNT, key_func=by_user)
    limit("notices.save", CHOICES_BY_ACCOUNT, key_func=by_user)
    limit("notices.test", CHAT_TESTS_BY_ACCOUNT, key_func=by_user)
    for endpoint in ("writing.draft", "writing.ticket_presence"):
        limit(endpoint, SIGNS_BY_ACCOUNT, key_func=by_user)


def was_wrong(response: Response) -> bool:
    """Whether the form is shown again: what was typed was wrong."""
    return response.status_code == 200


def account_asked_for() -> str:
    """The account that the form names, whichever of its names was used; or the words typed."""
    typed = request.form.get("email", "")[:300]
    account = names.find_by_login(db.session(), typed)
    return f"account:{account.id}" if account else f"typed:{login_key(typed)[:100]}"


def by_user() -> str:
    """The account that is logged in."""
    return f"account:{getattr(current_user, 'id', None) or request.remote_addr}"
