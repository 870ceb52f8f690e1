"""Those who call: how a line about a person is read, who is found by it, and who is made of it."""

import threading
import time

import pytest
from sqlalchemy import func, select

from console import clock
from console.accounts import contacts, names, rules
from console.accounts.contacts import NEW, Unclear
from console.accounts.errors import AccountError, NotAllowed
from console.accounts.written import Written, name_for, parse, readable
from console.extensions import db
from console.models import AccountEvent, Organisation, OrganisationDomain, User
from console.models.user import family_name
from console.transaction import change, unit
from tests.bench import statements


@pytest.fixture
def spoken(applications):
    """A context in which refusals find their words; no database is asked."""
    with applications("sqlite").test_request_context():
        yield


BERIT = Written("Berit Dal", "", "90012345")


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("Berit Dal", Written("Berit Dal")),
        ("  Berit \t Dal\n", Written("Berit Dal")),
        ("Berit Dal 900 12 345", BERIT),
        ("Berit Dal, 90012345", BERIT),
        ("900 12 345 Berit Dal", BERIT),
        ("Berit Dal tlf. 900 12 345", BERIT),
        ("Berit Dal (900 12 345)", BERIT),
        ("Berit Dal (+47) 900 12 345", BERIT),
        ("Berit Dal +47 90 01 23 45", BERIT),
        ("Berit Dal mob 0047 90012345", BERIT),
        ("90012345", Written(phone="90012345")),
        ("+46 70 123 45 67", Written(phone="+46701234567")),
        ("02345", Written(phone="02345")),
        ("berit@x.no", Written(email="berit@x.no")),
        ("Berit Dal <Berit@X.no>", Written("Berit Dal", "berit@x.no")),
        ("Berit Dal <berit@x.no> 90012345", Written("Berit Dal", "berit@x.no", "90012345")),
        ("mailto:berit@x.no", Written(email="berit@x.no")),
        ("Berit Dal, e-post: berit@x.no.", Written("Berit Dal", "berit@x.no")),
        ("Kari, Lillevik kommune", Written("Kari", organisation="Lillevik kommune")),
        ("Kari, 90012345, Lillevik", Written("Kari", "", "90012345", "Lillevik")),
        ("Kari Moe 2", Written("Kari Moe 2")),
        ("Kari Moe 2 90012345", Written("Kari Moe 2", "", "90012345")),
        ("O'Brien", Written("O'Brien")),
        ("drift 1", Written("drift 1")),
        ("", Written()),
        (" ,; <> ", Written()),
        ("1 2 3", Written("1 2 3")),
        ("\x00\u200b", Written()),
        ("1" * 200, Written("1" * 200)),
    ],
)
def test_a_line_about_a_person_is_taken_to_pieces(spoken, text, written):
    assert parse(text) == written


@pytest.mark.parametrize("text", ["1 " * 120, "12 " * 80 + "x", "a@" * 120, "(" * 254])
def test_no_line_takes_long_to_read(spoken, text):
    begun = time.process_time()
    parse(text)
    assert time.process_time() - begun < 0.1


@pytest.mark.parametrize(
    ("written", "name"),
    [
        (BERIT, "Berit Dal"),
        (Written(phone="90012345"), "900 12 345"),
        (Written(phone="+46701234567"), "46701234567"),
        (Written(email="berit.dal@x.no"), "Berit Dal"),
        (Written(email="bo@x.no"), "bo x.no"),
        (Written(email="12345@x.no"), "12345 x.no"),
    ],
)
def test_who_gave_no_name_is_called_by_what_he_gave(spoken, written, name):
    assert name_for(written) == name
    assert names.clean_username(name) == name


@pytest.mark.parametrize(
    ("number", "read"),
    [("90012345", "900 12 345"), ("22334455", "22 33 44 55"), ("02345", "02345"),
     ("+46701234567", "+46701234567"), ("", "")],
)  # fmt: skip
def test_a_number_is_shown_as_it_is_read_aloud(number, read):
    assert readable(number) == read


