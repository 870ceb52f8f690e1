"""An office with one of everything that a page can show."""

from collections.abc import Callable
from typing import Any

from sqlalchemy.orm import Session

from console import tickets
from console.accounts import rules
from console.models import DeliveryState, Status, Ticket, User
from tests.attachments.pictures import PROGRAM, picture
from tests.browser.conftest import House
from tests.notify.owing import owe

LONG = "Donaudampfschifffahrtsgesellschaftskapitän" * 4
SHOUT = "https://intranett.kommune.example/" + "sti/" * 60
MARKDOWN = f"""### Slik gjør du

1. **Først** *dette*, se {SHOUT}
2. så `kommandoen`

> Du skrev noe

```
{LONG}
```

| Skriver | Etasje | Toner | Papir | Merknad |
|---|---|---|---|---|
| HP 1 | 1 | svart | A4 | {LONG} |
"""


class Office:
    """One of everything that a page can show, with words that strain the layout."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.asks = house.person("Wolfeschlegelsteinhausenbergerdorff-Ørbekkstølen", "bruker")
        self.empty = house.person("Ingen Saker", "bruker")
        self.gone = house.person("Sluttet I Fjor", "drift")
        self.wishes = house.person("Vil Bli Drift", "bruker")
        self.new = house.ticket(self.asks, LONG, description=f"{LONG}\n\n{SHOUT}\n<b>markup</b>")
        self.closed = house.ticket(self.asks, "Kan lukkes")
        self.taken = house.ticket(self.asks, "Skriveren i resepsjonen skriver ut blanke ark")
        self.call = house.ticket("kari", "Ukjent nummer ringte")
        self.talk = house.ticket(
            self.asks,
            "Passordet mitt: Vinter2026! virker ikke",
            description=f"Se bildet. Passord: Sommer2026!\n{SHOUT}",
            attachments=self._files(self.asks),
        )
        self.over = house.ticket(self.asks, "Lukket med takk")
        self.message = house.act("ola", self._messages)
        house.cookies.update(dict.fromkeys((self.asks, self.empty)))
        self._work()

    def _files(self, who: str) -> list[int]:
        kept = (
            ("bilde.png", picture(size=(640, 400))),
            (f"{LONG}.txt", b"hei"),
            ("a.exe", PROGRAM),
        )
        return [self.house.keep_file(who, name, content) for name, content in kept]

    def _messages(self, session: Session, ola: User) -> int:
        """One in each state beside a reply, and many beside another."""
        few, many = (
            tickets.reply(session, ola, session.get_one(Ticket, self.taken), body=f"Svar {n}")
            for n in range(2)
        )
        for state in (DeliveryState.SENT, DeliveryState.DEFERRED, DeliveryState.FAILED):
            owe(session, self.taken, event=few, state=state, error=f"550 {LONG}", job=False)
        for state in DeliveryState:
            last = owe(
                session, self.taken, event=many, state=state, error=f"550 {SHOUT}"[:255], job=False,
                subject=LONG, body=SHOUT, recipient=f"{LONG[:150]}@kunde.example",
            )  # fmt: skip
        return last.id

    def _talk(self) -> None:
        """A conversation with everything in it that somebody may write."""
        say, verb = self.house.say, tickets.note
        for n in range(12):
            say(self.asks, self.talk, f"Og {n}")
        say("ola", self.talk, MARKDOWN, attachments=self._files("ola"))
        say("nina", self.talk, f"Han har **PIN-kode: 4711** {SHOUT}", verb)
        say(self.asks, self.talk, f"{LONG}\n\n  {SHOUT}\nPassord: Vaar2026!")
        say("nina", self.over, "Ferdig.")
        self._close(self.over)
        say(self.asks, self.over, "Tusen takk!")

    def _close(self, number: int) -> None:
        self.house.act("nina", lambda s, nina: tickets.set_status(
            s, nina, s.get_one(Ticket, number), to=Status.CLOSED))  # fmt: skip

    def _work(self) -> None:
        self._talk()
        act = self.house.act

        def verb(function: Any, number: int, **more: Any) -> Callable[[Any, User], Any]:
            return lambda session, actor: function(
                session, actor, session.get_one(Ticket, number), **more
            )

        act("ola", verb(tickets.take, self.taken))
        act("ola", verb(tickets.set_status, self.taken, to=Status.IN_PROGRESS))
        act("ola", verb(tickets.release, self.taken))
        act("nina", verb(tickets.take, self.taken))
        self._close(self.closed)
        gone, wishes = (self.house.numbers[name] for name in (self.gone, self.wishes))
        act("anne", lambda s, anne: rules.deactivate(s, anne, s.get_one(User, gone)))
        act("anne", lambda s, anne: rules.change_role(s, anne, s.get_one(User, gone), to="bruker"))
        act("anne", lambda s, anne: setattr(s.get_one(User, wishes), "requested_role", "drift"))
