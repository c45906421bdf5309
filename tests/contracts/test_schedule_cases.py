"""Every case file, reproduced to the grosz through the same door as `manage.py build_schedule`.

Case files keep inputs and figures with their source; `status` tells published from constructed.
"""

from decimal import Decimal
from pathlib import Path

import pytest

from contracts.schedule_document import evaluate, parse_document

CASES = {
    path.stem: parse_document(path.read_text(encoding="utf-8"))
    for path in sorted((Path(__file__).parent / "cases").glob("*-*.json"))
    if path.stem != "due-dates"
}
ROW_FIELDS = ("payment", "interest", "principal", "balance", "vat", "gross")


def with_rows(case):
    return "rows" in case["expected"] and case["kind"] != "index_change"


def assert_rows(rows, expected):
    """Every figure of every expected row, and no row more or less."""
    assert [row["n"] for row in rows] == [int(row["n"]) for row in expected]
    for row, wanted in zip(rows, expected, strict=True):
        figures = {name: wanted[name] for name in ROW_FIELDS if name in wanted}
        assert {name: row[name] for name in figures} == figures, f"row {row['n']}"


def test_all_case_files_are_here():
    assert len(CASES) == 24


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if with_rows(case)])
def test_case_rows_come_out_to_the_grosz(name):
    case = CASES[name]
    expected = case["expected"]
    result = evaluate(case)
    rows = result["rows"][: len(expected["rows"])] if name.startswith("pl-") else result["rows"]

    assert_rows(rows, expected["rows"])
    if "payment" in expected:
        assert result["payment"] == expected["payment"]
    for row, wanted in zip(rows, expected["rows"], strict=True):
        for ours, theirs in (("nominal_due", "due"), ("nominal_due", "nominal_due")):
            if theirs in wanted:
                assert row[ours] == wanted[theirs]
        if "payable_by" in wanted:
            assert row["payable_by"] == wanted["payable_by"]
            assert row["days"] == int(wanted["days"])


PLAIN_FINERACT = [
    name
    for name, case in CASES.items()
    if name.startswith("fineract") and with_rows(case) and name != "fineract-06-biweekly-364"
]


@pytest.mark.parametrize("name", PLAIN_FINERACT)
def test_fineract_tables_come_out_without_the_adjustment_step(name):
    case = CASES[name]
    inputs = {**case["inputs"], "adjust_payment": False}
    assert_rows(evaluate({**case, "inputs": inputs})["rows"], case["expected"]["rows"])


def test_fineract_06_needs_the_adjustment_step():
    case = CASES["fineract-06-biweekly-364"]
    plain = evaluate({**case, "inputs": {**case["inputs"], "adjust_payment": False}})
    assert [row["payment"] for row in plain["rows"]] == ["33.58", "33.58", "33.56"]
    assert [row["payment"] for row in evaluate(case)["rows"]] == ["33.57", "33.57", "33.58"]


def test_con_01_totals_fee_and_buyout():
    result = evaluate(CASES["con-01-operating-arrears-35"])
    expected = CASES["con-01-operating-arrears-35"]["expected"]
    assert result["totals"]["total_net"] == expected["total_net"]
    assert f"{Decimal(result['totals']['total_net_pct']):.2f}" == expected["total_net_pct"]
    assert result["initial_fee"]["gross"] == expected["initial_fee_gross"]
    assert result["buyout"]["gross"] == expected["buyout_gross"]


@pytest.mark.parametrize("method", ["A", "B", "C"])
def test_con_05_index_change_by_each_method(method):
    case = CASES["con-05-index-change-methods"]
    expected = case["expected"][method]
    result = evaluate(case)
    repriced = result["repriced"][method]

    assert_rows(repriced["rows"], expected["rows"])
    assert result["payment"] == case["inputs"]["old_payment"]
    assert result["rows"][11]["balance"] == case["inputs"]["balance_at_change"]
    interest = sum(Decimal(row["interest"]) for row in repriced["rows"])
    assert str(interest) == case["checks"][f"sum_interest_{method}"]
    if method == "A":
        assert repriced["new_payment"] == expected["new_payment"]
    if method == "C":
        assert repriced["n_total"] == int(expected["n_total"])


def test_con_07_vat_of_a_euro_invoice_in_zloty():
    case = CASES["con-07-eur-invoice-vat-pln"]
    result = evaluate(case)
    assert {name: result[name] for name in case["expected"]} == case["expected"]


