"""The program as it is run, on a database that loses nothing when it is killed."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from flask_migrate import upgrade

from console import create_app
from console.accounts import rules
from console.extensions import db
from console.transaction import change
from tests import servers
from tests.conftest import NAMES, PASSWORD, configuration, missing
from tests.mariadb.house import House

# As in production: what was answered is on the disk.
DURABLE = ("--innodb-flush-log-at-trx-commit=1", "--log-bin", "--sync-binlog=1")


@pytest.fixture(scope="session")
def whole_house() -> Iterator[House]:
    """A database, a server process with its two, and the cast logged in, for all fault tests."""
    if not servers.mariadb_is_here():
        missing("MariaDB (mariadbd)")
    with servers.own_mariadb(*DURABLE) as mariadb:
        engine = sa.create_engine(mariadb.url)
        with engine.begin() as connection:
            connection.execute(sa.text("CREATE DATABASE faults COLLATE utf8mb4_danish_ci"))
        engine.dispose()
        url = f"{mariadb.url}/faults?charset=utf8mb4"
        settings = {"OPENING_HOURS": "24/7", "MAIL_DEFAULT_SENDER": "support@firma.example"}
        app = create_app(configuration(url, **settings))
        with app.app_context():
            upgrade()
            with change() as session:
                system = rules.system_user(session)
                for name, email, role in NAMES.values():
                    rules.create(
                        session, system, username=name, email=email, role=role, password=PASSWORD
                    )
            db.session.remove()
            db.engine.dispose()
        with servers.program(url, **settings) as base:
            env = {
                **settings,
                "DATABASE_URL": url,
                "SECRET_KEY": servers.SECRET,
                "SECURITY_PASSWORD_SALT": servers.SECRET,
                "MAIL_SERVER": "127.0.0.1",
                "MAIL_USE_TLS": "no",
            }
            house = House(mariadb, url, app, base, env)
            house.env["MAIL_PORT"] = str(house.sink.port)
            yield house
            for client in house.people.values():
                client.close()


@pytest.fixture
def house(whole_house: House) -> Iterator[House]:
    """The house with nothing in it but its people, and a mail server that works."""
    whole_house.wipe()
    whole_house.sink.start()
    yield whole_house
    whole_house.sink.stop()
