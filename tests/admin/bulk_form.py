"""Many tickets sent to one action as a browser sends them, and the page that answers."""

from bs4 import BeautifulSoup

from console.extensions import db
from tests.conftest import history_of

ACT = "/admin/tickets/action/"


def bulk(client, action, numbers, **more):
    """Send the tickets to the action; the answer."""
    return client.send(ACT, {"action": action, "rowid": numbers, **more})


def lines(answer):
    """The result page: number, state and what is said of each ticket, in the page's order."""
    assert answer.status_code == 200
    rows = BeautifulSoup(answer.text, "html5lib").select(".results tbody tr")
    return [
        (row.select_one(".number").text.lstrip("#"), row["class"][0],
         " ".join(row.select_one(".result").text.split()))
        for row in rows
    ]  # fmt: skip


def states(answer):
    """What became of each ticket, in the page's order."""
    return [state for _, state, _ in lines(answer)]


def form_of(answer):
    """What a browser would send from the page's own form."""
    page = BeautifulSoup(answer.text, "html5lib").select_one("main form")
    fields = {"rowid": []}
    for field in page.select("input[type=hidden], input[checked], textarea, input[type=text]"):
        value = field.text if field.name == "textarea" else field.get("value", "")
        if field["name"] == "rowid":
            fields["rowid"].append(value)
        else:
            fields[field["name"]] = value
    return fields


def kinds(app, number):
    """All that happened to the ticket."""
    with app.app_context():
        return history_of(db.session, number)
