"""Every setting, read from the environment (and from a file called .env beside this one).

No secret has a default. With nothing set, the program runs on an SQLite file under
instance/, so that a first look needs no server.
"""

import contextlib
import os
import re
import secrets
from collections.abc import Mapping
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dotenv import dotenv_values
from opening_hours import OpeningHours, validate

HERE = Path(__file__).parent
INSTANCE = HERE / "instance"
NO_SUCH_DATE = re.compile(r"\b(Feb *3[01]|(Apr|Jun|Sep|Nov) *31)\b", re.IGNORECASE)
TRUE, FALSE = {"1", "true", "yes", "on"}, {"", "0", "false", "no", "off"}


class SettingError(ValueError):
    """A setting is missing or makes no sense; the sentence says which and why."""


def settings(environ: Mapping[str, str] | None = None, *, instance: Path = INSTANCE) -> dict:
    """Return the program's settings as Flask configuration. Raises SettingError."""
    if environ is None:
        environ = {**{k: v or "" for k, v in dotenv_values(HERE / ".env").items()}, **os.environ}
    read = Reader(environ)

    url = read.text("DATABASE_URL")
    embedded = not url
    if embedded:
        instance.mkdir(parents=True, exist_ok=True)
        url = f"sqlite:///{(instance / 'console.db').as_posix()}"
    base_url = read.text("BASE_URL").rstrip("/")
    if base_url and not (
        urlsplit(base_url).scheme in ("http", "https") and urlsplit(base_url).netloc
    ):
        raise SettingError("BASE_URL must be a full address such as https://sak.example.no")

    return {
        "SQLALCHEMY_DATABASE_URI": _driver(url),
        "SECRET_KEY": _secret(read, "SECRET_KEY", embedded, instance),
        "SECURITY_PASSWORD_SALT": _secret(read, "SECURITY_PASSWORD_SALT", embedded, instance),
        "BASE_URL": base_url or "http://127.0.0.1:5000",
        "TRUSTED_HOSTS": [urlsplit(base_url).hostname] if base_url else None,
        "TRUSTED_PROXIES": read.networks("TRUSTED_PROXIES"),
        "ORGANISATION_NAME": read.text("ORGANISATION_NAME", "TechSupport AS"),
        "TIMEZONE": read.zone("TIMEZONE", "Europe/Oslo"),
        "OPENING_HOURS": read.hours("OPENING_HOURS", "Mo-Fr 08:00-16:00; PH off"),
        "ANSWER_WITHIN": read.number("ANSWER_WITHIN", 4, least=1, most=400),
        "DRIFT_REGISTRATION": read.one_of("DRIFT_REGISTRATION", "approve", "open", "closed"),
        "REOPEN_DAYS": read.number("REOPEN_DAYS", 14, most=3650),
        "ATTACHMENTS_URL": _place(read.text("ATTACHMENTS_URL"), instance),
        "MAIL_SERVER": read.text("MAIL_SERVER"),
        "MAIL_PORT": read.port("MAIL_PORT", 587),
        "MAIL_USERNAME": read.text("MAIL_USERNAME") or None,
        "MAIL_PASSWORD": read.text("MAIL_PASSWORD") or None,
        "MAIL_USE_TLS": read.switch("MAIL_USE_TLS", default=True),
        "MAIL_DEFAULT_SENDER": read.text("MAIL_DEFAULT_SENDER", "support@localhost"),
        "NOTIFY_URLS": read.text("NOTIFY_URLS").split(),
        "SMS_URL": read.address_of_one("SMS_URL", "{phone}"),
        "NOTIFY_PRIVATE_HOSTS": read.hosts("NOTIFY_PRIVATE_HOSTS"),
    }


