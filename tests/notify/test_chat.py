"""Chat and text messages, sent to a real server; and where a personal address may not lead."""

import json
import logging
import socket

import pytest

from console.language import speaking
from console.notify import chat, reach
from tests.notify.receiver import receiving

SLACK = "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"
TOKEN = "tk_hemmeligheten123"


@pytest.fixture
def receiver():
    with receiving() as server:
        yield server


@pytest.fixture
def asked(applications):
    """The application without a database's worth of fixtures: nothing here is stored."""
    app = applications("sqlite")
    with app.test_request_context():
        yield app


@pytest.fixture
def own(asked, monkeypatch):
    """An office whose own servers are on this machine."""
    monkeypatch.setitem(asked.config, "NOTIFY_PRIVATE_HOSTS", ["127.0.0.1", "localhost"])
    return asked


@pytest.fixture
def hurry(monkeypatch):
    """The time-outs, shorter than a test may take."""
    monkeypatch.setattr(chat, "READ", 0.3)


@pytest.fixture
def logged():
    """What the program's log gets, everything that anybody has to say included."""
    lines, handler, root = [], logging.Handler(), logging.getLogger()
    handler.emit = lambda record: lines.append(record.getMessage())
    before = root.level
    root.setLevel(logging.DEBUG)
    root.addHandler(handler)
    yield lines
    root.removeHandler(handler)
    root.setLevel(before)


def failure(url, *, personal=False):
    with pytest.raises(chat.ChatError) as error:
        chat.send(url, "Sak 12", "Skriveren er tom", personal=personal)
    return error.value


def refusal(url, *, personal=True):
    with speaking("en"), pytest.raises(chat.ChatRefused) as refused:
        chat.check(url, personal=personal)
    return str(refused.value)


def test_an_admins_address_may_be_anything(asked, receiver):
    chat.send(f"json://{receiver.place}/drift", "Sak 12", "Blåbær på å\n«æøå» 🎉", personal=False)
    [(path, body)] = receiver.got
    assert path == "/drift"
    assert json.loads(body)["message"] == "Blåbær på å\n«æøå» 🎉"
    assert json.loads(body)["title"] == "Sak 12"


def test_a_person_is_told_on_the_offices_own_server(own, receiver):
    url = f"ntfy://{receiver.place}/ola"
    assert chat.check(url, personal=True) == url
    chat.send(url, "Sak 12 æøå", "Skriveren er tom", personal=True)
    [(_path, body)] = receiver.got
    assert json.loads(body) == {
        "topic": "ola", "title": "Sak 12 æøå", "message": "Skriveren er tom"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("status", "permanent"),
    [(500, False), (503, False), (429, False), (408, False), (401, True), (404, True)],
)
def test_what_the_other_side_answers_is_the_reason(asked, receiver, status, permanent):
    receiver.status = status
    error = failure(f"json://ola:{TOKEN}@{receiver.place}/{TOKEN}")
    assert str(status) in error.reason
    assert error.permanent is permanent


def test_who_does_not_answer_is_not_waited_for(asked, receiver, hurry):
    receiver.delay = 30
    assert not failure(f"json://{receiver.place}/{TOKEN}").permanent


def test_who_did_not_answer_is_not_asked_again_at_once(asked, receiver, hurry, monkeypatch):
    monkeypatch.setattr(chat, "SLOW", 0.0)
    receiver.delay = 30
    first = failure(f"json://{receiver.place}/{TOKEN}")
    again = failure(f"json://{receiver.place}/{TOKEN}")
    assert (again.reason, again.permanent) == (first.reason, False)
    assert len(receiver.got) == 1
    receiver.delay = 0
    chat.send(f"json://{receiver.place}/other", "Sak", "Tom", personal=False)
    monkeypatch.setattr(chat, "_slow", {})
    chat.send(f"json://{receiver.place}/{TOKEN}", "Sak", "Tom", personal=False)


def test_all_of_it_has_an_end(asked, receiver, monkeypatch):
    monkeypatch.setattr(chat, "WHOLE", 0.3)
    monkeypatch.setattr(chat, "READ", 1.0)
    receiver.delay = 30
    assert not failure(f"json://{receiver.place}/x").permanent


