"""What the office of make bench writes: Norwegian words, sentences and messages, by chance.

A text is put together from pieces that know their words, so that the words of a million
tickets need not be looked for one by one.
"""

import random
from collections.abc import Iterable, Sequence
from itertools import accumulate, chain
from typing import NamedTuple

from console.tickets import words

# What is looked for: in every third ticket, in one of 200, and in one of 5000.
COMMON, MIDDLING, RARE = "skriver", "dokkingstasjon", "fjernskrivebordet"
# Of it, COMMON is the end only.
COMPOUND = "nettverksskriver"
# Only ever the end of a compound.
PART = "bestilling"

SMALL = """
    og i det på som er en til å han av for med at var de ikke den har jeg om et men så seg hun
    hadde fra vi du kan da ble ut skal vil ham etter over ved også bare eller sa nå dette noe være
    meg mot opp der når inn dem kunne andre blir alle noen sin ville kommer denne alt selv her vært
    igjen må før siden får siste mange mer under to skulle hva hvis uten mellom mandag tirsdag
    onsdag torsdag fredag morgen ettermiddag lørdag hei takk hilsen kontoret brukeren kunden hos oss
    virker stopper henger svarer starter åpner lukker mangler prøvde sjekket byttet ringte skrev
    feil treg rød blank gul ny gammel flere ingen første neste samme helt litt aldri ofte
"""
FIRST = """
    skjerm tastatur nettverks passord konto lisens faktura møteroms kamera telefon mappe server
    oppdaterings regneark kalender vedleggs ruter kabel sikkerhetskopi mobil innloggings tilgangs
    bruker e-post skole kommune lønns regnskaps ansatt vakt arkiv sone lager butikk kasse kort
    timeliste reise bilde video lyd hodetelefon mikrofon projektor nettbrett strøm batteri lade
    brannmur sertifikat domene sky disk minne prosessor
"""
LAST = """
    program feil leverandør avtale melding boks liste nøkkel system tjeneste bestilling innstilling
    oversikt visning utskrift kobling signal kode knapp skap rom ansvarlig rutine plan side versjon
    test tilgang bytte reparasjon kø fil logg grense varsel mal skjema adresse nummer gruppe rapport
    historikk profil felt
"""
SINGLE = """
    skjerm tastatur nettverk passord konto lisens faktura møterom kamera telefon mappe server
    oppdatering feilmelding regneark kalender vedlegg ruter kabel sikkerhetskopi mobil innlogging
    tilgang VPN Teams Outlook Excel PC HP wifi PDF USB Zoom SharePoint Windows Mac iPad fiber
"""


class Piece(NamedTuple):
    """A stretch of text, and its words."""

    text: str
    words: Sequence[str]


def piece(text: str) -> Piece:
    return Piece(text, words.words_of(text))


def number(value: int) -> Piece:
    text = str(value)
    return Piece(text, (text,))


def text_of(pieces: Iterable[Piece]) -> str:
    return "".join(part.text for part in pieces)


def words_of(pieces: Iterable[Piece]) -> set[str]:
    """What words.ticket_words() makes of the text of these pieces."""
    return set(chain.from_iterable(part.words for part in pieces))


class Writer:
    """Somebody who writes titles, descriptions and messages; the same at each run."""

    SENTENCES = 4000
    TITLES = 3000

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        compounds = [first + last for first in FIRST.split() for last in LAST.split()]
        chance.shuffle(compounds)
        small, nouns = SMALL.split(), SINGLE.split() + compounds
        # As in any language: a few words are most of a text, and most words are seldom met.
        self._small = small, list(accumulate(1 / (rank + 3) for rank in range(len(small))))
        self._nouns = nouns, list(accumulate(1 / (rank + 20) for rank in range(len(nouns))))
        self.sentences = [self._sentence() for _ in range(self.SENTENCES)]
        self.titles = [self._title() for _ in range(self.TITLES)]

    def _some(self, of: tuple[list[str], list[float]], many: int) -> list[str]:
        return self.chance.choices(of[0], cum_weights=of[1], k=many)

    def _sentence(self) -> Piece:
        words = self._some(self._small, self.chance.randint(4, 7)) + self._some(
            self._nouns, self.chance.randint(2, 4)
        )
        self.chance.shuffle(words)
        line = " ".join(words)
        return piece(f"{line[0].upper()}{line[1:]}. ")

    def _title(self) -> Piece:
        words = self._some(self._nouns, self.chance.randint(2, 4))
        if len(words) < 4:
            words[1:1] = self._some(self._small, 1)
        line = " ".join(words)
        return piece(f"{line[0].upper()}{line[1:]}")

    def title(self, ticket: int) -> list[Piece]:
        """Two to six words; here and there with what the bench looks for."""
        parts = [self._pick(self.titles)]
        if ticket % 10 == 0:
            parts.append(ON_PRINTER)
        elif ticket % 33 == 1:
            parts.append(ON_NETWORK_PRINTER)
        return parts

    def description(self, ticket: int) -> list[Piece]:
        """A few sentences, with a number that nobody else has in one of three."""
        parts = [self._pick(self.sentences) for _ in range(3)]
        if ticket % 3 == 0:
            parts += [REFERENCE, number(ticket * 7919 % 10_000_019), STOP]
        if ticket % 10 in (1, 2):
            parts.append(PRINTER)
        if ticket % 200 == 3:
            parts.append(DOCK)
        if ticket % 5000 == 7:
            parts.append(REMOTE)
        return parts

    def reply(self) -> list[Piece]:
        """A worker's, in Markdown."""
        one, two, three, four = (self._pick(self.sentences) for _ in range(4))
        return [HELLO, one, BOLD, two, POINT, three, POINT, four, LINK, GREETING]

    def answer(self) -> list[Piece]:
        """A requester's, or a note: plain sentences."""
        return [HELLO, *(self._pick(self.sentences) for _ in range(4))]

    def _pick(self, pool: list[Piece]) -> Piece:
        return pool[int(self.chance.random() * len(pool))]


ON_PRINTER = piece(f" på {COMMON}")
ON_NETWORK_PRINTER = piece(f" på {COMPOUND}")
PRINTER = piece(f"Gjelder {COMMON} i andre etasje. ")
DOCK = piece(f"Gjelder {MIDDLING} på kontoret. ")
REMOTE = piece(f"Gjelder {RARE} hjemmefra. ")
REFERENCE, STOP = piece("Referanse "), piece(". ")
HELLO = piece("Hei!\n\n")
BOLD = piece("\n\n**Prøv dette:** ")
POINT = piece("\n- ")
LINK = piece("\n- se https://hjelp.example/veiledning\n")
GREETING = piece("\nHilsen driften")
