"""The requester's side of the conversation: answers, what is not lost, and who reads what."""

from datetime import timedelta
from io import BytesIO

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import select

from console import clock, tickets
from console.extensions import db
from console.models import Attachment, Draft, Message, Status, Ticket, User
from console.tickets import drafts
from console.transaction import change
from tests.conftest import count, history_of
from tests.forms import at_once, field_errors, fields_of, notices, said
from tests.portal.uploads import one

pytestmark = pytest.mark.usefixtures("folder")


@pytest.fixture
def closed(app, cast, number):
    """Close the ticket, so many days ago."""

    def close(days=0):
        with clock.at(clock.now() - timedelta(days=days)), app.app_context(), change() as session:
            ola, ticket = session.get_one(User, cast.ola), session.get_one(Ticket, number)
            tickets.set_status(session, ola, ticket, to=Status.CLOSED)

    return close


def write(client, number, body, **more):
    return client.send(f"/tickets/{number}/reply", {"body": body, **more})


def status_of(app, number):
    with app.app_context():
        return db.session.get(Ticket, number).status


def test_an_answer_stands_on_the_page_it_leads_to(kari, number):
    answer = write(kari, number, "Den står i 2. etasje.\nVed vinduet.")
    assert answer.status_code == 303
    where, anchor = answer.location.split("#")
    page = kari.get(where)
    entry = BeautifulSoup(page.text, "html5lib").find(id=anchor)
    assert entry.select_one(".said").text.strip() == "Den står i 2. etasje.\nVed vinduet."
    assert entry.select_one(".author").text == "Kari Moe"


def test_what_a_requester_writes_means_what_it_says(kari, number):
    text = "Filen heter *viktig*.txt\n# 1. forsøk\n<b>fet</b> {{7*7}} `kode`"
    write(kari, number, text)
    page = kari.get(f"/tickets/{number}")
    assert said(page) == [text]
    assert not BeautifulSoup(page.text, "html5lib").select(".said em, .said h3, .said b")


def test_an_address_can_be_clicked_and_a_script_cannot(kari, number):
    write(kari, number, "Se https://intranett.example/feil?a=1&b=2. javascript:alert(1)")
    page = BeautifulSoup(kari.get(f"/tickets/{number}").text, "html5lib")
    (link,) = page.select(".said a")
    assert link["href"] == "https://intranett.example/feil?a=1&b=2"
    assert "noopener" in link["rel"]


@pytest.mark.parametrize("body", ["", " \r\n\t ", "\u200b"])
def test_an_answer_that_says_nothing_is_refused_on_its_field(app, kari, number, body):
    answer = write(kari, number, body)
    assert answer.status_code == 422
    assert field_errors(answer) == ["Skriv noe først, eller legg ved en fil."]
    assert count(app, Message) == 0


@pytest.mark.parametrize("text", ["å" * 20_001, "linje\n" * 9_000])
def test_a_text_that_is_too_long_is_given_back_whole(app, kari, number, text):
    answer = write(kari, number, text)
    assert answer.status_code == 422
    assert field_errors(answer) == ["Meldingen er for lang. Den kan ha høyst 20 000 tegn."]
    assert fields_of(answer)["body"] == text
    assert count(app, Message) == 0


def test_line_breaks_count_as_one_character(kari, number):
    text = "\r\n".join(["a" * 99] * 200)
    assert write(kari, number, text).status_code == 303


def test_an_answer_opens_a_closed_ticket_again(app, kari, number, closed):
    closed()
    assert "Skriver du, åpnes den igjen" in kari.get(f"/tickets/{number}").text
    assert write(kari, number, "Den virker fortsatt ikke.").status_code == 303
    assert status_of(app, number) is Status.OPEN
    page = kari.get(f"/tickets/{number}")
    assert "Kari Moe endret status fra lukket til åpen" in page.text


def test_a_thank_you_leaves_it_closed(app, kari, number, closed):
    closed()
    assert write(kari, number, "Takk!").status_code == 303
    assert status_of(app, number) is Status.CLOSED
    page = kari.get(f"/tickets/{number}")
    assert said(page) == ["Takk!"]
    assert "Saken er fortsatt lukket" in page.text