def test_nobody_there_is_tried_again(asked):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        place = f"127.0.0.1:{free.getsockname()[1]}"
    assert not failure(f"json://{place}/x").permanent


@pytest.mark.parametrize("status", [500, 404, 302])
def test_no_part_of_the_address_is_in_the_reason_or_the_log(asked, receiver, status, logged):
    receiver.status = status
    for url in (
        f"json://ola:{TOKEN}@{receiver.place}/veien/{TOKEN}?-nøkkel=hemmelig99",
        f"ntfy://{TOKEN}@{receiver.place}/emne77?mode=private",
        f"json://{TOKEN}.invalid/",
    ):
        reason = failure(url).reason
        for part in (TOKEN, "hemmelig", "veien", "emne77", "127.0.0.1"):
            assert part not in reason
        assert len(reason) <= 200
    assert TOKEN not in "".join(logged)


def test_nobody_can_call_a_whole_channel_by_a_title(asked, receiver):
    chat.send(f"json://{receiver.place}/", "@everyone se <!channel>", "<@U1> @HERE", personal=False)
    text = receiver.got[0][1].lower()
    assert not any(call in text for call in ("@everyone", "<!channel", "<@u1", "@here"))


def test_a_personal_address_is_not_followed_elsewhere(own, receiver):
    with receiving() as other:
        receiver.status, receiver.to = 307, f"http://{other.place}/"
        url = f"ntfy://{receiver.place}/ola?redirect=yes"
        assert chat.check(url, personal=True)
        failure(url, personal=True)
        assert receiver.got
        assert not other.got


WITHIN = [
    "127.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "0.0.0.0", "[::1]", "[::]",
    "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "localhost", "169.254.169.254", "[fe80::1]",
    "10.1.2.3", "192.168.1.1", "172.16.0.1", "100.64.0.1", "224.0.0.1", "255.255.255.255",
    "[fd00:ec2::254]", "[fc00::1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]",
]  # fmt: skip


@pytest.mark.parametrize("host", WITHIN)
@pytest.mark.parametrize("kind", ["ntfys", "gotifys"])
def test_no_personal_address_leads_into_our_own_network(asked, host, kind):
    refusal(f"{kind}://{host}/{TOKEN}?mode=private")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]"])
def test_nor_when_it_was_not_refused_before(asked, receiver, host):
    error = failure(f"ntfy://{host}:{receiver.server_port}/ola?mode=private", personal=True)
    assert error.permanent
    assert not receiver.got


def test_a_name_that_leads_elsewhere_now_is_not_followed(asked, receiver, monkeypatch):
    url = "ntfys://chat.example.com/ola"
    found = {"at": "93.184.216.34"}

    def answer(host, port, *args, **kwargs):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (found["at"], port))]

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    assert chat.check(url, personal=True) == url
    found["at"] = "127.0.0.1"
    refusal(url)
    assert failure(url, personal=True).permanent


@pytest.mark.parametrize("port", [22, 25, 3306, 6379])
def test_a_port_of_something_else_is_refused(asked, port):
    refusal(f"ntfys://93.184.216.34:{port}/ola")


@pytest.mark.parametrize(
    ("listed", "host", "lets"),
    [
        ("10.20.0.0/16", "10.20.3.4", True),
        ("10.20.0.0/16", "10.21.3.4", False),
        ("10.20.3.4", "10.20.3.4", True),
        ("0.0.0.0/0", "169.254.169.254", False),
        ("::/0", "fe80::1", False),
        ("chat.lan", "10.20.3.4", False),
        ("10.20.0.0/16", "::ffff:10.20.3.4", True),
    ],
)
def test_what_an_admin_has_listed_is_let_through(listed, host, lets):
    assert reach.Watch([listed]).lets(host, 8080, host) is lets


def test_a_listed_name_is_let_through_wherever_it_is_in_the_network():
    watch = reach.Watch(["chat.lan"])
    assert watch.lets("Chat.lan", 9999, "10.20.3.4")
    assert not watch.lets("chat.lan", 80, "169.254.169.254")
    assert not watch.lets("other.lan", 80, "10.20.3.4")


