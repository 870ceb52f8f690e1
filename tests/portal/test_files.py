"""The doors of attached files: who gets in, what is announced, and what a fault leaves."""

import json
import os
from io import BytesIO

import pytest
from sqlalchemy import func, select

from console.attachments import files, store
from console.extensions import db
from console.models import Attachment, Event, Message, Ticket, User
from console.portal.files import received
from console.transaction import change
from tests.attachments.pictures import picture
from tests.attachments.test_store import no_room
from tests.portal.uploads import body, guarded, one, send

MB = 1024 * 1024
pytestmark = pytest.mark.usefixtures("folder")


def lying(folder):
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.fixture
def attached(app, cast, new_ticket):
    """Attach a file of somebody's to a ticket, or to a message on it."""

    def attach(file_id, who="kari", ticket=None, internal=None):
        ticket = ticket or new_ticket()
        with app.app_context(), change() as session:
            author, found = (
                session.get_one(User, getattr(cast, who)),
                session.get_one(Ticket, ticket),
            )
            message = None
            if internal is not None:
                event = Event(
                    ticket=found, version=50 + file_id, actor=author, kind="x", internal=internal,
                    created_at=found.created_at, changes={},
                )  # fmt: skip
                message = Message(
                    ticket=found, event=event, author=author, body="x", internal=internal,
                    created_at=found.created_at,
                )  # fmt: skip
                session.add_all((event, message))
            files.attach(session, author, [file_id], ticket=found, message=message)
        return ticket

    return attach


def paths(number):
    return f"/attachments/{number}", f"/attachments/{number}/thumb", f"/attachments/{number}/view"


def statuses(client, number):
    return {client.get(path).status_code for path in paths(number)}


def test_a_file_goes_up_and_comes_down(browser_of, folder):
    kari, content = browser_of("kari"), b"\0\0" + os.urandom(3 * MB)
    told = one(kari, content, "Målinger 2026.bin")
    assert told == {
        "id": told["id"], "name": "Målinger 2026.bin", "size": len(content), "is_picture": False,
        "caution": "none",
    }  # fmt: skip
    answer = kari.get(f"/attachments/{told['id']}")
    assert answer.data == content
    assert answer.content_length == len(content)
    assert "filename*=UTF-8''M%C3%A5linger%202026.bin" in answer.headers["Content-Disposition"]
    head = kari.head(f"/attachments/{told['id']}")
    assert (head.status_code, head.data, head.content_length) == (200, b"", len(content))


def test_a_picture_has_previews_of_our_own(browser_of):
    kari = browser_of("kari")
    told = one(kari, picture(size=(1000, 500)), "bilde.png")
    assert told["is_picture"]
    for path in paths(told["id"])[1:]:
        answer = kari.get(path)
        assert answer.content_type == "image/webp"
        assert answer.data[8:12] == b"WEBP"
        assert answer.headers["Content-Disposition"] == "inline"
        guarded(answer)
    plain = one(kari)
    assert [kari.get(path).status_code for path in paths(plain["id"])] == [200, 404, 404]


def test_only_who_may_see_the_ticket_sees_its_files(browser_of, attached):
    kari, per, ola = browser_of("kari"), browser_of("per"), browser_of("ola")
    number = one(kari, picture(), "x.png")["id"]
    assert statuses(kari, number) == {200}
    assert statuses(per, number) == statuses(ola, number) == {404}  # not sent yet
    attached(number)
    assert statuses(kari, number) == statuses(ola, number) == {200}
    assert statuses(per, number) == {404}
    assert statuses(browser_of("anne"), number) == {200}


@pytest.mark.parametrize(("internal", "seen"), [(False, {200}), (True, {404})])
def test_the_files_of_a_note_are_for_workers(browser_of, attached, new_ticket, internal, seen):
    ola, ticket = browser_of("ola"), new_ticket("kari")
    number = one(ola, picture(), "x.png")["id"]
    attached(number, "ola", ticket, internal)
    assert statuses(ola, number) == statuses(browser_of("nina"), number) == {200}
    assert statuses(browser_of("kari"), number) == seen
    assert statuses(browser_of("per"), number) == {404}


def test_one_who_sees_no_more_tickets_sees_no_more_files(app, browser_of, attached, cast):
    """A file is the ticket's once it is sent, also for its uploader."""
    kari, ola = browser_of("kari"), browser_of("ola")
    number = one(ola)["id"]
    attached(number, "ola")
    assert kari.get(f"/attachments/{number}").status_code == 200
    with app.app_context(), change() as session:
        session.execute(User.__table__.update().where(User.id == cast.ola).values(rolle="bruker"))
    assert ola.get(f"/attachments/{number}").status_code == 404


