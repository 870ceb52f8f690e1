"""The lists that everybody uses, through the console's doors."""

from io import BytesIO

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import select

from console.accounts import organisations
from console.extensions import db
from console.models import Attachment, CannedReply, Category, Organisation, Ticket, User
from console.tickets import canned, drafts
from console.transaction import change
from tests.bench import statements
from tests.forms import fields_of, notices

pytestmark = pytest.mark.english

CATEGORY = {"name": "Telefoni", "position": "", "active": "y"}
ORGANISATION = {
    "name": "Lillevik kommune", "critical": "y", "contract_value": "50 000 kr",
    "domains": "@Lillevik.no\r\nlillevik.kommune.no",
}  # fmt: skip
CANNED = {"title": "Takk", "body": "Hei {navn}, sak {nummer}. Hilsen {behandler}"}


@pytest.fixture
def made(app, cast):
    """The number of a canned reply."""
    with app.app_context(), change() as session:
        reply = canned.define(session, session.get_one(User, cast.ola), **CANNED)
        session.flush()
        return reply.id


def rows(page):
    """The cells of the table, as they are read."""
    shown = BeautifulSoup(page.text, "html5lib").select("tbody tr")
    return [[" ".join(cell.text.split()) for cell in row.find_all("td")] for row in shown]


def one(app, model, **what):
    with app.app_context():
        return db.session.scalar(select(model).filter_by(**what))


def errors(page):
    return [e.text for e in BeautifulSoup(page.text, "html5lib").select(".field-error")]


# --- categories


def test_a_category_is_added_renamed_moved_and_put_out_of_use(app, anne):
    assert anne.send("/admin/categories/new/", CATEGORY).status_code == 302
    listed = rows(anne.get("/admin/categories/"))
    assert listed[-1] == ["7", "Telefoni", "Yes"]
    assert [row[0] for row in listed] == list("1234567")
    number = one(app, Category, name="Telefoni").id
    form = anne.get(f"/admin/categories/edit/?id={number}")
    shown = BeautifulSoup(form.text, "html5lib")
    assert shown.h1.text == "Telefoni"
    assert shown.find(id="active").has_attr("checked")
    changed = {"name": "Telefon", "position": "0"}  # a box without its tick is not sent
    assert anne.send(f"/admin/categories/edit/?id={number}", changed).status_code == 302
    assert rows(anne.get("/admin/categories/"))[0] == ["0", "Telefon", "No"]


@pytest.mark.parametrize(
    ("field", "value"),
    [("name", "programmer"), ("name", ""), ("name", "x" * 5000), ("name", "\u2800\u2800"),
     ("position", "-1"), ("position", "først"), ("position", "9" * 40), ("position", "1\x00")],
)  # fmt: skip
def test_a_category_that_makes_no_sense_is_refused_and_stays_in_the_form(app, anne, field, value):
    page = anne.send("/admin/categories/new/", {**CATEGORY, field: value})
    assert len(errors(page)) == 1
    assert one(app, Category, name="Telefoni") is None
    assert BeautifulSoup(page.text, "html5lib").h1.text == "New category"


def test_a_category_cannot_be_deleted(app, anne):
    number = one(app, Category, name="Programmer").id
    anne.send("/admin/categories/delete/", {"id": number})
    assert one(app, Category, name="Programmer").id == number


# --- organisations


def test_an_organisation_is_added_and_shown_as_one_says_it(app, anne):
    assert anne.send("/admin/organisations/new/", ORGANISATION).status_code == 302
    assert rows(anne.get("/admin/organisations/")) == [
        ["Lillevik kommune", "critical", "50 000 kr", "lillevik.kommune.no, lillevik.no"]
    ]
    number = one(app, Organisation, name="Lillevik kommune").id
    page = anne.get(f"/admin/organisations/edit/?id={number}")
    shown = BeautifulSoup(page.text, "html5lib")
    assert shown.find(id="contract_value")["value"] == "50 000"
    assert shown.find(id="domains").text.split() == ["lillevik.kommune.no", "lillevik.no"]
    form = {"name": "Lillevik", "contract_value": "", "domains": ""}
    assert anne.send(f"/admin/organisations/edit/?id={number}", form).status_code == 302
    assert rows(anne.get("/admin/organisations/")) == [["Lillevik", "", "", ""]]