def test_an_answer_long_after_is_a_new_ticket_and_says_so(app, kari, number, closed):
    closed(days=15)
    assert "blir en ny sak" in kari.get(f"/tickets/{number}").text
    answer = write(kari, number, "Nå er den tom igjen.")
    assert answer.status_code == 303
    page = kari.get(answer.location)
    later = int(answer.location.split("#")[0].rsplit("/", 1)[1])
    assert later != number
    assert f"Sak {number} ble lukket for lenge siden" in notices(page)
    assert "Nå er den tom igjen." in page.text
    assert f'href="/tickets/{number}"' in page.text
    assert f'href="/tickets/{later}"' in kari.get(f"/tickets/{number}").text
    assert status_of(app, number) is Status.CLOSED


def test_anothers_ticket_is_not_there_to_write_on(app, browser_of, number):
    per = browser_of("per")
    for path, form in {
        f"/tickets/{number}/reply": {"body": "Min også!"},
        f"/tickets/{number}/presence": {"writing": "1"},
        f"/tickets/{number}/secrets/show": {"secret": "1"},
        f"/tickets/{number}/secrets/wipe": {"secret": "1"},
        f"/drafts/reply:{number}": {"body": "Min også!"},
    }.items():
        answer = per.send(path, form)
        assert answer.status_code == 404, path
        assert "Skriveren" not in answer.text
    assert (count(app, Message), count(app, Draft)) == (0, 0)
    with app.app_context():
        assert history_of(db.session, number) == ["ticket.opened"]


def test_news_stops_the_sending_once_and_nothing_is_lost(app, browser_of, kari, number):
    write(kari, number, "Et gammelt svar")
    page = kari.get(f"/tickets/{number}")
    browser_of("ola").send(f"/admin/tickets/{number}/reply", {"body": "Jeg kommer i morgen."})
    files = [(BytesIO(b"feil 42"), "feil.txt"), (BytesIO(b"feil 43"), "flere.txt")]
    form = {**fields_of(page), "body": "Når kommer dere?\n", "attachments": files}
    stopped = kari.post(f"/tickets/{number}/reply", data=form)
    assert stopped.status_code == 409
    assert said(stopped) == ["Jeg kommer i morgen."]
    assert "Dette kom mens du skrev" in notices(stopped)
    again = fields_of(stopped)
    assert again["body"] == "Når kommer dere?\n"
    assert "feil.txt" in stopped.text
    assert len(again["attached"]) == 2
    assert count(app, Message) == 2
    sent = kari.post(f"/tickets/{number}/reply", data=again)
    assert sent.status_code == 303
    page = kari.get(f"/tickets/{number}")
    assert said(page)[-1] == "Når kommer dere?"
    assert "feil.txt" in page.text
    assert "flere.txt" in page.text


@pytest.mark.parametrize("key", ["fixed-key", None])
def test_ten_identical_answers_at_once_are_one_message(app, kari, number, key):
    form = {"body": "Hallo?", **({"key": key} if key else {})}
    answers = at_once(app, kari, f"/tickets/{number}/reply", form)
    assert {answer.status_code for answer in answers} == {303}
    assert len({answer.location for answer in answers}) == 1
    assert count(app, Message) == 1


def test_a_double_click_on_an_answer_with_files_is_one_message(app, kari, number):
    """The second click brings files that the first one has attached."""
    file = one(kari)["id"]
    form = {**fields_of(kari.get(f"/tickets/{number}")), "body": "Se her", "attached": [file]}
    places = {kari.post(f"/tickets/{number}/reply", data=form).location for _ in range(2)}
    assert len(places) == 1
    assert None not in places
    assert count(app, Message) == 1


def test_ten_identical_answers_with_a_file_at_once_are_one_message(app, kari, number):
    form = {"body": "", "key": "k", "attached": one(kari)["id"]}
    answers = at_once(app, kari, f"/tickets/{number}/reply", form)
    assert {answer.status_code for answer in answers} == {303}
    assert len({answer.location for answer in answers}) == 1
    assert count(app, Message) == 1


def test_one_who_was_logged_out_gets_the_answer_back(kari, number):
    form = {**fields_of(kari.get(f"/tickets/{number}")), "body": "En lang forklaring"}
    kari.send("/logout")
    answer = kari.post(f"/tickets/{number}/reply", data=form)
    assert answer.status_code in (400, 401)
    assert "En lang forklaring" in answer.text


