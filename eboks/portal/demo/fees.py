"""Fee tables of the demo lessor: life-like figures, two periods and a lump-sum table of old."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from invoicing.fee_tables import NewTable, import_table
from invoicing.models import FeeTable

_FILES = Path(__file__).parent / "fee_files"
_TITLE = "Tabela opłat i prowizji"
TABLES = (
    NewTable(
        version="R-2022",
        title="Tabela opłat z roczną opłatą ryczałtową",
        valid_from=dt.date(2022, 1, 1),
        signed_to=dt.date(2023, 12, 31),
        note="Roczna opłata obejmuje większość czynności. Nie obejmuje monitów, ubezpieczeń obcych"
        " i mandatów.",
    ),
    NewTable(
        version="2024-01",
        title=_TITLE,
        valid_from=dt.date(2024, 1, 1),
        valid_to=dt.date(2025, 7, 31),
        signed_from=dt.date(2024, 1, 1),
    ),
    NewTable(
        version="2025-08",
        title=_TITLE,
        valid_from=dt.date(2025, 8, 1),
        signed_from=dt.date(2024, 1, 1),
        note="Czynności zlecone przez portal są tańsze albo bezpłatne.",
    ),
)


def load_fee_tables(*, at: dt.datetime) -> None:
    """All tables, through the same import as any lessor's."""
    for about in TABLES:
        if FeeTable.objects.filter(version=about.version).exists():
            continue
        content = (_FILES / f"{about.version}.csv").read_bytes()
        import_table(content=content, about=about, at=at)
