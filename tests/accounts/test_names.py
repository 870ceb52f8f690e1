"""What a username and an address may be, and whose they are."""

import unicodedata
from contextlib import suppress

import pytest
from sqlalchemy import select

from console.accounts import names, rules
from console.accounts.errors import AccountError
from console.models import User


@pytest.fixture
def spoken(applications):
    """A context in which refusals find their words; no database is asked."""
    with applications("sqlite").test_request_context():
        yield


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("Kari Nordmann", "Kari Nordmann"),
        ("  Kari \t Nordmann\n", "Kari Nordmann"),
        ("Åse", "Åse"),
        (unicodedata.normalize("NFD", "Åse Ødegård"), "Åse Ødegård"),
        ("O'Brien", "O'Brien"),
        ("anne-lise.b_2", "anne-lise.b_2"),
        ("Ｋａｒｉ", "Kari"),
        ("Kari\u00a0Nordmann", "Kari Nordmann"),
        ("ﬁlip", "filip"),
        ("Иван Петров", "Иван Петров"),
        ("山田太郎", "山田太郎"),
        ("नेहा शर्मा", "नेहा शर्मा"),
        ("abc", "abc"),
        ("å" * 64, "å" * 64),
        ("007", "007"),
    ],
)
def test_a_username_is_stored_in_one_form(spoken, written, stored):
    assert names.clean_username(written) == stored


@pytest.mark.parametrize(
    "name",
    [
        "",
        "  ",
        "ab",
        "  ab  ",
        "å" * 65,
        "x" * 10_000,
        "kari@kunde.example",
        "<b>Kari</b>",
        "Kari\x00Nordmann",
        "Kari\u200bNordmann",
        "Kari\u202eNordmann",
        "Kari 🙂",
        "kari;drop",
        'kari"moe',
        "kari/../moe",
        "kari\\moe",
        "=1+1",
        "kari%moe",
        "ﷺ" * 4,  # grows to eighteen characters each
    ],
)
def test_a_username_that_cannot_be_read_aloud_is_refused(spoken, name):
    with pytest.raises(AccountError) as refusal:
        names.clean_username(name)
    assert (refusal.value.field, refusal.value.status) == ("username", 422)


@pytest.mark.parametrize(
    "name", ["system", "System", " SYSTEM ", "root", "Administrator", "support", "ｓｙｓｔｅｍ"]
)
def test_a_name_of_the_program_itself_is_reserved(spoken, name):
    with pytest.raises(AccountError) as refusal:
        names.clean_username(name)
    assert refusal.value.field == "username"


@pytest.mark.parametrize("name", ["Kari Moe", "´abc", "abc´", "Ｋａｒｉ　Ｍｏｅ", "¨Åse"])
def test_a_clean_username_stays_as_it_is(spoken, name):
    """NFKC turns some characters into a space and another: cleaning twice must not differ."""
    try:
        once = names.clean_username(name)
    except AccountError:
        return
    assert names.clean_username(once) == once


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("kari@kunde.example", "kari@kunde.example"),
        ("  Kari.Moe@KUNDE.example \n", "kari.moe@kunde.example"),
        ("kari+sak@kunde.example", "kari+sak@kunde.example"),
        ("KARI@XN--BLBR-ROAH.NO", "kari@blåbær.no"),
        ("o'brien@kunde.example", "o'brien@kunde.example"),
    ],
)
def test_an_address_is_stored_in_lower_case(spoken, written, stored):
    assert names.clean_email(written) == stored


@pytest.mark.parametrize(
    "address",
    [
        "",
        "kari",
        "kari@",
        "@kunde.example",
        "kari@kunde",
        "kari@@kunde.example",
        "kari moe@kunde.example",
        "kari@kunde.example, per@annen.example",
        "Kari <kari@kunde.example>",
        "kari@kunde.example\r\nBcc: alle@kunde.example",
        "kari\x00@kunde.example",
        "kari@127.0.0.1",
        "kari@" + "k" * 250 + ".example",
        "x" * 10_000,
    ],
)
def test_what_is_no_address_is_refused(spoken, address):
    with pytest.raises(AccountError) as refusal:
        names.clean_email(address)
    assert (refusal.value.field, refusal.value.status) == ("email", 422)


@pytest.mark.parametrize(
    "typed",
    [
        "Per Ås",
        "per ås",
        "PER ÅS",
        "  Per Ås ",
        unicodedata.normalize("NFD", "Per Ås"),
        "Ｐｅｒ Ås",
        "per@annen.example",
        "PER@ANNEN.EXAMPLE",
        " Per@Annen.example\t",
    ],
)
def test_an_account_is_found_however_its_name_is_typed(session, people, typed):
    assert names.find_by_login(session, typed) == people("per")


@pytest.mark.parametrize(
    "typed",
    [
        "",
        " ",
        "Per As",
        "Per Aas",
        "Per",
        "Per%",
        "per@annen",
        "x" * 10_000,
        "\x00",
        "🙂",
        "%",
        "_",
    ],
)
def test_what_is_nobodys_name_finds_nobody(session, people, typed):
    people("per")
    assert names.find_by_login(session, typed) is None


def test_a_and_å_are_two_letters_in_a_name(session, people):
    account = rules.create(
        session, people("anne"), username="Per As", email="as@annen.example", role="bruker"
    )
    assert names.find_by_login(session, "Per As") == account
    assert names.find_by_login(session, "Per Ås") == people("per")


@pytest.mark.parametrize(
    "address",
    [
        "kari@blåbær.example",
        "jürgen@kunde.example",
        "post@straße.example",
        "weiß@kunde.example",
        "νίκος@kunde.example",
    ],
)
def test_an_account_is_found_by_the_very_address_it_was_made_with(session, people, address):
    account = rules.create(
        session, people("anne"), username="Med egen adresse", email=address, role="bruker"
    )
    assert names.find_by_login(session, address) == account


@pytest.mark.parametrize("name", ["ß" * 64, "ΐ" * 64, "ŉ" * 32, "İ" * 64])
def test_a_name_that_grows_when_its_case_is_folded_is_kept_or_refused(session, people, name):
    with suppress(AccountError):
        account = rules.create(
            session, people("anne"), username=name, email="lang@kunde.example", role="bruker"
        )
        session.flush()
        assert names.find_by_login(session, name) == account


def test_a_free_username_is_the_wanted_one(session, people):
    people("kari")
    for wanted in ("Kari", "Kari Moen", "Kari M_e", "Kari%"):
        assert names.free_username(session, wanted) == wanted


def test_a_taken_username_gets_the_next_number(session, people):
    for expected in ("Kari Moe 2", "Kari Moe 3", "Kari Moe 4"):
        free = names.free_username(session, "Kari Moe")
        assert free == expected
        rules.create(
            session,
            people("anne"),
            username=free,
            email=f"{free[-1]}@kunde.example",
            role="bruker",
        )


def test_a_username_taken_in_other_letters_is_taken(session, people):
    people("kari")
    assert names.free_username(session, "KARI moe") == "KARI moe 2"


@pytest.mark.parametrize("letter", ["a", "å", "ß"])
def test_many_may_want_the_longest_name(session, people, letter):
    wanted = letter * User.USERNAME_MAX
    for number in range(4):
        free = names.clean_username(names.free_username(session, wanted))
        rules.create(
            session,
            people("anne"),
            username=free,
            email=f"lang{number}@kunde.example",
            role="bruker",
        )
    stored = session.scalars(select(User.username).where(User.email.startswith("lang"))).all()
    assert len(set(stored)) == 4
