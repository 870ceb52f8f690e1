"""Accounts from a file: all of it or nothing, and the same file twice changes nothing."""

import codecs
import unicodedata

import pytest
from sqlalchemy import func, select

from console.accounts import importing, rules
from console.accounts.importing import FileRefused
from console.models import AccountEvent, User
from console.transaction import change
from tests.conftest import PASSWORD

HEADER = "brukernavn,epost,rolle,passord\n"
LINES = "Bjørg Åsen,bjorg@ås.example,bruker,\nØyvind Dahl,oyvind@firma.example,drift,\n"
FILE = HEADER + LINES


def load(text):
    """What the file comes to, loaded as seed.py loads it."""
    lines, faults = importing.read(text)
    with change() as session:
        summary = importing.load(session, rules.system_user(session), lines, faults=faults)
        return {
            "created": [account.username for account in summary.created],
            "raised": [account.username for account in summary.raised],
            "unchanged": summary.unchanged,
            "kept": summary.kept,
            "without_password": [account.username for account in summary.without_password],
            "passwords_kept": summary.passwords_kept,
        }


def faults_of(text):
    """The line and the column of everything that is wrong with the file."""
    with pytest.raises(FileRefused) as refused:
        load(text)
    assert all(fault.reason for fault in refused.value.faults)
    return [(fault.line, fault.column) for fault in refused.value.faults]


def count(session, model=User):
    session.rollback()
    return session.scalar(select(func.count()).select_from(model))


def account(session, email):
    session.rollback()
    return session.scalars(select(User).where(User.email == email)).one()


@pytest.mark.parametrize(
    "raw",
    [
        FILE.encode("utf-8"),
        FILE.encode("utf-8-sig"),
        FILE.encode("cp1252"),
        codecs.BOM_UTF16_LE + FILE.encode("utf-16-le"),
        codecs.BOM_UTF16_BE + FILE.encode("utf-16-be"),
        FILE.replace("\n", "\r\n").encode("cp1252"),
        FILE.rstrip("\n").encode("utf-8"),
        FILE.replace("\n", "\r").encode("utf-8"),
        unicodedata.normalize("NFD", FILE).encode("utf-8"),
    ],
    ids=["utf8", "utf8-sig", "cp1252", "utf16-le", "utf16-be", "crlf", "no-end", "cr", "nfd"],
)
def test_a_file_is_read_as_excel_and_editors_save_it(session, raw):
    assert load(importing.decode(raw))["created"] == ["Bjørg Åsen", "Øyvind Dahl"]
    assert account(session, "bjorg@ås.example").role_name == "bruker"


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_columns_may_be_parted_as_excel_likes_it(session, delimiter):
    assert len(load(FILE.replace(",", delimiter))["created"]) == 2


def test_a_name_with_the_delimiter_in_quotes_is_one_name(session):
    text = 'brukernavn;epost;rolle;passord\nKari Moe;kari@x.example;bruker;"en;gul;sykkel;regn"\n'
    assert load(text)["created"] == ["Kari Moe"]


@pytest.mark.parametrize(
    "header",
    [
        "Brukernavn,EPOST, Rolle ,Passord",
        "epost,rolle,brukernavn,passord",
        "telefon,epost,rolle,brukernavn,passord",
        "brukernavn,epost,rolle",
    ],
)
def test_columns_may_stand_in_any_order_and_letters(session, header):
    cells = {"brukernavn": "Bjørg Åsen", "epost": "bjorg@ås.example", "rolle": "Drift"}
    line = ",".join(cells.get(title.strip().lower(), "") for title in header.split(","))
    assert load(f"{header}\n{line}\n")["created"] == ["Bjørg Åsen"]
    assert account(session, "bjorg@ås.example").role_name == "drift"


def test_empty_lines_and_empty_cells_at_the_end_are_nothing(session):
    text = HEADER + "\n,,,\nBjørg Åsen,bjorg@x.example,bruker,,,\n   ,,\n\n"
    assert load(text)["created"] == ["Bjørg Åsen"]


def test_a_line_break_within_quotes_is_part_of_the_cell(session):
    text = HEADER + '"Bjørg\nÅsen",bjorg@x.example,bruker,\nØyvind,oyvind,bruker,\n'
    assert faults_of(text) == [(4, "epost")]
    assert load(text.replace("oyvind,", "oyvind@x.example,"))["created"] == ["Bjørg Åsen", "Øyvind"]


