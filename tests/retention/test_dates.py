"""Purge dates by the formulas of the law, against the published and constructed cases."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest

from eboks.retention import dates
from eboks.retention.dating import purge_date, rules_in_force
from eboks.retention.models import Basis, RetentionRule
from eboks.retention.registry import Facts

CASES = {
    case["case"]: case
    for case in json.loads((Path(__file__).parent / "cases" / "retention-cases.json").read_text())[
        "cases"
    ]
}
INVOICE = CASES["invoice issued in Nov 2026, calendar FY"]
CONTRACT = CASES["contract settled on 2026-03-31 (trade agreement, art. 74 ust. 2 pkt 4 UoR)"]
CLAIM = CASES["claim with 6-year limitation, due 2026-03-10"]
AML = CASES["AML file, relationship ended 2028-02-29"]


def day(text):
    return dt.date.fromisoformat(text)


def test_cases_are_the_published_ones():
    assert len(CASES) == 4


def test_invoice_case_comes_out():
    issued = dt.date(2026, 11, 22)
    assert dates.accounting(issued, 5) == day(INVOICE["accounting"])
    assert dates.vat(issued, 5) == day(INVOICE["vat"])
    assert dates.income_tax(issued, 5) == day(INVOICE["cit"])


def test_contract_case_comes_out():
    settled = dt.date(2026, 3, 31)
    assert dates.accounting(settled, 5) == day(CONTRACT["accounting"])
    assert dates.civil(settled, 3) == day(CONTRACT["civil_3y_business"])
    assert dates.anniversary(settled, 5) == day(CONTRACT["aml"])
    assert dates.income_tax(settled, 5) == day(CONTRACT["cit"])


def test_claim_and_aml_cases_come_out():
    assert dates.civil(dt.date(2026, 3, 10), 6) == day(CLAIM["purge_civil"])
    assert dates.anniversary(dt.date(2028, 2, 29), 5) == day(AML["purge"])


@pytest.mark.parametrize(
    ("formula", "basis", "years", "expected"),
    [
        (dates.vat, "2026-12-15", 5, "2033-01-01"),  # the term is 25 January of the next year
        (dates.vat, "2026-11-30", 5, "2032-01-01"),  # 25 December is a holiday: still December
        (dates.vat, "2025-11-30", 5, "2031-01-01"),  # 25-28 December are days off: the 29th
        (dates.accounting, "2026-12-31", 5, "2032-01-01"),
        (dates.accounting, "2027-01-01", 5, "2033-01-01"),
        (dates.civil, "2026-03-10", 3, "2030-01-01"),
        (dates.civil, "2026-03-10", 1, "2027-03-11"),  # shorter than two years: to the day
        (dates.anniversary, "2026-02-28", 5, "2031-03-01"),
        (dates.anniversary, "2024-02-29", 4, "2028-03-01"),
    ],
)
def test_period_ends_on_the_day(formula, basis, years, expected):
    assert formula(day(basis), years) == day(expected)


@pytest.mark.django_db
def test_longest_period_counts():
    rules = rules_in_force("invoice", on=dt.date(2026, 11, 22))
    facts = Facts({Basis.ISSUED: dt.date(2026, 11, 22), Basis.DUE: dt.date(2026, 12, 10)})

    assert len(rules) == 4
    assert purge_date(rules, facts) == day(INVOICE["purge"])


@pytest.mark.django_db
def test_longest_period_of_contract_counts():
    rules = rules_in_force("contract", on=dt.date(2026, 11, 22))

    assert purge_date(rules, Facts({Basis.SETTLED: dt.date(2026, 3, 31)})) == day(CONTRACT["purge"])


@pytest.mark.django_db
def test_period_not_begun_keeps_the_document():
    rules = rules_in_force("invoice", on=dt.date(2026, 11, 22))

    assert purge_date(rules, Facts({Basis.ISSUED: dt.date(2026, 11, 22)})) is None
    assert purge_date([], Facts({Basis.ISSUED: dt.date(2026, 11, 22)})) is None


@pytest.mark.django_db
def test_rule_holds_only_in_its_days():
    RetentionRule.objects.filter(document_class="proof").update(valid_to=dt.date(2026, 6, 30))

    assert rules_in_force("proof", on=dt.date(2026, 6, 30))
    assert not rules_in_force("proof", on=dt.date(2026, 7, 1))