# --- drafts and presence


def save_draft(client, number, body, key="k", kind="reply"):
    return client.send(f"/drafts/{kind}:{number}", {"body": body, "key": key})


def test_a_draft_outlives_a_log_out_and_is_nobody_elses(browser_of, kari, number):
    assert save_draft(kari, number, "Halvferdig <tanke>").status_code == 204
    kari.send("/logout")
    page = browser_of("kari").get(f"/tickets/{number}")
    assert fields_of(page)["body"] == "Halvferdig <tanke>"
    assert "Dette er utkastet ditt." in page.text
    assert "Halvferdig" not in browser_of("ola").get(f"/admin/tickets/{number}").text


def test_sending_empties_the_draft(kari, number):
    save_draft(kari, number, "Hallo?", key="form-1")
    write(kari, number, "Hallo?", key="form-1")
    assert fields_of(kari.get(f"/tickets/{number}"))["body"] == ""


@pytest.mark.parametrize("had_draft", [True, False])
def test_a_straggling_draft_of_what_was_sent_is_not_kept(kari, number, had_draft):
    if had_draft:
        save_draft(kari, number, "Hal", key="form-1")
    write(kari, number, "Hallo?", key="form-1")
    assert save_draft(kari, number, "Hallo?", key="form-1").status_code == 409
    assert fields_of(kari.get(f"/tickets/{number}"))["body"] == ""


def test_a_draft_keeps_its_files_and_brings_no_others(browser_of, kari, number):
    own, others = one(kari, b"x", "mitt.txt")["id"], one(browser_of("per"), b"x", "pers.txt")["id"]
    form = {"body": "Se her", "attached": [own, others, 999_999]}
    assert kari.send(f"/drafts/reply:{number}", form).status_code == 204
    page = kari.get(f"/tickets/{number}")
    assert fields_of(page)["attached"] == [str(own)]
    assert "pers.txt" not in page.text


def test_a_draft_of_a_new_ticket_waits_in_its_form(kari):
    form = {"title": "Halv tittel", "description": "Halv tekst", "key": "k"}
    assert kari.send("/drafts/new", form).status_code == 204
    page = kari.get("/tickets/new").text
    assert "Halv tittel" in page
    assert "Halv tekst" in page


@pytest.mark.parametrize(
    "place",
    ["note:{}", "reply:0", "reply:999999", "reply:9999999999", "reply:-1", "reply:x", "reply:",
     "title:{}", "NEW", "new ", "x" * 500, "reply:{}%00", "reply:²"],
)  # fmt: skip
def test_a_draft_of_no_form_is_not_kept(app, kari, number, place):
    answer = kari.send(f"/drafts/{place.format(number)}", {"body": "x"})
    assert answer.status_code in (400, 404)
    assert count(app, Draft) == 0


def test_a_draft_is_kept_up_to_a_length(app, kari, number):
    assert save_draft(kari, number, "å" * 1_000_000).status_code == 413
    assert save_draft(kari, number, "a" * 100_000).status_code == 204
    with app.app_context():
        assert len(db.session.scalar(select(Draft.fields))["body"]) == drafts.TEXT_MAX


def test_the_page_is_told_of_news_and_not_of_people(browser_of, kari, number):
    page = BeautifulSoup(kari.get(f"/tickets/{number}").text, "html5lib")
    here = page.select_one("[data-presence]")
    sign = {"seen": here["data-seen"], "writing": "1"}
    ola = browser_of("ola")
    assert ola.send(f"/tickets/{number}/presence", sign).json["people"] == []
    assert kari.send(here["data-presence"], sign).json == {"people": [], "news": None}
    told = ola.send(f"/tickets/{number}/presence", {}).json
    assert told["people"] == ["Kari Moe skriver"]
    ola.send(f"/admin/tickets/{number}/reply", {"body": "Hei"})
    told = kari.send(here["data-presence"], sign).json
    assert told == {"people": [], "news": "Det har kommet noe nytt på saken."}
    assert kari.send(here["data-presence"], {"leave": "1"}).status_code == 204
    assert ola.send(f"/tickets/{number}/presence", {}).json["people"] == []


# --- files


