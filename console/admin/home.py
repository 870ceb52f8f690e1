"""The console's first page: the day at a glance."""

from flask import current_app
from flask_admin import expose
from flask_babel import lazy_gettext as _

from console.admin.views import ConsoleIndexView
from console.extensions import db
from console.login.sessions import me
from console.tickets import ready


class HomeView(ConsoleIndexView):
    """What nobody has taken, what is mine, and how much there is of the rest."""

    def __init__(self, **kwargs: object) -> None:
        super().__init__(name=_("Today"), **kwargs)

    @expose("/")
    def index(self) -> str:
        return str(
            self.render(
                "admin/home.html",
                counts=ready.counts(db.session(), me(), current_app.config["TIMEZONE"]),
                **ready.at_a_glance(db.session(), me()),
            )
        )

    @expose("/keys")
    def keys(self) -> str:
        """What each key does in the console."""
        return str(self.render("admin/keys.html"))
