"""QR codes of transfers: what they say and when there is none."""

from __future__ import annotations

from decimal import Decimal

import pytest

from invoicing import transfer_qr
from invoicing.codes import codes_in, new_code
from invoicing.paying_to import transfer

ACCOUNT = "40116022027777000000010001"


def test_code_says_what_the_recommendation_asks_for():
    text = transfer_qr.content(
        account=ACCOUNT,
        amount=Decimal("1234.56"),
        name="Przykładowy Leasing Spółka Akcyjna",
        title="KPRV7YFH4Q faktury: 3, za listopad 2026",
        nip="5260250274",
    )

    assert text == (
        f"5260250274|PL|{ACCOUNT}|123456|Przykładowy Leasing|KPRV7YFH4Q faktury: 3, za listop|||"
    )
    assert len(text) <= 160


@pytest.mark.parametrize(
    ("amount", "grosze"), [("0.01", "000001"), ("100.00", "010000"), ("9999.99", "999999")]
)
def test_amount_has_six_digits_of_grosze(amount, grosze):
    text = transfer_qr.content(account=ACCOUNT, amount=Decimal(amount), name="X", title="Y")

    assert text.split("|")[3] == grosze
    assert text.count("|") == 8


@pytest.mark.parametrize("amount", ["0", "-1", "10000.00"])
def test_amount_that_does_not_fit_is_refused(amount):
    with pytest.raises(ValueError, match="does not fit"):
        transfer_qr.content(account=ACCOUNT, amount=Decimal(amount), name="X", title="Y")


@pytest.mark.parametrize(
    ("account", "amount", "currency"),
    [(ACCOUNT, "10000.00", "PLN"), (ACCOUNT, "5.00", "EUR"), ("123", "5.00", "PLN")],
)
def test_page_says_why_there_is_no_code(account, amount, currency):
    shown = transfer(
        name="X", nip="", account=account, amount=Decimal(amount), currency=currency, title="T"
    )

    assert shown.qr is None
    assert shown.why_no_qr


def test_drawing_has_nothing_that_csp_refuses():
    shown = transfer(
        name="A|B\nC",
        nip="",
        account=ACCOUNT,
        amount=Decimal("5.00"),
        currency="PLN",
        title="<script>",
    )

    assert shown.is_checked
    assert shown.why_no_qr == ""
    assert shown.qr is not None
    assert shown.qr.startswith("<svg")
    for refused in ("style", "script", "width=", "href", "onload"):
        assert refused not in shown.qr
    assert "xmlns" in transfer_qr.standing_alone(shown.qr)


def test_separator_in_a_name_cannot_move_the_fields():
    text = transfer_qr.content(
        account=ACCOUNT, amount=Decimal("5.00"), name="A|PL|B", title="x\ny|z"
    )

    assert text == f"|PL|{ACCOUNT}|000500|A PL B|x y z|||"


# --- codes in titles -----------------------------------------------------------------------------


def test_code_is_found_however_the_bank_wrote_the_title():
    code = new_code()

    for title in (
        code,
        f"PRZELEW {code.lower()} dziekuje",
        f"zaplata {code[:6]} {code[6:]}",
        f"{code[:3]}-{code[3:]}",
        f"X{code}Y",
    ):
        assert codes_in(title) == [code]


def test_two_codes_are_both_found():
    one, other = new_code(), new_code()

    assert codes_in(f"{one} i {other}") == [one, other]


def test_one_wrong_character_is_no_code():
    for _n in range(50):
        code = new_code()
        for place in range(2, len(code)):
            for other in "ACDEFHJKMNPQRTUVWXY34679":
                if other != code[place]:
                    assert codes_in(code[:place] + other + code[place + 1 :]) == []


@pytest.mark.parametrize(
    "title", ["", "faktura FV/L/2026/11/000123", "KP", "KPAAAAAAACB", "0" * 500]
)
def test_other_titles_have_no_code(title):
    assert codes_in(title) == []