def test_files_come_with_an_ordinary_form_and_can_be_fetched(kari, number):
    files = [(BytesIO(b"rad 1"), "Målinger.csv"), (BytesIO(b"rad 2"), "b.csv")]
    assert write(kari, number, "Se vedlegg", attachments=files).status_code == 303
    page = BeautifulSoup(kari.get(f"/tickets/{number}").text, "html5lib")
    links = {link.text: link["href"] for link in page.select(".message .files a[download]")}
    assert list(links) == ["Målinger.csv", "b.csv"]
    assert kari.get(links["Målinger.csv"]).data == b"rad 1"


def test_a_file_alone_is_an_answer(app, kari, number):
    assert write(kari, number, "", attachments=(BytesIO(b"x"), "x.txt")).status_code == 303
    assert count(app, Message) == 1


def test_a_refused_answer_keeps_its_files(app, kari, number):
    answer = write(kari, number, "å" * 20_001, attachments=(BytesIO(b"x"), "notat.txt"))
    assert answer.status_code == 422
    form = fields_of(answer)
    assert len(form["attached"]) == 1
    sent = kari.post(f"/tickets/{number}/reply", data={**form, "body": "Kort"})
    assert sent.status_code == 303
    assert "notat.txt" in kari.get(f"/tickets/{number}").text
    assert count(app, Attachment) == 1


def test_one_bad_file_of_two_stops_the_sending_and_keeps_the_good_one(app, kari, number):
    files = [(BytesIO(b"x"), "god.txt"), (BytesIO(b""), "tom.txt")]
    answer = write(kari, number, "Se vedlegg", attachments=files)
    assert answer.status_code == 422
    assert field_errors(answer) == ["tom.txt er tom."]
    form = fields_of(answer)
    assert (form["body"], len(form["attached"])) == ("Se vedlegg", 1)
    assert count(app, Message) == 0


def test_anothers_file_is_not_attached_and_the_text_is_kept(app, browser_of, kari, number):
    foreign = one(browser_of("per"), b"Pers hemmelighet", "pers.txt")["id"]
    own = one(kari, b"x", "mitt.txt")["id"]
    answer = write(kari, number, "Se her", attached=[foreign, own])
    assert "pers.txt" not in answer.text
    assert answer.status_code == 422
    assert field_errors(answer) == ["En av filene er ikke der lenger. Legg den ved på nytt."]
    form = fields_of(answer)
    assert (form["body"], form["attached"]) == ("Se her", [str(own)])
    assert kari.get(f"/attachments/{foreign}").status_code == 404
    assert count(app, Message) == 0
    assert kari.post(f"/tickets/{number}/reply", data=form).status_code == 303


def test_a_new_ticket_takes_no_file_of_anothers_either(app, browser_of, kari):
    foreign = one(browser_of("per"), b"Pers hemmelighet", "pers.txt")["id"]
    form = {"title": "Se på denne", "description": "Lang forklaring", "attached": foreign}
    answer = kari.send("/tickets/new", form)
    assert answer.status_code == 422
    assert field_errors(answer) == ["En av filene er ikke der lenger. Legg den ved på nytt."]
    assert "Lang forklaring" in answer.text
    assert count(app, Ticket) == 0


@pytest.mark.parametrize("field", ["attachments", "file", "x"])
def test_an_empty_file_field_is_no_file(app, kari, number, field):
    write(kari, number, "Hei", **{field: (BytesIO(b""), "")})
    assert (count(app, Message), count(app, Attachment)) == (1, 0)


def test_the_files_of_a_form_that_comes_twice_are_kept_once(app, kari, number):
    for _ in range(3):
        part = (BytesIO(b"hei"), "notat.txt")
        write(kari, number, "Se her", key="form-1", attachments=[part])
    with app.app_context():
        (file,) = db.session.scalars(select(Attachment))
        assert file.ticket_id == number


@pytest.mark.parametrize("json", [{"body": 5}, [1, 2], "x", {"body": "x\ud800"}, {"key": "\ud800"}])
@pytest.mark.parametrize("path", ["/tickets/{}/reply", "/tickets/new"])
def test_json_is_not_a_form(kari, number, path, json):
    token = {"X-CSRFToken": kari.token("/tickets/new")}
    assert kari.post(path.format(number), json=json, headers=token).status_code in (400, 422)