@pytest.mark.parametrize(
    ("name", "last"),
    [("kari moe", "moe"), ("kari anne moe 2", "moe"), ("kari", ""), ("007", ""), ("drift 1", "")],
)
def test_the_last_word_of_a_name_is_kept_beside_it(name, last):
    assert family_name(name) == last


@pytest.fixture
def ola(people):
    return people("ola")


@pytest.fixture
def town(session, people):
    """Lillevik, where Kari works, who can be called."""
    place = Organisation(name="Lillevik kommune", created_at=clock.now())
    place.domains = [OrganisationDomain(domain="lillevik.example")]
    session.add(place)
    session.flush()
    people("kari").organisation_id = place.id
    people("kari").phone = "90012345"
    session.flush()
    return place


def found(session, actor, text):
    return [person.name for person in contacts.find(session, actor, text)]


@pytest.mark.parametrize(
    "text",
    ["ka", "kari", "KARI M", "Kari Moe", "moe", "Mo", "kari@kun", "KARI@kunde.example", "900",
     "900 12", "+47 900 12 345", "90012345", "Lillevik", "lille", "kari, lillevik",
     "Kari Moe 900 12 345", "Ukjent Person 90012345", "kari moe <kari@kunde.example>"],
)  # fmt: skip
def test_a_person_is_found_by_a_few_letters(session, ola, town, text):
    assert found(session, ola, text) == ["Kari Moe"]


@pytest.mark.parametrize(
    "text", ["", "k", "9", "90", "%", "_", "ari", "oe", "moe x", "system", "Systemet", "kari, Per",
             "\x00", "\U0010ffff", "🙂", "x" * 10_000, "' OR 1=1 --"],
)  # fmt: skip
def test_what_begins_nobodys_name_finds_nobody(session, ola, town, text):
    assert found(session, ola, text) == []


def test_the_whole_name_comes_before_its_beginning_and_both_names_count(session, people, ola):
    for name in ("Moe Olsen", "Kari Anne Moe", "Kari Moensen"):
        rules.create(
            session, people("anne"), username=name, email=f"{name[-4:]}@x.example", role="bruker"
        )
    assert found(session, ola, "moe") == ["Moe Olsen", "Kari Anne Moe", "Kari Moe", "Kari Moensen"]
    assert found(session, ola, "kari moe") == ["Kari Moe", "Kari Moensen", "Kari Anne Moe"]


def test_who_is_shut_out_is_not_offered(session, people, ola):
    rules.deactivate(session, people("anne"), people("kari"))
    session.flush()
    assert found(session, ola, "kari") == []


def test_no_more_are_shown_than_one_can_look_at(session, people, ola):
    for number in range(12):
        rules.create(
            session, people("anne"), username=f"Ola Nordmann {number}", email=f"{number}@x.example",
            role="bruker",
        )  # fmt: skip
    with statements(db.engine) as seen:
        assert len(found(session, ola, "ola n")) == 8
    assert len(seen) == 1


@pytest.mark.parametrize("verb", ["find", "outcome", "get_or_introduce", "introduce"])
def test_only_workers_look_for_people_or_make_them(session, people, verb):
    how = {"name": "Ny Person"} if verb == "introduce" else {"text": "Ny Person"}
    with pytest.raises(NotAllowed):
        getattr(contacts, verb)(session, people("kari"), **how)
    people("nina").active = False
    with pytest.raises(NotAllowed):
        getattr(contacts, verb)(session, people("nina"), **how)


def test_who_calls_for_the_first_time_becomes_a_requester(session, ola, town):
    new = contacts.introduce(session, ola, name="Berit Dal", phone="+47 911 22 333")
    assert (new.username, new.phone, new.role_name, new.password) == (
        "Berit Dal", "91122333", "bruker", None,
    )  # fmt: skip
    assert (new.has_address, new.active, new.organisation) == (False, True, None)
    event = session.scalars(select(AccountEvent).where(AccountEvent.account_id == new.id)).one()
    assert (event.kind, event.actor) == ("account.introduced", ola)


