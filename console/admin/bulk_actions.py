"""What can be done to many tickets at once: the question, what it needs to know, and its verb."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from sqlalchemy.orm import Session
from wtforms import RadioField, SelectField, StringField, TextAreaField, ValidationError
from wtforms.validators import InputRequired

from console import tickets
from console.admin.ticket_filters import HANDLER_NONE, categories, choices
from console.admin.triage_page import words
from console.extensions import db
from console.models import Category, Message, Priority, Status, Ticket, User, row_number
from console.portal.forms import MOST, OneTimeKey, no_longer
from console.refusals import Refusal
from console.tickets import rules, triage
from console.words import PRIORITY, STATUS


def number(text: Any) -> int:
    """The number that was chosen in a form; 0 when none was."""
    return row_number(str(text or ""))


class BulkForm(FlaskForm):
    """What an action needs to know: by itself nothing."""

    def kept(self) -> list[tuple[str, str]]:
        """What was filled in, for a form that asks for the same again."""
        fields = [field for field in self if field.name != "csrf_token"]
        return [(field.name, text) for field in fields for text in field.raw_data or []]


class AssignForm(BulkForm):
    """To whom."""

    assignee = SelectField(_("Handler"), coerce=number, validate_choice=False)
    name = ""

    def __init__(self) -> None:
        super().__init__()
        self.assignee.choices = [("", ""), *((row.id, row.name) for row in choices().workers)]

    def validate_assignee(self, field: SelectField) -> None:
        worker = db.session.get(User, field.data) if field.data else None
        if worker is None:
            raise ValidationError(gettext("Choose who is to have the tickets."))
        self.name = worker.username


class StatusForm(BulkForm):
    """To which status."""

    status = RadioField(_("Status"), validators=[InputRequired()])

    def __init__(self) -> None:
        super().__init__()
        self.status.choices = [(status.value, STATUS[status]) for status in Status]


class PriorityForm(BulkForm):
    """How much they matter."""

    priority = RadioField(_("Priority"), coerce=number, validators=[InputRequired()])

    def __init__(self) -> None:
        super().__init__()
        self.priority.choices = [(int(it), PRIORITY[it]) for it in reversed(Priority)]


class CategoryForm(BulkForm):
    """What they are about."""

    category = SelectField(_("Category"), validate_choice=False)
    name = ""

    def __init__(self) -> None:
        super().__init__()
        self.category.choices = [("", ""), *categories()]

    @property
    def chosen(self) -> int:
        return number(self.category.data)

    def validate_category(self, field: SelectField) -> None:
        if field.data == HANDLER_NONE:
            return
        category = db.session.get(Category, self.chosen) if self.chosen else None
        if category is None:
            raise ValidationError(gettext("Choose a category, or none."))
        self.name = category.name


class TagForm(BulkForm):
    """Which words to put on and to take off."""

    add = StringField(_("Tags to put on"), description=_("with commas between"))
    remove = StringField(_("Tags to take off"))

    def words(self, field: StringField) -> list[str]:
        """The tags in the field, as they are kept. Raises TicketError for one that is too long."""
        return sorted({triage.clean_tag(word) for word in words(field.data or "")} - {""})

    def validate_add(self, field: StringField) -> None:
        try:
            if not self.words(self.add) and not self.words(self.remove):
                raise ValidationError(gettext("Write at least one tag, to put on or to take off."))
        except Refusal as refusal:
            raise ValidationError(str(refusal)) from None


class AnswerForm(BulkForm):
    """The one reply that each of them gets."""

    body = TextAreaField(
        _("Reply"),
        validators=[
            no_longer(
                Message.BODY_MAX,
                _("The message is too long: %(most)s characters at most.", most=MOST),
            )
        ],
        render_kw={"rows": 8, "maxlength": Message.BODY_MAX},
    )
    # The rule makes one of it for each ticket: the same form again is the same replies.
    key = OneTimeKey()

    def validate_body(self, field: TextAreaField) -> None:
        if not rules.is_visible(field.data or ""):
            raise ValidationError(gettext("Write the reply first."))


@dataclass(frozen=True)
class Action:
    """One thing that can be done to many: its name in the list, the question, and the verb.

    `verb` is called for each ticket with session, actor, ticket, form and the version of the
    page; `done` says what became of a ticket.
    """

    label: Any
    question: Callable[[int], str]
    verb: Callable[[Session, User, Ticket, Any, int | None], Any]
    done: Callable[[Any], str]
    form: type[BulkForm] = BulkForm
    # Whether the list offers it; the others are known by their names only.
    offered: bool = True


def to_status(label: Any, question: Callable[[int], str], to: Status, **more: Any) -> Action:
    """The action that moves tickets to one status."""

    def verb(session: Session, actor: User, ticket: Ticket, _form: Any, seen: int | None) -> Any:
        return tickets.set_status(session, actor, ticket, to=to, version=seen)

    return Action(label, question, verb, lambda form: now(STATUS[to]), **more)


def now(what: Any) -> str:
    """What a ticket has become."""
    return gettext("Now: %(what)s", what=what)


def take(session: Session, actor: User, ticket: Ticket, form: BulkForm, seen: int | None) -> Any:
    return tickets.take(session, actor, ticket)


def release(session: Session, actor: User, ticket: Ticket, form: BulkForm, seen: int | None) -> Any:
    return tickets.release(session, actor, ticket, version=seen)


def assign(
    session: Session, actor: User, ticket: Ticket, form: AssignForm, seen: int | None
) -> Any:
    worker = session.get_one(User, form.assignee.data)
    return tickets.assign(session, actor, ticket, to=worker, version=seen)


def set_status(
    session: Session, actor: User, ticket: Ticket, form: StatusForm, seen: int | None
) -> Any:
    return tickets.set_status(session, actor, ticket, to=Status(form.status.data), version=seen)


def set_priority(
    session: Session, actor: User, ticket: Ticket, form: PriorityForm, seen: int | None
) -> Any:
    to = Priority(form.priority.data)
    return tickets.set_priority(session, actor, ticket, to=to, version=seen)


def categorise(
    session: Session, actor: User, ticket: Ticket, form: CategoryForm, seen: int | None
) -> Any:
    to = session.get_one(Category, form.chosen) if form.chosen else None
    return tickets.categorise(session, actor, ticket, to=to, version=seen)


def tag(session: Session, actor: User, ticket: Ticket, form: TagForm, seen: int | None) -> Any:
    return tickets.tag(
        session, actor, ticket, add=form.words(form.add), remove=form.words(form.remove)
    )


def answer(
    session: Session, actor: User, ticket: Ticket, form: AnswerForm, seen: int | None
) -> Any:
    return tickets.answer_and_close(
        session, actor, ticket, body=form.body.data or "", key=form.key.sent, version=seen
    )


def tagged(form: TagForm) -> str:
    """The tags with + and − before them."""
    put_on = [f"+{name}" for name in form.words(form.add)]
    return " ".join([*put_on, *(f"−{name}" for name in form.words(form.remove))])


ACTIONS: dict[str, Action] = {
    "take": Action(
        _("Take"),
        lambda n: ngettext("Take %(num)d ticket?", "Take %(num)d tickets?", n),
        take,
        lambda form: gettext("Taken"),
    ),
    "assign": Action(
        _("Give to …"),
        lambda n: ngettext(
            "Give %(num)d ticket to whom?", "Give %(num)d tickets to whom?", n
        ),
        assign,
        lambda form: gettext("Given to %(name)s", name=form.name),
        AssignForm,
    ),
    "release": Action(
        _("Release"),
        lambda n: ngettext(
            "Put %(num)d ticket back in the queue?", "Put %(num)d tickets back in the queue?", n
        ),
        release,
        lambda form: gettext("Put back in the queue"),
    ),
    "close": to_status(
        _("Close"),
        lambda n: ngettext("Close %(num)d ticket?", "Close %(num)d tickets?", n),
        Status.CLOSED,
    ),
    "answer": Action(
        _("Close with one reply …"),
        lambda n: ngettext(
            "Close %(num)d ticket with a reply", "Close %(num)d tickets with one reply", n
        ),
        answer,
        lambda form: gettext("Answered and closed"),
        AnswerForm,
    ),
    "status": Action(
        _("Set the status …"),
        lambda n: ngettext(
            "Which status for %(num)d ticket?", "Which status for %(num)d tickets?", n
        ),
        set_status,
        lambda form: now(STATUS[Status(form.status.data)]),
        StatusForm,
    ),
    "start": to_status(
        _("Set to in progress"),
        lambda n: ngettext(
            "Set %(num)d ticket to in progress?", "Set %(num)d tickets to in progress?", n
        ),
        Status.IN_PROGRESS,
        offered=False,
    ),
    "open": to_status(
        _("Open"),
        lambda n: ngettext("Open %(num)d ticket?", "Open %(num)d tickets?", n),
        Status.OPEN,
        offered=False,
    ),
    "priority": Action(
        _("Set the priority …"),
        lambda n: ngettext(
            "Which priority for %(num)d ticket?", "Which priority for %(num)d tickets?", n
        ),
        set_priority,
        lambda form: now(PRIORITY[Priority(form.priority.data)]),
        PriorityForm,
    ),
    "category": Action(
        _("Set the category …"),
        lambda n: ngettext(
            "Which category for %(num)d ticket?", "Which category for %(num)d tickets?", n
        ),
        categorise,
        lambda form: now(form.name or gettext("no category")),
        CategoryForm,
    ),
    "tag": Action(
        _("Tags …"),
        lambda n: ngettext("Tags on %(num)d ticket", "Tags on %(num)d tickets", n),
        tag,
        tagged,
        TagForm,
    ),
}  # fmt: skip
