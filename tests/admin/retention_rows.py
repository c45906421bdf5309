"""A row of each thing about keeping documents, for the back office's lists."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone

from eboks.retention.models import LegalHold, PurgeItem, PurgeRun, PurgeState, Tombstone
from eboks.tenancy.models import Membership
from tests import factories as f


def make_retention_rows(membership: Membership, n: int) -> None:
    """One row of each kind, of this member's company; `n` keeps unique columns apart."""
    company, staff, now = membership.company, membership.user, timezone.now()
    LegalHold.objects.create(company=company, reason="sprawa", placed_by=staff, placed_at=now)
    run = PurgeRun.objects.create(
        through=f.TODAY, state=PurgeState.DONE, planned_at=now, planned_by=staff
    )
    about = {
        "company": company,
        "run": run,
        "document_class": "invoice",
        "key": f"invoice:gone-{n}",
        "sha256": "0" * 64,
        "size": 10,
        "purge_on": f.TODAY - dt.timedelta(days=1),
    }
    PurgeItem.objects.create(
        **about, document_id=n + 1, file_name="faktura.pdf", storage_name=f"gone{n}"
    )
    Tombstone.objects.create(**about, purged_at=now)
