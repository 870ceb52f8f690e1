"""The list as a file: what is in it, that a spreadsheet reads it right, and one at a time."""

import csv
import io
import re
import tracemalloc
import zipfile
from datetime import UTC, datetime, timedelta

import openpyxl
import pytest
from bs4 import BeautifulSoup
from sqlalchemy import event, update

from console import clock, tickets
from console.admin import xlsx
from console.admin.export import ExportPage, safe
from console.extensions import db
from console.models import Priority, Rate, Ticket, User, WaitingFor
from console.tickets import exporting
from console.transaction import change
from tests.bench import statements

pytestmark = pytest.mark.english

HEADINGS = [
    "No.", "Title", "Requester", "Organisation", "Priority", "Turn", "Status", "Handler",
    "Category", "Tags", "Came in by", "Waiting until", "Due", "Created", "Last touched", "Closed",
]  # fmt: skip
KINDS = ("csv", "xlsx")


def export(client, kind, query="tab=all"):
    answer = client.get(f"/admin/tickets/export/{kind}/?{query}", buffered=True)
    assert answer.status_code == 200
    return answer


def sheet_of(data):
    return openpyxl.load_workbook(io.BytesIO(data)).active


def table(answer):
    """The rows of the file as texts, its headings first, whichever kind it is."""
    if answer.mimetype == "text/csv":
        return list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))
    return [
        ["" if value is None else str(value) for value in row]
        for row in sheet_of(answer.data).iter_rows(values_only=True)
    ]


def titles(answer):
    return [row[1] for row in table(answer)[1:]]


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_has_all_that_the_list_can_show(app, cast, ola, new_ticket, kind):
    number = new_ticket(title="Blåbærsyltetøy; «æøå», 100 €")
    until = datetime(2099, 1, 15, 12, 0, tzinfo=UTC)
    with app.app_context(), change() as session:
        ticket = session.get_one(Ticket, number)
        actor = session.get_one(User, cast.ola)
        tickets.take(session, actor, ticket)
        tickets.set_priority(session, actor, ticket, to=Priority.HIGH)
        tickets.tag(session, actor, ticket, add=["kontor", "epson"])
        with clock.at(until - timedelta(days=30)):
            tickets.wait(session, actor, ticket, until=until, waiting_for=WaitingFor.OTHER)
    head, row = table(export(ola, kind))
    assert head == HEADINGS
    assert row[:11] == [
        str(number), "Blåbærsyltetøy; «æøå», 100 €", "Kari Moe", "", "high", "ours", "open",
        "Ola Drift", "", "epson, kontor", "the web page",
    ]  # fmt: skip
    # By the clock of the office, which is an hour ahead of UTC in January.
    assert row[11].startswith("2099-01-15 13:00")
    assert row[15] == ""
    ola.send(f"/admin/tickets/{number}/status", {"status": "lukket"})
    (_, row) = table(export(ola, kind))
    assert (row[5], row[6], row[11]) == ("", "closed", "")
    assert row[15]


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_has_the_columns_that_were_chosen_for_the_list(ola, new_ticket, kind):
    new_ticket()
    for cols, expected in {
        "status,title": ["No.", "Title", "Status"],
        "due_at,nonsense,requester": ["No.", "Title", "Requester", "Due"],
        "nonsense": HEADINGS,
        "": HEADINGS,
    }.items():
        assert table(export(ola, kind, f"tab=all&cols={cols}"))[0] == expected, cols


def test_the_headings_are_in_the_language_of_the_page(browser_of, new_ticket):
    new_ticket()
    answer = export(browser_of("ola", "nb"), "csv")
    assert answer.data.startswith(b"\xef\xbb\xbf")
    (row,) = csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig")), delimiter=";")
    assert (row["Innmelder"], row["Status"]) == ("Kari Moe", "åpen")
    name = f"saker-{clock.now():%Y-%m-%d}.csv"
    assert answer.headers["Content-Disposition"] == f"attachment; filename={name}"


