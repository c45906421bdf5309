"""Files of banks: four ways to say the same seven entries, and every way to be refused."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import logging
from decimal import Decimal

import pytest

from invoicing.bank import camt, mt940
from invoicing.bank.details import Profile
from invoicing.bank.reading import Raw, load, read
from invoicing.bank.statements import BankFileError
from invoicing.enums import BankFormat
from invoicing.models import BankDialect
from tests.invoicing import bank_files
from tests.invoicing.bank_files import NUMBER, Row, sample

ON = dt.date(2026, 11, 22)
NS = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.02"


def profile(code="tilde-cp1250", **values):
    return Profile.of(BankDialect(code=code, **{"name_subfields": "32", **values}))


TILDE = profile()
LESS_THAN = profile("lt", separator="<", encoding="cp852")


def entries(statement):
    """What every format says alike: the bank's own words for the kind of operation differ."""
    return [
        {**dataclasses.asdict(entry), "line": 0, "operation": ""} for entry in statement.entries
    ]


def test_four_files_give_the_same_seven_entries():
    (tilde,) = mt940.parse(sample("mt940_tilde_cp1250.sta"), lambda number: TILDE)
    (less,) = mt940.parse(sample("mt940_lt_cp852.sta"), lambda number: LESS_THAN)
    version_02, (old,) = camt.parse(sample("camt053_001_02.xml"))
    version_08, (new,) = camt.parse(sample("camt053_001_08.xml"))

    assert len(tilde.entries) == 7
    assert entries(tilde) == entries(less) == entries(old) == entries(new)
    for one in (tilde, less, old, new):
        one.check()
        assert (one.account, one.key, one.currency) == (NUMBER, (2026, 217, 1), "PLN")
        assert (one.opening, one.closing) == (Decimal("152340.18"), Decimal("167455.00"))
    assert (version_02, version_08) == (BankFormat.CAMT_02, BankFormat.CAMT_08)


def test_sample_is_read_to_the_letter():
    (statement,) = mt940.parse(sample("mt940_tilde_cp1250.sta"), lambda number: TILDE)
    first, second, split, _over, lost, fee, back = statement.entries

    assert first.title == "FV/L/2026/11/000042 umowa OL/2026/001234 rata 12"
    assert first.counterparty_name == "TRANS-ŻUK SP. Z O.O."
    assert first.counterparty_account == "81102010260000123456780001"
    assert first.virtual_account == "40116022027777000000010001"
    assert second.counterparty_name == "PIEKARNIA ŁĄKOWA JAN KOWALSKI"
    assert split.title == "/VAT/644,87/IDC/1234563218/INV/FV/L/2026/11/000043/TXT/rata 12"
    assert lost.virtual_account == ""
    assert (fee.amount, fee.is_fee) == (Decimal("-12.50"), True)
    assert fee.title == "Oplata za prowadzenie rachunkow wirtualnych"  # the blank before the break
    assert (back.amount, back.is_reversal) == (Decimal("-3000.00"), True)


@pytest.mark.parametrize(
    ("mark", "amount"), [("C", "10.00"), ("D", "-10.00"), ("RC", "-10.00"), ("RD", "10.00")]
)
def test_reversed_credit_is_negative_and_reversed_debit_positive(mark, amount):
    content = bank_files.mt940([Row("10.00", mark=mark)])

    (statement,) = mt940.parse(content, lambda number: TILDE)

    assert statement.entries[0].amount == Decimal(amount)
    assert statement.entries[0].is_reversal == mark.startswith("R")
    statement.check()


@pytest.mark.parametrize("separator", ["^", "?"])
def test_other_dialects_are_read_alike(separator):
    row = Row("10.00", title="za fakturę", to="40116022027777000000010001", name="ŁĄKA")
    other = profile("x", separator=separator, encoding="utf-8")

    (theirs,) = mt940.parse(
        bank_files.mt940([row], separator=separator, encoding="utf-8"), lambda number: other
    )
    (ours,) = mt940.parse(bank_files.mt940([row]), lambda number: TILDE)

    assert entries(theirs) == entries(ours)


def test_block_may_begin_with_the_character_of_mbank():
    content = bank_files.mt940([Row("10.00")]).replace(b":20:", b"\x01:20:")

    (statement,) = mt940.parse(content, lambda number: TILDE)

    assert [entry.amount for entry in statement.entries] == [Decimal("10.00")]


