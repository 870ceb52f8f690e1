"""Files in a browser: pasted, dropped, chosen, on their way, refused, sent and fetched again."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Route, expect

from tests.attachments.pictures import picture
from tests.browser.conftest import House, Seat
from tests.browser.test_conversation import REPLY, SEND
from tests.browser.test_drafts import expect_saved

CHOSEN = "#reply .chosen > li"
INPUT = "#reply-files"
LARGE = 26 * 1024 * 1024
# A picture that was made in the page itself, given to what follows.
DRAWN = """async () => {
  const canvas = new OffscreenCanvas(40, 20);
  canvas.getContext("2d").fillRect(0, 0, 40, 20);
  return await canvas.convertToBlob({ type: "image/png" });
}"""
PASTE = f"""async (box) => {{
  const data = new DataTransfer();
  data.items.add(new File([await ({DRAWN})()], "image.png", {{ type: "image/png" }}));
  box.dispatchEvent(new ClipboardEvent("paste",
    {{ clipboardData: data, bubbles: true, cancelable: true }}));
}}"""
COPY = f"""async (text) => {{
  const all = {{ "image/png": await ({DRAWN})() }};
  for (const kind of text ? ["text/plain", "text/html"] : [])
    all[kind] = new Blob([text], {{ type: kind }});
  await navigator.clipboard.write([new ClipboardItem(all)]);
}}"""
DRAG = """(names) => {
  const data = new DataTransfer();
  for (const name of names) data.items.add(new File([`Dette er ${name}`], name));
  return data;
}"""


def text(name: str, content: bytes = b"hei") -> dict:
    return {"name": name, "mimeType": "text/plain", "buffer": content}


def uploaded(seat: Seat, count: int) -> None:
    """Wait until so many files have come to the server, and no other is left."""
    expect(seat.find(f"{CHOSEN} [name=attached]")).to_have_count(count)
    expect(seat.find(CHOSEN)).to_have_count(count)


def sent(seat: Seat) -> list[str]:
    """The names of the files at the newest message."""
    return seat.find(".message").last.locator(".files a[download]").all_inner_texts()


@pytest.fixture
def kari(house: House, seat) -> Seat:
    """Kari on a ticket of hers."""
    here = seat("kari", permissions=["clipboard-read", "clipboard-write"])
    here.go(f"/tickets/{house.ticket('kari', 'Med filer')}")
    return here


# --- how files come in


@pytest.mark.parametrize("how", ["event", "keys"])
def test_a_screenshot_is_pasted_into_the_text(kari, how) -> None:
    box = kari.find(REPLY)
    box.fill("Se bildet: ")
    if how == "event":
        box.evaluate(PASTE)
    else:
        kari.page.evaluate(COPY, "")
        box.press("Control+v")
    uploaded(kari, 1)
    name = kari.find(f"{CHOSEN} bdi").inner_text()
    assert re.fullmatch(r"skjermbilde-\d\d-\d\d-\d\d\.png", name)
    expect(box).to_have_value("Se bildet: ")
    kari.press(SEND)
    assert sent(kari) == [name]
    thumb = kari.find(".message .thumb img")
    thumb.scroll_into_view_if_needed()
    expect(thumb).to_have_js_property("complete", True)
    assert thumb.evaluate("image => image.naturalWidth") > 0
    assert thumb.get_attribute("alt") == f"Bilde: {name}"
    kari.press(".message .thumb")
    assert kari.page.evaluate("document.images[0].naturalWidth") == 40
    # Chromium's own page around a picture has a style, which the policy of our files forbids.
    kari.trouble = [line for line in kari.trouble if "Applying inline style" not in line]


def test_text_that_comes_with_a_picture_of_itself_is_text(kari) -> None:
    """As from Excel."""
    kari.page.evaluate(COPY, "Rad 1")
    kari.find(REPLY).press("Control+v")
    expect(kari.find(REPLY)).to_have_value("Rad 1")
    expect(kari.find(CHOSEN)).to_have_count(0)


def test_three_files_are_dropped_at_once(kari) -> None:
    names = ["én.txt", "to.log", "tre 3.csv"]
    kari.find(REPLY).fill("Tre stykker")
    data = kari.page.evaluate_handle(DRAG, names)
    form = kari.find("#reply")
    form.dispatch_event("dragenter", {"dataTransfer": data})
    expect(form).to_have_class(re.compile("dropping"))
    form.dispatch_event("drop", {"dataTransfer": data})
    expect(form).not_to_have_class(re.compile("dropping"))
    uploaded(kari, 3)
    kari.press(SEND)
    assert sent(kari) == names


def test_files_dropped_beside_the_form_do_not_take_the_page_away(kari) -> None:
    data = kari.page.evaluate_handle(DRAG, ["a.txt"])
    prevented = kari.page.evaluate(
        """(data) => ["dragover", "drop"].map(kind => !document.body.dispatchEvent(
          new DragEvent(kind, { dataTransfer: data, bubbles: true, cancelable: true })))""",
        data,
    )
    assert prevented == [True, True]
    expect(kari.find(CHOSEN)).to_have_count(0)


def test_one_of_the_chosen_files_is_taken_out_again(kari) -> None:
    kari.find(INPUT).set_input_files([text("a.txt"), text("feil fil.txt")])
    kari.find(INPUT).set_input_files(text("c.txt"))
    uploaded(kari, 3)
    with kari.page.expect_response("**/discard") as told:
        kari.find("[aria-label='Fjern: feil fil.txt']").click()
    assert told.value.status == 204
    uploaded(kari, 2)
    kari.press(SEND)
    assert sent(kari) == ["a.txt", "c.txt"], "a file is an answer too"
    expect(kari.find(".message .said")).to_have_count(0)


def test_the_new_ticket_takes_files_too(house: House, seat) -> None:
    somebody = seat(house.person("Ny Med Fil", "bruker"))
    somebody.go("/tickets/new")
    somebody.fill(title="Se bildet", description="Her er det")
    somebody.find("[name=description]").evaluate(PASTE)
    somebody.find("#new-files").set_input_files(text("logg.txt"))
    expect(somebody.find("[name=attached]")).to_have_count(2)
    # The title is too short at first: the files are still there.
    somebody.fill(title="Se")
    somebody.press("form.sheet .btn-main", status=422)
    expect(somebody.find(".chosen [name=attached]:checked")).to_have_count(2)
    somebody.fill(title="Se bildet")
    somebody.press("form.sheet .btn-main")
    expect(somebody.find("main .files a[download]")).to_have_count(2)
    expect(somebody.find("main .files img")).to_have_count(1)


# --- on their way


def hold(seat: Seat) -> list[Route]:
    """Keep files from arriving; answers those that wait."""
    held: list[Route] = []
    seat.page.route("**/attachments", lambda route: held.append(route))
    return held


def test_sending_waits_for_the_files(kari) -> None:
    held = hold(kari)
    address = kari.page.url
    kari.find(REPLY).fill("Kommer straks")
    kari.find(INPUT).set_input_files([text("stor.txt"), text("større.txt")])
    expect(kari.find(f"{CHOSEN} progress")).to_have_count(2)
    kari.find(SEND).click()
    kari.find(SEND).click()
    with kari.page.expect_request("**/attachments"):  # of the second
        held.pop().continue_()
    expect(kari.find(f"{CHOSEN} [name=attached]")).to_have_count(1)
    assert kari.page.url == address, "the other one is still on its way"
    with kari.page.expect_navigation():
        held.pop().continue_()
    assert sent(kari) == ["stor.txt", "større.txt"]
    expect(kari.find(".message")).to_have_count(1)


def test_files_that_are_removed_on_their_way_are_not_waited_for(kari) -> None:
    held = hold(kari)
    kari.find(REPLY).fill("Uten den trege")
    kari.find(INPUT).set_input_files([text("treg.txt"), text("bak i køen.txt")])
    expect(kari.find(f"{CHOSEN} progress")).to_have_count(2)
    kari.find(SEND).click()
    kari.find(f"{CHOSEN} button").last.click()
    with kari.page.expect_navigation():
        kari.find(f"{CHOSEN} button").click()
    assert len(held) == 1
    assert sent(kari) == []
    expect(kari.find(".message")).to_contain_text("Uten den trege")


@pytest.mark.parametrize("how", ["no connection", "no room"])
def test_a_file_that_does_not_arrive_stops_the_sending(kari, how) -> None:
    """What somebody sends is never less than what he saw."""
    held = hold(kari)
    kari.find(REPLY).fill("Med bilag")
    kari.find(INPUT).set_input_files(text("bilag.txt"))
    expect(kari.find(f"{CHOSEN} progress")).to_have_count(1)
    kari.find(SEND).click()
    if how == "no connection":
        held.pop().abort()
        sentence = "Filen ble ikke lastet opp. Prøv igjen."
        expect(kari.find(f"{CHOSEN} .field-error")).to_have_text(sentence)
        assert [line for line in kari.trouble if "/attachments: net::ERR_FAILED" in line]
        kari.trouble.clear()
    else:
        kari.expected.add(507)
        held.pop().fulfill(status=507, json={"files": [], "problems": ["Det er ikke plass nå."]})
        expect(kari.find(f"{CHOSEN} .field-error")).to_have_text("Det er ikke plass nå.")
    kari.page.wait_for_timeout(300)
    expect(kari.find(REPLY)).to_have_value("Med bilag")
    expect(kari.find(".message")).to_have_count(0)
    kari.page.unroute("**/attachments")
    kari.find(f"{CHOSEN} button").click()
    kari.find(INPUT).set_input_files(text("bilag.txt"))
    uploaded(kari, 1)
    kari.press(SEND)
    assert sent(kari) == ["bilag.txt"]


@pytest.mark.parametrize("javascript", [True, False])
def test_too_large_a_file_is_refused_and_the_text_stays(
    house: House, seat, tmp_path: Path, javascript
) -> None:
    large = tmp_path / "video.bin"
    with large.open("wb") as file:
        file.truncate(LARGE)
    kari = seat("kari", java_script_enabled=javascript)
    kari.go(f"/tickets/{house.ticket('kari', 'For stor fil')}")
    kari.find(REPLY).fill("Se filmen")
    kari.find(INPUT).set_input_files([large])
    if not javascript:
        kari.press(SEND, status=413)
    sentence = kari.find("#reply .field-error")
    expect(sentence).to_contain_text("25 MB")
    expect(kari.find(REPLY)).to_have_value("Se filmen")
    expect(kari.find("[name=attached]")).to_have_count(0)
    kari.press(SEND)
    expect(kari.find(".message")).to_contain_text("Se filmen")


def test_more_than_ten_files_are_refused_and_all_are_kept(kari) -> None:
    kari.find(REPLY).fill("Elleve stykker")
    kari.find(INPUT).set_input_files([text(f"{n}.txt") for n in range(11)])
    uploaded(kari, 11)
    kari.press(SEND, status=422)
    expect(kari.find("#reply .field-error")).to_contain_text("10")
    expect(kari.find(REPLY)).to_have_value("Elleve stykker")
    kari.find("[name=attached]").last.uncheck()
    kari.press(SEND)
    assert len(sent(kari)) == 10


def test_a_refused_answer_keeps_its_draft_and_files(kari) -> None:
    kari.find(INPUT).set_input_files([text("a.txt"), text("tom.txt", b"")])
    kari.expected.add(422)
    expect(kari.find(f"{CHOSEN}.failed .field-error")).to_contain_text("tom")
    kari.find(REPLY).fill("Den ene var tom")
    expect_saved(kari)
    kari.page.reload()
    uploaded(kari, 1)
    expect(kari.find(REPLY)).to_have_value("Den ene var tom")


# --- fetched again


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("Skjermbilde æøå – 1.png", picture()),
        ("faktura; «mars».pdf", b"%PDF-1.7\nx"),
        ("side.html", b"<script>alert(1)</script>"),
    ],
)
def test_a_file_comes_down_as_it_went_up(kari, seat, name, content) -> None:
    kari.find(INPUT).set_input_files({"name": name, "mimeType": "x/y", "buffer": content})
    uploaded(kari, 1)
    kari.press(SEND)
    ola = seat("ola")
    ola.go(f"/admin{kari.path}")
    for reader in (kari, ola):
        with reader.page.expect_download() as told:
            reader.find(f".files a[download]:has-text('{name}')").click()
        assert told.value.suggested_filename == name
        assert Path(told.value.path()).read_bytes() == content


# --- without JavaScript


def test_an_answer_with_two_files_by_the_ordinary_form(house: House, seat) -> None:
    ticket = house.ticket(title="To filer uten skript")
    kari = seat("kari", java_script_enabled=False)
    kari.go(f"/tickets/{ticket}")
    kari.find(REPLY).fill("To vedlegg")
    kari.find(INPUT).set_input_files([text("a.txt"), text("tom.txt", b"")])
    kari.press(SEND, status=422)
    expect(kari.find("#reply .field-error")).to_contain_text("tom.txt")
    expect(kari.find(REPLY)).to_have_value("To vedlegg")
    assert kari.find(".chosen bdi").all_inner_texts() == ["a.txt"]
    kari.find(INPUT).set_input_files(
        {"name": "b.png", "mimeType": "image/png", "buffer": picture()}
    )
    kari.press(SEND)
    assert sent(kari) == ["a.txt", "b.png"]
    expect(kari.find(".message .said").last).to_have_text("To vedlegg")
    thumb = kari.find(".message .thumb img")
    thumb.scroll_into_view_if_needed()
    expect(thumb).to_have_js_property("complete", True)
    assert thumb.evaluate("image => image.naturalWidth") > 0


def test_unseen_news_keep_the_files_without_javascript(house: House, seat) -> None:
    ticket = house.ticket(title="Nytt og filer uten skript")
    kari = seat("kari", java_script_enabled=False)
    kari.go(f"/tickets/{ticket}")
    house.say("ola", ticket, "Hva feiler det?")
    kari.find(REPLY).fill("To vedlegg")
    kari.find(INPUT).set_input_files([text("a.txt"), text("b.txt")])
    kari.press(SEND, status=409)
    assert kari.find(".chosen bdi").all_inner_texts() == ["a.txt", "b.txt"]
    kari.find("[name=attached]").first.uncheck()
    kari.press(SEND)
    assert sent(kari) == ["b.txt"]
