"""Files and their rows: kept whole or not at all, attached once, swept when nobody wants them."""

import hashlib
import os
from contextlib import nullcontext
from datetime import timedelta
from io import BytesIO

import pytest
from sqlalchemy import func, select
from werkzeug.datastructures import FileStorage

from console import clock
from console.attachments import files, incoming, store
from console.attachments.errors import AttachmentError
from console.attachments.files import Kept
from console.attachments.incoming import Incoming
from console.extensions import db
from console.models import Attachment, Caution, Ticket, User
from console.transaction import change
from tests.attachments.pictures import PAGE, picture, png
from tests.attachments.test_store import no_room

MB = 1024 * 1024


def sent(content, name="notat.txt"):
    return FileStorage(BytesIO(content), name)


@pytest.fixture
def folder(context, tmp_path, monkeypatch):
    made = store.Place(str(tmp_path / "files"))
    monkeypatch.setitem(context.extensions, "attachments", made)
    return made.folder


def lying(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_a_file_is_kept_whole(folder):
    content = b"\0\0" + os.urandom(3 * MB)
    kept = files.keep(sent(content, "C:\\x\\rapport.bin"))
    assert kept.name == "rapport.bin"
    assert (kept.size, kept.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    assert (kept.caution, kept.width, kept.height) == (Caution.NONE, None, None)
    assert b"".join(store.read(kept.store_key).pieces) == content
    assert lying(folder) == [kept.store_key]


def test_the_key_says_nothing_about_the_file(folder):
    one, two = (files.keep(sent(b"x", "hemmelig.txt")) for _ in range(2))
    assert one.store_key != two.store_key
    month, _, number = one.store_key.rpartition("/")
    assert month == f"{clock.now():%Y/%m}"
    assert len(number) == 32
    assert set(number) <= set("0123456789abcdef")


def test_a_picture_is_kept_with_its_previews(folder):
    kept = files.keep(sent(picture("JPEG", (800, 600)), "bilde.jpg"))
    assert (kept.width, kept.height, kept.media_type) == (800, 600, "image/jpeg")
    assert lying(folder) == sorted(files.store_keys(kept))
    assert len(lying(folder)) == 3


@pytest.mark.parametrize(
    ("content", "name"),
    [(PAGE, "x.png"), (png(50_000, 50_000), "x.png"), (picture(), "x.txt"), (picture(), "x.php")],
)
def test_what_cannot_be_drawn_is_kept_without(folder, content, name):
    kept = files.keep(sent(content, name))
    assert (kept.width, kept.height) == (None, None)
    assert lying(folder) == [kept.store_key]


def refused(upload):
    with pytest.raises(AttachmentError) as refusal:
        files.keep(upload)
    assert refusal.value.field == "attachments"
    return refusal.value.status, str(refusal.value)


@pytest.mark.parametrize("through", [False, True], ids=["a plain stream", "a form"])
def test_what_cannot_be_taken_is_said_with_its_name(folder, through):
    def upload(content):
        if not through:
            return sent(content, "stor.bin")
        file = Incoming()
        for start in range(0, len(content), MB):
            file.write(content[start : start + MB])
        file.seek(0)
        return FileStorage(file, "stor.bin")

    for size, status in ((0, 422), (Attachment.SIZE_MAX + 1, 413), (40 * MB, 413)):
        said = refused(upload(bytes(size)))
        assert said[0] == status
        assert "stor.bin" in said[1]
    assert lying(folder) == []
    assert files.keep(upload(bytes(Attachment.SIZE_MAX))).size == Attachment.SIZE_MAX


def test_no_room_in_the_store_is_a_sentence_and_leaves_nothing(folder):
    with no_room(100_000):
        assert refused(sent(bytes(200_000)))[0] == 507
        noise = b"\0" + os.urandom(90_000)
        wide = png(300, 100, b"".join(b"\0" + noise[n * 900 : n * 900 + 900] for n in range(100)))
    assert lying(folder) == []
    assert len(wide) < 100_000


def test_a_preview_without_room_takes_the_file_with_it(folder, monkeypatch):
    real = store.put

    def put(key, file):
        with no_room(10) if key.endswith(".view") else nullcontext():
            real(key, file)

    monkeypatch.setattr(store, "put", put)
    assert refused(sent(picture(), "x.png"))[0] == 507
    assert lying(folder) == []


def test_a_form_that_finds_no_room_loses_only_its_file(folder):
    file = Incoming()
    with no_room(200_000):
        for _ in range(10):
            assert file.write(bytes(MB)) == MB
        file.seek(0)
    assert file.no_room
    status, sentence = refused(FileStorage(file, "x.bin"))
    assert (status, "x.bin" in sentence) == (507, True)
    file.close()


def test_a_form_that_cannot_open_a_file_loses_only_its_file(folder, monkeypatch):
    def none(**_more):
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(incoming.tempfile, "TemporaryFile", none)
    file = Incoming()
    file.write(bytes(MB))
    assert refused(FileStorage(file, "x.bin"))[0] == 507


def test_what_is_too_large_does_not_fill_the_disk():
    file = Incoming()
    for _ in range(40):
        file.write(bytes(MB))
    assert file.too_large
    assert file.size == 40 * MB
    assert file.read() == b""


def kept(number=0, **more):
    return Kept(
        name="notat.txt", media_type="text/plain", caution=Caution.NONE, size=1, sha256="0" * 64,
        store_key=f"2026/11/{number:032x}", **more,
    )  # fmt: skip


@pytest.fixture
def pending(app, cast):
    """Give one of the cast pending files; answers their numbers."""

    def make(who="kari", count=1, start=0):
        with app.app_context(), change() as session:
            actor = session.get_one(User, getattr(cast, who))
            return [files.add(session, actor, kept(start + n)).id for n in range(count)]

    return make


def test_a_file_is_its_uploaders_until_it_is_attached(session, people, pending, new_ticket):
    ids = pending(count=3)
    number = new_ticket()
    wanted = [ids[2], ids[0], 0, -1, 2**40]
    assert [a.id for a in files.find_pending(session, people("kari"), wanted)] == [ids[2], ids[0]]
    assert files.find_pending(session, people("per"), ids) == []
    with change() as work:
        ticket = work.get_one(Ticket, number)
        files.attach(work, people("kari"), [ids[2], ids[0], ids[2]], ticket=ticket)
    done = select(Attachment.id).where(Attachment.ticket_id == number).order_by(Attachment.id)
    assert session.scalars(done).all() == [ids[0], ids[2]]
    assert [a.id for a in files.find_pending(session, people("kari"), ids)] == [ids[1]]


@pytest.mark.parametrize("what", ["another's", "attached", "nothing", "too large a number"])
def test_all_are_attached_or_none(session, people, pending, new_ticket, what):
    ids, number = pending(), new_ticket()
    bad = {"nothing": 2**31 - 1, "too large a number": 2**40}.get(what)
    if what == "another's":
        bad = pending("per", start=50)[0]
    if what == "attached":
        bad = pending(start=50)[0]
        with change() as work:
            files.attach(work, people("kari"), [bad], ticket=work.get_one(Ticket, number))
    with pytest.raises(AttachmentError) as refusal, change() as work:
        files.attach(work, people("kari"), [*ids, bad], ticket=work.get_one(Ticket, number))
    assert (refusal.value.status, refusal.value.field) == (422, "attachments")
    assert len(files.find_pending(session, people("kari"), ids)) == 1


def test_a_message_has_ten_files_at_most(session, people, pending, new_ticket):
    ids, number = pending(count=11), new_ticket()
    with pytest.raises(AttachmentError) as refusal, change() as work:
        files.attach(work, people("kari"), ids, ticket=work.get_one(Ticket, number))
    assert refusal.value.status == 422
    with change() as work:
        files.attach(work, people("kari"), [], ticket=work.get_one(Ticket, number))
        files.attach(work, people("kari"), ids[:10], ticket=work.get_one(Ticket, number))
    assert len(files.find_pending(session, people("kari"), ids)) == 1


def test_fifty_files_may_wait(session, people, pending):
    ids = pending(count=50)
    with change() as work:
        newest = files.add(work, people("kari"), kept(99)).id
    assert [file.id for file in files.find_pending(session, people("kari"), [*ids, newest])] == [
        *ids[1:],
        newest,
    ]
    assert pending("per", start=100)


def test_only_ones_own_pending_file_is_discarded(session, people, pending, new_ticket):
    first, second = pending(count=2)
    number = new_ticket()
    with change() as work:
        files.attach(work, people("kari"), [second], ticket=work.get_one(Ticket, number))
    for who, which in (("per", first), ("kari", second), ("kari", 2**40), ("kari", 0)):
        with change() as work:
            assert files.discard(work, people(who), [which]) == []
    with change() as work:
        assert files.discard(work, people("kari"), [first]) == [kept().store_key]
    assert session.scalar(select(func.count(Attachment.id))) == 1


@pytest.fixture
def swept(app):
    def run(*options):
        done = app.test_cli_runner().invoke(args=["sweep", *options])
        assert done.exit_code == 0, done.output
        return done.output.strip().removesuffix(", 0 drafts and 0 visits forgotten")

    return run


def test_the_sweep_takes_what_nobody_sent(folder, app, cast, people, new_ticket, swept):
    number, now = new_ticket(), clock.now()
    made = {}
    for name, days in (("old", 31), ("attached", 31), ("young", 29)):
        with clock.at(now - timedelta(days=days)):
            stored = files.keep(sent(picture(), f"{name}.png"))
            with change() as work:
                made[name] = files.add(work, people("kari"), stored).id
    with change() as work:
        files.attach(work, people("kari"), [made["attached"]], ticket=work.get_one(Ticket, number))
    assert len(lying(folder)) == 9
    assert swept() == "1 never sent, 3 files removed"
    left = set(db.session.scalars(select(Attachment.id)))
    assert left == {made["attached"], made["young"]}
    assert len(lying(folder)) == 6
    assert swept() == "0 never sent, 0 files removed"


def test_the_sweep_goes_on_until_it_is_done(folder, app, cast, people, swept, monkeypatch):
    monkeypatch.setattr(files, "PENDING_MAX", 999)
    with clock.at(clock.now() - timedelta(days=31)), change() as work:
        for number in range(2 * files.BATCH + 5):
            files.add(work, people("kari"), kept(number))
    with change() as work:
        assert len(files.sweep(work)) == files.BATCH
    assert swept().startswith("105 never sent")


def test_the_sweep_takes_files_without_a_row(folder, app, people, swept):
    long_ago = clock.now() - timedelta(days=100)
    with change() as work:
        files.add(work, people("kari"), stored := files.keep(sent(picture(), "x.png")))
    files.keep(sent(picture(), "y.png"))
    with clock.at(long_ago):
        files.keep(sent(b"x"))
    assert swept() == "0 never sent, 0 files removed"
    for path in folder.rglob("*"):
        os.utime(path, (long_ago.timestamp(),) * 2)
    assert swept() == "0 never sent, 3 files removed"
    assert swept("--all") == "0 never sent, 1 files removed"
    assert lying(folder) == sorted(files.store_keys(stored))


def test_the_sweep_says_when_the_store_is_away(folder, app, cast):
    folder.write_text("x")
    done = app.test_cli_runner().invoke(args=["sweep"])
    assert done.exit_code == 1
    assert "Traceback" not in done.output
