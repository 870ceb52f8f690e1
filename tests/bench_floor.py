"""The floor of make bench: the least that a page of a Flask program with a log-in costs."""

import os
import sys

from flask import Flask, redirect, render_template_string, request, session
from sqlalchemy import String, create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

PAGE = """<!doctype html><title>Floor</title><p>{{ user.name }}</p><table>
{% for row in rows %}<tr><td>{{ row.id }}</td><td>{{ row.title }}</td><td>{{ row.status }}</td></tr>
{% endfor %}</table>"""


class Base(DeclarativeBase):
    pass


class Person(Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column("brukernavn", String(64))


class Row(Base):
    __tablename__ = "tickets"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column("tittel", String(200))
    status: Mapped[str] = mapped_column(String(20))


def create_app() -> Flask:
    app = Flask("floor")
    app.secret_key = "only for the bench"
    engine = create_engine(os.environ["FLOOR_DATABASE"], pool_pre_ping=True)

    @app.route("/login", methods=["GET", "POST"])
    def login():  # type: ignore[no-untyped-def]
        if request.method == "POST":
            session["user"] = 2
            return redirect("/")
        return "log in"

    @app.get("/")
    def page():  # type: ignore[no-untyped-def]
        with Session(engine) as work:
            user = work.get(Person, session["user"])
            rows = work.scalars(select(Row).order_by(Row.id.desc()).limit(20)).all()
            return render_template_string(PAGE, user=user, rows=rows)

    return app


if __name__ == "__main__":
    from granian import Granian
    from granian.constants import Interfaces

    Granian(
        "tests.bench_floor:create_app",
        factory=True,
        port=int(sys.argv[sys.argv.index("--port") + 1]),
        interface=Interfaces.WSGI,
        workers=2,
        blocking_threads=4,
    ).serve()
