"""The architecture, held to account: who may import whom, who may write what, what is placed."""

import ast
import re
from pathlib import Path

import pytest
from jinja2 import StrictUndefined, meta, nodes

from console import create_app
from console.accounts.rules import Kind as AccountKind
from console.admin.views import SECRET_COLUMNS, Closed, RuledView
from console.extensions import csrf
from console.models import Kind, Role, Ticket
from console.models.base import Base
from console.tickets.events import RULED
from tests.conftest import configuration

ROOT = Path(__file__).parent.parent
CODE = [p for p in (ROOT / "console").rglob("*.py") if "migrations" not in p.parts]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))

# Floors: a module may import from its own floor and from those below it.
TABLES = ("models",)
RULES = ("tickets", "accounts", "notify", "attachments")
DOORS = ("portal", "admin", "login", "jobs")


def place_of(path: Path) -> str:
    parts = path.relative_to(ROOT / "console").parts
    return parts[0].removesuffix(".py")


def imports_of(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return found


@pytest.mark.parametrize("path", CODE, ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_only_go_down(path):
    place, imports = place_of(path), imports_of(path)
    up = {"tables": (*RULES, *DOORS), "rules": DOORS}
    forbidden: tuple[str, ...] = ()
    if place in TABLES:
        forbidden = (*up["tables"], "flask", "transaction", "extensions")
    elif place in RULES:
        forbidden = up["rules"]
    for name in forbidden:
        full = name if name == "flask" else f"console.{name}"
        assert not any(i == full or i.startswith(f"{full}.") for i in imports), f"imports {full}"


@pytest.mark.parametrize("package", ["tickets", "accounts"])
def test_rules_know_no_request_and_no_session_of_their_own(package):
    for path in (ROOT / "console" / package).rglob("*.py"):
        imports = imports_of(path)
        assert "flask" not in imports, path
        assert "console.extensions" not in imports, path
        assert "console.transaction" not in imports, path


def test_only_change_commits():
    """Flask-Security's own commit, asked for by login/utilities.py, is the library's."""
    found = [
        str(path.relative_to(ROOT))
        for path in (*CODE, ROOT / "seed.py")
        if re.search(r"\.commit\(", path.read_text())
    ]
    assert sorted(found) == ["console/login/utilities.py", "console/transaction.py"]


def test_only_events_writes_tickets():
    assigned = re.compile(rf"\bticket\.({'|'.join(RULED)}|assignee_id)\s*=[^=]")
    for path in (*CODE, ROOT / "seed.py"):
        if path.name == "events.py" and "tickets" in path.parts:
            continue
        text = path.read_text()
        assert not assigned.search(text), path
        assert not re.search(r"(update|delete|insert)\(Ticket\b", text), path
        assert not re.search(r"\bTicket\(", text.replace("class Ticket(", "")), path


def test_no_query_and_no_http_in_a_model():
    for path in (ROOT / "console" / "models").glob("*.py"):
        assert not re.search(r"\bselect\(|url_for|current_app|import request", path.read_text()), (
            path
        )


@pytest.mark.parametrize(
    "path", [*CODE, *ROOT.glob("*.py")], ids=lambda p: str(p.relative_to(ROOT))
)
def test_every_file_can_be_read_in_one_sitting(path):
    assert len(path.read_text().splitlines()) <= 400


def test_every_public_function_of_the_rules_says_what_it_does():
    for package in (*RULES, *TABLES):
        for path in (ROOT / "console" / package).rglob("*.py"):
            for node in ast.parse(path.read_text()).body:
                if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and node.name[0] != "_":
                    assert ast.get_docstring(node), f"{path}: {node.name}"


@pytest.fixture(scope="module")
def house():
    return create_app(configuration("sqlite:///:memory:"))


def views(house):
    return house.extensions["admin"][0]._views


def test_every_view_of_the_console_is_closed_and_ruled(house):
    for view in views(house):
        assert isinstance(view, Closed), view
        assert view.permission in ("work", "administer")
        if hasattr(view, "model"):
            assert isinstance(view, RuledView), view
            assert not view.column_editable_list
            assert not view.form_ajax_refs
            assert "delete" not in dict(view.get_actions_list()[0])


def test_tickets_cannot_be_deleted_or_edited_past_the_verbs(house):
    view = next(v for v in views(house) if getattr(v, "model", None) is Ticket)
    assert not view.can_delete
    assert not view.can_edit


def test_no_secret_is_in_a_list_a_filter_a_search_or_a_form(house):
    for view in views(house):
        if not hasattr(view, "model"):
            continue
        names = {name for name, _ in view._list_columns} | set(view.column_searchable_list or ())
        names |= {name for name, _ in view._export_columns} | set(view._sortable_columns)
        assert not names & set(SECRET_COLUMNS), view
        # A relationship among the filters would add every column of its table.
        for chosen in view._filters or ():
            assert type(chosen).__module__ == "console.admin.filters"


def test_nothing_is_exempt_from_csrf(house):
    assert not csrf._exempt_views
    assert not csrf._exempt_blueprints


def test_every_table_has_a_primary_key_and_named_constraints():
    for table in Base.metadata.tables.values():
        assert table.primary_key.columns, table
        for constraint in table.constraints:
            assert constraint.name or constraint is table.primary_key, (table, constraint)


def test_the_columns_of_the_brief_have_its_names():
    assert {"id", "bruker_id", "tittel", "beskrivelse", "status", "behandler_id"} <= set(
        Base.metadata.tables["tickets"].c.keys()
    )
    assert {"id", "brukernavn", "passord", "rolle"} <= set(Base.metadata.tables["users"].c.keys())
    users = Base.metadata.tables["users"].c
    assert {f.target_fullname for f in users.rolle.foreign_keys} == {"roles.name"}


@pytest.mark.parametrize("kind", [*Kind, *AccountKind])
def test_every_kind_of_event_can_be_told(kind):
    assert (ROOT / "templates" / "events" / f"{kind.value.replace('.', '_')}.html").exists()


def test_no_fragment_tells_an_event_that_cannot_happen():
    kinds = {kind.value.replace(".", "_") for kind in (*Kind, *AccountKind)}
    assert {p.stem for p in (ROOT / "templates" / "events").glob("*.html")} == kinds


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_template_parses_and_uses_what_it_imports(house, path):
    tree = house.jinja_env.parse(path.read_text())
    used = {node.name for node in tree.find_all(nodes.Name) if node.ctx == "load"}
    imported = {
        name if isinstance(name, str) else name[1]
        for node in tree.find_all(nodes.FromImport)
        for name in node.names
    }
    assert imported <= used, f"imported and not used: {imported - used}"
    for name in meta.find_referenced_templates(tree):
        assert name is None or (ROOT / "templates" / name).exists(), name
    # Mail programs read no style sheet: what a letter looks like stands in its tags.
    looks = "" if path.match("mail/_html.html") else r"style=\"|"
    assert not re.search(rf"\son\w+=\"|{looks}javascript:|\|\s*safe", path.read_text()), (
        "inline code"
    )


def test_pages_render_with_undefined_names_forbidden():
    """The whole suite runs with it: see tests/conftest.py."""
    assert StrictUndefined.__name__ in (ROOT / "tests" / "conftest.py").read_text()


def test_the_built_in_roles_are_those_of_the_brief():
    assert [Role(name=name).is_built_in for name in ("bruker", "drift", "admin", "leder")] == [
        True,
        True,
        True,
        False,
    ]
