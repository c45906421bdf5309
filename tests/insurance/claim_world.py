"""A claim of a company in `tests.world`, each text of which carries the company's mark."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from contracts.models import Asset
from eboks.accounts.models import User
from eboks.documents.services import store
from insurance.models import ClaimFile, ClaimStep
from tests.insurance.factories import ClaimFactory, InsurerFactory


def make_claim(mark: str, owner: User, asset: Asset) -> dict[str, Any]:
    """A registered claim with a step and a photograph that was found clean."""
    at = timezone.now()
    claim = ClaimFactory(
        reference=f"SZ/{mark}"[:20],
        asset=asset,
        author=owner,
        insurer=InsurerFactory(),  # everybody chooses among the same
        insurer_number=f"U/{mark}",
        status="registered",
        place=f"Kalisz {mark}",
        description=f"Opis {mark}",
        contact_name=f"Kontakt {mark}",
    )
    ClaimStep.objects.create(
        claim=claim, before="reported", after="registered", actor=owner, at=at, note=f"Krok {mark}"
    )
    file = ClaimFile.objects.create(
        claim=claim,
        author=owner,
        name=f"auto {mark}.jpg",
        document=store(
            company=claim.company,
            key=f"claim_file:{mark}",
            content=f"photo {mark}".encode(),
            file_name=f"auto {mark}.jpg",
            content_type="application/octet-stream",
            renderer="",
            at=at,
        ),
        scan="clean",
        at=at,
    )
    return {"claim": claim, "claim_file": file}