def test_swift_envelope_and_several_statements_in_one_file():
    envelope = b"{1:F01BANKPLPW0000000000}{2:I940X}{4:\r\n"
    one = envelope + bank_files.mt940([Row("10.00")]).replace(b"\r\n-\r\n", b"\r\n-}\r\n")
    two = bank_files.mt940([Row("5.00")], number=2, opening="10.00")

    statements = mt940.parse(one + two, lambda number: TILDE)

    assert [(one.number, one.closing) for one in statements] == [
        (1, Decimal("10.00")),
        (2, Decimal("15.00")),
    ]


@pytest.mark.parametrize(
    ("where", "text"),
    [("title", "wpłata na 40 1160 2202 7777 0000 0001 0001"), ("29", "wpłata"), ("30", "wpłata")],
)
def test_place_of_the_individual_account_is_set_by_bank(where, text):
    number = "40116022027777000000010001"
    content = bank_files.mt940([Row("10.00", title=text, to=number)])
    bank = profile("x", account_subfield=where)

    (statement,) = mt940.parse(content, lambda account: bank)

    assert statement.entries[0].virtual_account == ("" if where == "30" else number)


def test_individual_account_in_the_statement_line():
    content = bank_files.mt940([Row("10.00")]).replace(b"//1000001", b"//1000001\r\n" + b"4" * 26)
    bank = profile("x", account_subfield="reference")

    (statement,) = mt940.parse(content, lambda account: bank)

    assert statement.entries[0].virtual_account == "4" * 26
    assert statement.entries[0].reference == "1000001"


def batch(amounts, whole="30.00", version="02"):
    details = "".join(
        f"<TxDtls><Refs><AcctSvcrRef>{reference}</AcctSvcrRef></Refs>"
        f"<AmtDtls><TxAmt><Amt Ccy='PLN'>{amount}</Amt></TxAmt></AmtDtls>"
        f"<RltdPties><CdtrAcct><Id><IBAN>PL4011602202777700000001000{n}</IBAN></Id></CdtrAcct>"
        f"</RltdPties><RmtInf><Ustrd>rata {n}</Ustrd></RmtInf></TxDtls>"
        for n, (amount, reference) in enumerate(amounts, 1)
    )
    return (
        f"<Document xmlns='urn:iso:std:iso:20022:tech:xsd:camt.053.001.{version}'><BkToCstmrStmt>"
        f"<Stmt><ElctrncSeqNb>1</ElctrncSeqNb><Acct><Id><IBAN>PL{NUMBER}</IBAN></Id></Acct>"
        + "".join(
            f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy='PLN'>{amount}</Amt>"
            "<CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-11-20</Dt></Dt></Bal>"
            for code, amount in (("OPBD", "0.00"), ("CLBD", whole))
        )
        + f"<Ntry><Amt Ccy='PLN'>{whole}</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts>"
        "<BookgDt><Dt>2026-11-20</Dt></BookgDt><ValDt><Dt>2026-11-20</Dt></ValDt>"
        f"<AcctSvcrRef>B1</AcctSvcrRef><NtryDtls>{details}</NtryDtls></Ntry>"
        "<Ntry><Amt Ccy='PLN'>99.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>PDNG</Sts></Ntry>"
        "</Stmt></BkToCstmrStmt></Document>"
    ).encode()


def test_batch_entry_becomes_one_for_each_transfer_and_announced_ones_do_not_count():
    _version, (statement,) = camt.parse(batch([("10.00", "T1"), ("20.00", "B1")]))

    statement.check()
    assert [(e.amount, e.reference, e.title) for e in statement.entries] == [
        (Decimal("10.00"), "T1", "rata 1"),
        (Decimal("20.00"), "B1/2", "rata 2"),
    ]
    assert statement.entries[1].virtual_account == "40116022027777000000010002"


def test_batch_entry_whose_parts_do_not_make_the_whole_stays_one():
    _version, (statement,) = camt.parse(batch([("10.00", "T1"), ("19.99", "T2")]))

    statement.check()
    assert [(e.amount, e.reference) for e in statement.entries] == [(Decimal("30.00"), "B1")]


# --- refusals ---------------------------------------------------------------------------------


def refused(content, *, on=ON, name="plik"):
    with pytest.raises(BankFileError) as caught:
        read(Raw.of(name, content), on=on)
    return caught.value.problems[0]


