"""A supplier's template with a file that has problems, for the back office's lists."""

from __future__ import annotations

from django.utils import timezone

from contracts.fleet.enums import ImportState
from contracts.fleet.models import SupplierImport, SupplierTemplate
from contracts.fleet.models.imports import FileFormat, Target
from eboks.tenancy.models import Membership


def make_supplier_rows(membership: Membership, n: int) -> None:
    """`n` keeps names apart. They belong to no client."""
    template = SupplierTemplate.objects.create(
        name=f"Karty {n}",
        supplier=f"karty-{n}",
        target=Target.FUEL,
        file_format=FileFormat.CSV,
        columns={"plate": {"column": "A"}},
    )
    SupplierImport.objects.create(
        template=template,
        file_name=f"karty-{n}.csv",
        sha256=f"{n:064d}",
        size=100,
        state=ImportState.REFUSED,
        counts={"rows": 1, "new": 0, "known": 0, "skipped": 0, "errors": 1},
        problems=[{"line": 6, "column": "netto", "value": "x", "reason": "To nie jest liczba."}],
        author=membership.user,
        uploaded_at=timezone.now(),
    )
