"""Rates of the NBP: which day's counts, and files that bring them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction

from invoicing.exchange import ExchangeError, rate_before
from invoicing.exchange_files import Imported, RatesError, import_rates
from invoicing.models import ExchangeRate
from tests.invoicing.issuing_rows import euro_rate

pytestmark = pytest.mark.django_db

ARCHIVE = """\
data;1THB;1USD;100JPY;1EUR;nr tabeli;pełny numer tabeli;
;bat (Tajlandia);dolar amerykański;jen (Japonia);euro;;;
20261124;0,1143;3,6501;2,4412;4,2301;228;228/A/NBP/2026;
20261125;0,1144;3,6611;2,4398;4,2288;229;229/A/NBP/2026;

kod ISO;THB;USD;JPY;EUR;;;
""".encode("cp1250")
OWN = b"currency;on;rate;table\nEUR;2026-11-25;4.2288;229/A/NBP/2026\n"


@pytest.mark.parametrize(
    ("on", "rate_day"),
    [
        (dt.date(2026, 11, 26), dt.date(2026, 11, 25)),
        (dt.date(2026, 11, 23), dt.date(2026, 11, 20)),  # Monday: Friday's
        (dt.date(2026, 11, 12), dt.date(2026, 11, 10)),  # 11 November is a holiday
        (dt.date(2025, 7, 22), dt.date(2025, 7, 21)),
    ],
)
def test_rate_of_the_last_working_day_before(on, rate_day):
    euro_rate(rate_day)
    euro_rate(on if on.weekday() < 5 else on + dt.timedelta(days=3), "9.9999")

    assert rate_before("EUR", on).on == rate_day


def test_missing_rate_names_the_day():
    euro_rate(dt.date(2026, 11, 24))
    with pytest.raises(ExchangeError, match=r"Brak kursu NBP waluty EUR z dnia 25\.11\.2026"):
        rate_before("EUR", dt.date(2026, 11, 26))
    euro_rate(dt.date(2026, 11, 25))
    with pytest.raises(ExchangeError, match="USD"):
        rate_before("USD", dt.date(2026, 11, 26))


def test_archive_of_the_nbp_is_read():
    assert import_rates(content=ARCHIVE) == Imported(new=8, known=0)

    euro = ExchangeRate.objects.get(currency="EUR", on=dt.date(2026, 11, 25))
    assert (euro.rate, euro.table) == (Decimal("4.2288"), "229/A/NBP/2026")
    yen = ExchangeRate.objects.get(currency="JPY", on=dt.date(2026, 11, 24))
    assert yen.rate == Decimal("0.024412")  # published for a hundred


def test_own_form_is_read_and_twice_adds_nothing():
    assert import_rates(content=OWN) == Imported(new=1, known=0)
    assert import_rates(content=OWN) == Imported(new=0, known=1)
    assert import_rates(content=ARCHIVE) == Imported(new=7, known=1)


def test_another_value_for_a_known_day_is_refused_with_everything():
    import_rates(content=OWN)
    other = OWN.replace(b"4.2288", b"4.2289") + b"USD;2026-11-25;3.6611;229/A/NBP/2026\n"

    with pytest.raises(RatesError, match=r"w bazie jest 4\.2288"):
        import_rates(content=other)
    assert ExchangeRate.objects.count() == 1


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "nieznane nagłówki"),
        (b"a;b\n1;2\n", "nieznane nagłówki"),
        (b"currency;on;rate;table\n", "żadnego kursu"),
        (b"data;x\n20261125;1\n", "brak kolumn"),
        (OWN.replace(b"4.2288", b"0"), "wiersz 2: kurs"),
        (OWN.replace(b"4.2288", b"NaN"), "wiersz 2: kurs"),
        (OWN.replace(b"4.2288", b"abc"), "wiersz 2: kurs"),
        (OWN.replace(b"EUR", b"eur"), "wiersz 2: waluta"),
        (OWN.replace(b"11-25", b"11-22"), "wiersz 2: dzień"),  # a Sunday
        (OWN.replace(b"2026-11-25", b"25.11.2026"), "wiersz 2: dzień"),
        (OWN.replace(b"229/A", b"229/B"), "numer tabeli"),
        (OWN + OWN.splitlines()[1], "dwa razy"),
        (b"currency;on;rate;table\nEUR;2026-11-25\n", "za mało kolumn"),
        (b"\xff\xfe\x00", "nieznane nagłówki"),
    ],
)
def test_bad_file_is_refused_with_its_line(content, words):
    with pytest.raises(RatesError, match=words):
        import_rates(content=content)
    assert not ExchangeRate.objects.exists()


def test_command_imports_and_names_a_bad_file(tmp_path, capsys):
    good, bad = tmp_path / "a.csv", tmp_path / "b.csv"
    good.write_bytes(ARCHIVE)
    bad.write_bytes(b"x")
    call_command("import_exchange_rates", good)
    assert "a.csv: nowe 8, już wczytane 0" in capsys.readouterr().out
    with pytest.raises(CommandError, match=r"b\.csv"):
        call_command("import_exchange_rates", bad)


def test_database_keeps_one_positive_rate_a_day():
    euro_rate(dt.date(2026, 11, 25))
    for rate in ("4.0000", "-1.0000"):
        with pytest.raises(IntegrityError), transaction.atomic():
            euro_rate(dt.date(2026, 11, 25 if rate == "4.0000" else 24), rate)