def test_con_08_vat_of_a_financial_lease_is_due_up_front():
    case = CASES["con-08-financial-lease-vat-upfront"]
    result = evaluate(case)
    for name in ("vat_base", "vat", "first_payment_gross"):
        assert result["upfront_vat"][name] == case["expected"][name]
    assert result["initial_fee"]["vat"] == case["expected"]["vat"]
    assert result["initial_fee"]["gross"] == case["expected"]["first_payment_gross"]
    assert {row["vat"] for row in result["rows"]} == {"0.00"}


def test_excel_01_published_at_a_tenth_of_the_scale():
    case = CASES["excel-01-pmt"]
    tenth = [{**item} for item in case["inputs"]]
    for item in tenth:
        for name in ("pv", "fv"):
            if name in item:
                item[name] = str(Decimal(item[name]) / 10)
    assert evaluate({**case, "inputs": tenth})["values"] == ["1037.03", "1030.16", "129.08"]
    assert evaluate(case)["values"] == case["checks"]["computed"]


@pytest.mark.parametrize("name", ["excel-02-ipmt", "mescius-01-pmt"])
def test_spreadsheet_functions_give_the_published_values(name):
    assert evaluate(CASES[name])["values"] == CASES[name]["expected"]["values"]


def test_fineract_15_early_payoff_by_day_and_by_period():
    case = CASES["fineract-15-early-payoff"]
    result = evaluate(case)
    assert result["payoff"] == case["expected"]["payoff"]
    totals = case["expected"]["totals"]
    assert result["totals"]["payment"] == totals["due"]
    assert result["totals"]["interest"] == totals["interest"]
    assert result["totals"]["principal"] == totals["principal"]


def test_fineract_16_factors_to_twelve_decimals():
    expected = CASES["fineract-16-rate-factors"]["expected"]
    result = evaluate(CASES["fineract-16-rate-factors"])
    assert result["act_365"] == expected["act_365"]
    assert result["act_act"] == expected["act_act"]
    # The source keeps 12 significant digits in every step, hence the tolerance of its sums.
    for ours, theirs in zip(result["fn_act_365"], expected["fn_act_365"], strict=True):
        assert abs(Decimal(ours) - Decimal(theirs)) < Decimal("1E-10")


def test_frappe_01_payment_rounded_up_to_a_whole_unit():
    case = CASES["frappe-01-ceil-payment-20"]
    expected = case["expected"]
    result = evaluate(case)
    assert result["payment"] == f"{expected['payment']}.00"
    assert len(result["rows"]) == 20
    for wanted in expected["rows_sampled"]:
        row = result["rows"][int(wanted["n"]) - 1]
        for name in ("principal", "interest", "balance"):
            assert f"{Decimal(row[name]):.0f}" == wanted[name], (wanted["n"], name)
    assert f"{Decimal(result['totals']['interest']):.0f}" == expected["totals"]["interest"]
    assert f"{Decimal(result['totals']['payment']):.0f}" == expected["totals"]["total"]


def test_pl_01_is_unrounded_and_only_displayed_with_two_decimals():
    case = CASES["pl-01-fmleasing-operating-35"]
    result = evaluate(case)
    before = [case["inputs"]["net_value"], *(row["balance"] for row in result["rows"])]
    before[0] = str(Decimal(case["inputs"]["net_value"]) - Decimal(case["inputs"]["initial_fee"]))
    assert before[:3] == [row["balance_before"] for row in case["expected"]["rows"]]
    assert len(result["rows"]) == 35
    assert result["rows"][-1]["balance"] == case["inputs"]["buyout"]
    assert result["totals"]["payment"] == case["expected"]["sum_of_payments"]
    assert result["totals"]["total_net"] == case["expected"]["total_cost"]
    assert result["totals"]["total_net_pct"] == case["expected"]["total_cost_pct"]


def test_pl_01_as_invoiced_rounds_every_row():
    case = CASES["pl-01-fmleasing-operating-35"]
    rows = evaluate(case["inputs"])["rows"]
    wanted = case["derived_invoice_variant"]
    names = ("payment", "interest", "principal", "balance")
    assert [rows[0][name] for name in names] == wanted["first"]
    assert [rows[-1][name] for name in names] == wanted["last"]


def test_polstr_01_average_rates_implied_by_the_index():
    case = CASES["polstr-01-compound-index-consistency"]
    rates = evaluate(case)["implied_avg_rates"]
    rounded = [[start, end, f"{Decimal(rate):.4f}"] for start, end, rate in rates]
    assert rounded == case["checks"]["implied_avg_rates"]
    assert all(Decimal("3.7") < Decimal(rate) < Decimal("5.3") for _, _, rate in rates)
