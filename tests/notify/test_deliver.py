"""The outbox against a real mail server: everything owed leaves once, and nothing is lost."""

import asyncio
import re
import socket
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from threading import Barrier

import pytest
from sqlalchemy import select

from console import clock
from console.extensions import db
from console.jobs import queue
from console.models import Delivery, DeliveryState
from console.notify import deliver, outbox
from console.transaction import change
from tests.notify.conftest import Mailbox, words_of

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def test_a_mail_that_is_owed_leaves_once(office, serve):
    mailbox = serve()
    number = office.plan()
    assert (office.send(), office.send()) == (1, 0)
    assert mailbox.recipients == [["kari@kunde.example"]]
    row = office.row(number)
    assert (row.state, row.tries, row.error) == (DeliveryState.SENT, 1, "")
    assert row.sent_at is not None


def test_it_reads_as_it_was_written(office, serve):
    mailbox = serve()
    subject = "Sak 12: Blåbærsyltetøy på tastaturet 🫐"
    body = "Hei, Åse!\n\nVi ser på det.\n.\nEn linje som begynner med punktum.\n" + "æ" * 2000
    office.plan(subject=subject, body=body)
    office.send()
    [mail] = mailbox.mails
    assert mail["Subject"].strip() == subject
    assert words_of(mail).replace("\r\n", "\n").rstrip("\n") == body
    assert mail.get_content_type() == "multipart/alternative"
    assert mail["From"] == "TechSupport AS <support@firma.example>"
    assert mail["To"] == "kari@kunde.example"


def test_it_says_that_a_machine_wrote_it_and_when(office, serve):
    mailbox = serve()
    with clock.at(NOON):
        number = office.plan()
        office.send()
    [mail] = mailbox.mails
    assert mail["Auto-Submitted"] == "auto-generated"
    # -0000, as RFC 5322 has it for a time that is UTC and no zone of anybody's
    assert parsedate_to_datetime(mail["Date"]).replace(tzinfo=UTC) == NOON
    assert office.number_of(mail) == number
    for name in ("Date", "Message-ID", "From", "To", "Subject", "Auto-Submitted"):
        assert len(mail.get_all(name)) == 1


@pytest.mark.parametrize(
    ("stage", "answer"),
    [
        ("MAIL", "451 Try again later"),
        ("MAIL", "421 Closing"),
        ("MAIL", "530 5.7.0 Authentication required"),
        ("RCPT", "450 Greylisted"),
        ("RCPT", "452 Mailbox full"),
        ("DATA", "451 Try again later"),
    ],
)
def test_a_mail_that_is_refused_for_now_waits_and_leaves_later(office, serve, stage, answer):
    mailbox = serve(Mailbox(stage, answer))
    with clock.at(NOON):
        number = office.plan()
        assert office.send() == 0
    row = office.row(number)
    assert row.state == DeliveryState.DEFERRED
    assert timedelta(seconds=60) <= row.run_at - NOON <= timedelta(seconds=66)
    assert answer[:3] in row.error
    with clock.at(NOON + timedelta(seconds=59)):
        assert (office.send(), mailbox.tries) == (0, 1)
    with clock.at(NOON + timedelta(seconds=67)):
        assert office.send() == 1
    row = office.row(number)
    assert (row.state, row.error, row.tries) == (DeliveryState.SENT, "", 2)
    assert [office.number_of(mail) for mail in mailbox.mails] == [number]


@pytest.mark.parametrize(
    ("stage", "answer"),
    [
        ("MAIL", "550 Sender unwanted"),
        ("RCPT", "550 No such user here"),
        ("RCPT", "553 Not allowed"),
        ("DATA", "554 Looks like spam"),
    ],
)
def test_a_mail_that_is_refused_for_good_fails_at_once_and_says_why(office, serve, stage, answer):
    mailbox = serve(Mailbox(stage, answer))
    number = office.plan()
    assert office.send() == 0
    row = office.row(number)
    assert row.state == DeliveryState.FAILED
    assert answer[:3] in row.error
    assert answer[4:] in row.error
    with clock.at(datetime.now(UTC) + timedelta(days=2)):
        assert (office.send(), mailbox.tries) == (0, 1)


