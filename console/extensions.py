"""The bare instances of the libraries; create_app() ties them to an application.

Flask-Security's is made by console.login.setup: its init_app() ignores the classes for mail and
passwords, which count only when they are given to the constructor.
"""

from flask_babel import Babel
from flask_mailman import Mail
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from flask_wtf import CSRFProtect

from console.models.base import Base

db = SQLAlchemy(model_class=Base)
migrate = Migrate()
csrf = CSRFProtect()
babel = Babel()
mail = Mail()