@pytest.mark.parametrize("number", ["0", "999999", "2147483647", "2147483648", "9" * 40, "-1", "x"])
def test_a_number_that_is_none_is_a_page(browser_of, number):
    kari = browser_of("kari")
    assert statuses(kari, number) == {404}
    assert kari.send(f"/attachments/{number}/discard").status_code == 404


def test_a_visitor_is_sent_to_log_in(browser_of, visitor):
    number = one(browser_of("kari"), picture(), "x.png")["id"]
    for path in paths(number):
        answer = visitor.get(path)
        assert answer.status_code == 302
        assert "/login" in answer.location
    token = {"X-CSRFToken": visitor.token()}
    for path in ("/attachments", f"/attachments/{number}/discard"):
        answer = visitor.post(path, headers=token)
        assert (answer.status_code, answer.json["files"]) == (401, [])


def test_nothing_is_taken_without_a_token(browser_of, folder):
    answer = browser_of("kari").post("/attachments", data={"file": (BytesIO(b"x"), "x.txt")})
    assert (answer.status_code, answer.json["files"]) == (400, [])
    assert answer.json["problems"]
    assert not folder.exists()


def test_a_file_is_discarded_by_its_uploader_alone(browser_of, folder, attached):
    kari, per = browser_of("kari"), browser_of("per")
    number = one(kari, picture(), "x.png")["id"]
    assert per.send(f"/attachments/{number}/discard").status_code == 404
    assert len(lying(folder)) == 3
    assert kari.send(f"/attachments/{number}/discard").status_code == 204
    assert lying(folder) == []
    assert statuses(kari, number) == {404}
    kept = one(kari)["id"]
    attached(kept)
    assert kari.send(f"/attachments/{kept}/discard").status_code == 404
    assert len(lying(folder)) == 1


def test_each_file_is_judged_by_itself(browser_of, folder):
    status, told = send(
        browser_of("kari"), (b"hei", "god.txt"), (b"", "tom.txt"),
        (bytes(25 * MB + 1), "stor.bin"), (b"hei", "to.txt"),
    )  # fmt: skip
    assert status == 201
    assert [file["name"] for file in told["files"]] == ["god.txt", "to.txt"]
    assert ["tom.txt" in told["problems"][0], "stor.bin" in told["problems"][1]] == [True, True]
    assert len(lying(folder)) == 2


@pytest.mark.parametrize(
    ("parts", "status"),
    [([], 422), ([(b"", "tom.txt")], 422), ([(bytes(25 * MB + 1), "x")], 413),
     ([(b"x", f"{n}.txt") for n in range(12)], 201)],
)  # fmt: skip
def test_when_nothing_is_stored_the_status_says_why(browser_of, parts, status):
    found, told = send(browser_of("kari"), *parts)
    assert found == status
    assert len(told["files"]) == min(len([p for p in parts if p[0] == b"x"]), 10)
    assert told["problems"]


def test_more_than_ten_full_files_are_not_read(browser_of):
    kari = browser_of("kari")
    answer = kari.post(
        "/attachments", headers={"X-CSRFToken": kari.token()},
        environ_overrides={"CONTENT_LENGTH": str(300 * MB),
                           "CONTENT_TYPE": "multipart/form-data; boundary=x"},
    )  # fmt: skip
    assert (answer.status_code, answer.json["files"]) == (413, [])


@pytest.mark.parametrize("who", [None, "kari"])
def test_only_forms_with_files_of_members_may_be_large(app, visitor, browser_of, who):
    client = browser_of(who) if who else visitor
    for path, taken in (("/attachments", who), ("/tickets/new", who), ("/login", False)):
        token = {"X-CSRFToken": client.token()}
        answer = client.post(path, **body((bytes(3 * MB), "x.bin"), title="Hei"), headers=token)
        assert (answer.status_code == 413) is (not taken), path
    plain = "application/x-www-form-urlencoded"
    answer = client.post("/tickets/new", data=b"title=" + b"x" * 3 * MB, content_type=plain)
    assert answer.status_code == 413


def test_no_room_for_the_parts_of_a_form_loses_no_words(browser_of, folder):
    kari = browser_of("kari")
    token = kari.token("/tickets/new")
    with no_room(24 * MB):
        status, told = send(kari, (bytes(25 * MB), "x.bin"))
        assert (status, told["files"]) == (507, [])
        assert "x.bin" in told["problems"][0]
        words = {"csrf_token": token, "title": "x", "description": "Mye tekst"}
        form = body((bytes(25 * MB), "x.bin"), field="attachments", **words)
        answer = kari.post("/tickets/new", **form)
    assert answer.status_code == 507
    assert "Mye tekst" in answer.text
    assert lying(folder) == []


