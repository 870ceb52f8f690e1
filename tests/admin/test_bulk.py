"""Many tickets at once: asked for once more, one by one, with a line for each."""

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import event, func, select, update
from sqlalchemy.orm import Session

from console import tickets
from console.admin.bulk_actions import ACTIONS
from console.extensions import db
from console.models import Category, Event, Priority, Status, Tag, Ticket, TicketTag, User
from console.transaction import change
from tests.admin.bulk_form import ACT, bulk, form_of, kinds, lines, states
from tests.bench import statements
from tests.conftest import ticket_of
from tests.forms import field_errors

pytestmark = pytest.mark.english


def test_one_that_is_refused_does_not_stop_the_others(app, ola, three, act):
    act("nina", tickets.take, three[1])
    answer = bulk(ola, "take", three)
    assert lines(answer) == [
        (str(three[1]), "refused", "Refused: Nina Vakt has already taken this ticket."),
        (str(three[0]), "done", "Taken"),
        (str(three[2]), "done", "Taken"),
    ]
    page = BeautifulSoup(answer.text, "html5lib")
    assert page.h1.text == "2 of 3 tickets changed"
    assert page.select_one(".results .number a")["href"].endswith(f"/admin/tickets/{three[1]}")
    assert not page.select(".notice")
    for number in (three[0], three[2]):
        assert kinds(app, number) == ["ticket.opened", "ticket.taken"]


@pytest.mark.parametrize(
    "odd", ["999999", "1 OR 1=1", "\x00", "9" * 30, "-1", "", "2147483648", "𝟙", "<b>"]
)
def test_what_is_no_ticket_gets_a_line_that_says_so(ola, three, odd):
    answer = bulk(ola, "take", [*three, odd])
    assert states(answer) == ["refused", "done", "done", "done"]
    assert lines(answer)[0][2] == "Refused: There is no such ticket."
    again = BeautifulSoup(answer.text, "html5lib").select("main form")
    assert not again, "that is nothing to try again"
    assert bulk(ola, "take", [odd], ask="1").status_code == 200


def test_a_merged_ticket_is_refused_and_the_survivor_named(ola, three, act):
    _, survivor, merged = three
    act("nina", lambda s, a, t: tickets.merge(s, a, t, into=s.get_one(Ticket, survivor)), merged)
    for action in ("take", "open", "close"):
        sentence = f"Refused: #{merged} is part of #{survivor} now."
        assert lines(bulk(ola, action, [merged])) == [(str(merged), "refused", sentence)]


def test_the_same_ticket_ticked_twice_is_one(ola, three):
    assert states(bulk(ola, "take", [three[0], three[0], f"0{three[0]}"])) == ["done"]


def needed(cast):
    """What each action needs to be told."""
    return {
        "assign": {"assignee": cast.nina},
        "status": {"status": "under arbeid"},
        "priority": {"priority": "3"},
        "category": {"category": "1"},
        "tag": {"add": "Epson, kontor", "remove": "gammel"},
        "answer": {"body": "Alt virker igjen.", "key": "one-form"},
    }


@pytest.mark.parametrize("action", ACTIONS)
def test_every_action_runs_and_a_second_time_changes_nothing(ola, cast, three, act, action):
    for number in three:
        act("nina", tickets.take, number)
        act("nina", tickets.tag, number, add=["gammel"])
    if action == "open":
        bulk(ola, "close", three)
    if action == "take":
        bulk(ola, "release", three)
    more = needed(cast).get(action, {})
    assert bulk(ola, action, three, ask="1", **more).status_code == 200
    expected = "unchanged" if action == "assign" else "done"  # Nina has them already
    assert states(bulk(ola, action, three, **more)) == [expected] * 3
    assert states(bulk(ola, action, three, **more)) == ["unchanged"] * 3


