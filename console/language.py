"""Bokmål or English, and the four catalogues behind every sentence."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime
from functools import cache, lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import flask_admin.babel
from babel import Locale, support
from flask import Flask, current_app, has_request_context, request
from flask_babel import Domain, force_locale, get_locale
from flask_babel import gettext as _
from jinja2 import pass_eval_context
from jinja2.nodes import EvalContext
from markupsafe import Markup

from console import clock
from console.extensions import babel

LANGUAGES = {"nb": "Norsk", "en": "English"}
DEFAULT = "nb"
COOKIE = "language"
CATALOGUES = str(Path(__file__).parent / "translations")
_spoken: ContextVar[str | None] = ContextVar("spoken", default=None)


def choose() -> str:
    """The language that is being spoken, or that of the cookie, or bokmål."""
    if spoken := _spoken.get():
        return spoken
    chosen = request.cookies.get(COOKIE) if has_request_context() else None
    return chosen if chosen in LANGUAGES else DEFAULT


@contextmanager
def of_request() -> Iterator[None]:
    """Choose once for all that is said while a request is answered: a page asks a hundred times."""
    token = _spoken.set(choose())
    try:
        yield
    finally:
        _spoken.reset(token)


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Say everything inside the block in that language, whoever's page or process it is."""
    language = language if language in LANGUAGES else DEFAULT
    token = _spoken.set(language)
    try:
        with force_locale(language):
            yield
    finally:
        _spoken.reset(token)


def init_app(app: Flask) -> None:
    """Load our catalogues into all four libraries, none of which speaks bokmål by itself."""
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = CATALOGUES
    app.config["BABEL_DEFAULT_LOCALE"] = DEFAULT
    app.config["BABEL_DEFAULT_TIMEZONE"] = app.config["TIMEZONE"]
    babel.init_app(app, locale_selector=choose)
    # Flask-Admin caches its catalogue at the first use, wherever that is: so ours goes in first,
    # and not by translations_path, which counts only within an admin view.
    domain = flask_admin.babel.domain
    if CATALOGUES not in domain._translation_directories:
        domain._translation_directories.insert(0, CATALOGUES)
    flask_admin.babel.wtforms_domain = Domain(CATALOGUES, domain="wtforms")
    app.before_request(load_wtforms)
    app.add_template_filter(day)
    app.add_template_filter(date_of)
    app.add_template_filter(office_day)
    app.add_template_filter(written)
    app.jinja_env.globals.update(
        _=on_page,
        ngettext=on_page_plural,
        teller=teller,
        languages=LANGUAGES,
        current_language=choose,
    )


def load_wtforms() -> None:
    """Give Flask-WTF our catalogue; it would look into WTForms' own folder only."""
    request.wtforms_translations = catalogue(choose(), "wtforms")  # type: ignore[attr-defined]  # Flask-WTF looks for it there


@cache
def catalogue(language: str, domain: str) -> support.NullTranslations:
    """The catalogue of a language, read once a process."""
    return support.Translations.load(CATALOGUES, [language], domain)


@pass_eval_context
def on_page(context: EvalContext, sentence: str, **values: Any) -> str:
    """The sentence in the language of the page: `_` in every template.

    A list says seventy of them. Flask-Babel's own goes through four context locals for each,
    and Jinja's around it looks for values also where the sentence has none.
    """
    text = _sentence(choose(), sentence, context.autoescape, bool(values))
    return text % values if values else text


@cache
def _sentence(language: str, sentence: str, is_html: bool, has_values: bool) -> str:
    """The sentence, read once a process; a % in it stands twice, whether it has values or not."""
    text = str(catalogue(language, "messages").ugettext(sentence))
    text = Markup(text) if is_html else text
    return text if has_values else text % {}


@pass_eval_context
def on_page_plural(context: EvalContext, one: str, many: str, number: int, **values: Any) -> str:
    """The sentence for that number, which is %(num)d in it, in the language of the page."""
    text = str(catalogue(choose(), "messages").ungettext(one, many, number))
    text = Markup(text) if context.autoescape else text
    return text % {"num": number, **values}


def local(when: datetime) -> datetime:
    """The time on the wall of the office."""
    return when.astimezone(_zone(current_app.config["TIMEZONE"]))


_zone = cache(ZoneInfo)


def teller() -> Callable[[datetime], tuple[str, str]]:
    """A function that says times: as one does, «14:32» today, «i går 14:32», «3. nov. 14:32»,
    «3. nov. 2025», and whole, for a tooltip.

    Put together by hand, and made once a day: a list shows twenty, and Babel takes its time with
    each.
    """
    zone = _zone(current_app.config["TIMEZONE"])
    return _teller(zone, choose(), clock.now().astimezone(zone).date())


@lru_cache(8)
def _teller(zone: ZoneInfo, language: str, today: date) -> Callable[[datetime], tuple[str, str]]:
    dot = "." if language == DEFAULT else ""
    short, long = _months(language, "abbreviated"), _months(language, "wide")

    def tell(when: datetime) -> tuple[str, str]:
        then = when.astimezone(zone)
        at = f"{then.hour:02}:{then.minute:02}"
        on_day = f"{then.day}{dot} {short[then.month]}"
        days = (today - then.date()).days
        if days == 0:
            said = at
        elif days == 1:
            said = _("yesterday %(time)s", time=at)
        elif then.year == today.year or days < 180:
            said = f"{on_day} {at}"
        else:
            said = f"{on_day} {then.year}"
        return said, f"{then.day}{dot} {long[then.month]} {then.year} {at}"

    return tell


def moment(when: datetime) -> str:
    """One time as one says it."""
    return teller()(when)[0]


def day(when: datetime) -> str:
    """The whole date and time, for a tooltip."""
    return teller()(when)[1]


def date_of(when: datetime | str) -> str:
    """The date alone, of a time or of one as the history keeps it: «25. nov. 2026»."""
    then = local(datetime.fromisoformat(when) if isinstance(when, str) else when)
    return f"{_day_and_month(then, 'abbreviated')} {then:%Y}"


def written(when: datetime) -> str:
    """A time as a letter says it, which may be read tomorrow: «tirsdag 25. november kl. 14.32»."""
    then, locale = local(when), get_locale()
    on_day = _day_and_month(then, "wide")
    if then.year != local(clock.now()).year:
        on_day = f"{on_day} {then.year}"
    colon = "." if locale.language == DEFAULT else ":"
    return _(
        "%(weekday)s %(date)s at %(time)s",
        weekday=locale.days["format"]["wide"][then.weekday()],
        date=on_day,
        time=f"{then.hour:02}{colon}{then.minute:02}",
    )


def office_day(when: datetime) -> str:
    """The office's day of a time, as a field for dates wants it: 2026-11-25."""
    return local(when).date().isoformat()


def _day_and_month(then: datetime, width: str) -> str:
    language = get_locale().language
    dot = "." if language == DEFAULT else ""
    return f"{then.day}{dot} {_months(language, width)[then.month]}"


@cache
def _months(language: str, width: str) -> dict[int, str]:
    return dict(Locale(language).months["format"][width])
