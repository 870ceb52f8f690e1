"""Writing down a call, through the door."""

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import select

from console.accounts import rules
from console.extensions import db
from console.models import Draft, Ticket, User
from console.transaction import change
from tests.bench import statements
from tests.conftest import count, history_of
from tests.forms import at_once, field_errors, notices

NEW = "/admin/tickets/new/"
CALL = {"requester": "Kari Moe", "description": "Skriveren er tom.\nIgjen.", "channel": "phone"}


def one(app):
    """The only ticket there is."""
    with app.app_context():
        return db.session.scalars(select(Ticket)).one()


@pytest.fixture
def ola(ola):
    ola.set_cookie("language", "en")
    return ola


@pytest.mark.parametrize("named", ["Kari Moe", "kari moe", "KARI@kunde.example"])
def test_a_worker_writes_down_a_call(app, ola, cast, named):
    answer = ola.send(NEW, {**CALL, "requester": named})
    ticket = one(app)
    assert (answer.status_code, answer.location) == (303, f"/admin/tickets/{ticket.id}")
    assert (ticket.requester_id, ticket.channel, ticket.assignee_id) == (cast.kari, "phone", None)
    assert (ticket.title, ticket.description) == ("Skriveren er tom.", "Skriveren er tom.\nIgjen.")


def test_one_comes_back_to_where_one_was_and_is_told_the_number(app, ola):
    answer = ola.send(NEW, {**CALL, "url": "/admin/tickets/?tab=mine"})
    assert answer.location == "/admin/tickets/?tab=mine"
    page = ola.get(answer.location)
    number = one(app).id
    assert f"#{number} is saved, for Kari Moe." in notices(page)
    link = BeautifulSoup(page.text, "html5lib").select_one(".notice a")
    assert link["href"] == f"/admin/tickets/{number}"


@pytest.mark.parametrize("url", ["https://evil.example/", "//evil.example", "/\\evil.example"])
def test_one_never_comes_back_elsewhere(app, ola, url):
    assert ola.send(NEW, {**CALL, "url": url}).status_code == 400
    assert count(app, Ticket) == 0


def test_a_title_that_is_sent_is_the_title(app, ola):
    ola.send(NEW, {**CALL, "title": "Ringte om skriver"})
    assert one(app).title == "Ringte om skriver"


def test_mine_is_taken_in_the_same_breath(app, ola, cast):
    ola.send(NEW, {**CALL, "handler": "mine"})
    ticket = one(app)
    assert ticket.assignee_id == cast.ola
    with app.app_context():
        assert history_of(db.session, ticket.id) == ["ticket.opened", "ticket.taken"]


def test_who_calls_for_the_first_time_becomes_a_requester(app, ola):
    answer = ola.send(NEW, {**CALL, "requester": "Berit <Dal> 900 12 345"})
    assert answer.status_code == 422
    answer = ola.send(NEW, {**CALL, "requester": "Berit Dal 900 12 345"}, follow_redirects=True)
    assert "no address" in answer.text
    assert "no-address.invalid" not in answer.text
    with app.app_context():
        berit = db.session.scalars(select(User).where(User.login_name == "berit dal")).one()
        assert (berit.phone, one(app).requester_id) == ("90012345", berit.id)


@pytest.mark.parametrize(
    ("field", "value"),
    [("requester", "kari"), ("requester", "system"), ("requester", ""), ("title", "x"),
     ("description", ""), ("description", "\u200b"), ("channel", "fax"), ("handler", "nobody"),
     ("requester", "x" * 10_000), ("description", "x" * 50_000), ("attached", "999")],
)  # fmt: skip
def test_a_call_that_cannot_be_written_down_loses_nothing(app, ola, field, value):
    form = {**CALL, "title": "Ringte om skriver", field: value}
    answer = ola.send(NEW, form)
    assert answer.status_code == 422
    assert "field-error" in answer.text
    page = BeautifulSoup(answer.text, "html5lib")
    for name in ("requester", "title", "description"):
        shown = page.select_one(f"main [name={name}]")
        assert (shown.get("value") or shown.text.removeprefix("\n")) == form[name]
    assert count(app, Ticket) == 0


