"""The worker's side of the conversation: replies, notes, and what is not lost between them."""

from io import BytesIO

import pytest
from bs4 import BeautifulSoup

from console import tickets
from console.attachments import files
from console.attachments.files import Kept
from console.extensions import db
from console.models import Caution, Message, Secret, Status, Ticket, User
from console.tickets import queries
from console.transaction import change
from tests.bench import statements
from tests.conftest import count, history_of
from tests.forms import at_once, field_errors, fields_of, notices, said


def write(client, number, body, kind="reply", **more):
    return client.send(f"/admin/tickets/{number}/{kind}", {"body": body, **more})


def page_of(client, number, query=""):
    return BeautifulSoup(client.get(f"/admin/tickets/{number}{query}").text, "html5lib")


def history(app, number):
    with app.app_context():
        return history_of(db.session, number)


@pytest.fixture
def talk(app, cast, number):
    """Let Kari and Ola talk on the ticket, each entry with a file and a password."""

    def converse(many):
        with app.app_context(), change() as session:
            people = [session.get_one(User, cast.kari), session.get_one(User, cast.ola)]
            ticket = session.get_one(Ticket, number)
            for n in range(many):
                who = people[n % 2]
                kept = Kept(
                    f"fil {n}.txt", "text/plain", Caution.NONE, 1, "0" * 64, f"x/{many}/{n}"
                )
                file = files.add(session, who, kept)
                tickets.reply(
                    session, who, ticket, body=f"Svar {n}, passord: Host-{n}x", key=f"{many}:{n}",
                    attachments=[file.id],
                )  # fmt: skip

    return converse


def test_a_reply_is_shown_as_markdown_to_both(browser_of, ola, number):
    answer = write(ola, number, "Har du **prøvd** dette?\n\n- slå av\n- slå på\n\n<b>rå</b>")
    assert answer.status_code == 303
    where, anchor = answer.location.split("#")
    for page in (ola.get(where), browser_of("kari").get(f"/tickets/{number}")):
        entry = BeautifulSoup(page.text, "html5lib").find(id=anchor)
        assert entry.select_one(".said strong").text == "prøvd"
        assert [item.text for item in entry.select(".said li")] == ["slå av", "slå på"]
        assert not entry.select(".said b")


def test_the_first_reply_takes_the_ticket(app, ola, number):
    write(ola, number, "Jeg ser på det.")
    assert history(app, number) == ["ticket.opened", "ticket.taken", "ticket.replied"]
    assert "Ola Drift" in page_of(ola, number).select_one(".facts").text


def test_a_note_is_for_workers_and_takes_nothing(app, browser_of, ola, number):
    assert write(ola, number, "Ring **først**.", "note").status_code == 303
    assert history(app, number) == ["ticket.opened", "ticket.noted"]
    note = page_of(browser_of("nina"), number).select_one(".message.note")
    assert note.select_one(".said strong").text == "først"
    assert "intern" in note.select_one(".tag").text
    assert "først" not in browser_of("kari").get(f"/tickets/{number}").text


def test_send_and_close_closes_with_the_words(app, ola, number):
    assert write(ola, number, "Nå virker den.", status="lukket").status_code == 303
    assert history(app, number)[-2:] == ["ticket.replied", "ticket.status_changed"]
    with app.app_context():
        assert db.session.get(Ticket, number).status is Status.CLOSED
    assert not page_of(ola, number).select(".compose [name=status]")


@pytest.mark.parametrize("status", ["", "åpen", "LUKKET", "x" * 1000])
def test_no_other_word_closes_it(app, ola, number, status):
    assert write(ola, number, "Hei", status=status).status_code == 303
    with app.app_context():
        assert db.session.get(Ticket, number).status is Status.OPEN


def test_a_refused_reply_closes_nothing(app, ola, number):
    assert write(ola, number, "", status="lukket").status_code == 422
    assert history(app, number) == ["ticket.opened"]


def test_send_and_close_again_by_the_back_button_closes_no_opened_ticket(
    app, browser_of, ola, number
):
    form = {"body": "Nå virker den.", "status": "lukket", "key": "form-1"}
    ola.send(f"/admin/tickets/{number}/reply", form)
    browser_of("kari").send(f"/tickets/{number}/reply", {"body": "Nei, den virker ikke."})
    assert ola.send(f"/admin/tickets/{number}/reply", form).status_code == 303
    assert count(app, Message) == 2
    with app.app_context():
        assert db.session.get(Ticket, number).status is Status.OPEN


def test_the_two_forms_look_different_and_name_who_reads(ola, number):
    page = page_of(ola, number)
    reply, note = page.select_one("form.compose.reply"), page.select_one("form.compose.note")
    assert "Kari Moe (kari@kunde.example)" in reply.select_one(".readers").text
    assert "Kari Moe ser det aldri" in note.select_one(".readers").text
    assert (reply["action"], note["action"]) == (
        f"/admin/tickets/{number}/reply", f"/admin/tickets/{number}/note",
    )  # fmt: skip
    buttons = [form.select_one(".buttons button") for form in (reply, note)]
    assert buttons[0]["class"] != buttons[1]["class"]
    assert [form.select_one("label")["for"] for form in (reply, note)] == [
        "reply-body", "note-body",
    ]  # fmt: skip


