"""The sweep: pending files that were never sent, and files that have no row."""

from datetime import timedelta

from console import clock
from console.attachments import files, store
from console.extensions import db
from console.transaction import change, unit


def sweep(*, everything: bool = False) -> tuple[int, int]:
    """Remove what nobody will ask for again; answers how many rows and how many files went.

    Files without a row are looked for among those of this month and the last one, which is
    where they appear, or among all.
    """
    rows, gone = _sweep_pending()
    before = clock.now() - files.ORPHAN_AGE
    months = {f"{moment:%Y/%m}" for moment in (clock.now(), clock.now() - timedelta(days=31))}
    for keys in store.older_than(before, [""] if everything else sorted(months)):
        gone += store.delete(files.find_orphans(db.session(), keys))
        db.session.rollback()  # hold no old picture of the rows while the store is listed
    return rows, gone + store.delete_torn(before)


def _sweep_pending() -> tuple[int, int]:
    rows = gone = 0
    while keys := unit(_forget_some):
        rows += len(files.without_previews(keys))
        # After the commit: a row whose file is gone would be worse than the reverse.
        gone += store.delete(keys)
    return rows, gone


def _forget_some() -> list[str]:
    with change() as session:
        return files.sweep(session)
