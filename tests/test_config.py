"""Settings: read once, and the one that is wrong is named."""

import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from config import SettingError, settings
from tests.servers import ROOT

SECRETS = {"SECRET_KEY": "k" * 40, "SECURITY_PASSWORD_SALT": "s" * 40}
MARIADB = {"DATABASE_URL": "mysql+pymysql://u:p@127.0.0.1/sak", **SECRETS}
NAMES = tuple(SECRETS)


@pytest.mark.parametrize("name", NAMES)
def test_the_embedded_database_makes_its_secrets_once_and_keeps_them(tmp_path, name):
    first = settings({}, instance=tmp_path)[name]
    kept = tmp_path / name.lower()
    assert len(first) >= 40
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert kept.read_text() == first
    assert settings({}, instance=tmp_path)[name] == first


def test_two_secrets_and_two_installations_differ(tmp_path):
    made = [settings({}, instance=tmp_path / where)[name] for where in "ab" for name in NAMES]
    assert len(set(made)) == 4


def test_processes_that_start_at_once_agree_on_the_secrets(tmp_path):
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: settings({}, instance=tmp_path), range(8)))
    assert len({tuple(one[name] for name in NAMES) for one in made}) == 1
    assert all(one[name] for one in made for name in NAMES)


def test_a_secret_file_that_was_left_empty_is_not_a_secret(tmp_path):
    """A full disk or a crash between the file and its content: an empty key signs everything."""
    (tmp_path / "secret_key").touch()
    try:
        made = settings({}, instance=tmp_path)["SECRET_KEY"]
    except SettingError:
        return
    assert len(made) >= 32


def test_a_secret_that_is_given_wins_and_no_file_is_made(tmp_path):
    made = settings(SECRETS, instance=tmp_path)
    assert {name: made[name] for name in NAMES} == SECRETS
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("value", [None, "", "   ", "kort", "x" * 31])
@pytest.mark.parametrize("url", ["mysql+pymysql://u:p@127.0.0.1/sak", "sqlite:////tmp/sak.db"])
def test_with_a_database_of_ones_own_a_secret_must_be_given(tmp_path, url, name, value):
    environ = {**SECRETS, "DATABASE_URL": url, name: value}
    if value is None:
        del environ[name]
    with pytest.raises(SettingError, match=name) as refusal:
        settings(environ, instance=tmp_path)
    assert "kort" not in str(refusal.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", NAMES)
def test_a_short_secret_is_refused_for_the_embedded_database_too(tmp_path, name):
    with pytest.raises(SettingError, match=name):
        settings({name: "x" * 31}, instance=tmp_path)


def test_no_setting_has_a_secret_by_default(tmp_path):
    made = settings({}, instance=tmp_path)
    assert made["MAIL_PASSWORD"] is None
    assert made["SECRET_KEY"] not in ("", "dev", "secret", "changeme")


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("mysql+pymysql://u:p@h/sak", "mysql+pymysql://u:p@h/sak?charset=utf8mb4"),
        ("mysql://u:p@h/sak", "mysql+pymysql://u:p@h/sak?charset=utf8mb4"),
        ("mariadb://u:p@h/sak", "mysql+pymysql://u:p@h/sak?charset=utf8mb4"),
        ("mariadb+pymysql://u:p@h/sak", "mysql+pymysql://u:p@h/sak?charset=utf8mb4"),
        ("mysql://u:p@h/sak?ssl_ca=x", "mysql+pymysql://u:p@h/sak?ssl_ca=x&charset=utf8mb4"),
        ("mysql://u:p@h/sak?charset=utf8mb4", "mysql+pymysql://u:p@h/sak?charset=utf8mb4"),
        ("mysql://u:%2Fp%40@h:3307/sak", "mysql+pymysql://u:%2Fp%40@h:3307/sak?charset=utf8mb4"),
        ("sqlite:////var/sak.db", "sqlite:////var/sak.db"),
        ("sqlite:///sak.db", "sqlite:///sak.db"),
        ("  sqlite:///sak.db ", "sqlite:///sak.db"),
    ],
)
def test_mariadb_is_always_spoken_to_by_one_driver(tmp_path, given, used):
    made = settings({**SECRETS, "DATABASE_URL": given}, instance=tmp_path)
    assert made["SQLALCHEMY_DATABASE_URI"] == used


