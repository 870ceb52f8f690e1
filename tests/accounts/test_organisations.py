"""Organisations: their domains say who belongs to them, and admins keep the list."""

import pytest
from sqlalchemy import select

from console import clock
from console.accounts import organisations, rules
from console.accounts.domains import clean_domain, clean_domains
from console.accounts.errors import AccountError, NotAllowed
from console.models import AccountEvent, Organisation, User
from tests.conftest import PASSWORD, ticket_of


@pytest.fixture
def define(session, people):
    """Define an organisation as the admin."""

    def make(name="Lillevik kommune", *domains, **more):
        return organisations.define_organisation(
            session, people("anne"), name=name, domains=domains, **more
        )

    return make


@pytest.fixture
def ticket(session, new_ticket):
    """A ticket of Kari's, whose address is at kunde.example."""
    return ticket_of(session, new_ticket("kari"))


@pytest.fixture
def lillevik(define):
    return define("Lillevik kommune", "lillevik.kommune.no", critical=True)


@pytest.fixture
def account(session, people):
    """Make an account with this address."""

    def make(email, name="Tor Vik"):
        return rules.create(
            session, people("anne"), username=name, email=email, role="bruker", password=PASSWORD
        )

    return make


def history(session, account):
    rows = select(AccountEvent).where(AccountEvent.account_id == account.id)
    return [(e.kind, e.changes) for e in session.scalars(rows.order_by(AccountEvent.id))]


def refused(do, *words):
    with pytest.raises(AccountError) as refusal:
        do()
    assert all(word in str(refusal.value) for word in words), str(refusal.value)
    return refusal.value


# --- whose an address is


@pytest.mark.parametrize(
    "address",
    ["post@lillevik.kommune.no", "post@it.lillevik.kommune.no", "a@b.c.d.LILLEVIK.kommune.no"],
)
def test_an_address_belongs_to_the_domain_it_ends_with(session, lillevik, address):
    assert organisations.find_by_address(session, address) is lillevik


@pytest.mark.parametrize(
    "address",
    ["post@kommune.no", "post@storlillevik.kommune.no", "post@lillevik.kommune.no.example",
     "lillevik.kommune.no", "", "@", "post@" + "a." * 5000 + "no", f"a{User.NO_ADDRESS}"],
    ids=range(8),
)  # fmt: skip
def test_other_addresses_belong_to_none(session, lillevik, address):
    assert organisations.find_by_address(session, address) is None


def test_the_nearest_domain_decides(session, lillevik, define):
    other = define("Lillevik IT", "it.lillevik.kommune.no")
    find = organisations.find_by_address
    assert find(session, "post@it.lillevik.kommune.no") is other
    assert find(session, "post@lillevik.kommune.no") is lillevik


def test_a_new_account_is_placed_by_its_address(lillevik, account):
    assert account("tor@lillevik.kommune.no").organisation is lillevik


def test_an_account_that_has_an_organisation_keeps_it(session, lillevik, define, account):
    other = define("Annen")
    tor = account("tor@firma.no")
    tor.organisation = other
    session.flush()
    tor.email = "tor@lillevik.kommune.no"
    organisations.place(session, tor)
    assert tor.organisation is other


def test_an_address_that_is_not_confirmed_places_nobody(session, lillevik, define, people):
    kari = people("kari")
    kari.email, kari.confirmed_at = "kari@storvik.kommune.no", None
    session.flush()
    define("Storvik", "storvik.kommune.no")
    session.refresh(kari)
    kari.email = "kari@lillevik.kommune.no"
    rules.registered(session, kari, wish="", policy="closed")
    assert kari.organisation_id is None
    kari.confirmed_at = clock.now()
    rules.registered(session, kari, wish="", policy="closed")
    assert kari.organisation is lillevik


def test_placing_takes_the_tickets_along(session, ticket, lillevik, people):
    people("kari").email = "kari@lillevik.kommune.no"
    organisations.place(session, people("kari"))
    session.commit()
    assert ticket_of(session, ticket.id).organisation_id == lillevik.id


# --- domains


@pytest.mark.parametrize(
    "text",
    ["lillevik.no", " @lillevik.no ", "Lillevik.NO", "https://lillevik.no/", "www.lillevik.no",
     "post@lillevik.no", "http://www.Lillevik.no/om?x=1", "lillevik.no."],
)  # fmt: skip
def test_a_domain_is_known_however_it_is_written(context, text):
    assert clean_domain(text) == "lillevik.no"


def test_a_domain_with_norwegian_letters_is_compared_as_addresses_are(session, define, account):
    blåbær = define("Blåbær AS", clean_domain("xn--blbr-roah.no"))
    assert blåbær.domains[0].domain == "blåbær.no"
    assert account("tor@blåbær.no").organisation is blåbær


@pytest.mark.parametrize(
    "text",
    ["lillevik", "", "lille vik.no", "-x.no", "a..no", "a" * 300 + ".no", "x.invalid", "[1.2.3.4]",
     "1.2.3.4.5.6.7.8.9.no", "<b>.no", "lillevik.no\x00", "@", "."],
    ids=range(13),
)  # fmt: skip
def test_what_is_no_domain_is_refused(context, text):
    assert refused(lambda: clean_domain(text), "lillevik.no").status == 422


@pytest.mark.parametrize(
    "shared", ["gmail.com", "Outlook.com", "online.no", "kommune.no", "proton.me", "@live.com"]
)
def test_a_domain_that_many_share_is_refused_with_the_reason(context, shared):
    assert refused(lambda: clean_domain(shared), "deles av mange").field == "domains"