def test_no_room_in_the_store_is_said(app, browser_of, folder, monkeypatch):
    kari = browser_of("kari")
    real = store.put

    def put(key, file):
        with no_room(10):
            real(key, file)

    monkeypatch.setattr(store, "put", put)
    status, told = send(kari, (b"en fil uten plass", "x.txt"))
    assert (status, told["files"]) == (507, [])
    assert lying(folder) == []


def test_a_full_disk_anywhere_else_is_507_and_no_fault(app, browser_of, monkeypatch):
    def full(*_args, **_more):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("console.portal.files.rules.keep", full)
    status, told = send(browser_of("kari"), (b"x", "x.txt"))
    assert (status, told["files"]) == (507, [])
    monkeypatch.setitem(app.view_functions, "pages.preferences", full)
    answer = browser_of("kari").send("/preferences")
    assert answer.status_code == 507
    assert "No space left" not in answer.text


def test_a_store_that_is_away_is_503_and_no_traceback(browser_of, folder):
    kari = browser_of("kari")
    number = one(kari, picture(), "x.png")["id"]
    folder.rename(folder.with_name("away"))
    folder.write_text("x")
    for path in paths(number):
        answer = kari.get(path)
        assert answer.status_code in (404, 503)
        assert str(folder) not in answer.text
    assert send(kari, (b"x", "x.txt"))[0] == 503


def test_a_fault_is_json_for_a_script(browser_of, monkeypatch):
    def broken(*_args):
        raise ZeroDivisionError("hemmelig")

    monkeypatch.setattr("console.portal.files.rules.keep", broken)
    status, told = send(browser_of("kari"), (b"x", "x.txt"))
    assert (status, told["files"]) == (500, [])
    assert "hemmelig" not in json.dumps(told)


def test_of_more_than_fifty_pending_files_the_oldest_are_forgotten(app, browser_of, folder):
    kari = browser_of("kari")
    first = one(kari)["id"]
    for _ in range(5):
        assert send(kari, *[(b"x", f"{n}.txt") for n in range(10)])[0] == 201
    assert kari.get(f"/attachments/{first}").status_code == 404
    with app.app_context():
        assert db.session.scalar(select(func.count(Attachment.id))) == 50


def test_uploads_are_counted(browser_of, monkeypatch):
    import time

    kari = browser_of("kari")
    token = {"X-CSRFToken": kari.token()}
    now = time.time()
    monkeypatch.setattr("console.limits.time.time", lambda: now)
    found = [kari.post("/attachments", headers=token).status_code for _ in range(241)]
    assert found == [422] * 240 + [429]


def test_a_request_that_is_run_again_stores_once(app, browser_of, folder, monkeypatch):
    from sqlalchemy.exc import OperationalError

    real, tries = files.find_pending, []

    def loses_once(session, actor, ids):
        tries.append(1)
        if len(tries) == 1:
            raise OperationalError("", {}, Exception("database is locked"))
        return real(session, actor, ids)

    monkeypatch.setattr(files, "find_pending", loses_once)
    status, told = send(browser_of("kari"), (b"x", "a.txt"), (b"y", "b.txt"), (b"", "c.txt"))
    assert (status, len(told["files"]), len(told["problems"])) == (201, 2, 1)
    assert len(tries) == 2
    assert len(lying(folder)) == 2
    with app.app_context():
        assert db.session.scalar(select(func.count(Attachment.id))) == 2


def test_a_plain_form_brings_its_files(app, browser_of, people, cast, folder):
    """As a browser without scripts sends it: an empty part when nothing was chosen."""
    from flask_login import login_user

    def come(parts, *before):
        form = body(*parts, field="attachments")
        for number in before:
            form["data"] = body(attached=number)["data"].removesuffix(b"--x--\r\n") + form["data"]
        with app.test_request_context("/tickets/new", method="POST", **form):
            login_user(db.session.get_one(User, cast.kari))
            found = received()
            again = received()
            assert (again.ids, len(again.problems)) == (found.ids, len(found.problems))
            return found

    empty = (b"", "")
    assert (come([empty]).ids, come([]).problems) == ([], [])
    found = come([(b"x", "x.txt"), (b"", "tom.txt"), empty], "7", "7", "x", "-1", "")
    assert found.ids[0] == 7
    assert len(found.ids) == 2
    assert [problem.status for problem in found.problems] == [422]
    assert len(lying(folder)) == 1
    many = come([(b"x", f"{n}.txt") for n in range(9)], *range(1, 6))
    assert (len(many.ids), len(many.problems)) == (10, 1)
    assert come([], "9" * 11, "12345678901", "²").ids == []


def test_a_national_identity_number_does_not_stay_in_a_name(browser_of, folder):
    told = one(browser_of("kari"), b"hei", "søknad 13097248022.txt")
    assert told["name"] == "søknad ••••••••.txt"
