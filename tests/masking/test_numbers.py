"""The numbers of people and of cards: hidden however they are written, and nothing like them."""

import pytest

from console.masking import is_card, is_national_id
from console.models import SecretKind
from tests.masking.samples import AMEX, D6, FOURS, KARI, N5, OLA, VISA, kinds, luhn, person, values


@pytest.mark.parametrize(
    "birth",
    [
        pytest.param("150385", id="born in the 1900s"),
        pytest.param("290200", id="leap day of 2000"),
        pytest.param("290296", id="leap day of 1996"),
        pytest.param("311299", id="the last day of a century"),
        pytest.param("550385", id="D-number, day and 40"),
        pytest.param("154385", id="H-number, month and 40"),
        pytest.param("158385", id="Skatteetaten's test, month and 80"),
        pytest.param("156885", id="NAV's test, month and 65"),
        pytest.param("157785", id="NAV's test, December"),
        pytest.param("558385", id="Skatteetaten's D-number"),
    ],
)
def test_a_national_id_is_hidden(birth):
    number = person(birth)
    assert is_national_id(number)
    assert values(f"Fødselsnummeret er {number}.") == [number]
    assert kinds(number) == [SecretKind.NATIONAL_ID]


@pytest.mark.parametrize(
    "number", ["13527248013", "10915596784", "01010750160", "41010199946"]
)  # published with fnrvalidator and norsk-validator, as examples
def test_published_examples_are_hidden(number):
    assert values(f"fnr {number}") == [number]


@pytest.mark.parametrize("at", range(11))
def test_one_wrong_digit_and_it_is_no_national_id(at):
    for digit in "0123456789":
        wrong = KARI[:at] + digit + KARI[at + 1 :]
        assert is_national_id(wrong) == (wrong == KARI), wrong
        assert bool(values(f"nr {wrong}")) == (wrong == KARI)


@pytest.mark.parametrize(
    "birth", ["320185", "300285", "290285", "310485", "001285", "150085", "151385", "153385"]
)
def test_a_day_that_never_was_is_no_birthday(birth):
    number = person(birth)
    assert not is_national_id(number)
    assert values(number) == []


@pytest.mark.parametrize(
    "written",
    [
        KARI,
        f"{D6} {N5}",
        f"{D6}.{N5}",
        f"{D6}-{N5}",
        f"{D6} - {N5}",
        f"{D6} {N5[:3]} {N5[3:]}",
        f"{D6}{N5[:3]} {N5[3:]}",
        f"{D6[:2]} {D6[2:4]} {D6[4:]} {N5}",
        f"{D6[:2]}.{D6[2:4]}.{D6[4:]} {N5}",
        f"{D6[:2]}.{D6[2:4]}.{D6[4:]}-{N5}",
        f"{D6[:2]}/{D6[2:4]}/{D6[4:]} {N5}",
        f"{D6[:2]} {D6[2:4]} {D6[4:]} {N5[:3]} {N5[3:]}",
        f"{D6}\u00a0{N5}",
        f"{D6}\u2009{N5}",
        f"{D6}\u202f{N5[:3]}\u202f{N5[3:]}",
        f"{D6}\u2011{N5}",
        f"{D6}\u200b{N5}",
        f"{D6}\u00ad{N5}",
        f"{KARI[:4]}\u2060{KARI[4:]}",
        "\u200b".join(KARI),
        f"{D6} \u200b{N5}",
        f"{D6}  {N5}",
        f"{D6}  {N5[:3]}  {N5[3:]}",
        f"{D6}\n{N5}",
        f"{D6} \n{N5}",
        f"{D6}{N5[:3]}\n{N5[3:]}",
    ],
)
@pytest.mark.parametrize(
    "around", ["{}", "fnr: {}, takk", "({})", "fnr{}", "Kari {}\nOla", "pnr={};", "«{}»"]
)
def test_a_national_id_is_hidden_however_it_is_written(written, around):
    assert values(around.format(written)) == [written]


@pytest.mark.parametrize("name", ["scan{}.pdf", "Epikrise{}", "ID_{}_2.pdf", "kopi2 scan{}.PDF"])
def test_a_national_id_is_hidden_behind_the_letters_of_a_file_name(name):
    assert values(name.format(KARI)) == [KARI]


def test_what_nobody_sees_around_a_national_id_does_not_show_it():
    assert values(f"1\u200b{KARI}\u200bKari") == [KARI]
    assert values(f"Kari\u00ad{KARI}\u2060, 😀\u200d") == [KARI]


def test_several_people_in_one_list_are_all_hidden():
    text = f"1 {KARI} Kari\n2 {OLA} Ola\n{KARI} {OLA}"
    assert values(text) == [KARI, OLA, KARI, OLA]


def test_a_national_id_is_hidden_in_an_address_too():
    assert values(f"https://lege.example.no/pasient?fnr={KARI}&fane=2") == [KARI]


