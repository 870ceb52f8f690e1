"""The list that stays open: asked every few seconds, answered only when something has changed."""

from datetime import timedelta

import pytest
from bs4 import BeautifulSoup

from console import clock, tickets
from console.extensions import db
from console.models import Priority, Status, WaitingFor
from tests.bench import statements

LIST = "/admin/tickets/"


class Open:
    """A page of the list as it stays open in a browser."""

    def __init__(self, client, query="tab=all"):
        self.client = client
        page = BeautifulSoup(client.get(f"{LIST}?{query}").text, "html5lib")
        box = page.select_one("[data-pulse]")
        self.address = box["data-pulse"]
        self.newest = box.get("data-newest")
        self.tag = f'W/"{box["data-tag"]}"'
        self.ids = [int(row["data-id"]) for row in page.select("tbody tr")]
        self.counts = {each["data-count"]: each.text for each in page.select("[data-count]")}

    def ask(self, tag=None, **more):
        asked = {"ids": ",".join(map(str, self.ids)), "newest": self.newest, **more}
        query = "&".join(f"{k}={v}" for k, v in asked.items() if v is not None)
        headers = {"If-None-Match": tag or self.tag}
        return self.client.get(f"{self.address}&{query}", headers=headers)


def rows_of(answer):
    page = BeautifulSoup(f"<table>{answer.json['rows']}</table>", "html5lib")
    return {int(row["data-id"]): row for row in page.select("tr")}


def later(monkeypatch, time):
    now = clock.now() + time
    monkeypatch.setattr(clock, "now", lambda: now)


def test_nothing_new_is_304_without_a_body_and_two_statements(app, ola, new_ticket):
    new_ticket()
    listed = Open(ola)
    with app.app_context(), statements(db.engine) as seen:
        answer = listed.ask()
    assert answer.status_code == 304
    assert answer.data == b""
    assert answer.headers["ETag"] == listed.tag
    assert answer.headers["Cache-Control"] == "no-store, private"
    assert len(seen) <= 2, seen


def test_a_change_is_told_once_and_then_it_is_304_again(ola, new_ticket):
    number = new_ticket()
    listed = Open(ola)
    other = new_ticket(title="En til")
    answer = listed.ask()
    assert answer.status_code == 200
    assert answer.json["counts"]["unassigned"] == "2"
    assert list(rows_of(answer)) == [number], "no row that is not shown"
    assert other not in rows_of(answer)
    assert listed.ask(tag=answer.headers["ETag"]).status_code == 304


def test_what_has_changed_costs_few_statements(app, ola, new_ticket):
    for _ in range(30):
        new_ticket()
    for query in ("tab=all", "tab=unassigned", "tab=all&flt0_0=lukket", "search=skriver"):
        listed = Open(ola, query)
        with app.app_context(), statements(db.engine) as seen:
            assert listed.ask(tag="x").status_code == 200
        assert len(seen) <= 7, seen


def test_the_views_are_counted_again_when_something_has_changed_and_not_before(
    app, ola, new_ticket, act
):
    number = new_ticket()
    assert Open(ola).counts["unassigned"] == "1"
    with app.app_context(), statements(db.engine) as seen:
        assert Open(ola).counts["unassigned"] == "1"
    assert not any("AS unassigned" in statement for statement in seen)
    act("nina", tickets.take, number)
    assert Open(ola).counts["unassigned"] == "0"


def test_a_row_comes_with_the_version_that_goes_with_it(ola, new_ticket, act):
    number = new_ticket()
    listed = Open(ola)
    act("nina", tickets.take, number)
    row = rows_of(listed.ask())[number]
    assert "Nina Vakt" in row.text
    assert row.select_one(f"[name=version-{number}]")["value"] == "2"
    assert row["data-version"] == "2"


EVERYTHING = {
    "taken": (tickets.take, {}),
    "closed": (tickets.set_status, {"to": Status.CLOSED}),
    "retitled": (tickets.retitle, {"title": "Noe annet"}),
    "a reply": (tickets.reply, {"body": "Hei", "reopen_days": 14}),
    "a note": (tickets.note, {"body": "Hei"}),
    "a priority": (tickets.set_priority, {"to": Priority.HIGH}),
    "a tag": (tickets.tag, {"add": {"hp"}, "remove": set()}),
    "put aside": (
        tickets.wait,
        {
            "until": clock.now() + timedelta(days=3),
            "waiting_for": WaitingFor.SUPPLIER,
            "reason": "del",
        },
    ),
    "due": (tickets.set_due, {"to": clock.now() + timedelta(days=3)}),
}


@pytest.mark.parametrize("what", EVERYTHING)
def test_whatever_happens_to_a_ticket_is_a_change(ola, new_ticket, act, what):
    number = new_ticket()
    listed = Open(ola)
    assert listed.ask().status_code == 304
    verb, how = EVERYTHING[what]
    act("nina", verb, number, **how)
    assert listed.ask().status_code == 200


def test_a_change_that_comes_to_light_after_a_younger_one_is_told(
    ola, new_ticket, act, monkeypatch
):
    """Two transactions: the elder has its time first and is committed last."""
    slow, quick = new_ticket(title="Den trege"), new_ticket(title="Den raske")
    with monkeypatch.context() as patch:
        later(patch, timedelta(seconds=9))
        act("nina", tickets.take, quick)
    listed = Open(ola)
    with monkeypatch.context() as patch:
        later(patch, timedelta(seconds=4))
        act("nina", tickets.take, slow)
    assert listed.ask().status_code == 200


