"""Forms as a browser holds them, and many who send one at once."""

import threading

from bs4 import BeautifulSoup


def fields_of(answer, form="reply"):
    """What a browser would send from that form, with everything as the page filled it in."""
    shown = BeautifulSoup(answer.text, "html5lib").find("form", id=form)
    fields = {field["name"]: field["value"] for field in shown.select("input[type=hidden]")}
    fields |= {field["name"]: field.text for field in shown.select("textarea")}
    return fields | {"attached": [box["value"] for box in shown.select("input[name=attached]")]}


def field_errors(answer):
    """The sentences that stand on the fields of the page."""
    page = BeautifulSoup(answer.text, "html5lib")
    return [error.text for error in page.select(".field .field-error, .drop .field-error")]


def said(answer):
    """The messages on the page, as they are read."""
    page = BeautifulSoup(answer.text, "html5lib")
    return [text.text.strip() for text in page.select(".message .said")]


def notices(answer):
    """What the page says above everything else."""
    page = BeautifulSoup(answer.text, "html5lib")
    return " ".join(notice.text for notice in page.select(".notice"))


def at_once(app, client, path, form, many=10):
    """Send the same form many times in the same moment; the answers."""
    cookie = client.get_cookie("session").value
    form = {"csrf_token": client.token(), **form}
    answers, together = [], threading.Barrier(many)

    def send():
        browser = app.test_client()
        browser.set_cookie("session", cookie)
        together.wait()
        answers.append(browser.post(path, data=form))

    threads = [threading.Thread(target=send) for _ in range(many)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers
