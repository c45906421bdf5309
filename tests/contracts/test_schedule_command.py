import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

CASES = Path(__file__).parent / "cases"
ROOT = Path(__file__).parents[2]
LEASE = {
    "net_value": "100000.00",
    "initial_fee_pct": "10",
    "n": 35,
    "buyout_pct": "1",
    "index_rate_pct": "3.90",
    "margin_pct": "2.60",
    "start": "2026-01-15",
    "vat_pct": 23,
}


@pytest.fixture
def run(tmp_path):
    def run(content):
        path = tmp_path / "umowa.json"
        text = content if isinstance(content, str | bytes) else json.dumps(content)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        out = io.StringIO()
        call_command("build_schedule", str(path), stdout=out)
        return json.loads(out.getvalue())

    return run


def refused(run, content):
    with pytest.raises(CommandError) as caught:
        run(content)
    assert caught.value.returncode == 1
    return [line.removeprefix("- ") for line in str(caught.value).splitlines()[1:]]


def fields_of(problems):
    return [problem.split(":")[0] for problem in problems]


def test_command_prints_rows_of_a_contract(run):
    result = run(LEASE)
    assert result["payment"] == "2803.79"
    assert result["rows"][0] == {
        "n": 1,
        "nominal_due": "2026-02-15",
        "payable_by": "2026-02-16",
        "payment": "2803.79",
        "interest": "487.50",
        "principal": "2316.29",
        "balance": "87683.71",
        "vat": "644.87",
        "gross": "3448.66",
        "kind": "instalment",
        "days": 31,
    }
    assert result["rows"][-1]["payment"] == "2803.67"
    assert result["initial_fee"]["gross"] == "12300.00"
    assert result["buyout"]["gross"] == "1230.00"
    assert result["totals"]["total_net"] == "109132.53"
    assert result["ignored_fields"] == []


def test_command_reads_json_numbers_as_exactly_as_text(run):
    numbers = '{"financed": 60000.10, "n": 12, "annual_rate_pct": 6.1, "buyout": 0.1}'
    texts = {"financed": "60000.10", "n": "12", "annual_rate_pct": "6.1", "buyout": "0.10"}
    assert run(numbers) == run(texts)


def test_command_without_dates_shows_none(run):
    row = run({"financed": "1000.00", "n": 2, "annual_rate_pct": "5"})["rows"][0]
    assert {"nominal_due", "payable_by", "days"}.isdisjoint(row)


def test_command_says_which_fields_it_did_not_use(run):
    assert run({**LEASE, "colour": "red", "note": ""})["ignored_fields"] == ["colour", "note"]