def test_an_address_tells_where_somebody_works(session, ola, town):
    new = contacts.introduce(session, ola, name="Berit Dal", email="Berit@Lillevik.example")
    assert (new.email, new.organisation) == ("berit@lillevik.example", town)


def test_the_organisation_may_be_said(session, ola, town):
    new = contacts.get_or_introduce(session, ola, "Berit Dal, Lillevik kommune")
    assert (new.username, new.organisation, new.organisation_id) == ("Berit Dal", town, town.id)
    with pytest.raises(AccountError):
        contacts.get_or_introduce(session, ola, "Berit Lund, Storvik")


@pytest.mark.parametrize(
    "how",
    [{"email": "KARI@kunde.example"}, {"name": "kari moe", "phone": "900 12 345"}],
    ids=["address", "number"],
)
def test_a_known_address_or_number_is_no_second_account(session, people, ola, town, how):
    assert contacts.introduce(session, ola, **{"name": "Kari M.", **how}) == people("kari")


@pytest.mark.parametrize(
    ("text", "username"),
    [
        ("kari@kunde.example", "Kari Moe"),
        ("90012345", "Kari Moe"),
        ("Kari Moe 90012345", "Kari Moe"),
        ("kari moe", "Kari Moe"),
        ("Kari Moe, lillevik", "Kari Moe"),
        ("Berit Dal", "Berit Dal"),
        ("Berit Dal 911 22 333", "Berit Dal"),
        ("911 22 333", "911 22 333"),
        ("berit@x.example", "Berit"),
        ("Kari Moe <kari@privat.example>", "Kari Moe 2"),
    ],
)
def test_what_names_one_person_is_taken_and_what_names_nobody_is_made(
    session, ola, town, text, username
):
    outcome = contacts.outcome(session, ola, text)
    assert not outcome.refusal
    account = contacts.get_or_introduce(session, ola, text)
    assert account.username == username
    if outcome.account:
        assert outcome.account.id == account.id
    else:
        assert outcome.new
    assert contacts.get_or_introduce(session, ola, text) == account or "2" in username


def choices(session, actor, text, **how):
    with pytest.raises(Unclear) as refusal:
        contacts.get_or_introduce(session, actor, text, **how)
    assert (refusal.value.field, refusal.value.status) == ("requester", 422)
    return [person.name for person in refusal.value.choices]


def test_what_may_be_several_is_asked_for_and_not_guessed(session, people, ola, town):
    assert choices(session, ola, "kari") == ["Kari Moe"]
    assert choices(session, ola, "moe") == ["Kari Moe"]
    assert choices(session, ola, "Kari Moe 911 22 333") == ["Kari Moe"]
    second = contacts.introduce(session, ola, name="Kari Moe", email="moe@annen.example")
    assert choices(session, ola, "Kari Moe") == ["Kari Moe", "Kari Moe 2"]
    second.phone = "90012345"
    assert choices(session, ola, "90012345") == ["Kari Moe", "Kari Moe 2"]
    assert contacts.outcome(session, ola, "90012345").unclear
    chosen = contacts.get_or_introduce(session, ola, "Kari Moe", chosen=str(second.id))
    assert chosen == second
    third = contacts.get_or_introduce(session, ola, "Kari Moe", chosen=NEW)
    assert third.username == "Kari Moe 3"


def test_who_is_shut_out_is_not_taken(session, people, ola, town):
    rules.deactivate(session, people("anne"), people("kari"))
    for text in ("Kari Moe", "kari@kunde.example", "90012345"):
        assert choices(session, ola, text) == []
        assert "Kari Moe" in contacts.outcome(session, ola, text).refusal
    assert choices(session, ola, "Kari Moe", chosen=str(people("kari").id)) == []
    assert choices(session, ola, "kari@kunde.example", chosen=NEW) == []
    assert contacts.get_or_introduce(session, ola, "Kari Moe", chosen=NEW).username == "Kari Moe 2"