def test_the_pauses_grow_and_after_a_day_it_is_given_up(office, serve):
    serve(Mailbox("MAIL", *["451 Later"] * deliver.TRIES_MAX))
    moment, pauses = NOON, []
    with clock.at(moment):
        number = office.plan()
    while office.row(number).state != DeliveryState.FAILED:
        with clock.at(moment):
            assert office.send() == 0
        if office.row(number).state == DeliveryState.DEFERRED:
            pauses.append(office.row(number).run_at - moment)
            moment += pauses[-1]
    for pause, minutes in zip(pauses, (1, 5, 15, 60, 60), strict=False):
        assert 1 <= pause / timedelta(minutes=minutes) <= 1.1
    assert office.row(number).tries == len(pauses) + 1 == deliver.TRIES_MAX
    assert timedelta(hours=20) < moment - NOON < timedelta(days=2)


def test_with_the_server_down_it_waits(office, serve):
    with clock.at(NOON):
        number = office.plan()
        assert office.send() == 0
    row = office.row(number)
    assert (row.state, row.error) == (DeliveryState.DEFERRED, "ConnectionRefusedError")
    mailbox = serve()
    with clock.at(NOON + timedelta(minutes=2)):
        assert office.send() == 1
    assert len(mailbox.mails) == 1


def test_with_a_server_that_says_nothing_it_waits(new_office, port):
    office = new_office(timeout=0.3)
    number = office.plan()
    with socket.create_server(("127.0.0.1", port)):
        assert office.send() == 0
    row = office.row(number)
    assert (row.state, row.tries) == (DeliveryState.DEFERRED, 1)
    assert row.error


def test_a_server_that_looks_a_mail_over_for_long_gets_it_once(new_office, serve):
    class Careful(Mailbox):
        async def handle_DATA(self, server, session, envelope):
            await asyncio.sleep(1.5)
            return await super().handle_DATA(server, session, envelope)

    mailbox, office = serve(Careful()), new_office(timeout=0.5)
    number = office.plan()
    assert office.send() == 1
    assert (len(mailbox.mails), office.row(number).tries) == (1, 1)


def test_with_a_server_that_hangs_up_it_waits(new_office, port):
    office = new_office(timeout=1)
    number = office.plan()
    with socket.create_server(("127.0.0.1", port)) as server, ThreadPoolExecutor(1) as pool:
        hung_up = pool.submit(lambda: server.accept()[0].close())
        assert office.send() == 0
        hung_up.result()
    assert office.row(number).state == DeliveryState.DEFERRED


def test_one_bad_address_does_not_hold_up_the_others(office, serve):
    class Choosy(Mailbox):
        async def handle_RCPT(self, server, session, envelope, address, options):
            if address.startswith("per"):
                return "550 No such user"
            return await super().handle_RCPT(server, session, envelope, address, options)

    mailbox = serve(Choosy())
    numbers = [office.plan(f"{who}@kunde.example") for who in ("ada", "per", "ida")]
    assert office.send() == 2
    assert [office.row(number).state for number in numbers] == ["sent", "failed", "sent"]
    assert mailbox.recipients == [["ada@kunde.example"], ["ida@kunde.example"]]


@pytest.mark.parametrize(
    "recipient",
    [
        "jürgen@kunde.example",
        "post@blåbær.example",
        "a@kunde.example\r\nBcc: alle@kunde.example",
        "a@kunde.example, alle@kunde.example",
        "",
        "@",
    ],
)
def test_an_address_that_cannot_be_written_does_not_hold_up_the_others(office, serve, recipient):
    mailbox = serve()
    with clock.at(NOON):
        odd = office.plan(recipient)
    number = office.plan()
    for minutes in (0, 10, 20):
        with clock.at(datetime.now(UTC) + timedelta(minutes=minutes)):
            office.send()
    assert office.row(number).state == DeliveryState.SENT
    assert ["kari@kunde.example"] in mailbox.recipients
    assert not any("alle@kunde.example" in who for who in mailbox.recipients)
    assert office.row(odd).state in (
        DeliveryState.SENT,
        DeliveryState.FAILED,
        DeliveryState.DEFERRED,
    )
    assert office.row(odd).state == DeliveryState.SENT or office.row(odd).error