@pytest.fixture
def ours(db):
    return bank_files.account()


def test_wrong_closing_balance_names_the_difference(ours):
    content = bank_files.mt940([Row("10.00")], opening="5.00", closing="15.01")

    problem = refused(content)

    assert "0,01" in problem.reason
    assert problem.line == 1


@pytest.mark.parametrize("cut", [20, 60, 120, 200, 330, -40, -12])
def test_cut_off_file_is_refused(ours, cut):
    whole = bank_files.mt940([Row("10.00"), Row("20.00"), Row("30.00")])

    refused(whole[:cut])


def test_bad_field_is_named_by_line_and_tag(ours):
    content = bank_files.mt940([Row("10.00"), Row("20.00")]).replace(b"C20,00N", b"C2x,00N")

    problem = refused(content)

    assert (problem.tag, problem.line) == (":61:", 9)


def test_impossible_day_is_named_by_line(ours):
    content = bank_files.mt940([Row("10.00")]).replace(b":61:261120", b":61:261320")

    assert refused(content).line == 5


def test_bank_data_of_a_bad_file_does_not_reach_the_log(ours, caplog):
    content = bank_files.mt940([Row("10.00")]).replace(b"C10,00N", b"Cx,xxN")

    with caplog.at_level(logging.DEBUG):
        refused(content)

    assert "NONREF" not in caplog.text


@pytest.mark.parametrize("encoding", ["cp1250", "cp852", "iso8859-2"])
def test_wrong_encoding_is_refused_with_its_line(db, encoding):
    bank_files.account(code="question-utf-8")
    content = bank_files.mt940([Row("1.00", title="żółć")], separator="?", encoding=encoding)

    problem = refused(content)

    assert problem.line == 7
    assert "utf-8" in problem.reason


@pytest.mark.parametrize(
    ("code", "separator", "encoding"), [("lt-cp852", "<", "cp1250"), ("tilde-cp1250", "~", "cp852")]
)
def test_other_code_page_is_seen_by_its_letters(db, code, separator, encoding):
    bank_files.account(code=code)
    row = Row("1.00", title="wpłata za śmigło", name="ŁĄKA ŻÓŁĆ")
    content = bank_files.mt940([row], separator=separator, encoding=encoding)

    assert "kodowaniu" in refused(content).reason


def test_letter_cut_in_the_middle_is_refused(db):
    bank_files.account(code="question-utf-8")
    content = bank_files.mt940([Row("1.00", title="ż")], separator="?", encoding="utf-8")
    cut = content.index("ż".encode()) + 1

    refused(content[:cut])


def test_other_dialect_is_refused_with_its_mark(ours):
    content = bank_files.mt940([Row("1.00")], separator="<")

    problem = refused(content)

    assert "<" in problem.reason
    assert problem.tag == ":86:"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"  \r\n",
        b"%PDF-1.7",
        b"a;b;c\r\n1;2;3",
        b":20:X\r\n",
        b"<html></html>",
        b"<Document xmlns='urn:iso:std:iso:20022:tech:xsd:camt.052.001.02'/>",
        f"<Document xmlns='{NS}'/>".encode(),
        f"<Document xmlns='{NS}'>".encode(),
        bytes(range(160, 224)),
    ],
    ids=str,
)
def test_what_is_no_statement_is_refused(ours, content):
    refused(content)


def test_account_that_the_lessor_does_not_keep_is_refused(ours):
    problem = refused(bank_files.mt940([Row("1.00")], of="61109010140000071219812874"))

    assert "61109010140000071219812874" in problem.reason


def test_account_without_a_dialect_takes_camt_alone(db):
    bank_files.account(code="")

    assert "dialektu" in refused(sample("mt940_tilde_cp1250.sta")).reason
    assert read(Raw.of("x", sample("camt053_001_02.xml")), on=ON).format == BankFormat.CAMT_02


def test_other_currency_is_refused(db):
    bank_files.account(currency="EUR")

    assert "PLN" in refused(sample("camt053_001_02.xml")).reason


@pytest.mark.parametrize("day", [dt.date(1999, 12, 31), dt.date(2026, 11, 26)])
def test_statement_of_an_impossible_day_is_refused(ours, day):
    content = bank_files.mt940([Row("1.00")], day=day).replace(b":60F:C99", b":60F:C99")

    with pytest.raises(BankFileError):
        read(Raw.of("x", content), on=dt.date(2026, 11, 22) if day.year > 2000 else day)


