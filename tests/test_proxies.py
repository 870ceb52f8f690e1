"""Who is asking: a reverse proxy of ours is believed about it, and nobody else."""

import pytest
from flask import request

from console import create_app
from console.proxies import TrustedProxies
from tests.conftest import configuration

OURS = ["127.0.0.1", "10.0.0.0/8", "fd00::/8"]
FORWARDED = ("HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO", "HTTP_X_FORWARDED_HOST")


def seen(peer, trusted=OURS, **headers):
    """What the application is told when this peer sends these headers."""
    told = {}

    def application(environ, start_response):
        told.update(environ)
        return []

    environ = {"REMOTE_ADDR": peer, "wsgi.url_scheme": "http", "HTTP_HOST": "sak.example.no"}
    environ |= {f"HTTP_X_FORWARDED_{name.upper()}": value for name, value in headers.items()}
    TrustedProxies(application, trusted)(environ, lambda *_: None)
    assert not any(name in told for name in FORWARDED if name != "HTTP_X_FORWARDED_FOR")
    return told["REMOTE_ADDR"], told["wsgi.url_scheme"], told["HTTP_HOST"]


@pytest.mark.parametrize("trusted", [[], OURS])
@pytest.mark.parametrize("peer", ["203.0.113.9", "2001:db8::1", "11.0.0.1", "", "unix:"])
def test_what_a_stranger_says_about_itself_is_dropped(peer, trusted):
    told = seen(peer, trusted, **{"for": "127.0.0.1", "proto": "https", "host": "evil.example"})
    assert told == (peer, "http", "sak.example.no")


def test_without_trusted_proxies_nobody_is_believed():
    told = seen("127.0.0.1", [], **{"for": "198.51.100.7", "proto": "https"})
    assert told == ("127.0.0.1", "http", "sak.example.no")


@pytest.mark.parametrize("peer", ["127.0.0.1", "10.1.2.3", "fd00::1"])
def test_our_own_proxy_is_believed(peer):
    told = seen(peer, **{"for": "198.51.100.7", "proto": "https"})
    assert told == ("198.51.100.7", "https", "sak.example.no")


@pytest.mark.parametrize(
    ("chain", "client"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("2001:db8::7", "2001:db8::7"),
        # Only the last stranger is sure: what stands before it, that stranger wrote.
        ("127.0.0.1, 198.51.100.7", "198.51.100.7"),
        ("192.0.2.1, 198.51.100.7, 10.0.0.2", "198.51.100.7"),
        ("192.0.2.1,198.51.100.7 ,10.0.0.2,10.0.0.3", "198.51.100.7"),
        ("10.0.0.5, 10.0.0.2", "10.0.0.5"),
        (" , 198.51.100.7, ", "198.51.100.7"),
        ("", "127.0.0.1"),
        (",,,", "127.0.0.1"),
        ("unknown", "127.0.0.1"),
        ("192.0.2.1, unknown", "127.0.0.1"),
        ("192.0.2.1, unknown, 10.0.0.2", "10.0.0.2"),
        ("evil<script>", "127.0.0.1"),
        ("198.51.100.7\r\nX: y", "127.0.0.1"),
        ("999.1.1.1", "127.0.0.1"),
        (", ".join(["192.0.2.1"] * 500 + ["198.51.100.7"]), "198.51.100.7"),
    ],
)
def test_the_chain_is_read_from_the_end(chain, client):
    assert seen("127.0.0.1", **{"for": chain})[0] == client


@pytest.mark.parametrize(
    ("proto", "scheme"),
    [
        ("https", "https"),
        ("HTTPS ", "https"),
        ("http", "http"),
        ("", "http"),
        ("javascript", "http"),
        ("https://evil.example", "http"),
    ],
)
def test_the_scheme_is_one_of_two(proto, scheme):
    assert seen("127.0.0.1", proto=proto)[1] == scheme


@pytest.mark.parametrize("peer", ["127.0.0.1", "203.0.113.9"])
def test_another_host_is_never_believed(peer):
    assert seen(peer, host="evil.example")[2] == "sak.example.no"


@pytest.mark.parametrize("address", ["localhost", "10.0.0.0/99", "proxy.example.no", "*"])
def test_a_proxy_is_an_address_or_a_network(address):
    with pytest.raises(ValueError, match=r"."):
        TrustedProxies(lambda *_: [], [address])


@pytest.fixture
def behind(tmp_path):
    """The whole application behind a proxy at 127.0.0.1."""
    app = create_app(
        configuration(
            f"sqlite:///{tmp_path / 'proxy.db'}",
            TRUSTED_PROXIES="127.0.0.1",
            BASE_URL="https://sak.example.no",
        )
    )

    @app.get("/who")
    def who():
        return {"address": request.remote_addr, "url": request.url}

    return app.test_client()


def test_the_application_sees_the_client_behind_its_proxy(behind):
    answer = behind.get(
        "/who",
        base_url="http://sak.example.no",
        headers={
            "X-Forwarded-For": "192.0.2.1, 198.51.100.7",
            "X-Forwarded-Proto": "https",
            "X-Forwarded-Host": "evil.example",
        },
    )
    assert answer.json == {"address": "198.51.100.7", "url": "https://sak.example.no/who"}


def test_the_application_believes_no_stranger(behind):
    answer = behind.get(
        "/who",
        base_url="http://sak.example.no",
        headers={"X-Forwarded-For": "192.0.2.1", "X-Forwarded-Proto": "https"},
        environ_base={"REMOTE_ADDR": "203.0.113.9"},
    )
    assert answer.json == {"address": "203.0.113.9", "url": "http://sak.example.no/who"}