def test_what_was_done_is_what_was_asked_for(app, ola, cast, three):
    for action, said in {
        "assign": "Given to Nina Vakt", "status": "Now: in progress", "priority": "Now: high",
        "category": None, "tag": "+epson +kontor −gammel",
    }.items():  # fmt: skip
        (_, state, sentence) = lines(bulk(ola, action, three[:1], **needed(cast)[action]))[0]
        assert state == "done"
        assert said in (None, sentence)
    with app.app_context():
        ticket = ticket_of(db.session, three[0])
        assert (ticket.assignee_id, ticket.status) == (cast.nina, Status.IN_PROGRESS)
        assert (ticket.priority, ticket.category_id) == (Priority.HIGH, 1)
        tags = select(Tag.name).join(TicketTag).where(TicketTag.ticket_id == three[0])
        assert set(db.session.scalars(tags)) == {"epson", "kontor"}
    assert states(bulk(ola, "category", three[:1], category="none")) == ["done"]
    with app.app_context():
        assert ticket_of(db.session, three[0]).category_id is None


NOTHING = (None, "", "\x00")
NO_CHOICE = (*NOTHING, "x", "-1", "0", "99999999999999999999")


@pytest.mark.parametrize(
    ("action", "value"),
    [
        (action, value)
        for action in ("assign", "status", "priority", "category")
        for value in NO_CHOICE
    ]
    + [(action, value) for action in ("tag", "answer") for value in NOTHING],
)
def test_an_action_that_is_told_nonsense_asks_again_and_keeps_the_selection(
    app, ola, three, cast, action, value
):
    names = list(needed(cast)[action])
    more = {} if value is None else {names[0]: value}
    answer = bulk(ola, action, three, **{f"version-{three[0]}": "1"}, **more)
    assert answer.status_code == 422
    assert field_errors(answer)
    form = form_of(answer)
    assert form["rowid"] == [str(number) for number in three]
    assert form[f"version-{three[0]}"] == "1"
    assert kinds(app, three[0]) == ["ticket.opened"]


def test_a_tag_that_is_too_long_and_a_reply_that_is_are_given_back(ola, three):
    answer = bulk(ola, "tag", three, add="ok, " + "x" * 31)
    assert answer.status_code == 422
    assert form_of(answer)["add"] == "ok, " + "x" * 31
    answer = bulk(ola, "answer", three, body="å" * 40_001)
    assert answer.status_code == 422
    assert form_of(answer)["body"] == "å" * 40_001
    assert states(bulk(ola, "answer", three, body="å" * 20_001)) == ["refused"] * 3


def test_whoever_may_not_work_is_given_nothing(app, ola, cast, three):
    answer = bulk(ola, "assign", three, assignee=cast.kari)
    said = {sentence for _, _, sentence in lines(answer)}
    assert said == {"Refused: Kari Moe cannot be given tickets."}
    assert kinds(app, three[0]) == ["ticket.opened"]


def test_a_category_no_longer_in_use_is_refused(app, ola, three):
    with app.app_context(), change() as session:
        old = Category(name="Faks", active=False, position=99)
        session.add(old)
        session.flush()
        number = old.id
    said = lines(bulk(ola, "category", three[:1], category=number))
    assert said[0][2] == "Refused: The category Faks is not in use any more."


def test_an_action_that_does_not_exist_does_nothing(app, ola, three):
    for action in ("delete", "", "nonsense", "x" * 10_000):
        assert bulk(ola, action, three).status_code == 303
    assert bulk(ola, "take", []).status_code == 303
    assert kinds(app, three[0]) == ["ticket.opened"]


def test_more_than_two_hundred_are_not_begun_and_stay_selected(app, ola, new_ticket, three):
    many = [*three, *range(5000, 5200)]
    answer = bulk(ola, "take", many)
    assert answer.status_code == 422
    alert = BeautifulSoup(answer.text, "html5lib").select_one("[role=alert]")
    assert "At most 200 tickets at once" in alert.text
    assert form_of(answer)["rowid"] == [str(number) for number in many]
    assert kinds(app, three[0]) == ["ticket.opened"]
    assert len(lines(bulk(ola, "take", many[:200]))) == 200


# --- what the page asks


