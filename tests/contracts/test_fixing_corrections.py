"""A wrong fixing is put right by two people while no contract rests on it, and is kept."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.urls import reverse

from contracts import fixing_corrections, rate_proposals
from contracts.enums import RateProposalKind
from contracts.fixing_book import FixingBook
from contracts.fixing_corrections import FixingCorrectedError
from contracts.fixings import import_fixings
from contracts.models import FixingCorrection, IndexFixing, RateChange, RateProposal
from contracts.rate_change_page import page_of
from contracts.rate_proposals import RateProposalError, Wish
from contracts.repricing import reprice_due
from contracts.repricing_batches import Batches
from eboks.audit.models import AuditEntry
from eboks.feeds.problems import FeedRefusedError
from tests import factories as f
from tests.contracts.reset_rows import AT, ON, fix, floating, rate

pytestmark = pytest.mark.django_db
DAY = dt.date(2026, 11, 30)
WRONG, RIGHT = "3.51", "3.15"
REASON = "przestawione cyfry, wg GPW Benchmark"


@pytest.fixture
def people():
    return f.UserFactory(is_staff=True), f.UserFactory(is_staff=True)


def wish(**changes):
    values: dict[str, Any] = {
        "kind": RateProposalKind.CORRECTION,
        "rate": rate("WIBOR_1M"),
        "on": DAY,
        "value": Decimal(RIGHT),
        "source": "gpwbenchmark.pl",
        "reason": REASON,
    }
    return Wish(**values | changes)


def correct(people, **changes):
    proposal = rate_proposals.propose(wish=wish(**changes), staff=people[0], at=AT)
    return rate_proposals.accept(proposal_id=proposal.pk, staff=people[1], at=AT)


def run(**options):
    return reprice_due(on=ON, at=AT, **options)


def test_second_person_puts_it_right_and_the_wrong_value_is_kept(people):
    fix("WIBOR_1M", (str(DAY), WRONG))
    proposal = rate_proposals.propose(wish=wish(), staff=people[0], at=AT)
    assert IndexFixing.objects.get().value == Decimal(WRONG)

    rate_proposals.accept(proposal_id=proposal.pk, staff=people[1], at=AT)

    fixing, kept = IndexFixing.objects.get(), FixingCorrection.objects.get()
    assert (fixing.value, fixing.source) == (Decimal(RIGHT), "gpwbenchmark.pl")
    assert (kept.old_value, kept.new_value) == (Decimal(WRONG), Decimal(RIGHT))
    assert (kept.old_source, kept.reason, kept.corrected_at) == ("GPW Benchmark", REASON, AT)
    assert (kept.entered_by, kept.accepted_by) == people
    trail = AuditEntry.objects.get(event="rate_accepted").facts["what"]
    assert "3,15 % zamiast 3,51 %" in trail
    assert REASON in trail


def test_nobody_corrects_alone(people):
    fix("WIBOR_1M", (str(DAY), WRONG))
    proposal = rate_proposals.propose(wish=wish(), staff=people[0], at=AT)

    with pytest.raises(RateProposalError, match="inna osoba"):
        rate_proposals.accept(proposal_id=proposal.pk, staff=people[0], at=AT)

    assert IndexFixing.objects.get().value == Decimal(WRONG)
    assert not FixingCorrection.objects.exists()


def test_corrected_twice_keeps_both_earlier_values(people):
    fix("WIBOR_1M", (str(DAY), WRONG))
    correct(people, value=Decimal("3.50"))
    correct(people)

    chain = FixingCorrection.objects.order_by("pk").values_list("old_value", "new_value")
    assert list(chain) == [
        (Decimal(WRONG), Decimal("3.50")),
        (Decimal("3.50"), Decimal(RIGHT)),
    ]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"reason": " "}, "powód"),
        ({"value": Decimal(WRONG)}, "już taką wartość"),
        ({"on": dt.date(2026, 11, 27)}, "nie ma czego poprawiać"),
        ({"value": Decimal(315)}, "zakresie"),
        ({"kind": RateProposalKind.FIXING, "reason": ""}, "korekta notowania"),
        ({"kind": RateProposalKind.FIXING}, "tylko przy korekcie"),
    ],
)
def test_what_cannot_be_corrected_is_refused_at_once(people, changes, reason):
    fix("WIBOR_1M", (str(DAY), WRONG))

    with pytest.raises(RateProposalError, match=reason):
        rate_proposals.propose(wish=wish(**changes), staff=people[0], at=AT)

    assert not RateProposal.objects.exists()


def test_correction_without_a_level_leaves_the_level(people):
    fix("WIBOR_1M", (str(DAY), WRONG), compound_index=Decimal("122.5"))

    correct(people)

    assert IndexFixing.objects.get().compound_index == Decimal("122.5")


def test_level_alone_can_be_corrected(people):
    fix("WIBOR_1M", (str(DAY), RIGHT), compound_index=Decimal("122.5"))

    correct(people, compound_index=Decimal("122.6"))

    kept = FixingCorrection.objects.get()
    assert (kept.old_compound_index, kept.new_compound_index) == (
        Decimal("122.5"),
        Decimal("122.6"),
    )
    assert IndexFixing.objects.get().compound_index == Decimal("122.6")


# --- contracts ----------------------------------------------------------------------------------
def test_value_that_a_contract_has_taken_over_is_not_corrected(people):
    fix("WIBOR_1M", (str(DAY), WRONG))
    contract = floating()
    assert run().outcomes == {"changed": 1}

    with pytest.raises(RateProposalError, match=contract.number):
        rate_proposals.propose(wish=wish(), staff=people[0], at=AT)

    assert IndexFixing.objects.get().value == Decimal(WRONG)


def test_value_taken_over_after_the_proposal_is_not_corrected(people):
    fix("WIBOR_1M", (str(DAY), WRONG))
    floating()
    proposal = rate_proposals.propose(wish=wish(), staff=people[0], at=AT)
    run()

    with pytest.raises(RateProposalError, match="nie można poprawić"):
        rate_proposals.accept(proposal_id=proposal.pk, staff=people[1], at=AT)

    assert IndexFixing.objects.get().value == Decimal(WRONG)
    assert RateProposal.objects.get().state == "open"


def test_value_under_the_threshold_was_looked_at_too(people):
    fix("WIBOR_1M", (str(DAY), WRONG))
    floating(threshold_pp=Decimal(1))
    assert run().outcomes == {"threshold": 1}

    with pytest.raises(RateProposalError, match="nie można poprawić"):
        rate_proposals.propose(wish=wish(), staff=people[0], at=AT)


def test_value_that_a_contract_came_with_is_not_corrected(people):
    fix("WIBOR_1M", (str(DAY), WRONG))
    contract = floating(index_fixed_on=DAY, index_value=Decimal(WRONG))

    with pytest.raises(RateProposalError, match=contract.number):
        rate_proposals.propose(wish=wish(), staff=people[0], at=AT)


def test_contract_that_came_with_the_right_value_does_not_stand_in_the_way(people):
    fix("WIBOR_1M", (str(DAY), WRONG))
    floating(index_fixed_on=DAY, index_value=Decimal(RIGHT))

    correct(people)

    assert IndexFixing.objects.get().value == Decimal(RIGHT)


def test_value_of_another_day_than_the_reset_took_can_be_corrected(people):
    fix("WIBOR_1M", ("2026-11-27", WRONG), (str(DAY), "3.20"))
    floating()
    run()

    correct(people, on=dt.date(2026, 11, 27))

    assert IndexFixing.objects.get(on="2026-11-27").value == Decimal(RIGHT)


def test_value_that_is_part_of_a_mean_is_not_corrected(people):
    days = [day for day in range(2, 31) if dt.date(2026, 11, day).weekday() < 5 and day != 11]
    fix("WIBOR_1M", *((f"2026-11-{day:02d}", "3.20") for day in days))
    floating(fixing_rule="mean_previous_month")
    assert run().outcomes == {"changed": 1}

    with pytest.raises(RateProposalError, match="nie można poprawić"):
        rate_proposals.propose(wish=wish(on=dt.date(2026, 11, 5)), staff=people[0], at=AT)


def test_overnight_rate_that_a_compound_one_was_made_of_is_not_corrected(people):
    overnight = rate("POLSTR", kind="overnight")
    rate("POLSTR_1M", kind="compound", tenor_months=1, overnight=overnight)
    fix("POLSTR", ("2026-10-30", "3.00"), compound_index=Decimal("120.00"))
    fix("POLSTR", (str(DAY), "3.00"), compound_index=Decimal("120.40"))
    floating(index="POLSTR_1M")
    assert run().outcomes == {"changed": 1}
    assert RateChange.objects.get().new_index == "POLSTR_1M"

    level = {"rate": overnight, "on": dt.date(2026, 10, 30), "value": Decimal("3.00")}
    with pytest.raises(RateProposalError, match="nie można poprawić"):
        rate_proposals.propose(
            wish=wish(**level, compound_index=Decimal("120.10")), staff=people[0], at=AT
        )
    # Its own value was no part of it: the levels were.
    correct(people, **level | {"value": Decimal("3.01")})


def test_contracts_follow_the_corrected_value_and_their_page_shows_it(people):
    fix("WIBOR_1M", (str(DAY), WRONG))
    contract = floating(index_fixed_on=dt.date(2026, 10, 30), index_value=Decimal("3.90"))
    fix("WIBOR_1M", ("2026-10-30", "3.90"))
    correct(people)

    assert run().outcomes == {"changed": 1}

    change = RateChange.objects.get()
    assert (change.new_value, change.source) == (Decimal(RIGHT), "gpwbenchmark.pl")
    contract.refresh_from_db()
    page = page_of(change, contract=contract)
    assert "3,90%" in page.headline
    assert "3,15%" in page.headline
    assert page.chart is not None
    assert "3,51" not in str(page.chart)


def test_run_of_the_day_goes_again_after_a_correction(people):
    fix("WIBOR_1M", (str(DAY), WRONG))
    assert not run().is_known
    assert run().is_known

    correct(people)

    assert not run().is_known


def test_run_that_read_the_wrong_value_writes_nothing(people, monkeypatch):
    fix("WIBOR_1M", (str(DAY), WRONG))
    floating()
    write = Batches._write

    def late(self, plan):
        correct(people)
        return write(self, plan)

    with monkeypatch.context() as patch:
        patch.setattr(Batches, "_write", late)
        with pytest.raises(FixingCorrectedError):
            run()
    assert not RateChange.objects.exists()

    assert run().outcomes == {"changed": 1}
    assert RateChange.objects.get().new_value == Decimal(RIGHT)


# --- files and the back office ------------------------------------------------------------------
def file(tmp_path, value):
    path = tmp_path / "notowania.csv"
    path.write_text(
        f"rate,fixed_on,value,compound_index,source\nWIBOR_1M,2026-11-30,{value},,GPW Benchmark\n",
        encoding="utf-8",
    )
    return path


def test_file_from_before_the_correction_changes_nothing(people, tmp_path):
    fix("WIBOR_1M", (str(DAY), WRONG))
    correct(people)

    done = [import_fixings(path=file(tmp_path, value), at=AT) for value in (WRONG, RIGHT)]

    assert [(one.new, one.known) for one in done] == [(0, 1), (0, 1)]
    assert IndexFixing.objects.get().value == Decimal(RIGHT)
    with pytest.raises(FeedRefusedError):
        import_fixings(path=file(tmp_path, "3.16"), at=AT)


def test_book_with_another_value_leaves_the_first_alone():
    fix("WIBOR_1M", (str(DAY), WRONG))
    book = FixingBook.read(through=ON)
    other = book.corrected("WIBOR_1M", DAY, Decimal(RIGHT), None)

    values = [one.at_reset("WIBOR_1M", "last_day_previous_month", ON) for one in (book, other)]
    assert [fixing.value for fixing in values] == [Decimal(WRONG), Decimal(RIGHT)]
    with pytest.raises(LookupError):
        book.corrected("WIBOR_1M", ON, Decimal(RIGHT), None)


def test_rule_that_nobody_can_read_stands_in_the_way():
    fix("WIBOR_1M", ("2026-11-27", WRONG), (str(DAY), "3.20"))
    contract = floating()
    run()
    type(contract).objects.filter(pk=contract.pk).update(fixing_rule="nieznana")
    fixing = IndexFixing.objects.select_related("rate").get(on="2026-11-27")

    found = fixing_corrections.contracts_resting_on(
        fixing, value=Decimal(RIGHT), compound_index=None
    )

    assert found == [contract.number]


def test_back_office_takes_a_correction_and_shows_the_old_value(client, people, time_machine):
    time_machine.move_to(AT, tick=False)
    fix("WIBOR_1M", (str(DAY), WRONG))
    first = f.UserFactory(is_staff=True, is_superuser=True)
    client.force_login(first)
    data = {
        "kind": "correction",
        "rate": rate("WIBOR_1M").pk,
        "on": str(DAY),
        "value": "3.15",
        "source": "gpwbenchmark.pl",
        "reason": REASON,
    }

    answer = client.post(reverse("admin:contracts_rateproposal_add"), data)

    assert answer.status_code == 302, answer.content.decode()
    proposal = RateProposal.objects.get()
    assert proposal.old_value == Decimal(WRONG)
    page = client.get(reverse("admin:contracts_rateproposal_changelist")).content.decode()
    assert "3,15 % zamiast 3,51 %" in page
    rate_proposals.accept(proposal_id=proposal.pk, staff=people[1], at=AT)
    page = client.get(reverse("admin:contracts_fixingcorrection_changelist")).content.decode()
    assert REASON in page
    assert "3,51" in page
