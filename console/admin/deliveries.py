"""The outbox, to be read by admins: what was sent, what waits, what failed and why."""

from typing import Any

from flask_admin import expose
from flask_babel import lazy_gettext as _
from sqlalchemy.orm import defer

from console.accounts.errors import AccountError
from console.admin.views import RuledView
from console.extensions import db
from console.models import ADMINISTER, ID_MAX, Delivery


class DeliveryView(RuledView):
    """Newest first. Nothing can be changed here."""

    permission = ADMINISTER
    heading = _("Outbox")
    list_template = "admin/deliveries.html"
    column_list = ("recipient", "subject", "state", "created_at", "sent_at", "error")
    column_labels = {
        "recipient": _("Recipient"),
        "subject": _("Subject"),
        "state": _("State"),
        "created_at": _("Created"),
        "sent_at": _("Sent"),
        "error": _("Reason"),
    }
    column_sortable_list = ()

    def get_query(self) -> Any:
        return super().get_query().options(defer(Delivery.body))

    @expose("/<int:delivery_id>")
    def show(self, delivery_id: int) -> Any:
        found = db.session.get(Delivery, delivery_id) if 0 < delivery_id <= ID_MAX else None
        if found is None:
            raise AccountError(str(_("There is no such message.")), status=404)
        return self.render("admin/delivery.html", delivery=found)