@pytest.mark.parametrize(
    "subject",
    [
        "Hei\r\nBcc: alle@kunde.example",
        "Hei\nBcc: alle@kunde.example",
        "Hei\r\n\r\nEn helt annen mail",
        "Hei\x0b\x0cBcc: alle@kunde.example",
        "Hei\u2028Bcc: alle@kunde.example",
        "Hei\x85Bcc: alle@kunde.example",
    ],
)
def test_line_breaks_in_a_subject_are_spaces(office, serve, subject):
    mailbox = serve()
    office.plan(subject=subject)
    assert office.send() == 1
    [mail] = mailbox.mails
    assert mailbox.recipients == [["kari@kunde.example"]]
    assert mail["Bcc"] is None
    assert mail["Subject"].strip() == " ".join(subject.split())
    assert words_of(mail).startswith("Hei.")


def test_a_subject_beyond_all_measure_is_cut(office, serve):
    mailbox = serve()
    office.plan(subject="Blåbær " * 100)
    assert office.send() == 1
    [mail] = mailbox.mails
    assert mail["Subject"].strip() == ("Blåbær " * 100)[:255].strip()


def test_nothing_leaves_of_a_change_that_was_undone(office, serve):
    def undone():
        with office.app.app_context(), change() as session:
            outbox.owe_mail(session, recipient="kari@kunde.example", subject="x", body="y")
            raise ZeroDivisionError

    mailbox = serve()
    with pytest.raises(ZeroDivisionError):
        undone()
    assert (office.send(), mailbox.mails) == (0, [])


def test_without_a_server_nothing_is_tried(new_office, serve):
    mailbox = serve()
    office = new_office(MAIL_SERVER="")
    number = office.plan()
    assert office.send() == 0
    row = office.row(number)
    assert (row.state, row.tries, row.error) == (DeliveryState.WAITING, 0, "")
    assert mailbox.tries == 0


def test_two_that_send_at_once_send_one_copy(office, serve):
    mailbox = serve()
    numbers = [office.plan(f"nr{n}@kunde.example") for n in range(8)]
    start = Barrier(2)

    def send(_):
        start.wait(5)
        return office.send()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(send, range(2)))
    assert sorted(mailbox.recipients) == [[f"nr{n}@kunde.example"] for n in range(8)]
    assert {office.row(number).tries for number in numbers} == {1}


def test_many_mails_leave_in_the_order_they_were_owed(office, serve):
    mailbox = serve()
    for number in range(queue.BATCH + 5):
        with clock.at(NOON + timedelta(seconds=number)):
            office.plan(f"nr{number}@kunde.example")
    with clock.at(NOON + timedelta(hours=1)):
        while office.send():
            pass
    assert [who for [who] in mailbox.recipients] == [
        f"nr{n}@kunde.example" for n in range(queue.BATCH + 5)
    ]


def test_what_a_worker_died_over_is_sent_again_after_its_lease(office, serve):
    mailbox = serve()
    with clock.at(NOON):
        number = office.plan()
        with office.app.app_context():
            (job,) = queue.claim(NOON)
            with change() as session:
                queue.hold(session, job, NOON)
                assert deliver.prepare(session, number)
    with clock.at(NOON + queue.LEASE - timedelta(seconds=1)):
        assert office.send() == 0
    with clock.at(NOON + queue.LEASE + timedelta(seconds=1)):
        assert office.send() == 1
    assert [office.number_of(mail) for mail in mailbox.mails] == [number]
    assert office.row(number).tries == 2


@pytest.mark.parametrize("state", [DeliveryState.SENT, DeliveryState.FAILED])
def test_what_is_done_is_done(office, serve, state):
    mailbox = serve()
    number = office.plan()
    office.set(number, state=state)
    assert (office.send(), mailbox.tries) == (0, 0)


def test_a_link_that_was_asked_for_is_in_the_mailbox(office, serve, cast):
    mailbox = serve()
    client = office.app.test_client()
    client.send("/reset", {"email": "kari@kunde.example"})
    assert office.send() == 1
    [mail] = mailbox.mails
    assert mail["To"] == "kari@kunde.example"
    path = re.search(r"http://127\.0\.0\.1:5000(/reset/\S+)", words_of(mail))[1]
    assert client.get(path).status_code == 200


def test_a_page_does_not_fail_for_want_of_a_mail_server(office, cast):
    answer = office.app.test_client().send("/reset", {"email": "kari@kunde.example"})
    assert answer.status_code == 200
    with office.app.app_context():
        row = db.session.scalars(select(Delivery)).one()
    assert (row.state, row.tries) == (DeliveryState.WAITING, 0)
