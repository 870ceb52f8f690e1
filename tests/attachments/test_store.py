"""The store: the same in a folder and in a bucket, private, and never out of words."""

import os
import resource
import stat
import threading
from contextlib import contextmanager
from datetime import timedelta
from io import BytesIO

import pytest

from console import clock
from console.attachments import store
from console.attachments.errors import Missing, NoRoom, Unreachable

MB = 1024 * 1024
KEY = "2026/11/0123456789abcdef0123456789abcdef"


@contextmanager
def no_room(most):
    """The system refuses to let any file of this process grow beyond that: a real EFBIG."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def stored(key=KEY):
    found = store.read(key)
    pieces = list(found.pieces)
    assert sum(map(len, pieces)) == found.size
    return b"".join(pieces)


def tomorrow():
    return clock.now() + timedelta(days=1)


@pytest.mark.parametrize("size", [1, store.PIECE, 11 * MB + 1])
def test_what_is_put_is_read(place, size):
    data = os.urandom(size)
    file = BytesIO(data)
    file.seek(size)  # somebody has read it before
    store.put(KEY, file)
    assert stored() == data
    assert not file.closed


def test_it_is_read_in_pieces(place):
    store.put(KEY, BytesIO(bytes(5 * MB)))
    sizes = [len(piece) for piece in store.read(KEY).pieces]
    assert len(sizes) >= 5
    assert max(sizes) <= MB


def test_nothing_is_written_over(place):
    store.put(KEY, BytesIO(b"first"))
    with pytest.raises(Unreachable):
        store.put(KEY, BytesIO(b"second"))
    assert stored() == b"first"


def test_what_is_not_there_is_missing(place):
    with pytest.raises(Missing) as refusal:
        store.read(KEY)
    assert refusal.value.status == 404
    assert "0123" not in str(refusal.value)


def test_what_is_deleted_is_gone_and_may_be_gone_before(place):
    store.put(KEY, BytesIO(b"x"))
    store.delete([KEY, "2026/11/nothing"])
    with pytest.raises(Missing):
        store.read(KEY)


def test_files_are_listed_by_age_and_month(place):
    store.put(KEY, BytesIO(b"x"))
    store.put(KEY + ".thumb", BytesIO(b"x"))
    store.put("2025/01/other", BytesIO(b"x"))
    later, earlier = tomorrow(), clock.now() - timedelta(days=1)

    def listed(moment, *months):
        return sorted(key for keys in store.older_than(moment, months) for key in keys)

    assert listed(later, "2026/11") == [KEY, KEY + ".thumb"]
    assert listed(later, "") == ["2025/01/other", KEY, KEY + ".thumb"]
    assert listed(later, "1999/01") == []
    assert listed(earlier, "") == []


def test_an_upload_is_not_seen_before_it_is_whole(place):
    """The writer waits in the middle of the file while another reads."""
    half, go_on = threading.Event(), threading.Event()

    class Slow(BytesIO):
        def read(self, size=-1):
            if self.tell() > 6 * MB:
                half.set()
                go_on.wait(20)
            return super().read(size)

    from flask import current_app

    app = current_app._get_current_object()

    def write():
        with app.app_context():
            store.put(KEY, Slow(bytes(12 * MB)))

    writer = threading.Thread(target=write)
    writer.start()
    assert half.wait(20)
    with pytest.raises(Missing):
        store.read(KEY)
    go_on.set()
    writer.join()
    assert len(stored()) == 12 * MB


def test_a_reader_that_fails_leaves_nothing(place):
    class Broken(BytesIO):
        def read(self, size=-1):
            if self.tell() > 6 * MB:
                raise OSError("the temporary file is gone")
            return super().read(size)

    with pytest.raises(Unreachable):
        store.put(KEY, Broken(bytes(12 * MB)))
    with pytest.raises(Missing):
        store.read(KEY)


def test_the_folder_is_made_when_it_is_needed_and_for_us_alone(folder):
    assert not folder.exists()
    old = os.umask(0)
    try:
        store.put(KEY, BytesIO(b"x"))
    finally:
        os.umask(old)
    for path in (folder, folder / "2026", folder / "2026" / "11"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700
    assert (folder / KEY).read_bytes() == b"x"


def test_a_folder_that_was_taken_away_is_made_again(folder):
    store.put(KEY, BytesIO(b"x"))
    folder.rename(folder.with_name("away"))
    with pytest.raises(Missing):
        store.read(KEY)
    store.put(KEY, BytesIO(b"y"))
    assert stored() == b"y"


@pytest.mark.parametrize("size", [100_000, 3 * MB])
def test_a_full_disk_is_a_sentence_and_leaves_nothing(folder, size):
    with no_room(50_000), pytest.raises(NoRoom) as refusal:
        store.put(KEY, BytesIO(bytes(size)))
    assert refusal.value.status == 507
    assert not [path for path in folder.rglob("*") if path.is_file()]


def test_a_file_where_the_folder_should_be_is_unreachable(folder):
    folder.write_text("x")
    with pytest.raises(Unreachable) as refusal:
        store.put(KEY, BytesIO(b"x"))
    assert refusal.value.status == 503


def test_halves_of_dead_processes_are_removed_when_they_are_old(folder):
    store.put(KEY, BytesIO(b"x"))
    half = folder / f"{KEY}#1"
    half.write_bytes(b"half")
    assert store.delete_torn(clock.now() - timedelta(days=1)) == 0
    assert store.delete_torn(tomorrow()) == 1
    assert not half.exists()
    assert stored() == b"x"


def test_a_store_that_does_not_answer_is_a_sentence_and_soon(
    away_from_home, monkeypatch, in_bucket
):
    from time import perf_counter

    from tests.servers import free_port

    monkeypatch.setenv("AWS_ENDPOINT", f"http://127.0.0.1:{free_port()}")
    away_from_home(in_bucket)
    begun = perf_counter()
    for ask in (
        lambda: store.put(KEY, BytesIO(b"x")),
        lambda: store.read(KEY),
        lambda: store.delete([KEY]),
        lambda: list(store.older_than(tomorrow(), [""])),
    ):
        with pytest.raises(Unreachable) as refusal:
            ask()
        assert "127.0.0.1" not in str(refusal.value)
    assert perf_counter() - begun < 20


def test_a_bucket_that_is_not_ours_is_unreachable(away_from_home, in_bucket):
    away_from_home("s3://another/x")
    with pytest.raises(Unreachable):
        store.put(KEY, BytesIO(b"x"))


@pytest.mark.parametrize(
    ("said", "refusal"),
    [
        ("Server returned non-2xx status code: 507 Insufficient Storage: x", NoRoom),
        ("<Code>XMinioStorageFull</Code>", NoRoom),
        ("Unable to copy data to file: No space left on device (os error 28)", NoRoom),
        ("Disk quota exceeded (os error 122)", NoRoom),
        ("Permission denied (os error 13)", Unreachable),
        ("error sending request for url", Unreachable),
    ],
)
def test_a_full_store_is_told_from_one_that_is_away(place, monkeypatch, said, refusal):
    from obstore.exceptions import GenericError

    def refuse(*_args, **_more):
        raise GenericError(said)

    monkeypatch.setattr(store.obstore, "put", refuse)
    with pytest.raises(refusal):
        store.put(KEY, BytesIO(b"x"))