@pytest.mark.parametrize("what", ["due", "awake", "midnight"])
def test_what_changes_by_the_clock_alone_is_a_change(ola, new_ticket, act, monkeypatch, what):
    number = new_ticket()
    soon = clock.now() + timedelta(minutes=30)
    if what == "due":
        act("nina", tickets.set_due, number, to=soon)
    if what == "awake":
        act("nina", tickets.wait, number, until=soon, waiting_for=WaitingFor.OTHER, reason="")
    listed = Open(ola)
    assert listed.ask().status_code == 304
    later(monkeypatch, timedelta(days=1) if what == "midnight" else timedelta(minutes=31))
    answer = listed.ask()
    assert answer.status_code == 200
    assert answer.json["counts"]["due"] == ("0" if what == "midnight" else "1")
    assert answer.json["counts"]["put_aside"] == "0"


def test_new_tickets_are_counted_above_the_newest_that_was_there(ola, new_ticket, act):
    for n in range(22):
        new_ticket(title=f"Sak {n}")
    listed = Open(ola, "tab=unassigned")
    act("nina", tickets.take, listed.ids[0])
    act("nina", tickets.release, listed.ids[0])
    answer = listed.ask()
    assert answer.json["news"] == "", "those of the second page are not new"
    new_ticket(title="En ny")
    assert listed.ask().json["news"].startswith("1 ")
    act("nina", tickets.take, new_ticket(title="Ny og tatt"))
    assert listed.ask().json["news"].startswith("1 ")
    assert Open(ola, "tab=unassigned&page=1").ask(tag="x").json["news"] == ""


def test_where_all_is_shown_what_was_handed_on_is_new(ola, new_ticket, act):
    number = new_ticket()
    listed = Open(ola, "tab=mine")
    assert listed.ids == []
    act("ola", tickets.take, number)
    assert listed.ask().json["news"].startswith("1 ")


def test_what_left_the_view_is_said_to_be_gone(ola, new_ticket, act):
    stays, goes = new_ticket(), new_ticket(title="Den andre")
    listed = Open(ola, "tab=unassigned")
    act("nina", tickets.take, goes)
    answer = listed.ask()
    assert answer.json["gone"] == [goes]
    assert set(rows_of(answer)) == {stays, goes}
    assert Open(ola, "tab=all").ask(tag="x").json["gone"] == []
    filtered = Open(ola, "tab=all&flt0_0=åpen")
    act("nina", tickets.set_status, stays, to=Status.CLOSED)
    assert filtered.ask().json["gone"] == [stays]


def test_a_search_is_not_run_again(app, ola, new_ticket):
    number = new_ticket(title="Plotteren er tom")
    listed = Open(ola, "search=plotteren")
    assert listed.ids == [number]
    new_ticket(title="Plotteren igjen")
    with app.app_context(), statements(db.engine) as seen:
        answer = listed.ask()
    assert answer.json["news"] == ""
    assert set(rows_of(answer)) == {number}
    assert not [each for each in seen if "ticket_words" in each]


@pytest.mark.parametrize(
    "ids",
    ["", "abc", "-1,0,1.5", "99999999999999999999", "1%00", "٣", ",".join(["7"] * 5000), "1;drop"],
)
def test_numbers_that_are_none_are_passed_over(ola, new_ticket, ids):
    number = new_ticket()
    listed = Open(ola)
    for newest in ("", "abc", "-5", "9" * 40):
        answer = listed.ask(tag="x", ids=ids, newest=newest)
        assert answer.status_code == 200
        assert set(rows_of(answer)) <= {number}


def test_no_more_rows_than_a_page_has(ola, new_ticket):
    numbers = [new_ticket(title=f"Sak {n}") for n in range(103)]
    answer = Open(ola).ask(tag="x", ids=",".join(map(str, numbers)))
    assert list(rows_of(answer)) == numbers[:100]


def test_the_columns_are_those_of_the_list(ola, new_ticket, act):
    number = new_ticket()
    listed = Open(ola, "tab=all&cols=tags,due_at")
    act("nina", tickets.tag, number, add={"toner"}, remove=set())
    row = rows_of(listed.ask())[number]
    assert "toner" in row.text
    assert not row.select(".turn")


def test_the_tag_is_that_of_the_language_and_the_worker(app, ola, browser_of, new_ticket):
    new_ticket()
    listed = Open(ola)
    assert Open(browser_of("nina")).tag != listed.tag
    ola.send("/preferences", {"language": "en"})
    assert listed.ask().status_code == 200, "the rows are in another language now"


def test_it_is_nothing_to_requesters_and_asks_visitors_to_log_in(kari, visitor):
    path = f"{LIST}pulse?tab=all&ids=1"
    assert kari.get(path).status_code == 404
    answer = visitor.get(path)
    assert answer.status_code == 302
    assert "/login" in answer.location


def test_a_saved_view_has_its_count_in_it(ola, new_ticket):
    ola.send(f"{LIST}views?tab=unassigned", {"name": "Min"})
    listed = Open(ola, "tab=unassigned")
    key = next(name for name in listed.counts if name.startswith("view-"))
    new_ticket()
    assert key in listed.ask().json["counts"]