def test_a_bad_line_that_is_broken_in_two_is_named_by_one_of_them(session):
    [(line, column)] = faults_of(HEADER + '"Bjørg\nÅsen",bjorg,bruker,\n')
    assert line in (2, 3)
    assert column == "epost"


@pytest.mark.parametrize(
    ("line", "column"),
    [
        (",ny@x.example,bruker,", "brukernavn"),
        ("   ,ny@x.example,bruker,", "brukernavn"),
        ("ab,ny@x.example,bruker,", "brukernavn"),
        ("System,ny@x.example,bruker,", "brukernavn"),
        ("ny@x.example,ny@x.example,bruker,", "brukernavn"),
        ("=HYPERLINK(1),ny@x.example,bruker,", "brukernavn"),
        ("Ny\ufffd,ny@x.example,bruker,", "brukernavn"),
        ("å" * 65 + ",ny@x.example,bruker,", "brukernavn"),
        ("Ny Person,,bruker,", "epost"),
        ("Ny Person,ny,bruker,", "epost"),
        ("Ny Person,ny@x,bruker,", "epost"),
        ("Ny Person,a@x.example b@x.example,bruker,", "epost"),
        ("Ny Person,ny@x.example,,", "rolle"),
        ("Ny Person,ny@x.example,sjef,", "rolle"),
        ("Ny Person,ny@x.example,brukar,", "rolle"),
        ("Ny Person,ny@x.example,bruker,kort", "passord"),
        ("Ny Person,ny@x.example,bruker," + "x" * 257, "passord"),
        ("Ny Person,ny@x.example,bruker,123456789012", "passord"),
        ("Ny Person,ny@x.example,bruker,ny@x.example", "passord"),
        ("Ny Person,ny@x.example,bruker,en gul sykkel,i regnet", ""),
        ("Ny Person", "epost"),
        ("Kari Moe,annen@x.example,bruker,", "brukernavn"),
        ("KARI  MOE,annen@x.example,bruker,", "brukernavn"),
        ("Ny Person,KARI@kunde.example,bruker,", "epost"),
        ("Kari Moe,per@annen.example,bruker,", "brukernavn"),
        ("Ny Person,første@x.example,bruker,", "epost"),
        ("FØRSTE person,ny@x.example,bruker,", "brukernavn"),
    ],
)
def test_a_bad_line_is_named_with_its_column_and_nothing_is_loaded(session, cast, line, column):
    before, history = count(session), count(session, AccountEvent)
    text = (
        HEADER
        + f"Første Person,første@x.example,bruker,\n\n{line}\nSiste,siste@x.example,bruker,\n"
    )
    found = faults_of(text)
    assert (4, column) in found
    assert {number for number, _ in found} == {4}
    assert (count(session), count(session, AccountEvent)) == (before, history)


def test_every_bad_line_of_many_is_named_in_order(session):
    lines = ["Nr En,en@x.example,bruker,"]
    lines += [f"Person {n},person{n}{'' if n % 3 else '@x.example'},bruker," for n in range(30)]
    lines += [",,bruker,", "Nr To,to@x.example,keiser,", "Nr Tre,tre@x.example,drift,123"]
    found = faults_of(HEADER + "\n".join(lines) + "\n")
    expected = [(n + 3, "epost") for n in range(30) if n % 3]
    expected += [(33, "brukernavn"), (33, "epost"), (34, "rolle"), (35, "passord")]
    assert found == expected
    assert count(session) == 1


def test_the_first_of_two_alike_is_named_in_the_reason(session):
    with pytest.raises(FileRefused) as refused:
        load(HEADER + "Bjørg Åsen,b@x.example,bruker,\nBJØRG ÅSEN,c@x.example,bruker,\n")
    [fault] = refused.value.faults
    assert (fault.line, fault.column) == (3, "brukernavn")
    assert "2" in fault.reason


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "Bjørg Åsen,bjorg@x.example,bruker,\n",
        "brukernavn,epost\nBjørg,bjorg@x.example\n",
        "username,email,role\nBjørg,bjorg@x.example,bruker\n",
        "\x00\x01\x02PK\x03\x04",
        "brukernavn|epost|rolle\n",
        '"' + "x" * 200_000,
    ],
    ids=["nothing", "a line break", "no header", "no role", "english", "binary", "bars", "endless"],
)
def test_what_is_no_such_file_is_refused_at_its_first_line(session, text):
    assert {line for line, _ in faults_of(text)} == {1}


