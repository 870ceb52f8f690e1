"""Every sentence in Norwegian and in English, and times as one says them."""

import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import flask_admin
import flask_security
import pytest
import wtforms
from babel.messages import mofile, pofile
from flask_babel import gettext
from wtforms.i18n import messages_path

from console import clock, language
from console.models import Status
from console.words import STATUS

ROOT = Path(__file__).parent.parent
OURS = ROOT / "console" / "translations" / "nb" / "LC_MESSAGES"
DOMAINS = ("messages", "admin", "flask_security", "wtforms")


def key(message):
    """A sentence, or its singular: a catalogue keeps plurals as a list."""
    return message.id[0] if isinstance(message.id, (list, tuple)) else message.id


def parts(message):
    """The translation, in its singular and its plural if it has both."""
    return [message.string] if isinstance(message.string, str) else list(message.string)


def catalogue(domain):
    with (OURS / f"{domain}.po").open("rb") as file:
        return pofile.read_po(file, locale="nb")


@pytest.mark.parametrize("domain", DOMAINS)
def test_no_sentence_is_missing_or_uncertain(domain):
    for message in catalogue(domain):
        if not message.id:
            continue
        assert all(parts(message)), message.id
        assert not message.fuzzy, message.id


@pytest.mark.parametrize("domain", DOMAINS)
def test_the_compiled_catalogue_is_that_of_the_text(domain):
    with (OURS / f"{domain}.mo").open("rb") as file:
        compiled = {key(m): parts(m) for m in mofile.read_mo(file) if m.id}
    assert compiled == {key(m): parts(m) for m in catalogue(domain) if m.id}


def test_our_catalogue_has_every_sentence_of_the_program(tmp_path):
    found = tmp_path / "messages.pot"
    subprocess.run(
        [sys.executable, "-m", "babel.messages.frontend", "-q", "extract", "-F",
         "console/translations/babel.cfg", "--no-location", "-o", str(found), "."],
        cwd=ROOT, check=True,
    )  # fmt: skip
    with found.open("rb") as file:
        written = {key(m) for m in pofile.read_po(file) if m.id}
    assert written == {key(m) for m in catalogue("messages") if m.id}


@pytest.mark.parametrize(
    ("domain", "template"),
    [
        ("flask_security", Path(flask_security.__file__).parent / "translations"),
        ("wtforms", Path(messages_path())),
        ("admin", Path(flask_admin.__file__).parent / "translations"),
    ],
)
def test_the_libraries_say_nothing_that_we_have_not_translated(domain, template):
    sentences = set()
    sources = [*template.glob("*.pot")] or [*template.rglob(f"{domain}.po")]
    for source in sources:
        with source.open("rb") as file:
            sentences |= {key(m) for m in pofile.read_po(file) if m.id}
    assert sentences
    assert sentences <= {key(m) for m in catalogue(domain) if m.id}
    assert wtforms.__version__.startswith("3.3")


def test_the_libraries_speak_norwegian_on_the_page(visitor):
    page = visitor.send("/register", {"username": "", "email": "x", "role": "bruker"})
    assert "Dette feltet må fylles ut." in page.text  # WTForms
    assert "This field" not in page.text
    assert re.search(r"[Uu]gyldig e-post|ikke en gyldig e-post", page.text)  # Flask-Security


def test_flask_admin_speaks_norwegian_even_when_first_asked_elsewhere(context):
    from flask_admin.babel import gettext as admin_gettext

    assert admin_gettext("Save") == "Lagre"


def test_the_switch_is_remembered(visitor):
    assert 'lang="nb"' in visitor.get("/login").text
    answer = visitor.send("/preferences", {"language": "en", "theme": "dark", "next": "/login"})
    assert answer.location == "/login"
    page = visitor.get("/login").text
    assert 'lang="en"' in page
    assert 'data-theme="dark"' in page
    assert "Log in" in page


@pytest.mark.parametrize(
    "form",
    [
        {"language": "xx", "theme": "pink"},
        {"language": "x" * 10_000},
        {},
        {"next": "//evil.example"},
        {"next": "https://evil.example"},
        {"next": "/\\evil.example"},
        {"next": "/\t/evil.example"},
    ],
)
def test_a_switch_to_nonsense_changes_nothing(visitor, form):
    answer = visitor.send("/preferences", form)
    assert answer.status_code == 303
    assert answer.location == "/"
    assert 'lang="nb"' in visitor.get("/login").text


NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("when", "norwegian", "english"),
    [
        (datetime(2026, 11, 20, 8, 5, tzinfo=UTC), "09:05", "09:05"),
        (datetime(2026, 11, 19, 22, 30, tzinfo=UTC), "i går 23:30", "yesterday 23:30"),
        (datetime(2026, 11, 19, 23, 30, tzinfo=UTC), "00:30", "00:30"),
        (datetime(2026, 7, 3, 8, 0, tzinfo=UTC), "3. juli 10:00", "3 Jul 10:00"),
        (datetime(2026, 11, 3, 8, 0, tzinfo=UTC), "3. nov. 09:00", "3 Nov 09:00"),
        (datetime(2025, 2, 28, 8, 0, tzinfo=UTC), "28. feb. 2025", "28 Feb 2025"),
    ],
)
def test_a_time_is_said_as_people_say_it(context, when, norwegian, english):
    with clock.at(NOW):
        assert language.moment(when) == norwegian
        with language.speaking("en"):
            assert language.moment(when) == english


def test_the_statuses_are_shown_as_they_are_stored_in_norwegian(context):
    assert [str(STATUS[status]) for status in Status] == [status.value for status in Status]
    with language.speaking("en"):
        assert [str(STATUS[status]) for status in Status] == ["open", "in progress", "closed"]
        assert gettext("New ticket") == "New ticket"
