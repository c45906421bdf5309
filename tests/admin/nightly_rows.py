"""A row of each thing about the night, for the back office's lists."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone

from contracts.models import Contract
from eboks.jobs.models import JobFailure, JobRun, JobState
from invoicing.models import BalanceDifference, CoreBalance
from tests import factories as f


def make_nightly_rows(contract: Contract, n: int) -> None:
    """One row of each kind, of this contract; `n` keeps unique columns apart."""
    now, day = timezone.now(), f.TODAY + dt.timedelta(days=n)
    JobRun.objects.create(
        job="balances",
        business_on=day,
        state=JobState.DONE,
        lease_until=now,
        started_at=now,
        beat_at=now,
        finished_at=now,
        report={"contracts": 3},
    )
    JobFailure.objects.create(
        job="balances", object_ref=f"contract:{n}", reason="za dużo", first_at=now, last_at=now
    )
    figures = {"contract": contract, "as_of": f.TODAY, "currency": "PLN"}
    CoreBalance.objects.create(**figures, open_amount=2, overpaid_amount=0)
    BalanceDifference.objects.create(
        **figures,
        first_on=f.TODAY,
        our_open=1,
        core_open=2,
        our_overpaid=0,
        core_overpaid=0,
        found_at=now,
    )