def test_the_page_asks_first_and_shows_which(app, ola, three):
    answer = bulk(ola, "close", three, ask="1", **{f"version-{three[0]}": "1"})
    page = BeautifulSoup(answer.text, "html5lib")
    assert page.h1.text == "Close 3 tickets?"
    assert "Sak 0" in page.select_one(".selection").text
    assert form_of(answer)[f"version-{three[0]}"] == "1"
    assert kinds(app, three[0]) == ["ticket.opened"]


def test_the_list_offers_the_actions(ola, three):
    page = BeautifulSoup(ola.get("/admin/tickets/?tab=all").text, "html5lib")
    offered = [option["value"] for option in page.select("#action option")]
    assert offered == [name for name, action in ACTIONS.items() if action.offered]


# --- what others did meanwhile


def test_many_are_not_closed_over_an_answer_that_was_not_read(app, ola, three, act):
    act("kari", tickets.reply, three[1], body="Nå er den borte.")
    answer = bulk(ola, "close", three, **{f"version-{number}": "1" for number in three})
    assert states(answer) == ["refused", "done", "done"]
    assert lines(answer)[0][2].startswith("Refused: Kari Moe has said or decided something")
    with app.app_context():
        assert ticket_of(db.session, three[1]).status is Status.OPEN


def test_a_field_that_somebody_else_changed_is_told_with_its_value(ola, three, act):
    act("nina", tickets.set_priority, three[0], to=Priority.HIGH)
    seen = {f"version-{number}": "1" for number in three}
    said = lines(bulk(ola, "priority", three, priority="1", **seen))
    assert [state for _, state, _ in said] == ["refused", "done", "done"]
    assert said[0][2] == "Refused: Nina Vakt has changed it meanwhile: Priority: high."


def test_another_field_that_was_changed_is_no_hindrance(ola, three, act, app):
    act("nina", tickets.set_priority, three[0], to=Priority.HIGH)
    seen = {f"version-{number}": "1" for number in three}
    assert states(bulk(ola, "category", three, category="2", **seen)) == ["done"] * 3


def test_a_worker_shut_out_in_the_middle_does_nothing_more(app, ola, cast, three):
    token, once = ola.token(), []

    def shut_out(session):
        """After the first ticket's commit, by another connection."""
        if not once:
            once.append(True)
            with db.engine.execution_options(begin="IMMEDIATE").begin() as other:
                other.execute(update(User).where(User.id == cast.ola).values(active=False))

    form = {"csrf_token": token, "action": "priority", "rowid": three, "priority": "3"}
    event.listen(Session, "after_commit", shut_out)
    try:
        answer = ola.post(ACT, data=form)
    finally:
        event.remove(Session, "after_commit", shut_out)
    assert states(answer) == ["refused", "refused", "done"]
    assert lines(answer)[0][2] == "Refused: You are not allowed to do that."
    for number in three[1:]:
        assert kinds(app, number) == ["ticket.opened"]


def test_each_ticket_costs_the_same_number_of_statements(app, ola, new_ticket, cast):
    token = ola.token()
    for action, more in {"take": {}, "close": {}, **needed(cast)}.items():
        bulk(ola, action, [new_ticket(title=f"Først {action}")], **more)  # new tags are made once
        costs = []
        for many in (2, 4, 12):
            numbers = [new_ticket(title=f"Sak {action} {many} {n}") for n in range(many)]
            seen = {f"version-{number}": "1" for number in numbers}
            form = {"csrf_token": token, "action": action, "rowid": numbers, **more, **seen}
            with app.app_context(), statements(db.engine) as run:
                assert states(ola.post(ACT, data=form)) == ["done"] * many
            costs.append(len(run))
        a_ticket = (costs[1] - costs[0]) / 2
        assert costs[2] - costs[1] == 8 * a_ticket, (action, costs)
        # An answer that closes says three things that the requester is owed word of.
        assert a_ticket <= (25 if action == "answer" else 18), (action, costs)


def test_nothing_is_kept_of_a_form_without_a_token(app, ola, three):
    assert ola.post(ACT, data={"action": "take", "rowid": three}).status_code == 400
    with app.app_context():
        assert db.session.scalar(select(func.count(Event.id))) == 3