@pytest.mark.parametrize(
    ("field", "value"),
    [("name", ""), ("name", "x" * 5000), ("contract_value", "mye"), ("contract_value", "-5"),
     ("contract_value", "50,50"), ("contract_value", "9" * 12), ("contract_value", "1e5"),
     ("domains", "gmail.com"), ("domains", "ikke et domene"), ("domains", "a\x00.no"),
     ("domains", "x" * 30_000)],
)  # fmt: skip
def test_an_organisation_that_makes_no_sense_loses_nothing(app, anne, field, value):
    page = anne.send("/admin/organisations/new/", {**ORGANISATION, field: value})
    assert len(errors(page)) == 1
    shown = BeautifulSoup(page.text, "html5lib")
    kept = {**ORGANISATION, field: value}
    assert shown.find(id="contract_value")["value"] == kept["contract_value"]
    assert shown.find(id="critical").has_attr("checked")
    assert one(app, Organisation, name="Lillevik kommune") is None


@pytest.mark.parametrize(
    ("text", "value"),
    [("50000", 50_000), ("50.000", 50_000), ("kr 50 000,-", 50_000), ("50\u00a0000", 50_000),
     ("0", 0), ("1 000 000 000", 1_000_000_000), ("", None), ("50000,00 NOK", 50_000)],
)  # fmt: skip
def test_an_amount_is_read_as_it_is_written(app, anne, text, value):
    anne.send("/admin/organisations/new/", {**ORGANISATION, "contract_value": text})
    assert one(app, Organisation, name="Lillevik kommune").contract_value == value


@pytest.mark.parametrize(
    ("query", "found"),
    [("search=LILLE", 1), ("search=lillevik.k", 1), ("search=vik", 0), ("search=%25", 0),
     ("flt0_0=yes", 1), ("flt0_0=no", 0), ("sort=2&desc=1", 1), ("page=99999999999", 0)],
)  # fmt: skip
def test_organisations_are_found(anne, query, found):
    anne.send("/admin/organisations/new/", ORGANISATION)
    assert len(rows(anne.get(f"/admin/organisations/?{query}"))) == found


def test_the_lists_cost_the_same_however_long_they_are(app, anne, cast):
    def cost(path):
        anne.get(path)
        with app.app_context(), statements(db.engine) as seen:
            anne.get(path)
        return len(seen)

    def add(first, last):
        with app.app_context(), change() as session:
            admin = session.get_one(User, cast.anne)
            for i in range(first, last):
                it = organisations.define_organisation(
                    session, admin, name=f"O{i}", domains=[f"o{i}.no", f"o{i}.com"]
                )
                canned.define(session, admin, title=f"T{i}", body="Hei")
                session.add(it)
            session.get_one(User, cast.kari).organisation = it

    paths = (
        "/admin/organisations/",
        "/admin/canned/",
        "/admin/users/",
        f"/admin/users/{cast.kari}",
    )
    add(0, 1)
    before = [cost(path) for path in paths]
    add(1, 15)
    assert [cost(path) for path in paths] == before
    assert max(before) <= 7  # one of them asks, for admins, how the outbox stands


@pytest.mark.parametrize("sort", range(-1, 6))
def test_any_list_is_sorted_by_what_it_can_be_sorted_by(app, anne, made, sort):
    anne.send("/admin/organisations/new/", ORGANISATION)
    for path in ("canned", "organisations", "categories", "users"):
        for desc in ("", "&desc=1"):
            assert rows(anne.get(f"/admin/{path}/?sort={sort}{desc}"))


# --- one account


