"""The Flask application class: how a request is run, and how an address is made."""

from collections.abc import MutableMapping
from types import MappingProxyType
from typing import Any, cast
from urllib.parse import urljoin

from flask import Flask, Response, g, has_request_context, request
from flask.globals import request_ctx
from flask.templating import Environment
from sqlalchemy.exc import DBAPIError

from console import language
from console.attachments.incoming import Request
from console.extensions import db
from console.transaction import unit

# Set in the environ of a request that is run again, so that it counts once towards the limits.
AGAIN = "console.again"


class Templates(Environment):
    """Jinja as Flask has it, with one plain dict of globals for all templates.

    Jinja's own gives each template a ChainMap over them, whose keys every import of a macro
    compares one by one: a tenth of what it costs to draw a page.
    """

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        return super().make_globals(d) if d else cast(Any, MappingProxyType(self.globals))


class Application(Flask):
    """Flask, with two promises more.

    A request that loses against another in the database is run again as a whole. And a full
    address always begins with BASE_URL, whatever Host the client sends: a link in a mail is
    made by us and not by who asked for it.
    """

    request_class = Request
    jinja_environment = Templates

    def full_dispatch_request(self) -> Response:
        tries = iter(range(100))

        def once() -> Response:
            if next(tries):
                self._forget_first_try()
            return super(Application, self).full_dispatch_request()

        with language.of_request():
            return unit(once)

    def _forget_first_try(self) -> None:
        """Let the second run begin like the first: no leftovers in g, none planned for after."""
        db.session.remove()
        for name in list(g):
            g.pop(name)
        vars(request).pop("wtforms_translations", None)
        request.environ[AGAIN] = True
        request_ctx._after_request_functions.clear()

    def do_teardown_appcontext(self, *exc: Any) -> None:
        """End the request. The answer is made; a connection that is dead by now changes nothing."""
        try:
            super().do_teardown_appcontext(*exc)
        except DBAPIError as error:
            self.logger.warning("at the end of a request: %s", type(error.orig).__name__)

    def log_exception(self, exc_info: Any) -> None:
        """Leave it to faults.py, which logs every fault once."""

    def url_for(self, endpoint: str, *, _external: bool | None = None, **values: Any) -> str:
        if not has_request_context():
            path = self.url_map.bind("localhost").build(endpoint, values)
        elif values or endpoint.startswith("."):
            path = super().url_for(endpoint, _external=False, **values)
        else:
            path = self._path(endpoint)
        return urljoin(f"{self.config['BASE_URL']}/", path) if _external else path

    def _path(self, endpoint: str) -> str:
        """The path of a page without a number; a menu asks for twenty, and they never change."""
        paths = self.extensions.setdefault("paths", {})
        key = request.root_path, endpoint
        if key not in paths:
            paths[key] = super().url_for(endpoint, _external=False)
        return str(paths[key])
