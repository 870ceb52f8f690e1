"""Which replies may leave a closed ticket closed. Whoever doubts opens it."""

import random
import time

import pytest

from console.tickets.thanks import AGAINST, FILLERS, THANKS, is_thanks

THANKFUL = [
    "takk",
    "Takk!",
    "TAKK!!!",
    "Takk.",
    "Takk :)",
    "Takk 😊",
    "Tusen takk!",
    "Tusen takk for hjelpen!",
    "Tusen takk for rask hjelp 🙏",
    "Mange takk for svar.",
    "Hjertelig takk",
    "Hei! Takk for hjelpen.",
    "Hei,\n\ntusen takk for rask tilbakemelding!\n\nMvh Kari",
    "Takk skal du ha",
    "Takk skal dere ha!",
    "Takk for god service, ha en fin helg!",
    "Takk, det fungerer nå.",
    "Nå virker det, takk!",
    "Det fungerer nå",
    "Alt fungerer nå, tusen takk",
    "Supert!",
    "Supert, takk",
    "Perfekt 👍",
    "Fint",
    "Flott!",
    "Topp :-)",
    "Herlig!",
    "Strålende, takk for hjelpen",
    "Kjempebra",
    "Den er god",
    "Den er grei, takk",
    "Greit",
    "ok",
    "OK!",
    "Ok, takk",
    "Okei",
    "Det ordnet seg, takk",
    "Det løste seg. Takk for hjelpen!",
    "Det er i orden",
    "👍",
    "👍🏽",
    "👍👍",
    "🙏",
    "❤️",
    "Takk ❤️",
    "Takk <3",
    "Takk for hjelpa!",
    "Tusen takk for hjelpa, no verkar det",
    "Takk for raskt svar. Ha ein fin dag!",
    "Det verkar no",
    "thanks",
    "Thanks!",
    "Thank you so much for your help!",
    "Great, thanks",
    "Perfect, works now",
    "It's working now, thank you",
    "That's great, thanks a lot",
    "All good now, cheers",
    "tack",
    "Tack så mycket!",
    "Tack för hjälpen",
    "Toppen, tack!",
    "Takk!\n\nMvh\nKari Nordmann\nRådgiver, økonomi\nTlf. 22 33 44 55\nwww.firma.no",
    "Takk!\n\nMed vennlig hilsen\nKari Nordmann",
    "Takk! Mvh Kari",
    "Takk for hjelpen, hilsen Kari",
    "Takk\n-- \nKari Nordmann\nFirma AS",
    "Thanks!\n\nBest regards,\nKari",
    "Tack!\n\nVänliga hälsningar\nKari",
    "Takk\n\nSendt fra min iPhone",
    "Takk\n\nSent fra min iPhone",
    "Thanks\n\nSent from my Galaxy",
    "Takk!\n\nDen tir. 3. mars 2026 kl. 10:12 skrev Ola <ola@firma.no>:\n> Virker det?\n> Ola",
    "Takk!\n\nDen tir. 3. mars 2026 kl. 10:12 skrev Ola Nordmann\n<ola@firma.no>:\n> Hei?",
    "Takk!\n\n3. mars 2026 kl. 10:12 skrev Drift:\n\n> Er feilen borte?",
    "Thanks!\n\nOn Tue, Mar 3, 2026 at 10:12 AM IT <it@x.com> wrote:\n\n> Is it still a problem?",
    "> Vi har byttet toner.\n> Virker det nå?\nTakk!",
    "Takk!\n\n-----Opprinnelig melding-----\nFra: Drift\nSendt: 3. mars\nHva er feilen? Ring 22",
    "Takk!\n\n-----Original Message-----\nFrom: IT\nIs it still broken?",
    "Takk!\n\nFra: Ola <ola@firma.no>\nSendt: 3. mars 2026 10:12\nTil: Kari\n\nVirker det?",
    "Takk!\n\n________________________________\nFra: Drift\nSendt: i dag\n\nVirker det ikke?",
]


@pytest.mark.parametrize("text", THANKFUL)
def test_a_bare_thank_you_is_one(text):
    assert is_thanks(text)