@pytest.mark.parametrize(
    "url",
    ["postgresql://u:p@h/sak", "mysql+mysqldb://u:p@h/sak", "oracle://x", "sak.db", "http://x/"],
)
def test_another_database_is_refused_without_its_password(tmp_path, url):
    with pytest.raises(SettingError, match="DATABASE_URL") as refusal:
        settings({**SECRETS, "DATABASE_URL": url}, instance=tmp_path)
    assert "u:p" not in str(refusal.value)


def test_without_a_database_there_is_a_file_beside_the_secrets(tmp_path):
    made = settings({"DATABASE_URL": " "}, instance=tmp_path / "instance")
    assert made["SQLALCHEMY_DATABASE_URI"] == f"sqlite:///{tmp_path}/instance/console.db"
    assert sorted(path.name for path in (tmp_path / "instance").iterdir()) == [
        "secret_key",
        "security_password_salt",
    ]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MAIL_PORT", "smtp"),
        ("MAIL_PORT", "-25"),
        ("MAIL_PORT", "2.5"),
        ("MAIL_PORT", "0x19"),
        ("MAIL_PORT", "²"),
        ("MAIL_PORT", "0"),
        ("MAIL_PORT", "70000"),
        ("MAIL_USE_TLS", "maybe"),
        ("MAIL_USE_TLS", "2"),
        ("DRIFT_REGISTRATION", "ja"),
        ("DRIFT_REGISTRATION", "approved"),
        ("BASE_URL", "sak.example.no"),
        ("BASE_URL", "ftp://sak.example.no"),
        ("BASE_URL", "https://"),
        ("BASE_URL", "//sak.example.no"),
        ("TIMEZONE", "Europe/Trondheim"),
        ("TIMEZONE", "localtime"),
        ("TIMEZONE", "Factory"),
        ("OPENING_HOURS", "man-fre 8-16"),
        ("OPENING_HOURS", "Mo-Fr 08.00-16.00"),
        ("OPENING_HOURS", "Mo-Fr 08:00-16:00; Jun 31 off"),
        ("OPENING_HOURS", "Mo-Fr 08:00-16:00; feb30 off"),
        ("OPENING_HOURS", "Mo-Fr 25:00-26:00"),
        ("OPENING_HOURS", "Mo-Fr 08:00-16:00; PH off\0"),
        ("OPENING_HOURS", "Mo-Fr " * 10_000),
        ("ANSWER_WITHIN", "0"),
        ("ANSWER_WITHIN", "401"),
        ("ANSWER_WITHIN", "9" * 5000),
        ("ANSWER_WITHIN", "2.5"),
        ("SMS_URL", "twilio://key:token@+4712345678"),
        ("NOTIFY_PRIVATE_HOSTS", "10.0.0.0/99"),
        ("NOTIFY_PRIVATE_HOSTS", "ntfy://chat.lan"),
        ("SMS_URL", "twilio://key:token@+4712345678/{PHONE}"),
        ("TRUSTED_PROXIES", "proxy.example.no"),
        ("TRUSTED_PROXIES", "127.0.0.1, 10.0.0.0/99"),
        ("ATTACHMENTS_URL", "gs://bucket"),
        ("ATTACHMENTS_URL", "https://bucket.s3.amazonaws.com"),
        ("ATTACHMENTS_URL", "s3://"),
        ("ATTACHMENTS_URL", "s3:bucket"),
        ("ATTACHMENTS_URL", "s3://key:secret@bucket"),
        ("ATTACHMENTS_URL", "s3://bucket?region=x"),
        ("ATTACHMENTS_URL", "file://elsewhere/files"),
        ("ATTACHMENTS_URL", "file:///"),
    ],
)
def test_a_setting_that_makes_no_sense_is_named(tmp_path, name, value):
    with pytest.raises(SettingError, match=name):
        settings({**MARIADB, name: value}, instance=tmp_path)


