"""Saved views: kept, opened, shared, replaced, deleted; and nobody else's."""

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import select

from console.extensions import db
from console.models import SavedView

QUERY = "?tab=all&search=skriver&flt0_0=åpen&flt1_7=3&sort=4&desc=1&cols=requester,tags"


def keep(client, name="Skrivere", query=QUERY, **more):
    return client.send(f"/admin/tickets/views{query}", {"name": name, **more})


def saved(client):
    page = BeautifulSoup(client.get("/admin/tickets/").text, "html5lib")
    return {link.bdi.text: link["href"] for link in page.select(".tabs.saved a")}


def kept_views(app):
    with app.app_context():
        return {view.name: view for view in db.session.scalars(select(SavedView))}


@pytest.fixture
def office(new_ticket):
    return [new_ticket(title="Skriveren er tom"), new_ticket(title="Passord glemt")]


def rows(client, address):
    page = BeautifulSoup(client.get(address).text, "html5lib")
    return [int(row["data-id"]) for row in page.select("tr[data-id]")]


def test_a_view_is_kept_by_the_names_of_things(app, ola):
    answer = keep(ola)
    assert answer.status_code == 303
    assert kept_views(app)["Skrivere"].asked == {
        "tab": "all",
        "search": "skriver",
        "filters": {"status": "åpen", "priority": "3"},
        "sort": "priority",
        "descending": True,
        "cols": "requester,tags",
        "best": None,
    }


def test_it_opens_as_it_was_kept(ola, office):
    keep(ola, query="?tab=all&search=skriver&flt0_0=åpen&cols=requester,tags")
    address = saved(ola)["Skrivere"]
    assert rows(ola, address) == [office[0]]
    page = BeautifulSoup(ola.get(address).text, "html5lib")
    assert page.select_one(".tabs [aria-current]").bdi.text == "Skrivere"
    assert page.select_one("#view-name")["value"] == "Skrivere"


def test_its_short_address_leads_to_it(app, ola):
    keep(ola)
    number = kept_views(app)["Skrivere"].id
    answer = ola.get(f"/admin/tickets/views/{number}")
    assert answer.status_code == 302
    assert answer.location == saved(ola)["Skrivere"]


def test_views_without_a_search_are_counted(ola, office):
    keep(ola, name="Åpne", query="?tab=all&flt0_0=åpen")
    keep(ola, name="Søk", query="?tab=all&search=skriver")
    page = BeautifulSoup(ola.get("/admin/tickets/").text, "html5lib")
    counts = {link.bdi.text: link.select_one(".tab-count") for link in page.select(".saved a")}
    assert counts["Åpne"].text == "2"
    assert counts["Søk"] is None


def test_a_shared_view_is_seen_by_all_workers_and_mine_means_theirs(app, browser_of, ola, office):
    keep(ola, name="Mine og delt", query="?tab=mine", shared="1")
    keep(ola, name="Bare min", query="?tab=mine")
    ola.send(f"/admin/tickets/{office[0]}/take")
    nina = browser_of("nina")
    assert list(saved(nina)) == ["Mine og delt"]
    assert rows(ola, saved(ola)["Mine og delt"]) == [office[0]]
    assert rows(nina, saved(nina)["Mine og delt"]) == []
    private = kept_views(app)["Bare min"].id
    assert nina.get(f"/admin/tickets/views/{private}").status_code == 404
    assert nina.send(f"/admin/tickets/views/{private}/delete").status_code == 404


def test_only_its_owner_and_an_admin_delete_a_shared_view(app, browser_of, ola):
    keep(ola, shared="1")
    number = kept_views(app)["Skrivere"].id
    assert browser_of("nina").send(f"/admin/tickets/views/{number}/delete").status_code == 403
    assert "Skrivere" in kept_views(app)
    assert browser_of("anne").send(f"/admin/tickets/views/{number}/delete").status_code == 303
    assert kept_views(app) == {}


def test_the_same_name_replaces_ones_own_and_nobody_elses(app, browser_of, ola):
    keep(ola, shared="1")
    keep(ola, name="SKRIVERE", query="?tab=mine")
    keep(browser_of("nina"), name="Skrivere", query="?tab=high")
    with app.app_context():
        views = db.session.scalars(select(SavedView).order_by(SavedView.id)).all()
        assert [(v.name, v.shared, v.asked["tab"]) for v in views] == [
            ("SKRIVERE", False, "mine"),
            ("Skrivere", False, "high"),
        ]


@pytest.mark.parametrize("name", ["", "   ", "x" * 61, "\x00", "\u3164"])
def test_a_view_without_a_name_is_refused(app, ola, name):
    answer = keep(ola, name=name)
    assert answer.status_code == 302 or answer.status_code == 303
    assert kept_views(app) == {}


def test_a_worker_has_so_many_views_and_no_more(app, ola):
    for number in range(SavedView.MOST + 2):
        keep(ola, name=f"Visning {number}")
    assert len(kept_views(app)) == SavedView.MOST


@pytest.mark.parametrize(
    "query",
    ["?tab=nonsense&sort=99&flt0_0=nonsense&flt1_99=x&cols=x", "?flt0_3=2026-99-99", "?sort=x"],
)
def test_what_makes_no_sense_is_not_kept_and_opens_all_the_same(ola, query):
    keep(ola, query=query)
    assert ola.get(saved(ola)["Skrivere"]).status_code == 200


def test_a_view_of_things_that_are_gone_still_opens(app, ola):
    keep(ola)
    with app.app_context():
        view = db.session.scalars(select(SavedView)).one()
        view.asked = {"filters": {"gone": "1", "handler": "x"}, "sort": "gone", "tab": "gone"}
        db.session.commit()
    assert ola.get(saved(ola)["Skrivere"]).status_code == 200


def test_to_a_requester_there_are_no_views(app, browser_of, ola):
    keep(ola, shared="1")
    number = kept_views(app)["Skrivere"].id
    kari = browser_of("kari")
    assert keep(kari).status_code == 404
    assert kari.get(f"/admin/tickets/views/{number}").status_code == 404
    assert kari.send(f"/admin/tickets/views/{number}/delete").status_code == 404
