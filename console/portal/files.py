"""Attached files: sent up, shown small, taken down again. Originals are only ever downloads."""

import re
import unicodedata
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from flask import Blueprint, Response, jsonify, request
from flask_login import current_user
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, InternalServerError

from console import faults
from console.attachments import files as rules
from console.attachments import store
from console.attachments.errors import FIELD
from console.attachments.kinds import OFFICE, OPEN, UNKNOWN
from console.attachments.names import clean_name
from console.extensions import db
from console.login.sessions import me
from console.login.setup import to_login
from console.models import Attachment, Caution
from console.refusals import Refusal
from console.tickets.files import FileNotThere, get_visible_file
from console.transaction import change

files = Blueprint("files", __name__, url_prefix="/attachments")

# Where a form may carry files; everywhere else MAX_CONTENT_LENGTH is the limit.
TAKE_FILES = {
    "files.upload", "portal.new", "portal.reply", "ticket.reply", "ticket.note",
    "ticket.create_view", "ticket.take_back",
}  # fmt: skip
FORM_MAX = rules.FILES_MAX * Attachment.SIZE_MAX + 2 * 1024 * 1024
PARTS_MAX = 200
# No browser runs these, whoever made them.
ANNOUNCED = re.compile(
    rf"image/(png|jpeg|gif|webp)|application/(pdf|zip)|text/plain|{re.escape(OFFICE)}\.[a-z.]+|"
    rf"{re.escape(OPEN)}\.[a-z]+"
)
POLICY = "sandbox; default-src 'none'"
# In the environ of a request: what it has stored already, when it is run again.
STORED = "console.stored"


@dataclass
class Received:
    """What came with a form: the numbers of its files, and why others were refused."""

    ids: list[int] = field(default_factory=list)
    problems: list[Refusal] = field(default_factory=list)


def allow_large() -> None:
    """Let a form with files be larger than others, for those who are logged in.

    It must be called before anything reads the form.
    """
    if (
        request.method != "POST"
        or request.endpoint not in TAKE_FILES
        or request.mimetype != "multipart/form-data"
    ):
        return
    if current_user.is_authenticated:
        request.max_content_length = FORM_MAX
        request.max_form_parts = PARTS_MAX
    # The form may take minutes to arrive, and SQLite has one writer.
    db.session.rollback()


@files.before_request
def members_only() -> Any:
    if current_user.is_authenticated:
        return None
    return _trouble(401) if request.method == "POST" else to_login()


@files.errorhandler(Refusal)
def refused(refusal: Refusal) -> Response:
    if request.method == "POST":
        return _answer([], [refusal])
    return faults.page(refusal.status, text=str(refusal))


@files.errorhandler(CSRFError)
def csrf_failed(error: CSRFError) -> Any:
    page = faults.csrf_page(error)
    return _json([], [str(faults.logged_out())], 400) if request.method == "POST" else page


@files.errorhandler(HTTPException)
def http_error(error: HTTPException) -> Any:
    page = faults.http_page(error)
    return _trouble(error.code or 400, page) if request.method == "POST" else page


@files.errorhandler(500)
def fault(error: InternalServerError) -> Response:
    page = faults.fault_page(error)
    return _trouble(page.status_code, page) if request.method == "POST" else page


@files.post("")
def upload() -> Response:
    """Store the files, each by itself; say which were taken, and why the others were not."""
    received = take_in("file")
    found = rules.find_pending(db.session(), me(), received.ids)
    if not found and not received.problems:
        return _trouble(422)
    return _answer(found, received.problems)


@files.get("/<int:attachment_id>")
def download(attachment_id: int) -> Response:
    """The file as it was sent, always as a download."""
    attachment = get_visible_file(db.session(), me(), attachment_id)
    announced = UNKNOWN
    if attachment.caution is Caution.NONE and ANNOUNCED.fullmatch(attachment.media_type):
        announced = attachment.media_type
    response = _stream(attachment.store_key, announced)
    response.headers.set("Content-Disposition", "attachment", **_named(attachment.name))
    return response


