"""The outbox as admins see it, what they do about it, and what they hear of it elsewhere."""

import re
from datetime import timedelta

import pytest
from bs4 import BeautifulSoup

from console import clock
from console.extensions import db
from console.models import DeliveryState, Job, Lane, Medium, Topic
from console.transaction import change
from tests.bench import statements
from tests.forms import notices

pytestmark = pytest.mark.english

S = DeliveryState
LIST = "/admin/deliveries/"


def rows(answer):
    page = BeautifulSoup(answer.text, "html5lib")
    return [" ".join(line.text.split()) for line in page.select(".deliveries-table tbody tr")]


# --- the list


def test_the_list_tells_the_newest_first_with_all_that_one_asks_for(anne, owe, number):
    later = clock.now() + timedelta(hours=1)
    owe(number, state=S.DEFERRED, tries=3, run_at=later, error="451 greylisted", topic=Topic.REPLY)
    owe(number, state=S.CANCELLED, error="no_address", channel=Medium.SMS, recipient="+4790000000")
    owe(None, state=S.FAILED, error="550 <b>no such user</b>", topic=Topic.ACCOUNT, subject="Hei")
    first, second, third = rows(anne.get(LIST))
    assert "the account: Hei" in first
    assert "550 <b>no such user</b>" in first
    assert "not delivered" in first
    for part in ("SMS", "there is no address", "+4790000000", f"#{number}", "not sent"):
        assert part in second
    for part in ("451 greylisted", "delayed", "reply", " 3 ", "e-mail"):
        assert part in third


def test_the_list_costs_the_same_for_one_and_for_twenty(app, anne, owe, number):
    costs = []
    for many in (1, 25):
        for _ in range(many):
            owe(number, state=S.FAILED)
        with app.app_context(), statements(db.engine) as seen:
            assert anne.get(LIST).status_code == 200
        costs.append(len(seen))
        assert not any("body" in line for line in seen)
    assert costs[0] == costs[1] <= 6


@pytest.mark.parametrize(
    ("place", "value", "shown"),
    [(0, "failed", {"a"}), (1, "sms", {"b"}), (2, "receipt", {"c"}), (3, " C@x.example ", {"c"}),
     (3, "nobody", set()), (0, "nonsense", {"a", "b", "c"})],
)  # fmt: skip
def test_filters(anne, owe, place, value, shown):
    owe(recipient="a@x.example", state=S.FAILED)
    owe(recipient="b@x.example", channel=Medium.SMS)
    owe(recipient="c@x.example", topic=Topic.RECEIPT)
    found = rows(anne.get(LIST, query_string={f"flt{place}_{place}": value}))
    assert {line[line.index("@") - 1] for line in found} == shown


def test_search_by_the_beginning_of_the_recipient(anne, owe):
    for name in ("kari", "karianne", "per"):
        owe(recipient=f"{name}@x.example")
    assert len(rows(anne.get(f"{LIST}?search=Kari"))) == 2
    assert len(rows(anne.get(f"{LIST}?search=%25"))) == 0
    assert anne.get(f"{LIST}?search=%00").status_code == 200


def test_a_worker_that_is_not_there_is_noticed(app, anne, owe):
    assert "Nothing is due" in anne.get(LIST).text
    owe(run_at=clock.now() - timedelta(minutes=3))
    page = anne.get(LIST)
    assert "3 minutes" in page.text
    assert "No worker process" not in page.text
    owe(run_at=clock.now() - timedelta(minutes=9))
    assert "No worker process seems to run" in notices(anne.get(LIST))


def test_that_mail_is_not_set_up_is_said_when_mails_wait(anne, owe):
    owe(state=S.SENT)
    assert "MAIL_SERVER" not in anne.get(LIST).text
    owe()
    assert "MAIL_SERVER" in notices(anne.get(LIST))


def test_the_periodic_jobs_are_told(app, anne):
    with app.app_context(), change() as session:
        session.add_all([
            Job(name="digest", lane=Lane.PERIODIC, run_at=clock.now(), done_at=clock.now()),
            Job(name="moonphase", lane=Lane.PERIODIC, failures=3, error="OSError"),
        ])  # fmt: skip
    page = BeautifulSoup(anne.get(LIST).text, "html5lib").select(".periodic tbody tr")
    assert "the morning's summary" in page[0].text
    assert "moonphase" in page[1].text
    assert "3 times: OSError" in " ".join(page[1].text.split())


# --- what can be done


def test_try_again_and_drop_from_the_row(anne, owe, row):
    failed, waiting = owe(state=S.FAILED, tries=28), owe()
    assert anne.send(f"{LIST}{failed}/retry").status_code == 303
    assert anne.send(f"{LIST}{waiting}/drop").status_code == 303
    assert (row(failed).state, row(failed).tries) == (S.WAITING, 0)
    assert (row(waiting).state, row(waiting).error) == (S.CANCELLED, "dropped")


def test_a_refusal_says_why(anne, owe, row):
    sending = owe(state=S.SENDING)
    answer = anne.send(f"{LIST}{sending}/drop", follow_redirects=True)
    assert "It is being sent in this moment" in notices(answer)
    assert row(sending).state is S.SENDING
    for verb in ("drop", "retry"):
        assert anne.send(f"{LIST}999999/{verb}").status_code == 404
        assert anne.send(f"{LIST}{10**12}/{verb}").status_code == 404


