"""DOOR: the worker's console, on Flask-Admin."""

from flask import Flask
from flask_admin import Admin
from flask_admin.theme import Bootstrap4Theme

from console.admin.capture import PeopleView
from console.admin.deliveries import DeliveryView
from console.admin.home import HomeView
from console.admin.lists import CannedView, CategoryView, OrganisationView
from console.admin.roles import RoleView
from console.admin.tickets import TicketView
from console.admin.users import UserView
from console.extensions import db
from console.headers import nonce
from console.models import CannedReply, Category, Delivery, Organisation, Role, Ticket, User


def init_app(app: Flask) -> None:
    """Make the console; one Admin an application, since Flask-Admin keeps its views in it."""
    admin = Admin(
        app,
        name=app.config["ORGANISATION_NAME"],
        index_view=HomeView(url="/admin"),
        theme=Bootstrap4Theme(base_template="base.html"),
        csp_nonce_generator=nonce,
    )
    admin.add_view(TicketView(Ticket, db, endpoint="ticket", url="/admin/tickets"))
    admin.add_view(CannedView(CannedReply, db, endpoint="canned", url="/admin/canned"))
    admin.add_view(PeopleView(endpoint="people", url="/admin/people"))
    admin.add_view(UserView(User, db, endpoint="user", url="/admin/users"))
    admin.add_view(
        OrganisationView(Organisation, db, endpoint="organisation", url="/admin/organisations")
    )
    admin.add_view(CategoryView(Category, db, endpoint="category", url="/admin/categories"))
    admin.add_view(RoleView(Role, db, endpoint="role", url="/admin/roles"))
    admin.add_view(DeliveryView(Delivery, db, endpoint="delivery", url="/admin/deliveries"))