def test_an_admin_says_whom_somebody_works_for_and_how_to_call_him(app, anne, cast, new_ticket):
    number = new_ticket("kari")
    anne.send("/admin/organisations/new/", {**ORGANISATION, "domains": ""})
    page = f"/admin/users/{cast.kari}"
    assert (
        anne.send(f"{page}/organisation", {"organisation": "lillevik KOMMUNE"}).status_code == 303
    )
    assert anne.send(f"{page}/phone", {"phone": "+47 900 12 345"}).status_code == 303
    shown = BeautifulSoup(anne.get(page).text, "html5lib")
    facts = " ".join(shown.find("dl").text.split())
    assert "Phone900 12 345 OrganisationLillevik kommune critical" in facts
    told = " ".join(shown.select_one(".timeline").text.split())
    assert "Anne Sjef put the account under Lillevik kommune" in told
    assert "Anne Sjef changed the phone number to 90012345" in told
    assert (
        one(app, Ticket, id=number).organisation_id == one(app, User, id=cast.kari).organisation_id
    )
    listed = anne.get("/admin/users/?flt2_2=lille")
    assert [row[2] for row in rows(listed)] == ["Lillevik kommune"]
    anne.send(f"{page}/organisation", {"organisation": " "})
    anne.send(f"{page}/phone", {"phone": ""})
    kari = one(app, User, id=cast.kari)
    assert (kari.organisation_id, kari.phone) == (None, "")


@pytest.mark.parametrize(
    ("field", "value"),
    [("phone", "ring meg"), ("phone", "1" * 5000), ("phone", "9\x00"),
     ("organisation", "Finnes ikke"), ("organisation", "x" * 5000), ("organisation", "\x00")],
)  # fmt: skip
def test_what_is_no_number_and_no_organisation_is_refused_where_it_was_typed(
    anne, cast, field, value
):
    page = anne.send(f"/admin/users/{cast.kari}/{field}", {field: value})
    assert page.status_code == 422
    assert len(errors(page)) == 1
    shown = BeautifulSoup(page.text, "html5lib").find("input", id=field)
    assert shown["value"][:5] == value.replace("\x00", "\ufffd")[:5]


def test_the_admins_history_tells_what_was_changed_in_the_lists(anne, cast):
    anne.send("/admin/organisations/new/", ORGANISATION)
    anne.send("/admin/categories/new/", CATEGORY)
    told = BeautifulSoup(anne.get(f"/admin/users/{cast.anne}").text, "html5lib")
    text = " ".join(told.select_one(".timeline").text.split())
    assert "Anne Sjef added the organisation Lillevik kommune" in text
    assert "contract value: – → 50 000 kr" in text
    assert "Anne Sjef added the category Telefoni" in text


# --- canned replies


def test_a_canned_reply_is_written_changed_and_deleted_after_a_question(app, ola):
    assert ola.send("/admin/canned/new/", CANNED).status_code == 302
    number = one(app, CannedReply, title="Takk").id
    [row] = rows(ola.get("/admin/canned/"))
    assert row[:3] == ["Takk", CANNED["body"], "Ola Drift"]
    changed = {"title": "Takk for sist", "body": "Hei"}
    assert ola.send(f"/admin/canned/edit/?id={number}", changed).status_code == 302
    question = ola.get(f"/admin/canned/{number}/remove")
    assert "Takk for sist" in question.text
    assert one(app, CannedReply, id=number)
    form = BeautifulSoup(question.text, "html5lib").select_one("main form")
    ola.send(form["action"], {"id": form.find(attrs={"name": "id"})["value"]})
    assert one(app, CannedReply, id=number) is None
    assert ola.get(f"/admin/canned/{number}/remove").status_code == 404


@pytest.mark.parametrize(
    ("field", "value"),
    [("body", "Hei {fornavn}"), ("body", "Hei {navn"), ("body", ""), ("body", "x" * 20_000),
     ("body", "\x00"), ("title", ""), ("title", "x" * 500)],
)  # fmt: skip
def test_a_canned_reply_that_cannot_be_used_is_refused_and_kept_in_the_form(app, ola, field, value):
    page = ola.send("/admin/canned/new/", {**CANNED, field: value})
    [error] = errors(page)
    if "{" in value:
        assert "{navn}, {nummer}, {behandler}" in error
    shown = BeautifulSoup(page.text, "html5lib")
    other = "title" if field == "body" else "body"
    assert CANNED[other] in (shown.find(id=other).get("value"), shown.find(id=other).text.strip())