FORMULAS = ("=HYPERLINK(1)", "+1 sak", "-1+1", "@SUM sak", "＝1 sak", ' "=1+1', "=cmd|' /C'!A0")


@pytest.mark.parametrize("kind", KINDS)
def test_no_cell_is_a_formula(ola, new_ticket, kind):
    for title in FORMULAS:
        new_ticket(title=title)
    answer = export(ola, kind)
    assert titles(answer) == [f"'{title.strip()}" for title in reversed(FORMULAS)]
    if kind == "xlsx":
        for row in sheet_of(answer.data).iter_rows(min_row=2):
            assert {cell.data_type for cell in row} <= {"s", "n", "d"}
            assert row[1].number_format == "@", "stays text when somebody edits it"


@pytest.mark.parametrize("text", ["\t=1", "\n=1", "\r@x", "\x00=1", ' "=1', "\x1b+1", "＠x"])
def test_what_hides_a_formula_does_not_help_it(text):
    assert safe(text).startswith("'")


def test_a_workbook_has_numbers_and_dates_a_head_that_stays_and_a_filter(ola, new_ticket):
    number = new_ticket()
    book = openpyxl.load_workbook(io.BytesIO(export(ola, "xlsx").data))
    sheet = book.active
    assert sheet.title == "Tickets"
    assert (sheet["A2"].value, sheet["A2"].data_type) == (number, "n")
    assert sheet["N2"].is_date
    assert abs(sheet["N2"].value - datetime.now()) < timedelta(hours=3)
    assert all(cell.font.b for cell in sheet[1])
    assert not sheet["B2"].font.b
    assert (sheet.freeze_panes, sheet.auto_filter.ref) == ("A2", "A1:P2")
    assert sheet.column_dimensions["B"].width == 50


def test_texts_arrive_in_a_workbook_as_they_are():
    texts = [
        "<b>&amp;</b>", "_x0041_", "__x000D_", "«æøå» 🙂", "  to mellomrom  ", "]]>", "\ufffe\x0bx",
    ]  # fmt: skip
    rows = [[text, 2**53, None, datetime(2026, 2, 28, 23, 59, 59)] for text in texts]
    data = b"".join(xlsx.workbook("A & B", ["a", "b", "c", "d"], [9] * 4, [rows, rows]))
    sheet = sheet_of(data)
    found = [row[0] for row in sheet.iter_rows(min_row=2, values_only=True)]
    expected = [*texts[:-1], "x"]
    # openpyxl leaves the escapes of a spreadsheet as they stand in the file.
    assert [text.replace("_x005F_", "_") for text in found] == expected * 2
    assert sheet["D2"].value.replace(microsecond=0) == datetime(2026, 2, 28, 23, 59, 59)
    assert zipfile.ZipFile(io.BytesIO(data)).testzip() is None


def test_a_workbook_without_rows_is_one(ola):
    answer = export(ola, "xlsx")
    assert table(answer) == [HEADINGS]
    assert zipfile.ZipFile(io.BytesIO(answer.data)).testzip() is None


@pytest.mark.parametrize("kind", KINDS)
def test_the_file_is_the_list_as_it_is_asked_for(ola, new_ticket, kind):
    asked = {"Bil": "kari", "Ørret": "per", "Ærfugl": "per", "Skal med": "kari"}
    numbers = {title: new_ticket(who, title=title) for title, who in asked.items()}
    ola.send(f"/admin/tickets/{numbers['Ørret']}/take")
    for query, expected in {
        "tab=all": ["Skal med", "Ærfugl", "Ørret", "Bil"],
        "tab=mine": ["Ørret"],
        "": ["Skal med", "Ærfugl", "Bil"],
        "tab=all&flt0_2=per": ["Ærfugl", "Ørret"],
        "search=med": ["Skal med"],
        "search=finnesikke": [],
        "tab=all&sort=1": ["Bil", "Skal med", "Ærfugl", "Ørret"],
        "tab=all&sort=1&desc=1": ["Ørret", "Ærfugl", "Skal med", "Bil"],
        "tab=all&page=7&page_size=1": ["Skal med", "Ærfugl", "Ørret", "Bil"],
    }.items():
        assert titles(export(ola, kind, query)) == expected, query


