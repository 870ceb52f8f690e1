"""Numbers of people and of cards, and what is found in a text.

Every person here is invented: the numbers are made in the test, with check digits reckoned as in
the arithmetic books (11 less the rest), not by the code under test.
"""

from console.masking import MASK, hide, restore


def check_digit(digits, weights):
    return (11 - sum(int(d) * w for d, w in zip(digits, weights, strict=True)) % 11) % 11


def person(birth, individual=100):
    """A number with right check digits for DDMMYY; the next individual number where one is 10."""
    for number in range(individual, individual + 20):
        nine = f"{birth}{number:03}"
        first = check_digit(nine, (3, 7, 6, 1, 8, 9, 4, 5, 2))
        second = check_digit(f"{nine}{first % 10}", (5, 4, 3, 2, 7, 6, 5, 4, 3, 2))
        if first < 10 and second < 10:
            return f"{nine}{first}{second}"
    raise AssertionError(birth)


def luhn(start, length):
    """A number of this length with the check digit that makes Luhn's sum end in 0."""
    body = (start + "0102030405060708090")[: length - 1]
    for last in "0123456789":
        total = 0
        for place, digit in enumerate(reversed(body + last)):
            value = int(digit) * (1 + place % 2)
            total += value // 10 + value % 10
        if total % 10 == 0:
            return body + last
    raise AssertionError(start)


KARI, OLA = person("150385"), person("010270", 250)
VISA, AMEX = luhn("4925", 16), luhn("3714", 15)
FOURS = " ".join(VISA[at : at + 4] for at in range(0, 16, 4))
D6, N5 = KARI[:6], KARI[6:]


def values(text):
    hidden = hide(text)
    assert restore(hidden) == text, hidden
    for found in hidden.found:
        assert hidden.text.startswith(MASK, found.position), hidden
        assert found.value not in ("", MASK), hidden
    return [found.value for found in hidden.found]


def kinds(text):
    return [found.kind for found in hide(text).found]
