"""Phone numbers: however one is written, it is kept in one way."""

import pytest

from console.accounts.errors import AccountError
from console.accounts.phones import clean_phone

SAME = (
    "90012345", "900 12 345", "+47 900 12 345", "+4790012345", "0047 900 12 345", "4790012345",
    "(+47) 90 01 23 45", "+47\u00a0900\u00a012\u00a0345", "900-12-345", "900.12.345", " 90012345 ",
    "９００１２３４５",
)  # fmt: skip
NONE = ("ring meg", "900 12 34x", "1234", "1" * 16, "+", "+47", "++46701234567", "12+34567", "---",
        "٩٠٠١٢٣٤٥", "9001\x002345", "9" * 100_000)  # fmt: skip


@pytest.mark.parametrize("text", SAME)
def test_one_number_is_kept_in_one_way(context, text):
    assert clean_phone(text) == "90012345"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("+46 70 123 45 67", "+46701234567"),
        ("0046 70 123 45 67", "+46701234567"),
        ("02800", "02800"),
        ("+47 02800", "02800"),
        ("47 12 34 56", "47123456"),
        ("", ""),
        ("   ", ""),
    ],
)
def test_other_numbers_keep_what_is_needed_to_dial_them(context, text, kept):
    assert clean_phone(text) == kept


@pytest.mark.parametrize("text", NONE, ids=lambda text: ascii(text[:20]))
def test_what_is_no_number_is_refused(context, text):
    with pytest.raises(AccountError, match="5") as refusal:
        clean_phone(text)
    assert (refusal.value.field, refusal.value.status) == ("phone", 422)