def test_the_order_holds_over_many_stretches(app, ola, new_ticket, monkeypatch):
    numbers = [new_ticket(title=f"Sak {n}") for n in range(7)]
    monkeypatch.setattr(exporting, "STRETCH", 2)
    answer = export(ola, "csv", "tab=all&sort=0")
    assert [int(row[0]) for row in table(answer)[1:]] == numbers
    assert (answer.headers["X-Rows"], answer.headers["X-Stretch"]) == ("7", "2")
    assert "X-More" not in answer.headers
    marks = export(ola, "xlsx").data.count(b"\x00\x00\xff\xff")
    assert marks == 5 + 4 + 1, "the parts before the rows, the stretches, and the end"


def test_the_file_ends_at_the_most_rows_and_the_answer_says_so(ola, new_ticket, monkeypatch):
    for n in range(4):
        new_ticket(title=f"Sak {n}")
    monkeypatch.setattr(ExportPage, "export_max_rows", 3)
    answer = export(ola, "csv")
    assert titles(answer) == ["Sak 3", "Sak 2", "Sak 1"]
    assert (answer.headers["X-Rows"], answer.headers["X-More"]) == ("3", "1")
    page = BeautifulSoup(ola.get("/admin/tickets/").text, "html5lib")
    assert page.select_one(".exports a")["title"] == "At most 3 rows"


def test_an_export_of_another_kind_is_not_there(ola):
    for kind in ("pdf", "xls", "csv%00", "CSV"):
        assert ola.get(f"/admin/tickets/export/{kind}/").status_code == 404


@pytest.mark.parametrize(
    "query", ["page=-1", "sort=99", "search=%00", "flt0_99=1", "tab=x", "flt0_3=0000-00-00"]
)
def test_any_address_of_an_export_is_answered(ola, new_ticket, query):
    new_ticket()
    for kind in KINDS:
        table(export(ola, kind, query))


def test_the_list_links_to_both_with_what_is_asked(ola, new_ticket):
    page = BeautifulSoup(ola.get("/admin/tickets/?tab=all&search=x&page=2").text, "html5lib")
    links = [link["href"] for link in page.select(".exports a")]
    assert [re.search(r"/export/(\w+)/", link)[1] for link in links] == list(KINDS)
    for link in links:
        assert "tab=all" in link
        assert "search=x" in link
        assert "page=" not in link


# --- one at a time


def begin(client, kind="csv"):
    """An export of which its client has read no more than the first stretch."""
    return client.get(f"/admin/tickets/export/{kind}/?tab=all")


def test_a_second_export_waits_for_the_first(ola, browser_of, new_ticket):
    new_ticket()
    first = begin(ola)
    refused = ola.get("/admin/tickets/export/xlsx/?tab=all")
    assert refused.status_code == 429
    assert "Your last export is still running." in refused.text
    assert refused.headers["Retry-After"] == "10"
    export(browser_of("nina"), "csv")  # somebody else's is no hindrance
    assert len(titles(first)) == 1
    export(ola, "xlsx")


def test_a_client_that_goes_away_stops_the_work_and_may_come_again(
    app, ola, new_ticket, monkeypatch
):
    for n in range(4):
        new_ticket(title=f"Sak {n}")
    monkeypatch.setattr(exporting, "STRETCH", 2)
    with app.app_context(), statements(db.engine) as seen:
        begin(ola).close()
    assert sum("tittel" in statement for statement in seen) == 1
    export(ola, "csv")
    ola.head("/admin/tickets/export/csv/")
    export(ola, "csv")


def test_the_lease_of_a_process_that_died_ends(app, ola, new_ticket):
    new_ticket()
    dead = begin(ola)
    with app.app_context(), db.engine.execution_options(begin="IMMEDIATE").begin() as connection:
        connection.execute(update(Rate).where(Rate.key.startswith("export:")).values(expires_at=1))
    export(ola, "csv")
    dead.close()