def test_command_runs_from_the_shell_and_reads_standard_input():
    case = (CASES / "con-01-operating-arrears-35.json").read_bytes()
    done = subprocess.run(
        [sys.executable, "manage.py", "build_schedule", "-"],
        cwd=ROOT, input=case, capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode()
    assert json.loads(done.stdout)["payment"] == "2803.79"


def test_command_fails_from_the_shell_with_code_1_and_no_traceback():
    done = subprocess.run(
        [sys.executable, "manage.py", "build_schedule", "-"],
        cwd=ROOT, input=b'{"financed": "x"}', capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stdout == b""
    error = done.stderr.decode()
    assert "financed" in error
    assert "n:" in error
    assert "Traceback" not in error


def test_bad_values_are_all_told_at_once_by_field(run):
    problems = refused(
        run,
        {
            "financed": "dużo",
            "n": 12.5,
            "annual_rate_pct": "6,5",
            "start": "15.01.2026",
            "day_count": "365",
            "frequency": "raz",
            "in_advance": "tak",
            "vat_pct": True,
            "buyout": "10.001",
            "disbursements": [["2026-01-01"]],
        },
    )
    assert sorted(fields_of(problems)) == sorted(
        [
            "financed",
            "n",
            "annual_rate_pct",
            "start",
            "day_count",
            "frequency",
            "in_advance",
            "vat_pct",
            "buyout",
            "disbursements[1]",
        ]
    )


def test_unreadable_and_impossible_values_are_told_together(run):
    problems = refused(run, {**LEASE, "vat_pct": "x", "due_day": 40, "buyout_pct": None, "n": 0})
    assert sorted(fields_of(problems)) == ["due_day", "n", "vat_pct"]


def test_missing_parameters_are_named(run):
    assert fields_of(refused(run, {})) == ["financed", "annual_rate_pct", "n"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"annual_rate_pct": "7"}, "annual_rate_pct"),  # differs from index + margin
        ({"buyout_pct": "101"}, "buyout_pct"),
        ({"initial_fee_pct": "-1"}, "initial_fee_pct"),
        ({"initial_fee": "100000.00"}, "financed"),
        ({"buyout": "90000.01"}, "buyout"),
        ({"weights": ["1", "x"]}, "weights[2]"),
        ({"weights": {"36": "1"}}, "weights[36]"),
        ({"weights": 3}, "weights"),
        ({"fixed_amounts": {"1": "0.001"}}, "fixed_amounts[1]"),
        ({"grace": -1}, "grace"),
        ({"capitalised": [36]}, "capitalised"),
        ({"product": "najem"}, "product"),
        ({"rate_changes": [["2026-05-01"]]}, "rate_changes[1]"),
        ({"rate_changes": [{"annual_rate_pct": "5"}]}, "rate_changes[1]"),
        ({"rate_changes": [["2030-05-01", "5"]]}, "rate_changes"),
        ({"new_annual_rate_pct": "5"}, "new_annual_rate_pct"),
        ({"change_after_instalment": 3}, "new_annual_rate_pct"),
        ({"change_after_instalment": 40, "new_annual_rate_pct": "5"}, "change_after_instalment"),
        ({"payoff_date": "2031-01-01"}, "payoff_date"),
        ({"settle_after_instalment": 35}, "settle_after_instalment"),
        ({"settle_after_instalment": 3, "discount_rate_pct": "-1"}, "discount_rates_pct"),
        ({"day_count": "ACT/365F", "start": None}, "start"),
        ({"start": "2026-02-30"}, "start"),
        ({"n": "9" * 40}, "n"),
        ({"vat_pct": [1]}, "vat_pct"),
    ],
)
def test_a_wrong_field_is_named(run, changes, field):
    assert fields_of(refused(run, {**LEASE, **changes})) == [field]


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[" * 100_000,
        '{"n": NaN}',
        "3",
        '"text"',
        "null",
        '{"inputs": 5}',
        '{"inputs": null}',
        "[1]",
        "[]",
        b"\xff\xfe",
        '{"n": 1e999999999, "financed": 1e-999999999, "annual_rate_pct": 5}',
        '{"expected": {"rows": 1}, "inputs": {}}',
        '{"expected": {"rows": [{}]}, "convention": 3, "kind": [], "inputs": {"n": {}}}',
        '{"points": [1]}',
        '{"points": 1}',
        '{"points": [{"date": "2026-01-01", "ci": "0"}]}',
        '{"period_starts": ["2026-01-01"], "annual_rate_pct": "5"}',
        '{"nbp_table_a_rate": "0", "net": "1"}',
        '[{"rate": "1/0", "nper": 1}]',
        '[{"rate": "0.1", "nper": 0}]',
        '[{"rate": "5", "nper": 1}]',
        '[{"rate": "0.1", "nper": 2, "per": 3}]',
        '[{"rate": "0.1", "nper": "__import__(1)"}]',
        '[{"rate": "0.1", "nper": 2, "type": 2}]',
        '[{"fn": "npv", "rate": "0.1", "nper": 2}]',
        '[{"fn": "ipmt", "rate": "0.1", "nper": 2}]',
    ],
)
def test_nonsense_is_refused_without_a_traceback(run, content):
    with pytest.raises(CommandError):
        run(content)


def test_missing_file_is_told(tmp_path):
    with pytest.raises(CommandError, match="Nie można odczytać"):
        call_command("build_schedule", str(tmp_path / "nie-ma.json"))


def test_index_change_by_one_method_replaces_the_rows(run):
    changed = {**LEASE, "change_after_instalment": 12, "new_annual_rate_pct": "5.75"}
    result = run({**changed, "method": "B"})
    assert "repriced" not in result
    assert (result["rows"][11]["payment"], result["rows"][12]["payment"]) == ("2803.79", "2765.44")
    dated = {**LEASE, "rate_changes": [["2027-01-16", "5.75"]], "method": "keep_principal"}
    assert run(dated)["rows"] == result["rows"]


def test_a_dated_change_without_a_method_gives_a_new_level_instalment(run):
    asked = {"rate_changes": [["2027-01-16", "5.75"]]}
    rows = run({**LEASE, **asked})["rows"]
    assert [row["payment"] for row in rows[11:14]] == ["2803.79", "2782.74", "2782.74"]


def test_several_index_changes_follow_each_other(run):
    changes = [
        {"after_instalment": 6, "annual_rate_pct": "6.00"},
        {"after_instalment": 12, "annual_rate_pct": "5.50", "method": "C"},
    ]
    payments = [row["payment"] for row in run({**LEASE, "rate_changes": changes})["rows"]]
    assert len(set(payments[:6])) == len(set(payments[6:-1])) == 1
    assert payments[5] != payments[6]


