"""Files on their way in: kept beside the memory, and never the reason that a form is lost."""

import logging
import tempfile
from io import BytesIO
from typing import IO, Any, cast

from flask import Request as FlaskRequest

from console.models import Attachment

log = logging.getLogger(__name__)
# What is smaller stays in memory; a form may have a hundred parts.
SMALL = 64 * 1024


class Incoming:
    """Holds one file of a form while the form is read.

    It never raises: what is too large, or finds no room, is dropped and marked. The words in
    the same form are read on, so that they can be given back.
    """

    def __init__(self) -> None:
        self.too_large = self.no_room = False
        self.size = 0
        self._file: Any = BytesIO()

    def write(self, data: bytes) -> int:
        """Keep the data, unless the file is already lost."""
        self.size += len(data)
        if self.too_large or self.no_room:
            return len(data)
        if self.size > Attachment.SIZE_MAX:
            self.too_large = True
            self._drop()
            return len(data)
        try:
            if self.size > SMALL and isinstance(self._file, BytesIO):
                self._move_to_disk()
            self._write(data)
        except OSError as error:
            log.error("attachments: a file on its way in finds no room: %s", error)
            self.no_room = True
            self._drop()
        return len(data)

    def close(self) -> None:
        """Forget the file; the system removes it."""
        self._file.close()

    def __del__(self) -> None:
        self._file.close()  # of a form that broke off nobody else closes it

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def _move_to_disk(self) -> None:
        small = self._file.getvalue()
        # Unbuffered: a buffer that finds no room complains again whenever it is closed.
        self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 (close() closes it)
        self._write(small)

    def _write(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:  # a disk that is nearly full takes a part
            rest = rest[self._file.write(rest) :]

    def _drop(self) -> None:
        self._file.close()
        self._file = BytesIO()


class Request(FlaskRequest):
    """A request whose files come in by Incoming."""

    def _get_file_stream(self, *_args: Any, **_kwargs: Any) -> IO[bytes]:
        return cast(IO[bytes], Incoming())