DOUBTFUL = [
    "",
    "   ",
    "Hei",
    "Hei alle sammen",
    "Mvh Kari",
    "-- \nKari",
    "> Takk",
    "Kari",
    "Takk, men det virker ikke",
    "Takk, men nå er det noe annet",
    "Takk for hjelpen, men skriveren er fortsatt tom",
    "Takk! Virker det for alle?",
    "Takk?",
    "Takk, det virker ikke",
    "Takk, nå er nettet nede igjen",
    "Det fungerer ikke",
    "Det fungerer enda ikke",
    "Ennå ikke, takk",
    "Takk, eg får det ikkje til",
    "Takk, feilen er tilbake",
    "Takk! Kan dere også se på skjermen",
    "Takk. Skriveren mangler toner",
    "Takk på forhånd",
    "Takk på forhånd!",
    "Thanks in advance",
    "Nei takk",
    "No thanks",
    "Takk for ingenting",
    "Thanks for nothing",
    "Takk, jeg prøver i morgen",
    "Takk, jeg gir beskjed",
    "Ok, jeg venter",
    "Ok, da ringer jeg",
    "Er det bra nå",
    "Virker det nå",
    "Fungerer det nå",
    "Er det i orden",
    "Is it fixed",
    "Nå er det bra, men tregt",
    "Takk :(",
    "Takk 😡",
    "Takk 👎",
    "👎",
    "😭",
    ":(",
    "Takk #2",
    "Takk, sak 42",
    "Takk, ring meg på 22334455",
    "Tusen takk 1000 ganger",
    "Takk! Se https://firma.no/feil",
    "Takk @ola",
    "takk til Kari",
    "Takk, passordet er utløpt",
    "Takk, problemet er løst",
    "Thanks, but it is still slow",
    "Thanks, not working",
    "It doesn't work",
    "It works, except on Mondays",
    "Works now, however slowly",
    "Tack, men det fungerar inte",
    "Tack, fortfarande trasig",
    "Takk uansett",
    "Likevel takk",
    "Takk, dessverre",
    "Takk\n\nPS: skriveren er tom",
    "Takk! Mvh Kari\n\nPS skriveren er tom",
    "Takk!\n\nMvh\nKari\n\nSkriveren er tom for papir",
    "Takk!\n\nMvh\nKari\n\nJeg trenger ny mus",
    "Takk!\n\nMvh\nKari\n\nVirker det for dere?",
    "Takk!\n\n-- \nMen det virker ikke",
    "Takk! Mvh Kari, ok?",
    "Takk!\n\nMvh Kari, skriveren på rom to hundre og fire lager rare lyder om natten",
    "Den tir. 3. mars 2026 kl. 10:12 skrev Drift:\n> Hei\nMen det virker ikke",
    "Den tir. 3. mars 2026 kl. 10:12 skrev Drift:\n> Virker det nå\nJa, på én maskin",
    "Fra: kontoret\nTakk",
    "Takk!\n__________\nSkriveren er tom",
    "Takk!\n----------\nSkriveren er tom",
    "Den feilmeldingen skrev den ut:\nTakk",
    "Takk takk takk takk takk takk takk takk takk takk takk takk takk",
    "Takk for hjelpen " * 5,
    "<b>Takk</b>",
    "Takk 1",
    "Takk ١",
    "Danke",
    "Merci beaucoup",
    "Takk\u202etakk",
]


@pytest.mark.parametrize("text", DOUBTFUL)
def test_in_doubt_it_is_no_thanks(text):
    assert not is_thanks(text)


def test_no_word_of_complaint_is_among_the_known_ones():
    known = {word for phrase in THANKS | FILLERS for word in phrase.split("_")}
    assert not known & AGAINST


@pytest.mark.parametrize("word", sorted(AGAINST))
@pytest.mark.parametrize("text", ["Takk {}", "{} takk", "Takk! Mvh Kari {}", "Takk\n\n{}\n👍"])
def test_one_word_of_complaint_is_enough(word, text):
    assert not is_thanks(text.format(word))
    assert is_thanks(text.format("")), text


def test_twelve_words_are_short_and_thirteen_are_not():
    assert is_thanks("takk " * 12)
    assert not is_thanks("takk " * 13)
    assert is_thanks("takk " * 12 + "😊 😊\nMvh Kari Nordmann")


def test_an_unknown_word_anywhere_is_enough():
    """Every ticket that a word from outside the lists would leave closed, is opened."""
    chance = random.Random(17)
    for _ in range(500):
        words = chance.choices(["takk", "supert", "for", "hjelpen", "thanks", "dere"], k=6)
        assert is_thanks(" ".join([*words, "takk"]))
        words.insert(chance.randint(0, 6), chance.choice(["skriveren", "mus", "nede", "tregt"]))
        assert not is_thanks(" ".join(words))


@pytest.mark.parametrize(
    "repeated",
    ["takk ", "> \n", "den 1 skrev:\n", "den 1 skrev ", "1. mailto:", "fra: x\n", "mvh\n", "--\n"]
    + [
        "hilsen ",
        "med vennlig ",
        "_",
        "-----Opprinnelig melding",
        ":) ",
        "😊",
        " ",
        "\n",
        "1 ",
        "æ",
    ],
)
def test_no_repetition_takes_long(repeated):
    text = (repeated * 20_000)[:20_000]
    times = []
    for _ in range(3):
        start = time.thread_time()
        is_thanks(text)
        times.append(time.thread_time() - start)
    assert min(times) < 0.05
