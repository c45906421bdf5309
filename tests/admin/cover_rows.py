"""Rows about required cover, claim contacts and calendars for the back office's tests."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.utils import timezone

from insurance.enums import LapseState, Risk
from insurance.models import Lapse, LapseStep
from tests import factories as f
from tests.insurance.factories import ClaimContactFactory, InsurerFactory
from tests.world import make_calendar_link


def make_cover_rows(membership: Any, contract: Any, n: int) -> None:
    """A risk that nobody covers, whom to call about damages, and a link to a calendar."""
    at = timezone.now()
    asset = contract.assets.first() or f.AssetFactory(contract=contract)
    lapse = Lapse.objects.create(
        company=contract.company,
        contract=contract,
        asset=asset,
        risk=Risk.AC,
        uncovered_from=f.TODAY - dt.timedelta(days=n),
        found_at=at,
    )
    LapseStep.objects.create(lapse=lapse, after=LapseState.OPEN, at=at)
    ClaimContactFactory(insurer=InsurerFactory(code=f"tu-{n}", name=f"TU {n}"))
    make_calendar_link(f"calendar-{n}", contract.company, membership.user)