@pytest.mark.parametrize("kind", ["reply", "note"])
def test_news_stops_the_sending_once_and_nothing_is_lost(app, browser_of, ola, number, kind):
    write(ola, number, "Et gammelt svar")
    page = ola.get(f"/admin/tickets/{number}")
    write(browser_of("nina"), number, "Jeg har ringt henne.", "note")
    browser_of("kari").send(f"/tickets/{number}/reply", {"body": "Den brenner!"})
    file = (BytesIO(b"1. start"), "veiledning.txt")
    form = {**fields_of(page, kind), "body": "Kommer **fredag**.", "attachments": file}
    stopped = ola.post(f"/admin/tickets/{number}/{kind}", data=form)
    assert stopped.status_code == 409
    assert said(stopped) == ["Jeg har ringt henne.", "Den brenner!"]
    assert "Dette kom mens du skrev" in notices(stopped)
    again = fields_of(stopped, kind)
    assert (again["body"], len(again["attached"])) == ("Kommer **fredag**.", 1)
    assert count(app, Message) == 3
    assert ola.post(f"/admin/tickets/{number}/{kind}", data=again).status_code == 303
    last = page_of(ola, number).select(".message")[-1]
    assert last.select_one(".said").text.strip() == "Kommer fredag."
    assert "veiledning.txt" in last.text
    assert ("note" in last["class"]) is (kind == "note")


def test_news_that_comes_twice_stops_the_sending_twice(browser_of, ola, number):
    page, nina = ola.get(f"/admin/tickets/{number}"), browser_of("nina")
    write(nina, number, "Først", "note")
    form = {**fields_of(page), "body": "Hei"}
    stopped = ola.post(f"/admin/tickets/{number}/reply", data=form)
    write(nina, number, "Så", "note")
    stopped = ola.post(f"/admin/tickets/{number}/reply", data=fields_of(stopped))
    assert (stopped.status_code, said(stopped)) == (409, ["Så"])


def test_ten_identical_replies_at_once_are_one_that_closes(app, ola, number):
    form = {"body": "Ferdig", "key": "k", "status": "lukket"}
    answers = at_once(app, ola, f"/admin/tickets/{number}/reply", form)
    assert {answer.status_code for answer in answers} == {303}
    assert len({answer.location for answer in answers}) == 1
    assert history(app, number) == [
        "ticket.opened", "ticket.taken", "ticket.replied", "ticket.status_changed",
    ]  # fmt: skip


@pytest.mark.parametrize(("kind", "other"), [("reply", "note"), ("note", "reply")])
def test_a_refusal_stands_on_its_own_form_and_keeps_the_text(ola, number, kind, other):
    ola.send(f"/drafts/{other}:{number}", {"body": "Noe annet, halvferdig"})
    file = (BytesIO(b"x"), "notat.txt")
    answer = write(ola, number, "å" * 20_001, kind, attachments=file)
    assert answer.status_code == 422
    assert field_errors(answer) == ["Meldingen er for lang. Den kan ha høyst 20 000 tegn."]
    assert fields_of(answer, kind)["body"] == "å" * 20_001
    assert len(fields_of(answer, kind)["attached"]) == 1
    assert fields_of(answer, other)["body"] == "Noe annet, halvferdig"
    assert fields_of(answer, other)["attached"] == []


@pytest.mark.parametrize("kind", ["reply", "note"])
def test_one_who_logged_out_in_another_tab_gets_the_text_back(app, ola, number, kind):
    form = {**fields_of(ola.get(f"/admin/tickets/{number}"), kind), "body": "En lang forklaring"}
    ola.send("/logout")
    answer = ola.post(f"/admin/tickets/{number}/{kind}", data=form)
    assert answer.status_code in (400, 401)
    assert "En lang forklaring" in answer.text
    assert count(app, Message) == 0


def test_the_whole_conversation_is_reached_link_by_link(ola, number, talk):
    talk(40)
    told, query = [], ""
    while query is not None:
        page = page_of(ola, number, query)
        told = [entry["id"] for entry in page.select(".timeline > li")] + told
        link = page.select_one("[data-earlier]")
        assert bool(page.select("form.compose")) is (query == "")
        if link and not query:
            left = 42 - queries.TIMELINE_PAGE  # with the opening and the taking
            assert link.text == f"Vis {left} tidligere hendelser"
        query = link and "?" + link["href"].partition("?")[2]
    assert len(told) == len(set(told)) == 42


@pytest.mark.parametrize("before", ["0", "-1", "x", "", "9" * 30, "2147483648"])
def test_a_place_in_the_history_that_is_none_is_answered(ola, number, before):
    assert ola.get(f"/admin/tickets/{number}?before={before}").status_code == 200


@pytest.mark.parametrize("who", ["ola", "kari"])
def test_forty_messages_with_files_and_secrets_cost_what_one_does(
    app, browser_of, number, talk, who
):
    client, costs = browser_of(who), []
    path = f"/admin/tickets/{number}" if who == "ola" else f"/tickets/{number}"
    for many in (1, 40):
        talk(many)
        with app.app_context(), statements(db.engine) as seen:
            page = client.get(path)
        assert page.status_code == 200
        costs.append(len(seen))
    assert page.text.count("skjult: et passord") == page.text.count(" download>") > 10
    assert count(app, Secret) >= 40
    assert costs[0] == costs[1] <= 8


def test_who_else_is_here_is_told_by_name_only(browser_of, ola, number):
    nina = browser_of("nina")
    nina.send(f"/drafts/note:{number}", {"body": "Hun er vrang"})
    told = ola.send(f"/tickets/{number}/presence", {"seen": ""})
    assert told.json == {"people": ["Nina Vakt har et utkast"], "news": None}
    nina.send(f"/tickets/{number}/presence", {"writing": "1"})
    told = ola.send(f"/tickets/{number}/presence", {"seen": ""})
    assert told.json["people"] == ["Nina Vakt skriver"]