def test_of_several_one_chooses(app, ola, cast):
    answer = ola.send(NEW, {**CALL, "requester": "kari"})
    page = BeautifulSoup(answer.text, "html5lib")
    offered = {box["value"]: box.parent.text for box in page.select("[data-choices] input")}
    assert list(offered) == [str(cast.kari), "new"]
    assert "kari@kunde.example" in offered[str(cast.kari)]
    assert "New requester: kari" in offered["new"]
    ola.send(NEW, {**CALL, "requester": "kari", "account": str(cast.kari)})
    assert one(app).requester_id == cast.kari


def test_a_choice_is_not_taken_for_another_text(app, ola, cast):
    answer = ola.send(NEW, {**CALL, "requester": "Berit Dal", "account": str(cast.kari)})
    assert answer.status_code == 422
    page = BeautifulSoup(answer.text, "html5lib")
    assert [box["value"] for box in page.select("[data-choices] input")] == ["new"]
    assert count(app, Ticket) == 0


def test_a_switchboard_does_not_name_the_caller(app, ola, cast):
    with app.app_context(), change() as session:
        session.get_one(User, cast.kari).phone = "22334455"
    form = {**CALL, "requester": "Berit Dal 22334455"}
    assert ola.get("/admin/people/", query_string={"q": form["requester"]}).json["unclear"]
    page = BeautifulSoup(ola.send(NEW, form).text, "html5lib")
    offered = [box["value"] for box in page.select("[data-choices] input")]
    assert offered == [str(cast.kari), "new"]
    assert count(app, Ticket) == 0
    ola.send(NEW, {**form, "account": "new"})
    with app.app_context():
        assert db.session.get(User, one(app).requester_id).username == "Berit Dal"


def test_somebody_new_may_have_a_name_that_is_there(app, ola, cast):
    ola.send(NEW, {**CALL, "account": "new"})
    with app.app_context():
        asks = db.session.get(User, one(app).requester_id)
        assert (asks.username, asks.has_address) == ("Kari Moe 2", False)


def test_who_is_shut_out_is_not_taken(app, ola, cast):
    with app.app_context(), change() as session:
        rules.deactivate(
            session, session.get_one(User, cast.anne), session.get_one(User, cast.kari)
        )
    for account in ("", str(cast.kari)):
        answer = ola.send(NEW, {**CALL, "account": account})
        assert answer.status_code == 422
        assert "an admin has closed" in field_errors(answer)[0]
    found = ola.get("/admin/people/?q=kari moe").json
    assert (found["people"], found["account"]) == ([], None)
    assert "an admin has closed" in found["refusal"]


@pytest.mark.parametrize("requester", ["Kari Moe", "Berit Dal", "900 12 345", "b@x.example"])
def test_the_same_form_many_times_is_one_ticket_of_one_person(app, ola, requester):
    accounts = count(app, User)
    form = {**CALL, "requester": requester, "account": "new", "key": "en", "handler": "mine"}
    answers = at_once(app, ola, NEW, form, many=6)
    assert {answer.status_code for answer in answers} == {303}
    assert len({answer.location for answer in answers}) == 1
    assert count(app, Ticket) == 1
    assert count(app, User) == accounts + 1


def test_the_draft_is_there_until_it_is_sent(app, ola):
    fields = fields_of_capture(ola.get(NEW))
    draft = {"requester": "Kari Moe", "account": "new", "description": "Halvveis", "key": "k1"}
    assert ola.send("/drafts/capture", draft).status_code == 204
    begun = fields_of_capture(ola.get(NEW))
    assert {name: begun[name] for name in ("requester", "account", "description")} == {
        name: draft[name] for name in ("requester", "account", "description")
    }
    assert fields["key"] != begun["key"]
    ola.send(NEW, {**CALL, **draft})
    assert fields_of_capture(ola.get(NEW))["description"] == ""
    assert ola.send("/drafts/capture", draft).status_code == 409
    with app.app_context():
        assert db.session.scalars(select(Draft.fields)).one() == {}