@pytest.mark.parametrize(
    "url",
    [
        "json://127.0.0.1/", "xml://example.com", "form://example.com", "mailto://a:b@example.com",
        "syslog://", "dbus://", "macosx://", "windows://", "apprise://h/t", "file:///etc/passwd",
        "gopher://x", "jsons://93.184.216.34/", "rsyslog://h", "mqtt://h/t", "smpp://a:b@h/1",
        "slak://T1/B2/C3", "http://127.0.0.1/", "https://example.com/hook", "slack", "://", "",
        "slack:", "JSON://127.0.0.1/",
    ],
)  # fmt: skip
def test_only_services_for_people_are_taken(asked, url):
    assert refusal(url)


@pytest.mark.parametrize("url", ["slack://x/yz", "tgram://1/2", "discord://1234"])
def test_a_misspelt_address_is_refused_and_not_repeated(asked, url):
    for personal in (True, False):
        sentence = refusal(url, personal=personal)
        assert url.partition(":")[0] in sentence
        assert url.partition("://")[2] not in sentence


@pytest.mark.parametrize(
    "url", [f"slack://{'x' * 600}", "slack://a b", "slack://a\x00b", "slack://a\nb"]
)
def test_what_is_no_address_at_all_is_refused(asked, url):
    assert refusal(url)


def test_without_tls_others_could_read_it(asked):
    assert "ntfys://" in refusal("ntfy://93.184.216.34/ola")


def test_no_address_reads_a_file_of_ours(asked):
    assert "template" in refusal(f"{SLACK}?template=/etc/passwd")
    assert failure(f"{SLACK}?template=/etc/passwd", personal=True).permanent


@pytest.mark.parametrize("url", [SLACK, f"  {SLACK}\n", "ntfy://drift-ola", "discord://1234/abcd"])
def test_what_can_be_sent_to_is_kept_as_it_was_typed(asked, url):
    assert chat.check(url, personal=True) == url.strip()


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        ("slack", "https://hooks.slack.com/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"),
        ("discord", "https://discord.com/api/webhooks/4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js"),
        (
            "workflow",
            "https://93.184.216.34:443/workflows/3XX5/triggers/manual/paths/invoke?sv=1.0&sig=iXU",
        ),
    ],
)
def test_the_web_address_that_a_service_gives_out_is_kept_by_its_kind(asked, kind, given):
    kept = chat.check(given, personal=True)
    assert chat.kind_of(kept) == kind
    assert chat.check(kept, personal=True) == kept


def test_the_team_is_named_without_the_keys(asked):
    named = chat.team({"NOTIFY_URLS": [SLACK, "https://hooks.slack.com/services/T1/A1/T2"]})
    assert list(named.values())[0] == SLACK
    assert [name.rpartition("-")[0] for name in named] == ["slack", "hooks.slack.com"]
    assert all(len(name.rpartition("-")[2]) == 6 for name in named)


def test_a_text_message_goes_to_its_number(asked, receiver):
    config = {"SMS_URL": f"json://{receiver.place}/send/{{phone}}?-to={{phone}}"}
    chat.send(chat.sms_url(config, "+4741234567"), "", "Saken din er løst", personal=False)
    [(path, body)] = receiver.got
    assert path == "/send/+4741234567?to=%2B4741234567"
    assert json.loads(body)["message"] == "Saken din er løst"
    assert chat.sms_url({"SMS_URL": ""}, "+4741234567") == ""
    assert "&" not in chat.sms_url(config, "1&x=/..").partition("send/")[2]


def test_what_is_wrong_with_the_settings_is_said_without_the_keys(asked):
    good = {"NOTIFY_URLS": [SLACK, "json://127.0.0.1/"], "SMS_URL": "json://h/{phone}"}
    assert chat.faults(good) == []
    bad = {"NOTIFY_URLS": [f"slak://{TOKEN}/x", "slack://x/y"], "SMS_URL": f"tull{TOKEN}{{phone}}"}
    wrong = chat.faults(bad)
    assert [sentence.partition(" ")[0] for sentence in wrong] == [
        "NOTIFY_URLS", "NOTIFY_URLS", "SMS_URL"
    ]  # fmt: skip
    assert TOKEN not in "".join(wrong)