@pytest.mark.parametrize(
    ("name", "value", "read"),
    [
        ("MAIL_PORT", "2525", 2525),
        ("MAIL_PORT", "", 587),
        ("MAIL_USE_TLS", "no", False),
        ("MAIL_USE_TLS", "OFF", False),
        ("MAIL_USE_TLS", "0", False),
        ("MAIL_USE_TLS", "false", False),
        ("MAIL_USE_TLS", "Yes", True),
        ("MAIL_USE_TLS", "1", True),
        ("MAIL_USE_TLS", "", True),
        ("DRIFT_REGISTRATION", "", "approve"),
        ("DRIFT_REGISTRATION", "Open", "open"),
        ("DRIFT_REGISTRATION", "closed", "closed"),
        ("BASE_URL", "", "http://127.0.0.1:5000"),
        ("BASE_URL", "https://sak.example.no/", "https://sak.example.no"),
        ("TRUSTED_PROXIES", "", []),
        ("TRUSTED_PROXIES", "127.0.0.1, 10.0.0.0/8 ::1", ["127.0.0.1", "10.0.0.0/8", "::1"]),
        ("ORGANISATION_NAME", "", "TechSupport AS"),
        ("ORGANISATION_NAME", "Fjellvik kommune", "Fjellvik kommune"),
        ("TIMEZONE", "", "Europe/Oslo"),
        ("OPENING_HOURS", "", "Mo-Fr 08:00-16:00; PH off"),
        ("OPENING_HOURS", " 24/7 ", "24/7"),
        ("OPENING_HOURS", "off", "off"),
        (
            "OPENING_HOURS",
            "Feb 29 off; May 31 off; Jun 30 off",
            "Feb 29 off; May 31 off; Jun 30 off",
        ),
        ("OPENING_HOURS", "Mo-Fr 08:00-16:00; Dec 24 off", "Mo-Fr 08:00-16:00; Dec 24 off"),
        ("ANSWER_WITHIN", "", 4),
        ("ANSWER_WITHIN", "400", 400),
        ("NOTIFY_URLS", "", []),
        ("NOTIFY_URLS", " ntfy://drift \n  slack://a/b/c,d\n", ["ntfy://drift", "slack://a/b/c,d"]),
        ("SMS_URL", "", ""),
        ("SMS_URL", "twilio://k:t@+4712345678/{phone}", "twilio://k:t@+4712345678/{phone}"),
        ("NOTIFY_PRIVATE_HOSTS", "", []),
        (
            "NOTIFY_PRIVATE_HOSTS",
            "Chat.example.lan, 10.20.0.0/16 fd12::1",
            ["chat.example.lan", "10.20.0.0/16", "fd12::1"],
        ),
        ("MAIL_PASSWORD", "hemmelig", "hemmelig"),
        ("ATTACHMENTS_URL", "s3://bucket", "s3://bucket"),
        ("ATTACHMENTS_URL", "s3://bucket/sak/filer/", "s3://bucket/sak/filer"),
        ("ATTACHMENTS_URL", "/var/lib/sak", "/var/lib/sak"),
        ("ATTACHMENTS_URL", "file:///var/lib/mine%20filer", "/var/lib/mine filer"),
        ("ATTACHMENTS_URL", "filer", str(ROOT / "filer")),
    ],
)
def test_a_setting_is_read_as_it_is_meant(tmp_path, name, value, read):
    assert settings({**MARIADB, name: value}, instance=tmp_path)[name] == read


@pytest.mark.parametrize(
    ("base_url", "hosts"),
    [
        ("", None),
        ("https://sak.example.no", ["sak.example.no"]),
        ("https://SAK.example.no:8443", ["sak.example.no"]),
        ("http://192.0.2.7:5000", ["192.0.2.7"]),
    ],
)
def test_base_url_names_the_only_host(tmp_path, base_url, hosts):
    made = settings({**MARIADB, "BASE_URL": base_url}, instance=tmp_path)
    assert made["TRUSTED_HOSTS"] == hosts


def test_files_lie_beside_the_secrets_when_nothing_is_said(tmp_path):
    assert settings(MARIADB, instance=tmp_path)["ATTACHMENTS_URL"] == f"{tmp_path}/attachments"
    assert list(tmp_path.iterdir()) == []


def test_an_address_that_is_refused_is_not_repeated_for_its_key(tmp_path):
    with pytest.raises(SettingError, match="SMS_URL") as refusal:
        settings({**MARIADB, "SMS_URL": "twilio://sid:token@+4712345678"}, instance=tmp_path)
    assert "token" not in str(refusal.value)


def test_settings_are_read_without_flask():
    code = "import sys, config; sys.exit('flask' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


def test_what_is_not_ours_is_not_read(tmp_path):
    made = settings({**MARIADB, "DEBUG": "1", "TESTING": "1", "PATH": "/"}, instance=tmp_path)
    assert not {"DEBUG", "TESTING", "PATH"} & set(made)


def test_every_setting_stands_in_the_example(tmp_path):
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    named = {line.partition("=")[0] for line in example.splitlines() if "=" in line}
    computed = {"SQLALCHEMY_DATABASE_URI", "TRUSTED_HOSTS"}
    assert set(settings(MARIADB, instance=tmp_path)) - computed <= named