@pytest.mark.parametrize("text", ["Berit Dal 90012345", "berit@x.example 90012345"])
def test_a_number_does_not_outweigh_another_name_or_address(session, people, ola, town, text):
    assert choices(session, ola, text) == ["Kari Moe"]
    outcome = contacts.outcome(session, ola, text)
    assert (outcome.account, outcome.unclear) == (None, True)
    assert outcome.new
    new = contacts.get_or_introduce(session, ola, text, chosen=NEW)
    assert new != people("kari")
    assert new.phone == people("kari").phone == "90012345"
    assert contacts.get_or_introduce(session, ola, text) == new
    with pytest.raises(Unclear):
        contacts.introduce(session, ola, name="Tor Vik", phone="90012345")


def test_a_closed_account_does_not_keep_its_number(session, people, ola, town):
    rules.deactivate(session, people("anne"), people("kari"))
    assert contacts.get_or_introduce(session, ola, "Berit Dal 90012345").username == "Berit Dal"


def test_all_who_may_be_calling_are_offered(session, people, ola, town):
    assert choices(session, ola, "Per Ås 90012345") == ["Kari Moe", "Per Ås"]


@pytest.mark.parametrize("text", ["Per Lie", "Berit Dal", "per@kunde.example", "Per Lie 91122333"])
def test_a_choice_counts_only_for_a_text_that_may_mean_it(session, people, ola, town, text):
    chosen = str(people("kari").id)
    assert "Kari Moe" not in choices(session, ola, text, chosen=chosen)
    for meant in ("kari", "Kari Moe", "KARI@kunde.example", "900 12 345", "Berit Dal 90012345"):
        account = contacts.get_or_introduce(session, ola, meant, chosen=chosen)
        assert account == people("kari")


def test_a_name_that_somebody_gave_himself_is_asked_about(session, people, ola, town):
    outsider = contacts.introduce(session, ola, name="Mari Berg", email="mari@x.example")
    assert contacts.get_or_introduce(session, ola, "Mari Berg") == outsider
    rules.registered(session, outsider, wish="", policy="closed")
    session.flush()
    assert choices(session, ola, "Mari Berg") == ["Mari Berg"]
    outcome = contacts.outcome(session, ola, "Mari Berg")
    assert (outcome.account, outcome.unclear) == (None, True)
    assert outcome.new
    number = str(outsider.id)
    assert contacts.get_or_introduce(session, ola, "Mari Berg", chosen=number) == outsider
    assert contacts.get_or_introduce(session, ola, "mari@x.example") == outsider
    outsider.organisation = town
    session.flush()
    assert contacts.get_or_introduce(session, ola, "Mari Berg") == outsider
    outsider.confirmed_at = None
    session.flush()
    assert choices(session, ola, "Mari Berg") == ["Mari Berg"]


@pytest.mark.parametrize(
    "text",
    ["system", "support", "", "ab", "a@b", "Berit <script>", "x" * 100, "🙂🙂🙂", "x@y.invalid"],
)
def test_of_what_is_no_name_nobody_is_made(session, ola, text):
    before = session.scalar(select(func.count(User.id)))
    with pytest.raises(AccountError) as refusal:
        contacts.get_or_introduce(session, ola, text)
    assert refusal.value.status == 422
    assert session.scalar(select(func.count(User.id))) == before
    assert contacts.outcome(session, ola, text).new is None


@pytest.mark.parametrize("chosen", ["-1", "0", "999999", "9" * 50, "x", "²", "1"])
def test_a_choice_that_is_none_counts_for_nothing(session, people, ola, chosen):
    if chosen == "1":
        chosen = str(rules.system_user(session).id)
    assert contacts.get_or_introduce(session, ola, "Kari Moe", chosen=chosen) == people("kari")


@pytest.mark.parametrize("text", ["Berit Dal 911 22 333", "911 22 333", "berit@x.example"])
def test_two_who_add_the_same_person_at_once_add_one(app, cast, text):
    together, numbers = threading.Barrier(4), []

    def add():
        with app.test_request_context():

            def work():
                with change() as session:
                    actor = session.get_one(User, cast.ola)
                    return contacts.get_or_introduce(session, actor, text).id

            together.wait()
            numbers.append(unit(work))
            db.session.remove()

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(numbers) == 4
    assert len(set(numbers)) == 1