@pytest.mark.parametrize("tag", ["BookgDt", "ValDt"])
@pytest.mark.parametrize("day", ["0001-01-01", "1999-12-31", "2027-06-01", "9999-12-31"])
def test_entry_of_an_impossible_day_is_refused(ours, tag, day):
    content = sample("camt053_001_08.xml")
    start = content.index(f"<{tag}><Dt>".encode()) + len(tag) + 6
    odd = content[:start] + day.encode() + content[start + 10 :]

    with pytest.raises(BankFileError, match=day):
        read(Raw.of("c.xml", odd), on=ON)


@pytest.mark.parametrize("number", ["0" * 20 + "9" * 60, "9" * 18, "٣٤"])
def test_number_that_no_database_holds_is_refused(ours, number):
    content = sample("camt053_001_08.xml").decode().replace(">217<", f">{number}<").encode()

    with pytest.raises(BankFileError, match="numeru wyciągu"):
        read(Raw.of("c.xml", content), on=ON)


def test_amounts_must_be_whole_grosze(ours):
    content = sample("camt053_001_02.xml").replace(b">3448.66<", b">3448.661<", 1)

    assert refused(content).tag == "Amt"


# --- hostile XML (SEC-91) ---------------------------------------------------------------------


def with_doctype(declaration, use=""):
    body = sample("camt053_001_02.xml").decode()
    head, _sep, rest = body.partition("?>")
    if use:
        rest = rest.replace("TRANS-ŻUK SP. Z O.O.", use, 1)
    return f"{head}?><!DOCTYPE Document [{declaration}]>{rest}".encode()


LAUGHS = "".join(
    f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' if n else '<!ENTITY l0 "ha">' for n in range(10)
)


@pytest.mark.parametrize(
    "content",
    [
        with_doctype('<!ENTITY x SYSTEM "file:///etc/passwd">', "&x;"),
        with_doctype('<!ENTITY x SYSTEM "http://127.0.0.1:1/x">', "&x;"),
        with_doctype('<!ENTITY % x SYSTEM "file:///etc/passwd"> %x;'),
        with_doctype(LAUGHS, "&l9;"),
        with_doctype(""),
        sample("camt053_001_02.xml").replace(b"?>", b'?><!DOCTYPE Document SYSTEM "a.dtd">', 1),
    ],
    ids=["file", "network", "parameter", "laughs", "empty", "external"],
)
def test_document_type_and_entities_are_refused(ours, content):
    assert "DTD" in refused(content).reason


def test_undeclared_entity_is_refused(ours):
    refused(sample("camt053_001_02.xml").replace("TRANS-ŻUK".encode(), b"&x;", 1))


def test_inclusion_is_not_followed(ours, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("tajne")
    include = f'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file://{secret}"/>'
    content = sample("camt053_001_02.xml").replace(b"<Ustrd>", f"<Ustrd>{include}".encode(), 1)

    found = read(Raw.of("x", content), on=ON)

    assert "tajne" not in str(found)


def test_deep_and_endless_elements_are_refused(ours):
    start = f"<Document xmlns='{NS}'>".encode()

    refused(start + b"<a>" * 100_000)
    refused(start + b"<Ustrd>" + b"x" * 100_000)


def test_file_over_the_cap_is_refused_unread(ours, tmp_path, monkeypatch):
    huge = tmp_path / "huge.xml"
    with huge.open("wb") as file:
        file.truncate(200 * 1024 * 1024)  # takes no room on the disk
    monkeypatch.setattr("pathlib.Path.read_bytes", lambda path: pytest.fail("it was read"))

    with pytest.raises(BankFileError, match="200 MB"):
        load(huge)


@pytest.mark.parametrize("name", ["mt940_tilde_cp1250.sta", "camt053_001_02.xml"])
def test_any_broken_byte_is_a_refusal_and_never_a_crash(ours, name):
    """One byte in ten replaced, at every place in turn, and every tenth cut."""
    whole = sample(name)
    for place in range(0, len(whole), 41):
        for broken in (whole[:place] + b"\x00" + whole[place + 1 :], whole[:place]):
            with contextlib.suppress(BankFileError):
                read(Raw.of("x", broken), on=ON)