class Reader:
    """Reads settings as text, numbers, switches and choices, and names the one that is wrong."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ

    def text(self, name: str, default: str = "") -> str:
        return self.environ.get(name, "").strip() or default

    def networks(self, name: str) -> list[str]:
        words = self.text(name).replace(",", " ").split()
        for word in words:
            try:
                ip_network(word, strict=False)
            except ValueError:
                raise SettingError(f"{name} must hold addresses, not {word!r}") from None
        return words

    def zone(self, name: str, default: str) -> str:
        value = self.text(name, default)
        try:
            # The library refuses, with a TypeError, what is a file but no place: «localtime».
            OpeningHours("24/7", timezone=ZoneInfo(value))
        except (ValueError, TypeError, OSError, ZoneInfoNotFoundError):
            raise SettingError(f"{name} must be a time zone, not {value!r}") from None
        return value

    def hours(self, name: str, default: str) -> str:
        value = self.text(name, default)
        # The library takes a date that never comes for every day: «Jun 31 off» would shut for good.
        if not validate(value) or NO_SUCH_DATE.search(value):
            raise SettingError(
                f"{name} must be opening hours as OpenStreetMap writes them, "
                f"such as {default!r}, not {value!r}"
            )
        return value

    def hosts(self, name: str) -> list[str]:
        words = self.text(name).lower().replace(",", " ").split()
        for word in words:
            # What looks like the number of a host and is none would let nobody through.
            if re.fullmatch(r"(?=.*[a-z])[a-z0-9]([a-z0-9.-]*[a-z0-9])?", word):
                continue
            try:
                ip_network(word, strict=False)
            except ValueError:
                raise SettingError(f"{name} must hold hosts or networks, not {word!r}") from None
        return words

    def address_of_one(self, name: str, whom: str) -> str:
        """An address with a place for whom it goes to. It holds keys, and is not repeated."""
        value = self.text(name)
        if value and whom not in value:
            raise SettingError(f"{name} must have {whom} where the recipient's number goes")
        return value

    def port(self, name: str, default: int) -> int:
        return self.number(name, default, least=1, most=65535)

    def number(self, name: str, default: int, *, least: int = 0, most: int) -> int:
        value = self.text(name, str(default))
        if not (value.isascii() and value.isdecimal()) or not least <= int(value[:9]) <= most:
            raise SettingError(
                f"{name} must be a whole number from {least} to {most}, not {value!r}"
            )
        return int(value)

    def switch(self, name: str, *, default: bool) -> bool:
        value = self.text(name, "yes" if default else "no").lower()
        if value not in TRUE | FALSE:
            raise SettingError(f"{name} must be yes or no, not {value!r}")
        return value in TRUE

    def one_of(self, name: str, *choices: str) -> str:
        value = self.text(name, choices[0]).lower()
        if value not in choices:
            raise SettingError(f"{name} must be one of {', '.join(choices)}, not {value!r}")
        return value


def _driver(url: str) -> str:
    """MariaDB is always spoken to as mysql+pymysql, the name the column variants are given for."""
    scheme, separator, rest = url.partition("://")
    if scheme in ("mysql", "mariadb", "mariadb+pymysql", "mysql+pymysql"):
        if "charset=" not in rest:
            rest += ("&" if "?" in rest else "?") + "charset=utf8mb4"
        return f"mysql+pymysql{separator}{rest}"
    if scheme.partition("+")[0] != "sqlite":
        raise SettingError("DATABASE_URL must begin with mysql+pymysql:// or sqlite:///")
    return url


def _place(url: str, instance: Path) -> str:
    """A folder as its full path, a bucket as s3://bucket or s3://bucket/prefix."""
    parts = urlsplit(url)
    if re.fullmatch(r"s3://[a-z0-9][a-z0-9.-]+(/[\w./-]*)?", url, re.ASCII):
        return url.rstrip("/")
    if parts.scheme == "file" and not parts.netloc and parts.path.strip("/"):
        return str(Path(url2pathname(parts.path)))
    if "://" in url or parts.scheme.lower() in ("s3", "file"):
        raise SettingError(
            "ATTACHMENTS_URL must be a folder, file:///folder, s3://bucket or s3://bucket/prefix"
        )
    return str(HERE / url if url else (instance / "attachments").absolute())


def _secret(read: Reader, name: str, embedded: bool, instance: Path) -> str:
    """The secret from the environment; for the embedded database one is made once and kept."""
    value = read.text(name)
    if value:
        if len(value) < 32:
            raise SettingError(
                f"{name} is too short: give it at least 32 characters, for example from "
                'python -c "import secrets; print(secrets.token_urlsafe(48))"'
            )
        return value
    if not embedded:
        raise SettingError(
            f"{name} must be set when DATABASE_URL is set. Make one with "
            'python -c "import secrets; print(secrets.token_urlsafe(48))"'
        )
    kept = instance / name.lower()
    if not kept.exists():
        _make_secret(kept)
    secret = kept.read_text().strip()
    if len(secret) < 32:
        raise SettingError(f"{kept} holds no secret: delete it, and a new one is made")
    return secret


def _make_secret(kept: Path) -> None:
    """Write a secret beside its place, and then put it there whole, unless another was first."""
    new = kept.with_name(f"{kept.name}.{secrets.token_hex(4)}")
    with open(os.open(new, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
        file.write(secrets.token_urlsafe(48))
    with contextlib.suppress(FileExistsError):
        os.link(new, kept)
    new.unlink()