def test_an_export_that_breaks_off_does_not_look_whole(app, ola, new_ticket, monkeypatch):
    for n in range(4):
        new_ticket(title=f"Sak {n}")
    monkeypatch.setattr(exporting, "STRETCH", 2)
    for kind in KINDS:
        going = begin(ola, kind)

        def fail(connection, cursor, statement, *rest):
            if "tittel" in statement:
                raise RuntimeError("the disk is gone")

        with app.app_context():
            event.listen(db.engine, "before_cursor_execute", fail)
            try:
                if kind == "csv":
                    rows = table(going)
                    assert "broke off" in rows[-1][0]
                    assert len(rows) == 4
                else:
                    chunks = []
                    with pytest.raises(RuntimeError):
                        chunks.extend(going.iter_encoded())
                    assert not zipfile.is_zipfile(io.BytesIO(b"".join(chunks)))
            finally:
                event.remove(db.engine, "before_cursor_execute", fail)
        export(ola, kind)


def test_a_requester_exports_nothing(kari, new_ticket):
    new_ticket()
    for kind in KINDS:
        assert kari.get(f"/admin/tickets/export/{kind}/?tab=all").status_code == 404


# --- what it costs


def test_a_stretch_is_two_statements_and_reads_no_description(app, ola, new_ticket, monkeypatch):
    for n in range(6):
        new_ticket(title=f"Sak {n}")
    export(ola, "csv")  # the first one of an account makes the rows of its limits
    costs = {}
    for size in (6, 2):
        monkeypatch.setattr(exporting, "STRETCH", size)
        with app.app_context(), statements(db.engine) as seen:
            export(ola, "csv")
        assert not any("beskrivelse" in statement for statement in seen)
        costs[size] = len(seen)
    assert costs[2] == costs[6] + 2 * 2  # its rows, and whether the worker still may


@pytest.mark.parametrize(
    ("title", "told"),
    [
        ("x;=cmd|' /C calc'!A0;y", "x;'=cmd|' /C calc'!A0;y"),
        ("x,=1+1,y", "x,'=1+1,y"),
        ('x;"=1+1', "x;\"'=1+1"),
        ("\u200b=1+1", "'=1+1"),
        ("pris; 20-30 kr, ca.", "pris; 20-30 kr, ca."),
    ],
)
def test_no_piece_of_a_title_is_a_formula_wherever_a_spreadsheet_cuts(
    browser_of, new_ticket, title, told
):
    new_ticket(title=title)
    text = export(browser_of("ola", "nb"), "csv").data.decode("utf-8-sig")
    (row,) = csv.DictReader(io.StringIO(text), delimiter=";")
    assert row["Tittel"] == told


def test_one_who_is_shut_out_gets_no_more_rows(app, ola, cast, new_ticket, monkeypatch):
    for n in range(4):
        new_ticket(title=f"Sak {n}")
    monkeypatch.setattr(exporting, "STRETCH", 1)
    answer = ola.get("/admin/tickets/export/csv/?tab=all", buffered=False)
    parts = answer.response
    first = next(parts)
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(update(User).where(User.id == cast.ola).values(active=False))
    rest = b"".join(parts)
    assert b"Sak 3" in first
    assert b"Sak 0" not in rest
    answer.close()


def test_the_memory_does_not_grow_with_the_rows():
    """A tenth of the most, in both kinds; the bench measures the whole with a server around it."""

    def rows(many):
        for start in range(0, many, 500):
            yield [
                [start + n, f"Skriveren er tom {start + n}", "Kari", datetime(2026, 1, 1)]
                for n in range(500)
            ]

    peaks = []
    for many in (1000, 10_000):
        tracemalloc.start()
        for _chunk in xlsx.workbook("x", list("abcd"), [9] * 4, rows(many)):
            pass
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] * 1.2
