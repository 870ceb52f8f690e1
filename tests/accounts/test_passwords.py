"""Passwords: long, and not among the first that are tried."""

import unicodedata

import pytest
from flask_security import verify_password

from console.accounts import passwords, rules
from console.transaction import change
from tests.conftest import PASSWORD

ABOUT = ["Kari Nordmann", "kari.nordmann@fjellvik-kommune.example"]

COMMON = [
    "123456789012",
    "111111111111",
    "aaaaaaaaaaaa",
    "abcdefghijkl",
    "abc123abc123",
    "1q2w3e4r5t6y",
    "1234567890qw",
    "qwertyuiop12",
    "qwertyuiopas",
    "qwerty123456",
    "asdfghjklasd",
    "password1234",
    "Password123!",
    "P@ssw0rd1234",
    "passwordpassword",
    "passord12345",
    "passordpassord",
    "sommersommer",
    "letmein12345",
    "iloveyou1234",
    "administrator",
    "football1234",
    "changeme1234",
    "welcome12345",
    "trustno1trustno1",
]

# What an office in Norway tries first: a word that everybody knows, and a year.
COMMON_HERE = [
    "Passord123456",
    "Velkommen123",
    "Velkommen2024",
    "Sommer2026!!",
    "Hemmelig2024",
    "Desember2024",
]

GOOD = [
    "en gul sykkel i regnet",
    "hest batteri stift korrekt",
    "blåbær på tirsdag",
    "kjøttkaker uten poteter",
    "Vinduet knirker mot øst",
    "zT9#kLq2!vWx",
    "mXn4vbQz81pL",
    "сиреневый трамвай ночью",
    "雨の日に黄色い自転車で帰る",
    "🛶 padler 🌧 sakte hjem",
    "   mellomrom   foran   og   bak   ",
    "en tekst som er lang " * 12 + "slut",
]


@pytest.fixture
def spoken(applications):
    """A context in which refusals find their words; no database is asked."""
    with applications("sqlite").test_request_context():
        yield


def refused(password):
    return bool(passwords.faults(password, about=ABOUT))


@pytest.mark.parametrize("password", COMMON)
def test_a_password_that_everybody_tries_is_refused_with_a_reason(spoken, password):
    [reason] = passwords.faults(password, about=ABOUT)
    assert len(reason) > 40
    assert password not in reason


@pytest.mark.parametrize("password", COMMON_HERE)
def test_a_password_that_everybody_here_tries_is_refused(spoken, password):
    assert refused(password)


@pytest.mark.parametrize("password", GOOD)
def test_a_good_password_is_accepted(spoken, password):
    assert passwords.faults(password, about=ABOUT) == []


def test_the_longest_good_password_has_256_characters(spoken):
    assert len(GOOD[-1]) == passwords.MOST == 256


@pytest.mark.parametrize(
    ("length", "is_refused"),
    [(0, True), (1, True), (11, True), (12, False), (256, False), (257, True)],
)
def test_length_is_counted_in_characters(spoken, length, is_refused):
    words = "Gråtass kjørte vill på fjellet i går. " * 10
    assert refused(words[:length]) == is_refused


def test_the_limits_are_named(spoken):
    assert "12" in passwords.faults("x" * 11, about=[])[0]
    assert "256" in passwords.faults("x" * 257, about=[])[0]


@pytest.mark.parametrize(
    "password",
    [
        "Kari Nordmann",
        "kari nordmann",
        "KARI NORDMANN",
        "kari.nordmann@fjellvik-kommune.example",
        "Kari Nordmann1",
        "nnamdroN iraK",
    ],
)
def test_a_password_that_is_ones_own_name_is_refused(spoken, password):
    assert refused(password)


@pytest.mark.parametrize("about", [[], [""], ["", "Kari"]])
def test_nothing_known_about_one_is_no_obstacle(spoken, about):
    assert passwords.faults("en gul sykkel i regnet", about=about) == []


@pytest.mark.parametrize(
    "password",
    [
        "å" * 73,
        "a" * 256,
        "ab" * 128,
        "1234567890" * 25,
        "qwertyuiop" * 25,
        "\x00" * 100,
        "\ud800" * 100,
        "🙂" * 256,
        "Å".encode().decode() * 200,
    ],
)
def test_a_long_pattern_is_refused_and_breaks_nothing(spoken, password):
    assert refused(password)


def test_more_than_72_characters_count(spoken):
    """zxcvbn takes no more, argon2 does: the end of a long password must not be cut off."""
    long = "Gråtass kjørte vill på fjellet i går, og ingen så ham igjen før det ble mandag morgen."
    stored = passwords.hashed(long)
    assert len(long) > passwords.SCORED
    assert verify_password(passwords.normal(long), stored)
    assert not verify_password(passwords.normal(long[:-1]), stored)
    assert not verify_password(passwords.normal(long)[: passwords.SCORED], stored)


def test_the_hash_is_argon2id_and_never_twice_the_same(spoken):
    first, second = (passwords.hashed("en gul sykkel i regnet") for _ in range(2))
    assert first.startswith("$argon2id$")
    assert first != second


def test_a_password_typed_in_another_unicode_form_is_the_same(app, browser_of, cast):
    """macOS sends å as two characters, Windows as one: who changed machines must get in."""
    written = "blåbær på tirsdag"
    client = browser_of("kari")
    answer = client.send(
        "/change",
        {
            "password": PASSWORD,
            "new_password": unicodedata.normalize("NFD", written),
            "new_password_confirm": unicodedata.normalize("NFD", written),
        },
    )
    assert answer.status_code == 302
    for form in ("NFC", "NFD", "NFKD"):
        other = app.test_client()
        typed = unicodedata.normalize(form, written)
        assert other.send("/login", {"email": "Kari Moe", "password": typed}).status_code == 302


def test_a_password_made_by_a_rule_and_typed_in_another_form_is_the_same(app):
    written = "blåbær på tirsdag"
    with app.app_context(), change() as work:
        rules.create(
            work,
            rules.system_user(work),
            username="Åse Ny",
            email="aase@kunde.example",
            role="bruker",
            password=unicodedata.normalize("NFC", written),
        )
    for form in ("NFC", "NFD"):
        typed = unicodedata.normalize(form, written)
        answer = app.test_client().send("/login", {"email": "Åse Ny", "password": typed})
        assert answer.status_code == 302, form