def test_they_are_fetched_filled_in(app, ola, made, number):
    answer = ola.get(f"/admin/tickets/{number}/canned", headers={"Accept": "application/json"})
    assert answer.json == [
        {"id": made, "title": "Takk", "text": f"Hei Kari Moe, sak {number}. Hilsen Ola Drift"}
    ]
    assert "no-store" in answer.headers["Cache-Control"]


def test_the_page_of_the_ticket_reads_none_of_them(app, ola, made, number):
    with app.app_context(), statements(db.engine) as seen:
        ola.get(f"/admin/tickets/{number}")
    assert not [statement for statement in seen if "canned" in str(statement)]


def test_without_a_script_the_way_there_and_back_loses_nothing(app, ola, made, number):
    at = f"/admin/tickets/{number}"
    page = ola.get(at)
    sent = {**fields_of(page), "body": "Først\r\ndette", "attachments": (BytesIO(b"x"), "a.txt")}
    button = BeautifulSoup(page.text, "html5lib").select_one("#reply button[data-canned]")
    chosen = ola.post(button["formaction"], data=sent, follow_redirects=True)
    form = BeautifulSoup(chosen.text, "html5lib").select_one("main form")
    insert = {"insert": form.find("button")["value"]}
    back = ola.send(form["action"], insert, follow_redirects=True)
    fields = fields_of(back)
    assert fields["body"].strip("\n") == (
        f"Først\ndette\n\nHei Kari Moe, sak {number}. Hilsen Ola Drift"
    )
    assert fields["attached"] == [str(one(app, Attachment, name="a.txt").id)]
    with app.app_context():
        ticket = db.session.get(Ticket, number)
        assert ticket.version == 1
    sent = ola.post(f"{at}/reply", data=fields)
    assert sent.status_code == 303


def test_it_can_be_put_in_with_one_form_as_well(app, ola, made, number):
    fields = {**fields_of(ola.get(f"/admin/tickets/{number}")), "body": "", "insert": str(made)}
    back = ola.post(f"/admin/tickets/{number}/canned", data=fields, follow_redirects=True)
    assert fields_of(back)["body"].strip() == f"Hei Kari Moe, sak {number}. Hilsen Ola Drift"


def test_after_sending_the_old_form_still_keeps_what_is_typed_in_it(app, ola, made, number, cast):
    fields = {**fields_of(ola.get(f"/admin/tickets/{number}")), "body": "Sendt"}
    ola.post(f"/admin/tickets/{number}/reply", data=fields)
    ola.post(f"/admin/tickets/{number}/canned", data={**fields, "body": "Mer"})
    with app.app_context():
        place, actor = f"reply:{number}", db.session.get(User, cast.ola)
        assert drafts.find(db.session(), actor, [place])[place]["body"] == "Mer"


@pytest.mark.parametrize("insert", ["0", "-1", "x", "", "9" * 30, "999999", "\x00"])
def test_one_that_is_not_there_is_said_and_the_text_stays(ola, number, insert):
    fields = fields_of(ola.get(f"/admin/tickets/{number}"))
    sent = {**fields, "body": "Min tekst", "insert": insert}
    back = ola.post(f"/admin/tickets/{number}/canned", data=sent, follow_redirects=True)
    assert "not there any more" in notices(back)
    assert fields_of(back)["body"].strip() == "Min tekst"


def test_a_text_that_is_too_long_comes_back_whole(ola, made, number):
    text = "x" * 41_000
    fields = {**fields_of(ola.get(f"/admin/tickets/{number}")), "body": text, "insert": str(made)}
    page = ola.post(f"/admin/tickets/{number}/canned", data=fields)
    assert page.status_code == 422
    assert fields_of(page)["body"].strip() == text


def test_a_requester_gets_nothing_of_it(kari, made, number):
    for path in (
        "/admin/canned/", "/admin/canned/new/", f"/admin/canned/{made}/remove",
        f"/admin/tickets/{number}/canned", "/admin/organisations/", "/admin/categories/",
    ):  # fmt: skip
        assert kari.get(path).status_code == 404, path
    assert kari.send(f"/admin/tickets/{number}/canned", {"insert": str(made)}).status_code == 404
    assert "canned" not in kari.get(f"/tickets/{number}").text
