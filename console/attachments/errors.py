"""What is answered when a file cannot be taken, or cannot be given."""

from flask_babel import lazy_gettext as _

from console.refusals import Refusal

FIELD = "attachments"


class AttachmentError(Refusal):
    """A file was refused; nothing of it was kept."""

    status = 422

    def __init__(self, sentence: str, *, status: int | None = None) -> None:
        super().__init__(sentence, field=FIELD, status=status)


class NoRoom(AttachmentError):
    """The disk is full, or what we may use of it."""

    status = 507

    def __init__(self) -> None:
        super().__init__(_("There is no room for more files just now. Your text is not affected."))


class Unreachable(AttachmentError):
    """The place where the files lie does not answer."""

    status = 503

    def __init__(self) -> None:
        super().__init__(_("The files cannot be reached just now. Try again soon."))


class Missing(AttachmentError):
    """The row is there, and its file is not."""

    status = 404

    def __init__(self) -> None:
        super().__init__(_("This file is no longer in the store."))