def test_many_at_once_each_by_itself(anne, owe, row):
    chosen = [owe(state=S.FAILED), owe(state=S.SENT), owe(state=S.SENT), owe(state=S.DEFERRED)]
    form = {"action": "retry", "rowid": [*chosen, chosen[0], "x", "-1", 10**15]}
    answer = anne.send(f"{LIST}action/", form, follow_redirects=True)
    assert "2 messages changed" in notices(answer)
    assert "2 × It has been sent already" in notices(answer)
    assert [row(each).state for each in chosen] == [S.WAITING, S.SENT, S.SENT, S.WAITING]


@pytest.mark.parametrize(
    "form", [{"action": "retry"}, {"rowid": 1}, {"action": "delete", "rowid": 1}, {}]
)
def test_an_action_without_rows_or_a_name_is_refused_in_words(anne, owe, row, form):
    number = owe(state=S.FAILED)
    form = {**form, "rowid": [number]} if "rowid" in form else form
    answer = anne.send(f"{LIST}action/", form, follow_redirects=True)
    assert re.search("Select the messages first|Choose what to do", notices(answer))
    assert row(number).state is S.FAILED


def test_the_breaker_waits_for_an_answer(anne, owe, row):
    stopped = [owe(state=S.STOPPED, automatic=True) for _ in range(3)]
    page = anne.get(LIST)
    assert "The automatic messages are stopped" in notices(page)
    assert "3 wait for your answer" in notices(page)
    assert anne.send(f"{LIST}resume").status_code == 303
    assert {row(each).state for each in stopped} == {S.WAITING}
    assert "stopped" not in notices(anne.get(LIST))
    again = owe(state=S.STOPPED, automatic=True)
    anne.send(f"{LIST}discard")
    assert (row(again).state, row(again).error) == (S.CANCELLED, "dropped")
    twice = anne.send(f"{LIST}discard", follow_redirects=True)
    assert "Nothing is stopped any more" in notices(twice)


def test_the_page_of_one_tells_everything(anne, owe, number, cast, row):
    digest = owe(state=S.SENT, topic=Topic.DIGEST, subject="I dag")
    found = owe(
        number, state=S.DEFERRED, tries=2, error="451 busy", automatic=True, digest_id=digest,
        subject="Saken <b>din</b>", body="Linje 1\nLinje 2", recipient_id=cast.kari,
    )  # fmt: skip
    page = anne.get(f"{LIST}{found}").text
    for part in (
        "Saken &lt;b&gt;din",
        "Linje 1\nLinje 2",
        "451 busy",
        "Kari Moe",
        "automatically",
        f"{LIST}{digest}",
        f"/admin/tickets/{number}#e",
        "Try again",
        "Do not send",
    ):
        assert part in page, part
    sent = anne.get(f"{LIST}{digest}").text
    assert "Do not send" not in sent
    assert "Try again" not in sent


def test_one_without_words_yet_has_a_page_too(anne, owe):
    found = owe(channel=Medium.TEAM, recipient="team", topic=Topic.HIGH)
    assert "It is written when it is sent" in anne.get(f"{LIST}{found}").text


def test_only_admins_may(ola, kari, owe, row):
    found = owe(state=S.FAILED)
    for client in (ola, kari):
        for path in ("", f"{found}"):
            assert client.get(LIST + path).status_code == 404
        for path in (f"{found}/retry", f"{found}/drop", "resume", "discard", "action/"):
            form = {"action": "drop", "rowid": found}
            assert client.send(LIST + path, form).status_code == 404, path
    assert row(found).state is S.FAILED


@pytest.mark.parametrize(
    "columns",
    [{"state": S.STOPPED, "job": False}, {"state": S.FAILED, "job": False},
     {"run_at": clock.now() - timedelta(minutes=6)}],
)  # fmt: skip
def test_admins_hear_of_it_on_every_page(anne, ola, owe, number, columns):
    pages = ("/admin/", f"/admin/tickets/{number}", "/admin/users/", "/nowhere")
    for path in pages:
        assert "outbox-trouble" not in anne.get(path).text
    owe(**columns)
    for path in pages:
        page = anne.get(path).text
        assert page.count("outbox-trouble") == 1, path
        assert f'<p class="outbox-trouble"><a href="{LIST}">' in page
        assert "outbox-trouble" not in ola.get(path).text
    assert "outbox-trouble" not in anne.get(LIST).text, "it says so itself"


def test_what_admins_hear_costs_one_statement(app, anne, ola):
    costs = {}
    for client in (ola, anne):
        with app.app_context(), statements(db.engine) as seen:
            client.get("/admin/")
        costs[client] = len(seen)
    assert costs[anne] == costs[ola] + 1


def test_what_the_other_side_says_cannot_bring_markup(ola, anne, owe, number):
    found = owe(number, state=S.DEFERRED, recipient="<i>Slack", error="451 <i>no")
    for text in (ola.get(f"/admin/tickets/{number}").text, anne.get(LIST).text,
                 anne.get(f"{LIST}{found}").text):  # fmt: skip
        assert "&lt;i&gt;Slack" in text
        assert "<i>" not in text
