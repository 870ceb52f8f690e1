"""The connection to the mail server: encrypted to who it should be, and a password kept quiet."""

import base64
import shutil
import subprocess

import pytest
from aiosmtpd.smtp import AuthResult

from console.models import DeliveryState
from tests.conftest import missing
from tests.notify.conftest import server_context

SECRET = "hemmelig-postpassord"
LOGIN = {"MAIL_USERNAME": "post@firma.example", "MAIL_PASSWORD": SECRET}


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A folder with a key and a certificate that nobody else has signed."""
    if not shutil.which("openssl"):
        missing("openssl")
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
         "-keyout", folder / "key.pem", "-out", folder / "cert.pem",
         "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"],
        check=True, capture_output=True,
    )  # fmt: skip
    return folder


class Doorman:
    """Lets in who has the right password, and repeats the wrong one in its refusal."""

    def __init__(self, password):
        self.password, self.heard = password, []

    def __call__(self, server, session, envelope, mechanism, data):
        self.heard.append(data.password.decode())
        if data.password.decode() == self.password:
            return AuthResult(success=True)
        text = f"535 5.7.8 {data.password.decode()} is wrong"
        return AuthResult(success=False, handled=False, message=text)


def test_a_certificate_that_nobody_signed_is_refused(new_office, serve, certificate):
    office = new_office(MAIL_USE_TLS="yes")
    mailbox = serve(tls_context=server_context(certificate), require_starttls=False)
    number = office.plan()
    assert office.send() == 0
    row = office.row(number)
    assert row.state == DeliveryState.DEFERRED
    assert "SSLCertVerificationError" in row.error
    assert (mailbox.tries, mailbox.mails) == (0, [])


def test_the_same_certificate_is_taken_once_it_is_trusted(
    new_office, serve, certificate, monkeypatch
):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate / "cert.pem"))
    doorman = Doorman(SECRET)
    office = new_office(MAIL_USE_TLS="yes", **LOGIN)
    mailbox = serve(
        tls_context=server_context(certificate),
        require_starttls=True,
        authenticator=doorman,
        auth_required=True,
    )
    office.plan()
    assert office.send() == 1
    assert doorman.heard == [SECRET]
    assert len(mailbox.mails) == 1


def test_a_certificate_for_another_name_is_refused(new_office, serve, certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate / "cert.pem"))
    office = new_office(MAIL_USE_TLS="yes", MAIL_SERVER="localhost", **LOGIN)
    mailbox = serve(tls_context=server_context(certificate), require_starttls=True)
    number = office.plan()
    assert office.send() == 0
    assert office.row(number).state == DeliveryState.DEFERRED
    assert mailbox.tries == 0


def test_without_encryption_on_offer_nothing_is_sent(new_office, serve):
    """Somebody between us and the server may have taken STARTTLS out of its greeting."""
    office = new_office(MAIL_USE_TLS="yes", **LOGIN)
    mailbox = serve()
    number = office.plan()
    assert office.send() == 0
    row = office.row(number)
    assert row.state == DeliveryState.DEFERRED
    assert row.error
    assert (mailbox.tries, mailbox.mails) == (0, [])


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
def test_the_password_is_in_no_error_and_in_no_log(new_office, serve, log_lines):
    doorman = Doorman("et annet")
    office = new_office(**LOGIN)
    serve(authenticator=doorman, auth_required=True, auth_require_tls=False)
    number = office.plan(body="Innholdet i mailen")
    assert office.send() == 0
    assert SECRET in doorman.heard
    row = office.row(number)
    assert "SMTPAuthenticationError" in row.error
    assert any(str(number) in line for line in log_lines)
    for form in (SECRET, base64.b64encode(SECRET.encode()).decode()):
        assert form not in row.error
        assert not any(form in line for line in log_lines)
    assert not any("Innholdet" in line for line in log_lines)


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
def test_the_right_password_opens_the_door(new_office, serve, log_lines):
    office = new_office(**LOGIN)
    mailbox = serve(authenticator=Doorman(SECRET), auth_required=True, auth_require_tls=False)
    office.plan()
    assert office.send() == 1
    assert len(mailbox.mails) == 1
    assert not any(SECRET in line for line in log_lines)