def test_domains_come_on_lines_or_with_commas_and_once_each(context):
    assert clean_domains("b.no, a.no\r\nA.no;b.no") == ["a.no", "b.no"]
    assert clean_domains(" \n ") == []
    refused(lambda: clean_domains(" ".join(f"d{i}.no" for i in range(31))), "30")


# --- the list


@pytest.mark.parametrize("who", ["kari", "ola"])
def test_only_admins_keep_the_list(session, people, lillevik, who):
    facts = {"name": "X", "critical": False, "contract_value": None, "domains": []}
    actor = people(who)
    with pytest.raises(NotAllowed):
        organisations.define_organisation(session, actor, name="X")
    with pytest.raises(NotAllowed):
        organisations.change_organisation(session, actor, lillevik, **facts)
    with pytest.raises(NotAllowed):
        organisations.move(session, actor, people("kari"), to=lillevik)


def test_what_was_changed_stands_in_the_admins_history(session, people, lillevik):
    def change(**facts):
        return organisations.change_organisation(
            session,
            people("anne"),
            lillevik,
            **{
                "name": "Lillevik kommune",
                "critical": True,
                "contract_value": 50_000,
                "domains": ["lillevik.kommune.no", "lillevik.no"],
                **facts,
            },
        )

    assert change().account is people("anne")
    assert history(session, people("anne"))[-1] == (
        "account.list_changed",
        {
            "organisation": ["Lillevik kommune", "Lillevik kommune"],
            "contract_value": [None, 50_000],
            "domains": [["lillevik.kommune.no"], ["lillevik.kommune.no", "lillevik.no"]],
        },
    )
    assert change() is None
    change(name="Storevik kommune", domains=[])
    assert (lillevik.name, lillevik.domains) == ("Storevik kommune", [])


def test_a_domain_of_another_is_refused_with_its_name(session, lillevik, define):
    refusal = refused(lambda: define("Annen", "lillevik.kommune.no"), "Lillevik kommune")
    assert (refusal.field, refusal.status) == ("domains", 409)
    assert session.scalar(select(Organisation.id).where(Organisation.name == "Annen")) is None


@pytest.mark.parametrize("name", ["", "  ", "x" * 101, "\u200b", "\u2800"])
def test_a_name_that_cannot_be_shown_is_refused(define, name):
    assert refused(lambda: define(name)).field == "name"


def test_a_name_is_taken_whatever_its_capitals(lillevik, define):
    assert refused(lambda: define("LILLEVIK  kommune ")).field == "name"


@pytest.mark.parametrize("value", [-1, 1_000_000_001, 10**30])
def test_an_absurd_contract_value_is_refused(define, value):
    assert refused(lambda: define("X", contract_value=value)).field == "contract_value"


@pytest.mark.parametrize("value", [None, 0, 50_000, 1_000_000_000])
def test_any_other_contract_value_is_kept(session, define, value):
    number = define("X", contract_value=value).id
    session.commit()
    assert session.get(Organisation, number).contract_value == value


def test_a_new_domain_gathers_those_who_belong_nowhere(
    session,
    ticket,
    people,
    define,
    account,
    monkeypatch,
):
    monkeypatch.setattr(organisations, "AT_ONCE", 2)
    define("Avdelingen", "egen.kunde.example")
    elsewhere, part = define("Annen"), account("tor@egen.kunde.example")
    moved = account("una@kunde.example", "Una Vik")
    organisations.move(session, people("anne"), moved, to=elsewhere)
    more = [account(f"v{i}@it.kunde.example", f"Vik {i}") for i in range(3)]
    kunde = define("Kunden", "kunde.example")
    session.commit()
    for one in (people("kari"), *more):
        assert one.organisation is kunde
        assert history(session, one)[-1] == (
            "account.organisation_changed",
            {"organisation": [None, "Kunden"]},
        )
    assert part.organisation.name == "Avdelingen"
    assert moved.organisation is elsewhere
    assert people("per").organisation is None
    now = ticket_of(session, ticket.id)
    assert (now.organisation_id, now.version) == (kunde.id, 1)


def test_who_was_gathered_can_still_be_changed(session, people, define):
    define("Kunden", "kunde.example")
    rules.set_phone(session, people("anne"), people("kari"), to="900 12 345")
    session.commit()
    assert people("kari").phone == "90012345"


# --- one account


def test_an_admin_moves_an_account_and_its_tickets(session, ticket, people, lillevik):
    kari, anne = people("kari"), people("anne")
    organisations.move(session, anne, kari, to=lillevik)
    session.commit()
    assert ticket_of(session, ticket.id).organisation_id == lillevik.id
    assert organisations.move(session, anne, kari, to=lillevik) is None
    organisations.move(session, anne, kari, to=None)
    session.commit()
    assert ticket_of(session, ticket.id).organisation_id is None
    assert [changes for kind, changes in history(session, kari) if "organisation" in kind] == [
        {"organisation": [None, "Lillevik kommune"]},
        {"organisation": ["Lillevik kommune", None]},
    ]


def test_a_phone_number_is_changed_by_an_admin_and_remembered(session, people):
    kari, anne = people("kari"), people("anne")
    rules.set_phone(session, anne, kari, to="+47 900 12 345")
    assert rules.set_phone(session, anne, kari, to="90012345") is None
    rules.set_phone(session, anne, kari, to="")
    assert [changes for kind, changes in history(session, kari) if "phone" in kind] == [
        {"phone": ["", "90012345"]},
        {"phone": ["90012345", ""]},
    ]
    with pytest.raises(NotAllowed):
        rules.set_phone(session, people("ola"), kari, to="1")
