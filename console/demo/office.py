"""Making the demo office, through the rules: each ticket is opened, talked about and closed by
somebody, at the hour it would have been.
"""

import json
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from console import clock, tickets
from console.accounts import organisations, rules
from console.models import (
    REQUESTER,
    Category,
    Channel,
    Priority,
    Status,
    Ticket,
    User,
    WaitingFor,
)
from console.notify.routing import quietly
from console.tickets import canned, reminders

DAYS = 60
OFFICE = Path(__file__).parent / "office.json"


def build(
    session: Session, *, timezone: str, progress: Callable[[], None] = lambda: None
) -> dict[str, Any]:
    """Fill an empty database; answers the accounts and the password that all of them have."""
    office = json.loads(OFFICE.read_text(encoding="utf-8"))
    now = datetime.now(UTC)
    password = secrets.token_urlsafe(12)
    people: dict[str, User] = {}
    with clock.at(now - timedelta(days=DAYS + 10)):
        system = rules.system_user(session)
        for organisation in office["organisations"]:
            organisations.define_organisation(session, system, **organisation)
        for person in (*office["staff"], *office["requesters"]):
            account = people[person["username"]] = rules.create(
                session,
                system,
                username=person["username"],
                email=person["email"],
                role=person.get("role", REQUESTER),
                password=password,
            )
            rules.set_phone(session, system, account, to=person.get("phone", ""))
        for reply in office["canned"]:
            canned.define(session, people[office["staff"][0]["username"]], **reply)
    with quietly():  # nobody is told of what never was
        for what in in_order_of_time(office["requests"], now, timezone):
            with clock.at(what.at):
                what.happen(session, people)
            progress()
        reminders.remind(session, system)
    return {"staff": office["staff"], "requesters": office["requesters"], "password": password}


class Happening:
    """One thing that happened to one request, at one moment."""

    def __init__(
        self,
        at: datetime,
        request: dict[str, Any],
        step: dict[str, Any] | None,
        until: datetime | None = None,
    ) -> None:
        self.at, self.request, self.step, self.until = at, request, step, until

    def happen(self, session: Session, people: dict[str, User]) -> None:
        if self.step is None:
            requester = people[self.request["requester"]]
            event = tickets.open_ticket(
                session,
                requester,
                title=self.request["title"],
                description=self.request["description"],
                channel=Channel(self.request["channel"]),
            )
            self.request["ticket"] = event.ticket
            return
        self._step(session, people, self.step)

    def _step(self, session: Session, people: dict[str, User], step: dict[str, Any]) -> None:
        actor, ticket = people[step["who"]], self.request["ticket"]
        match step["do"]:
            case "take":
                tickets.take(session, actor, ticket)
            case "release":
                tickets.release(session, actor, ticket)
            case "assign":
                tickets.assign(session, actor, ticket, to=people[step["to"]])
            case "start":
                tickets.set_status(session, actor, ticket, to=Status.IN_PROGRESS)
            case "close":
                tickets.set_status(session, actor, ticket, to=Status.CLOSED)
            case "reopen":
                tickets.set_status(session, actor, ticket, to=Status.OPEN)
            case "reply":
                tickets.reply(session, actor, ticket, body=step["text"])
            case "note":
                tickets.note(session, actor, ticket, body=step["text"])
            case "sort":
                sort(session, actor, ticket, step)
            case "wait" if self.until:
                tickets.wait(
                    session,
                    actor,
                    ticket,
                    until=self.until,
                    waiting_for=WaitingFor(step["for"]),
                    reason=step["reason"],
                )
            case "due":
                tickets.set_due(session, actor, ticket, to=self.until)


def sort(session: Session, actor: User, ticket: Ticket, step: dict[str, Any]) -> None:
    """Say what the ticket is about and how much it matters."""
    tickets.tag(session, actor, ticket, add=step.get("tags", ()))
    if "priority" in step:
        tickets.set_priority(session, actor, ticket, to=Priority[step["priority"].upper()])
    if "category" in step:
        named = select(Category).where(Category.name == step["category"], Category.active.is_(True))
        tickets.categorise(session, actor, ticket, to=session.scalar(named))


def in_order_of_time(
    requests: list[dict[str, Any]], now: datetime, timezone: str
) -> list[Happening]:
    """Everything that happened, in the order in which it did, in the hours of the office."""
    office_time = OfficeTime(now, timezone)
    happenings = []
    for request in requests:
        age = request["age_hours"]
        happenings.append(Happening(office_time.ago(age), request, None))
        for step in request["path"]:
            if "minutes_ago" in step:
                at = office_time.today(step["minutes_ago"])
            else:
                at = office_time.ago(age - step["after_hours"])
            until = office_time.ahead(step["days"], at) if "days" in step else None
            happenings.append(Happening(at, request, step, until))
    return sorted(happenings, key=lambda happening: happening.at)


class OfficeTime:
    """The last 60 days squeezed into their working hours, so that nobody writes at night."""

    OPENS, SHUTS = time(7, 30), time(16, 0)

    def __init__(self, now: datetime, timezone: str) -> None:
        zone = ZoneInfo(timezone)
        self.now = now.astimezone(zone)
        today = self.now.date()
        self.stretches = []
        for day in (today - timedelta(days=back) for back in range(DAYS, -1, -1)):
            opens = datetime.combine(day, self.OPENS, zone)
            shuts = min(datetime.combine(day, self.SHUTS, zone), now)
            if day.weekday() < 5 and opens < shuts:
                self.stretches.append((opens, shuts - opens))
        self.total = sum((length for _, length in self.stretches), timedelta())

    def ago(self, hours: float) -> datetime:
        """The working moment that stands for `hours` before now."""
        left = self.total * (1 - hours / (DAYS * 24))
        for opens, length in self.stretches:
            if left <= length:
                return opens + left
            left -= length
        return opens + length

    def today(self, minutes: int) -> datetime:
        """So many minutes ago, or less when the day is younger."""
        midnight = datetime.combine(self.now.date(), time(), self.now.tzinfo)
        return self.now - min(timedelta(minutes=minutes), (self.now - midnight) / 2)

    def ahead(self, days: int, since: datetime) -> datetime:
        """Nine o'clock in so many days, or on the Monday after; 0: a moment that has passed."""
        if not days:
            return (since + (self.now - since) / 2).replace(second=0, microsecond=0)
        day = self.now.date() + timedelta(days=days)
        day += timedelta(days=7 - day.weekday() if day.weekday() > 4 else 0)
        return datetime.combine(day, time(9), self.now.tzinfo)
