"""Every address of the program, opened as everybody: one list says who gets in."""

import pytest

from console.models import Ticket
from tests.conftest import PASSWORD

ANON, BRUKER, DRIFT, ADMIN = "anonymous", "kari", "ola", "anne"
EVERYBODY = (ANON, BRUKER, DRIFT, ADMIN)
MEMBERS = (BRUKER, DRIFT, ADMIN)
WORKERS = (DRIFT, ADMIN)
ADMINS = (ADMIN,)

# What every list of the console has, open or shut by its switches.
FLASK_ADMINS = (
    "index_view", "create_view", "edit_view", "details_view", "delete_view", "action_view",
    "ajax_lookup", "ajax_update", "export",
)  # fmt: skip
# endpoint: who may open it
OPEN_TO = {
    "static": EVERYBODY,
    "admin.static": EVERYBODY,
    "security.static": EVERYBODY,
    "pages.home": EVERYBODY,
    "pages.healthz": EVERYBODY,
    "health.readyz": EVERYBODY,
    "health.metrics": EVERYBODY,
    "pages.preferences": EVERYBODY,
    "security.login": EVERYBODY,
    "security.register": EVERYBODY,
    "security.forgot_password": EVERYBODY,
    "security.reset_password": EVERYBODY,
    "security.send_confirmation": EVERYBODY,
    "security.confirm_email": EVERYBODY,
    "security.logout": EVERYBODY,
    "security.change_password": MEMBERS,
    "security.verify": MEMBERS,
    "portal.index": MEMBERS,
    "portal.new": MEMBERS,
    "portal.ticket": MEMBERS,
    "portal.reply": MEMBERS,
    "portal.show_secret": MEMBERS,
    "portal.wipe_secret": MEMBERS,
    "notices.index": MEMBERS,
    "notices.save": MEMBERS,
    "notices.test": MEMBERS,
    "writing.draft": MEMBERS,
    "writing.ticket_presence": MEMBERS,
    **{
        f"files.{name}": MEMBERS for name in ("upload", "download", "thumb", "view", "discard")
    },
    "admin.index": WORKERS,
    "admin.keys": WORKERS,
    **{
        f"ticket.{name}": WORKERS
        for name in (
            "index_view", "create_view", "edit_view", "details_view", "delete_view", "action_view",
            "ajax_lookup", "ajax_update", "export", "show", "take", "release", "assign", "status",
            "title", "reply", "note", "show_secret", "wipe_secret", "priority", "wait", "wake",
            "due", "categorise", "tags", "keep_view", "open_view", "remove_view", "canned",
            "insert_canned",
            "merge", "unmerge", "link", "unlink",
            "retry_delivery", "delivery_bounced",
            "pulse", "take_back",
        )
    },
    "people.index_view": WORKERS,
    "people.tickets": WORKERS,
    **{
        f"{view}.{name}": ADMINS
        for view in ("user", "role", "delivery", "organisation", "category")
        for name in FLASK_ADMINS
    },
    **{f"canned.{name}": WORKERS for name in (*FLASK_ADMINS, "ask_removal")},
    **{
        f"user.{name}": ADMINS
        for name in (
            "show", "role", "approve", "decline", "deactivate", "reactivate", "link",
            "phone", "organisation",
        )
    },
    **{
        f"delivery.{name}": ADMINS for name in ("show", "retry", "drop", "resume", "discard")
    },
}  # fmt: skip
VALUES = {
    "place": "new", "export_type": "csv", "filename": "nothing.css", "token": "x",
    "delivery_id": 1, "attachment_id": 1, "view_id": 1, "canned_id": 1,
}  # fmt: skip


def addresses(app, ticket_id, account_id):
    """Each rule and method with numbers filled in."""
    values = {**VALUES, "ticket_id": ticket_id, "account_id": account_id}
    adapter = app.url_map.bind("localhost")
    for rule in app.url_map.iter_rules():
        path = adapter.build(rule.endpoint, {name: values[name] for name in rule.arguments})
        for method in sorted(rule.methods & {"GET", "POST"}):
            yield rule.endpoint, method, path


def test_every_address_is_in_the_list(app):
    assert {rule.endpoint for rule in app.url_map.iter_rules()} == set(OPEN_TO)


@pytest.mark.parametrize("who", EVERYBODY)
def test_each_address_lets_in_whom_the_list_says(app, visitor, browser_of, new_ticket, cast, who):
    ticket_id = new_ticket("kari")
    client = visitor if who == ANON else browser_of(who)
    for endpoint, method, path in addresses(app, ticket_id, cast.per):
        if endpoint in ("security.logout", "security.verify"):
            continue  # opened in tests/login
        if method == "GET":
            answer = client.get(path)
        else:
            answer = client.send(path, {"id": "0", "status": "nonsense", "role": "nonsense"})
        to_login = answer.status_code == 302 and "/login" in answer.location
        refused = answer.status_code in (401, 404) or to_login
        where = f"{who} {method} {path}: {answer.status_code}"
        assert answer.status_code < 500, where
        if who in OPEN_TO[endpoint]:
            assert not to_login or endpoint in ("pages.home",) or OPEN_TO[endpoint] == EVERYBODY, (
                where
            )
            assert answer.status_code not in (401, 403), where
        else:
            assert refused, where
            if who == ANON:
                assert to_login or answer.status_code in (401, 404), where


def test_a_requester_gets_404_for_all_of_the_console(browser_of, cast, new_ticket):
    number = new_ticket("kari")
    client = browser_of("kari")
    for path in (
        "/admin/", "/admin/tickets/", f"/admin/tickets/{number}", "/admin/users/",
        "/admin/tickets/export/csv/", "/admin/nothing", "/ADMIN/", "/admin/.",
        "/admin/tickets/;x=1", "/tickets/..%2fadmin/",
    ):  # fmt: skip
        assert client.get(path, follow_redirects=True).status_code == 404, path


def test_another_requesters_ticket_is_not_there(browser_of, new_ticket):
    number = new_ticket("kari", title="Hemmelig avtale")
    answer = browser_of("per").get(f"/tickets/{number}")
    assert answer.status_code == 404
    assert "Hemmelig" not in answer.text


def test_the_console_shows_no_secret(app, browser_of, cast):
    client = browser_of("anne")
    pages = [
        client.get(path).text
        for path in ("/admin/users/", f"/admin/users/{cast.kari}", "/admin/users/new/",
                     "/admin/users/?search=$argon2", "/admin/tickets/?search=$argon2")
    ]  # fmt: skip
    for page in pages:
        assert "$argon2id" not in page
        assert "fs_uniquifier" not in page
        assert PASSWORD not in page


def test_no_post_is_taken_without_a_token(app, browser_of, new_ticket, cast):
    number = new_ticket("kari")
    client = browser_of("anne")
    for endpoint, method, path in addresses(app, number, cast.per):
        if method == "POST":
            answer = client.post(path, data={"status": "lukket", "role": "admin", "id": "1"})
            assert answer.status_code == 400, f"{endpoint}: {answer.status_code}"
    with app.app_context():
        from console.extensions import db

        assert db.session.get(Ticket, number).version == 1


def test_the_token_of_another_session_is_refused(browser_of, new_ticket):
    number = new_ticket("kari")
    foreign = browser_of("nina").token()
    answer = browser_of("ola").post(f"/admin/tickets/{number}/take", data={"csrf_token": foreign})
    assert answer.status_code == 400