def test_settlement_and_payoff_are_answered_beside_the_rows(run):
    asked = {"settle_after_instalment": 12, "discount_rates_pct": ["0", "3.90", "6.50"]}
    result = run({**LEASE, **asked, "payoff_date": "2026-02-15"})
    assert [line["total"] for line in result["settlement"]] == ["65487.05", "62966.85", "61361.30"]
    assert result["payoff"]["till_preclose"]["total"] == "87683.71"


def test_patterns_can_be_written_per_row(run):
    base = {"financed": "12000.00", "n": 24, "annual_rate_pct": "6", "start": "2026-01-15"}
    yearly = ["1", "1", "0", "0", "1", "1", "1", "1", "1", "1", "1", "1"]
    capitalised = run({**base, "weights": yearly})
    named = run({**base, "capitalised": [3, 4, 15, 16]})
    by_row = run({**base, "weights": {"3": 0, "4": 0, "15": 0, "16": 0}})
    assert capitalised["rows"] == named["rows"] == by_row["rows"]
    assert capitalised["rows"][2]["payment"] == "0.00"

    interest = run({**base, "weights": yearly, "zero_weight_rows": "interest_only"})
    listed = run({**base, "interest_only": [3, 4, 15, 16]})
    assert interest["rows"] == listed["rows"]
    assert interest["rows"][2]["principal"] == "0.00"
    assert interest["rows"][2]["payment"] == interest["rows"][2]["interest"]

    assert run({**base, "grace": 2})["rows"] == run({**base, "interest_only": [1, 2]})["rows"]
    balloon = run({**base, "fixed_amounts": {"24": "5000.00"}})["rows"]
    assert float(balloon[23]["payment"]) > 5000 > float(balloon[22]["payment"])


@pytest.mark.parametrize(
    ("changes", "count", "first_due"),
    [
        ({"frequency": "3M"}, 8, "2026-04-15"),
        ({"frequency": "1Q"}, 8, "2026-04-15"),
        ({"frequency": "quarterly"}, 8, "2026-04-15"),
        ({"day_count": "r/4"}, 8, "2026-04-15"),
        ({"frequency": "2W", "day_count": "14/364 per period"}, 8, "2026-01-29"),
        ({"in_advance": True}, 8, "2026-01-15"),
        ({"first_due": "2026-02-10"}, 8, "2026-02-10"),
        ({"due_day": 31}, 8, "2026-02-28"),
    ],
)
def test_frequency_can_be_said_in_several_ways(run, changes, count, first_due):
    base = {"financed": "300000.00", "n": 8, "annual_rate_pct": "36", "start": "2026-01-15"}
    result = run({**base, **changes})
    assert len(result["rows"]) == count
    assert result["rows"][0]["nominal_due"] == first_due


def test_quarterly_instalments_bear_a_quarter_of_the_rate(run):
    base = {"financed": "300000.00", "n": 8, "annual_rate_pct": "36", "day_count": "r/4"}
    result = run(base)
    assert result["payment"] == "54202.31"  # 300 000 * 0.09 / (1 - 1.09^-8)
    assert result["rows"][0]["interest"] == "27000.00"


def test_fixed_payment_without_a_count_finds_it(run):
    base = {"principal": "280000", "annual_rate_pct": "8.4", "payment": "14000"}
    assert len(run(base)["rows"]) == 22


def test_instalments_alone_tell_what_they_are_worth(run):
    base = {"payment": "50000", "n": 10, "annual_rate_pct": "5", "frequency": "1Y"}
    rows = run({**base, "in_advance": True})["rows"]
    assert rows[0]["balance"] == "355391.08"
    assert [row["interest"] for row in rows[:2]] == ["0.00", "17769.55"]


@pytest.mark.parametrize(
    ("item", "value"),
    [
        ({"fn": "pmt", "rate": "0.075/12", "nper": "12*15", "pv": 200000}, "1854.02"),
        ({"fn": "ppmt", "rate": "0.1/12", "per": 1, "nper": 60, "pv": 55000}, "710.25"),
        (
            {"fn": "ppmt", "rate": "0.1/12", "per": 1, "nper": 60, "pv": 55000, "when": "begin"},
            "1158.93",
        ),
        ({"rate": 0, "nper": 60, "pv": 15000, "type": 1}, "250.00"),
        ({"fn": "pv", "rate": "0.05", "nper": 9, "pmt": "50000"}, "355391.08"),
        ({"fn": "fv", "rate": "0", "nper": 9, "pmt": "-100"}, "-900.00"),
    ],
)
def test_time_value_functions_are_answered(run, item, value):
    assert run([item])["values"] == [value]
