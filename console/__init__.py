"""TechSupport's ticket system. create_app() makes the application; see README.md for the map."""

import json
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from config import settings
from console.application import Application

ROOT = Path(__file__).parent.parent


def create_app(config: Mapping[str, Any] | None = None) -> Application:
    """Make the application from `config`, or from the environment. Raises SettingError."""
    from console import (
        admin,
        cli,
        faults,
        headers,
        language,
        limits,
        logs,
        screen,
        transaction,
    )
    from console.attachments import store
    from console.extensions import csrf, db, mail, migrate
    from console.login import setup
    from console.portal.files import allow_large, files
    from console.portal.health import health
    from console.portal.notices import notices
    from console.portal.pages import pages
    from console.portal.views import portal
    from console.portal.writing import writing
    from console.proxies import TrustedProxies

    app = Application("console", root_path=str(ROOT / "console"), template_folder="../templates")
    app.config.from_mapping(defaults(config or settings()))
    app.wsgi_app = TrustedProxies(app.wsgi_app, app.config["TRUSTED_PROXIES"])  # type: ignore[method-assign]

    logs.init_app()
    headers.init_app(app)
    language.init_app(app)
    db.init_app(app)
    with app.app_context():
        transaction.prepare(db.engine)
    migrate.init_app(app, db, directory=str(ROOT / "console" / "migrations"))
    store.init_app(app)
    app.before_request(allow_large)
    csrf.init_app(app)
    mail.init_app(app)
    setup.init_app(app)
    faults.init_app(app)
    screen.init_app(app)
    app.register_blueprint(pages)
    app.register_blueprint(health)
    app.register_blueprint(portal)
    app.register_blueprint(files)
    app.register_blueprint(writing)
    app.register_blueprint(notices)
    admin.init_app(app)
    limits.init_app(app)
    cli.init_app(app)
    return app


def defaults(config: Mapping[str, Any]) -> dict[str, Any]:
    """The libraries' settings that follow from ours; what `config` says itself wins."""
    from console.language import CATALOGUES
    from console.login.setup import defaults as security_defaults

    https = config["BASE_URL"].startswith("https://")
    prefix = "__Host-" if https else ""
    mariadb = config["SQLALCHEMY_DATABASE_URI"].startswith("mysql")
    return {
        "SESSION_COOKIE_NAME": f"{prefix}session",
        "SESSION_COOKIE_SECURE": https,
        "SESSION_COOKIE_HTTPONLY": True,
        # Flask-Login's would write into the cookie of anyone who only fetches a style sheet.
        "SESSION_PROTECTION": None,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "WTF_CSRF_TIME_LIMIT": None,
        "MAX_CONTENT_LENGTH": 2 * 1024 * 1024,
        "MAX_FORM_MEMORY_SIZE": 1024 * 1024,
        "MAX_FORM_PARTS": 500,
        "SQLALCHEMY_ENGINE_OPTIONS": {
            "hide_parameters": True,
            # History is read by people too: å stays å in the JSON.
            "json_serializer": partial(json.dumps, ensure_ascii=False),
            "pool_pre_ping": True,
            **(
                {
                    "isolation_level": "READ COMMITTED",
                    "pool_recycle": 1800,
                    "pool_size": 8,
                    "connect_args": {
                        "connect_timeout": 3,
                        "read_timeout": 10,
                        "write_timeout": 10,
                    },
                }
                if mariadb
                else {}
            ),
        },
        "MAIL_BACKEND": "console.notify.smtp.CheckedEmailBackend",
        "MAIL_TIMEOUT": 10,
        **security_defaults(dict(config), CATALOGUES),
        **config,
    }
