"""A row of each thing about reference rates, for the back office's lists."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django.utils import timezone

from contracts.models import FixingCorrection, IndexFixing, RateChange, RateProposal, ReferenceRate
from tests import factories as f


def make_rates_rows(contract: Any, n: int) -> None:
    """One row of each kind; `n` keeps unique columns apart."""
    now, day = timezone.now(), f.TODAY - dt.timedelta(days=n)
    rate, _made = ReferenceRate.objects.get_or_create(
        code="WIBOR_1M", defaults={"title": "WIBOR 1M", "kind": "term", "valid_from": day}
    )
    people = f.UserFactory(is_staff=True), f.UserFactory(is_staff=True)
    fixing = {"rate": rate, "on": day, "value": Decimal("4.10"), "source": "GPW Benchmark"}
    corrected = IndexFixing.objects.create(
        **fixing, entered_at=now, entered_by=people[0], accepted_by=people[1]
    )
    FixingCorrection.objects.create(
        fixing=corrected,
        old_value=Decimal("4.01"),
        new_value=Decimal("4.10"),
        old_source="GPW Benchmark",
        new_source="GPW Benchmark",
        reason="przestawione cyfry",
        corrected_at=now,
        entered_by=people[0],
        accepted_by=people[1],
    )
    RateProposal.objects.create(**fixing, kind="fixing", proposed_by=people[0], proposed_at=now)
    RateChange.objects.create(
        contract=contract,
        kind="reset",
        reset_on=day,
        effective_on=day,
        old_index="WIBOR_1M",
        new_index="WIBOR_1M",
        new_value=Decimal("3.90"),
        new_fixed_on=day,
        margin_pp=Decimal("2.60"),
        old_rate_pct=Decimal("6.50"),
        new_rate_pct=Decimal("6.50"),
        method="reannuitise",
        outcome="same_value",
        created_at=now,
    )
