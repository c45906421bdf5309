"""Rows about claims for the back office's tests."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from insurance.models import ClaimFile, ClaimStep
from tests.insurance.factories import ClaimFactory


def make_claim_rows(membership: Any, contract: Any, n: int) -> None:
    """A claim with a step and a file."""
    at = timezone.now()
    claim = ClaimFactory(
        asset=contract.assets.order_by("pk")[0],
        author=membership.user,
        reference=f"SZ/2026/90{n:04d}",
    )
    ClaimStep.objects.create(claim=claim, after="reported", by_client=True, at=at)
    ClaimFile.objects.create(
        claim=claim, author=membership.user, name="auto.jpg", scan="clean", at=at
    )