def fields_of_capture(answer):
    """What stands in the form."""
    shown = BeautifulSoup(answer.text, "html5lib").select_one("form.capture")
    fields = {f["name"]: f.get("value", "") for f in shown.select("input:not([type=radio])")}
    fields |= {f["name"]: f.text.removeprefix("\n") for f in shown.select("textarea")}
    return fields | {f["name"]: f["value"] for f in shown.select("[type=radio][checked]")}


def test_the_channel_is_the_one_of_the_last_time(ola):
    assert fields_of_capture(ola.get(NEW))["channel"] == "phone"
    ola.send(NEW, {**CALL, "channel": "chat", "handler": "mine"})
    shown = fields_of_capture(ola.get(NEW))
    assert (shown["channel"], shown["handler"]) == ("chat", "pool")
    ola.set_cookie("channel", "<script>")
    assert fields_of_capture(ola.get(NEW))["channel"] == "phone"


def test_a_secret_in_what_is_said_is_hidden(app, ola):
    page = ola.send(
        NEW, {**CALL, "description": "Passord: Sommer2026! virker ikke"}, follow_redirects=True
    )
    assert "a password" in notices(page)
    assert "Sommer2026!" not in page.text
    assert "Sommer" not in one(app).title


def test_every_page_of_the_console_leads_to_the_form_and_a_requesters_page_does_not(ola, kari):
    for path in ("/admin/", "/admin/tickets/?tab=all", "/tickets/"):
        page = BeautifulSoup(ola.get(path).text, "html5lib")
        link = page.select_one("header [data-capture]")["href"]
        assert fields_of_capture(ola.get(link))["url"] == path
    page = kari.get("/tickets/").text
    assert "capture" not in page
    for path in (NEW, "/admin/people/?q=per", "/admin/people/1/tickets", "/admin/tickets/new"):
        assert kari.get(path, follow_redirects=True).status_code == 404
    assert kari.send("/drafts/capture", {"description": "x"}).status_code == 404
    assert kari.send(NEW, CALL).status_code == 404


def test_people_are_told_apart(ola, cast):
    found = ola.get("/admin/people/?q=kari").json
    assert found["people"] == [
        {
            "id": cast.kari, "name": "Kari Moe", "address": "kari@kunde.example", "phone": "",
            "organisation": "", "says": "Kari Moe, kari@kunde.example",
        }
    ]  # fmt: skip
    assert (found["account"], found["new"]) == (None, "New requester: kari")
    found = ola.get("/admin/people/?q=Berit Dal 90012345").json
    assert (found["people"], found["new"]) == ([], "New requester: Berit Dal, 900 12 345")
    assert ola.get("/admin/people/").json["people"] == []


def test_the_callers_open_tickets_are_shown(ola, new_ticket, cast):
    number = new_ticket("kari", title="Skriveren er tom")
    new_ticket("kari", title="Nettverket er nede")
    path = f"/admin/people/{cast.kari}/tickets"
    assert [ticket["title"] for ticket in ola.get(path).json["tickets"]] == [
        "Nettverket er nede", "Skriveren er tom",
    ]  # fmt: skip
    first = ola.get(path, query_string={"q": "skriver"}).json["tickets"][0]
    assert (first["id"], first["alike"], first["handler"]) == (number, True, "nobody yet")
    assert first["url"] == f"/admin/tickets/{number}"
    for nobody in (0, 999_999, 2**31, 10**30):
        assert ola.get(f"/admin/people/{nobody}/tickets").status_code == 404


def test_looking_for_people_costs_a_bounded_number_of_statements(app, ola, new_ticket, cast):
    for number in range(12):
        new_ticket("kari", title=f"Sak {number}")
    for path in ("?q=kari", "?q=Kari Moe 90012345", f"{cast.kari}/tickets?q=sak"):
        with app.app_context(), statements(db.engine) as seen:
            assert ola.get(f"/admin/people/{path}").status_code == 200
        assert len(seen) <= 8, "\n".join(seen)