@files.get("/<int:attachment_id>/thumb")
def thumb(attachment_id: int) -> Response:
    """Our own small picture of it."""
    return _preview(attachment_id, rules.THUMB)


@files.get("/<int:attachment_id>/view")
def view(attachment_id: int) -> Response:
    """Our own picture of it, as large as a screen."""
    return _preview(attachment_id, rules.VIEW)


@files.post("/<int:attachment_id>/discard")
def discard(attachment_id: int) -> Any:
    """Forget a file that was not sent after all."""
    with change() as session:
        keys = rules.discard(session, me(), [attachment_id])
    if not keys:
        raise FileNotThere
    store.delete(keys)
    return "", 204


def received(names: str = FIELD) -> Received:
    """Store the files of an ordinary form, and add those that were uploaded before it.

    Every file is kept by itself: one that is refused is among the problems, and the others
    are pending until the form's own change attaches them.
    """
    before = attached_ids()
    found = take_in(names, room=rules.FILES_MAX - len(before))
    found.ids = [*before, *found.ids]
    return found


def attached_ids() -> list[int]:
    """The numbers of uploaded files that stand in the form, each once; not yet checked."""
    sent = request.form.getlist("attached")[: 2 * rules.FILES_MAX]
    numbers = (int(number) for number in sent if re.fullmatch(r"[0-9]{1,10}", number))
    return list(dict.fromkeys(numbers))


def take_in(names: str, *, room: int = rules.FILES_MAX) -> Received:
    """Store every file part of that name: the bytes first, then its row in a change of its own.

    A request that is run again finds what it has stored in its environ.
    """
    parts = [part for part in request.files.getlist(names) if part.filename]
    done: dict[int, Any] = request.environ.setdefault(STORED, {})
    result = Received()
    db.session.rollback()  # storing may take long, and must hold nothing in the database
    for number, part in enumerate(parts):
        try:
            if number >= room:
                raise rules.too_many()
            if number not in done:
                done[number] = rules.keep(part)
            if isinstance(done[number], rules.Kept):
                done[number] = _add(done[number])
            result.ids.append(done[number])
        except Refusal as refusal:
            result.problems.append(refusal)
            if number >= room:
                break
    return result


def _add(kept: rules.Kept) -> int:
    try:
        with change() as session:
            return rules.add(session, me(), kept).id
    except Refusal:
        rules.drop(kept)
        raise


def _answer(found: list[Attachment], problems: list[Refusal]) -> Response:
    """What was stored, and what was not, for a script."""
    told = [
        {
            "id": attachment.id,
            "name": attachment.name,
            "size": attachment.size,
            "is_picture": attachment.is_picture,
            "caution": attachment.caution.value,
        }
        for attachment in found
    ]
    return _json(told, [str(problem) for problem in problems], 201 if found else problems[0].status)


def _trouble(status: int, page: Any = None) -> Response:
    """The sentence of an error page, for a script."""
    headers = {k: v for k, v in page.headers if k in ("Allow", "Retry-After")} if page else {}
    answer = _json([], [faults.sentence(status)[1]], status)
    answer.headers.extend(headers)
    return answer


def _json(told: list[dict[str, Any]], problems: list[str], status: int) -> Response:
    response = jsonify(files=told, problems=problems)
    response.status_code = status
    return response


def _preview(attachment_id: int, which: str) -> Response:
    attachment = get_visible_file(db.session(), me(), attachment_id)
    if not attachment.is_picture:
        raise FileNotThere
    response = _stream(attachment.store_key + which, "image/webp")
    response.headers["Content-Disposition"] = "inline"
    return response


def _stream(key: str, announced: str) -> Response:
    found = store.read(key)
    response = Response(found.pieces, content_type=announced)
    response.content_length = found.size
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def _named(name: str) -> dict[str, str]:
    """The name as browsers read it, and in plain letters for what reads no others."""
    plain = clean_name(unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode())
    if plain == name:
        return {"filename": name}
    return {"filename": plain, "filename*": f"UTF-8''{quote(name, safe='')}"}