@pytest.mark.parametrize(
    "text",
    [
        f"1{KARI}",
        f"{KARI}1",
        f"a{D6} {N5}",
        f"a1{KARI}",
        f"a{KARI}b",
        f"{KARI}b",
        f"0.{KARI}",
        f"{KARI}.5",
        f"{KARI[:4]} {KARI[4:6]} {KARI[6:]}",
        f"{KARI[:4]}.{KARI[4:6]}.{KARI[6:]}",
        "".join(reversed(KARI)),
    ],
)
def test_a_part_of_something_longer_is_no_national_id(text):
    assert values(text) == []


@pytest.mark.parametrize(
    ("start", "length"),
    [
        ("4", 13), ("4", 16), ("4", 19), ("51", 16), ("55", 16), ("2221", 16), ("2300", 16),
        ("2720", 16), ("34", 15), ("37", 15), ("300", 14), ("305", 14), ("36", 14), ("38", 14),
        ("3095", 14), ("6011", 16), ("644", 16), ("649", 16), ("65", 19), ("3528", 16),
        ("3589", 16), ("5018", 13), ("6304", 18), ("6759", 16), ("6763", 19), ("62", 16),
        ("62", 19),
    ],
)  # fmt: skip
def test_a_card_is_hidden(start, length):
    number = luhn(start, length)
    assert values(f"Kortet er {number}, sa hun.") == [number]
    assert kinds(number) == [SecretKind.CARD]
    wrong = number[:-1] + str((int(number[-1]) + 1) % 10)
    assert values(f"Kortet er {wrong}, sa hun.") == []


@pytest.mark.parametrize(
    ("start", "length"),
    [
        ("4", 14), ("4", 15), ("50", 16), ("56", 16), ("2220", 16), ("2721", 16), ("35", 15),
        ("3527", 16), ("3590", 16), ("34", 16), ("37", 14), ("306", 14), ("643", 16), ("1", 16),
        ("7", 16), ("8", 16), ("9", 16), ("0", 16), ("62", 15),
    ],
)  # fmt: skip
def test_a_number_of_no_brand_is_no_card(start, length):
    number = luhn(start, length)
    assert not is_card(number)
    assert values(number) == []


@pytest.mark.parametrize(
    "written",
    [
        VISA,
        FOURS,
        FOURS.replace(" ", "-"),
        *(FOURS.replace(" ", gap) for gap in ("\u00a0", "\u2009", "\u202f", "\u2011", ".", "  ")),
        *(FOURS.replace(" ", gap) for gap in ("\u200b", "\u00ad", "\u2060", " \u200b")),
        *(f"{FOURS[:at]}\n{FOURS[at + 1 :]}" for at in (4, 9, 14)),
        f"{FOURS[:9]} \n{FOURS[10:]}",
        AMEX,
        f"{AMEX[:4]} {AMEX[4:10]} {AMEX[10:]}",
        "4111 1111 1111 1111",
        "3056 930902 5904",
    ],
)
@pytest.mark.parametrize(
    "around", ["{}", "{} 12/27", "{} 12/27 123", "Kort {} cvc 123.", "({})", "kortnr:{};", "1 {}"]
)
def test_a_card_is_hidden_however_it_is_written(written, around):
    assert values(around.format(written)) == [written]


def test_a_card_is_hidden_with_the_rest_of_nineteen_digits():
    number = luhn("4925", 19)
    written = " ".join((number[:4], number[4:8], number[8:12], number[12:16], number[16:]))
    assert values(f"kort {written}") == [written]


@pytest.mark.parametrize(
    "text",
    [
        f"1234 {FOURS}",
        f"{FOURS} 1234",
        f"9{VISA}",
        f"{VISA}9" if not is_card(f"{VISA}9") else f"{VISA}99",
        f"0.{VISA}",
        f"KID: {VISA}",
        f"KID-nummer {VISA}",
        f"IMEI {luhn('4925', 16)}",
        f"Ordrenummer: {VISA}",
        f"Order number {VISA}",
        f"ordre nr. {VISA}",
        f"Sporingsnummer {VISA}",
        f"Fakturanr {VISA}",
        f"Serienummeret er {VISA}",
        f"EAN: {luhn('4', 13)}",
        f"https://butikk.example.no/ordre/{VISA}",
        "DE89 3704 0044 0532 0130 00",
        f"{FOURS.replace(' ', '  ')}  1234",
        f"{FOURS[:4]}.{FOURS[5:]}",
        FOURS.replace(" ", "\n"),
        f"{FOURS[:9]}\n{FOURS[10:]}\n1234 5678",
        f"1234 5678\n{FOURS[:9]}\n{FOURS[10:]}",
        f"scan{VISA}.pdf",
    ],
)
def test_what_only_looks_like_a_card_is_left_alone(text):
    assert values(text) == []