def test_a_file_with_a_header_and_no_account_is_refused(session):
    assert len(faults_of(HEADER)) == 1
    assert len(faults_of(HEADER + "\n,,,\n\n")) == 1


@pytest.mark.parametrize(
    "line",
    [
        '"Bjørg Åsen,bjorg@x.example,bruker,',
        'Bjørg Åsen,bjorg@x.example,bruker,"en gul sykkel i regnet',
    ],
    ids=["first cell", "last cell"],
)
def test_a_quote_that_is_never_closed_is_a_fault(session, line):
    """Or the rest of the file would vanish into one cell, and its accounts with it."""
    faults_of(HEADER + f"{line}\nØyvind Dahl,oyvind@x.example,bruker,\n")
    assert count(session) == 1


def test_a_cell_beyond_all_measure_is_a_fault(session):
    text = HEADER + f"Bjørg,b@x.example,bruker,\nØyvind,{'x' * 200_000},bruker,\n"
    assert faults_of(text) == [(3, "")]


def test_a_file_with_too_many_lines_is_refused(session):
    lines = "".join(f"Person {n},p{n}@x.example,bruker,\n" for n in range(importing.LINES_MAX + 1))
    _, faults = importing.read(HEADER + lines)
    assert [fault.line for fault in faults] == [importing.LINES_MAX + 2]


def test_the_same_file_twice_changes_nothing(session):
    load(FILE)
    before = (count(session), count(session, AccountEvent))
    again = load(FILE)
    assert (again["created"], again["raised"], again["unchanged"]) == ([], [], 2)
    assert (count(session), count(session, AccountEvent)) == before


def test_an_account_without_a_password_is_told_until_it_has_one(session):
    text = FILE.replace("drift,", f"drift,{PASSWORD}")
    assert load(text)["without_password"] == ["Bjørg Åsen"]
    assert load(text)["without_password"] == ["Bjørg Åsen"]


def test_a_new_account_gets_the_password_of_the_file(app):
    with app.app_context():
        load(FILE.replace("bruker,", f"bruker,{PASSWORD}"))
    answer = app.test_client().send("/login", {"email": "bjørg åsen", "password": PASSWORD})
    assert answer.status_code == 302


def test_a_password_is_never_reset_by_a_file(session, people):
    before = people("kari").password
    summary = load(HEADER + "Kari Moe,kari@kunde.example,bruker,hest batteri stift korrekt\n")
    assert (summary["unchanged"], summary["passwords_kept"]) == (1, 1)
    assert account(session, "kari@kunde.example").password == before


def test_a_role_may_rise_and_is_written_down(session, people):
    before = people("kari").fs_uniquifier
    summary = load(HEADER + "Kari Moe,KARI@kunde.example,drift,\n")
    assert (summary["raised"], summary["unchanged"]) == (["Kari Moe"], 0)
    kari = account(session, "kari@kunde.example")
    assert kari.role_name == "drift"
    assert kari.fs_uniquifier != before
    last = session.scalars(select(AccountEvent).order_by(AccountEvent.id.desc())).first()
    assert (last.kind, last.changes) == ("account.role_changed", {"role": ["bruker", "drift"]})
    assert last.actor.is_system


@pytest.mark.parametrize(
    ("who", "role"), [("anne", "drift"), ("anne", "bruker"), ("ola", "bruker")]
)
def test_a_role_is_never_lowered_by_a_file(session, people, who, role):
    person = people(who)
    name, email, had = person.username, person.email, person.role_name
    summary = load(HEADER + f"{name},{email},{role},\n")
    assert summary["kept"] == [(name, role, had)]
    assert account(session, email).role_name == had


def test_a_deactivated_account_stays_deactivated(session, people):
    with change() as work:
        rules.deactivate(work, rules.system_user(work), work.get_one(User, people("kari").id))
    load(HEADER + "Kari Moe,kari@kunde.example,bruker,\n")
    assert not account(session, "kari@kunde.example").active


def test_two_thousand_lines_are_loaded_and_counted(session):
    lines = "".join(f"Person {n},person{n}@x.example,bruker,\n" for n in range(2000))
    steps = []
    read, faults = importing.read(HEADER + lines)
    with change() as work:
        importing.load(
            work,
            rules.system_user(work),
            read,
            faults=faults,
            progress=lambda: steps.append(1),
        )
    assert len(steps) == 2000
    assert count(session) == 2001
    assert count(session, AccountEvent) == 2000
