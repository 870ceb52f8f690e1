"""Organisations: their domains say who belongs to them."""

import pytest

from console import clock
from console.accounts import organisations, rules
from console.models import Organisation, OrganisationDomain, User
from tests.conftest import PASSWORD


@pytest.fixture
def lillevik(session, cast):
    """A municipality with one domain."""
    made = Organisation(name="Lillevik kommune", critical=True, created_at=clock.now())
    made.domains = [OrganisationDomain(domain="lillevik.kommune.no")]
    session.add(made)
    session.flush()
    return made


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
)  # fmt: skip
def test_other_addresses_belong_to_none(session, lillevik, address):
    assert organisations.find_by_address(session, address) is None


def test_the_nearest_domain_decides(session, lillevik):
    other = Organisation(name="Lillevik IT", created_at=clock.now())
    other.domains = [OrganisationDomain(domain="it.lillevik.kommune.no")]
    session.add(other)
    session.flush()
    find = organisations.find_by_address
    assert find(session, "post@it.lillevik.kommune.no") is other
    assert find(session, "post@lillevik.kommune.no") is lillevik


def test_a_new_account_is_placed_by_its_address(session, lillevik, people):
    account = rules.create(
        session, people("anne"), username="Tor Vik", email="tor@lillevik.kommune.no",
        role="bruker", password=PASSWORD,
    )  # fmt: skip
    assert account.organisation is lillevik


def test_an_account_that_has_an_organisation_keeps_it(session, lillevik, people):
    account = people("kari")
    account.email, account.organisation = "kari@lillevik.kommune.no", lillevik
    other = Organisation(name="Annen", created_at=clock.now())
    account.organisation = other
    session.add(other)
    session.flush()
    organisations.place(session, account)
    assert account.organisation is other
