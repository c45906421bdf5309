from decimal import Decimal

import pytest

from eboks.money import format_money, to_grosz, zloty_first


@pytest.mark.parametrize(
    ("exact", "rounded"),
    [
        ("0.005", "0.01"),
        ("0.0049999999999999999999", "0.00"),
        ("2.675", "2.68"),  # a float would give 2.67
        ("1.005", "1.01"),
        ("-0.005", "-0.01"),
        ("-1.004", "-1.00"),
        ("1000.00", "1000.00"),
        ("7", "7.00"),
        ("999999999999.994999", "999999999999.99"),
    ],
)
def test_to_grosz_rounds_half_up(exact, rounded):
    assert str(to_grosz(Decimal(exact))) == rounded


def test_to_grosz_has_no_negative_zero():
    assert str(to_grosz(Decimal("-0.001"))) == "0.00"


@pytest.mark.parametrize("amount", [1.1, 1, "1.10", None, True])
def test_to_grosz_refuses_everything_but_decimal(amount):
    with pytest.raises(TypeError, match="Decimal"):
        to_grosz(amount)


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "-Infinity"])
def test_to_grosz_refuses_what_is_no_number(amount):
    with pytest.raises(ValueError, match="finite"):
        to_grosz(Decimal(amount))


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        ("1234.56", "PLN", "1\u00a0234,56\u00a0zł"),
        ("1234567.8", "PLN", "1\u00a0234\u00a0567,80\u00a0zł"),
        ("999.99", "PLN", "999,99\u00a0zł"),
        ("0", "PLN", "0,00\u00a0zł"),
        ("-1234.56", "PLN", "\u22121\u00a0234,56\u00a0zł"),
        ("-0.004", "PLN", "0,00\u00a0zł"),
        ("1234.56", "EUR", "1\u00a0234,56\u00a0€"),
        ("1234.56", "CHF", "1\u00a0234,56\u00a0CHF"),
    ],
)
def test_format_money_writes_polish_notation(amount, currency, text):
    assert format_money(Decimal(amount), currency) == text


def test_format_money_leaves_the_currency_out_when_asked():
    assert format_money(Decimal("-1234.56"), with_currency=False) == "\u22121\u00a0234,56"


def test_format_money_refuses_float():
    with pytest.raises(TypeError):
        format_money(1234.56)  # type: ignore[arg-type]


def test_zloty_come_before_other_currencies():
    assert sorted(["USD", "PLN", "CHF", "EUR"], key=zloty_first) == ["PLN", "CHF", "EUR", "USD"]
