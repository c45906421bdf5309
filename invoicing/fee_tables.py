"""Fee tables as data: read whole from a CSV file or not at all, copied, never edited in force.

The file's layout is in docs/fees.md. A table that is in force stands; a change is a new version.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from eboks.accounts.models import User
from eboks.audit.services import record
from eboks.listing import clean_text
from invoicing.enums import FeeBase, FeeChannel
from invoicing.models import FeeLine, FeeTable

COLUMNS = (
    *("code", "title", "channel", "base", "net", "net_to", "percent", "percent_of"),
    *("minimum", "maximum", "vat_code", "unit", "note", "contracts_from", "contracts_to"),
)
LARGEST_BYTES = 1_000_000
_MOST_LINES = 1000
_MONEY = ("net", "net_to", "minimum", "maximum")
_WHOLE = ("contracts_from", "contracts_to")
_LARGEST_COUNT = 1_000_000


class FeeTableError(Exception):
    """The table cannot be made or changed. `problems` say why, each in a sentence."""

    def __init__(self, *problems: str) -> None:
        super().__init__(" ".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTable:
    """What is said of a table beside its lines."""

    version: str
    title: str
    valid_from: dt.date
    valid_to: dt.date | None = None
    signed_from: dt.date | None = None
    signed_to: dt.date | None = None
    note: str = ""


def is_in_force(table: FeeTable, *, on: dt.date) -> bool:
    """Whether the table has begun: from then on neither it nor its lines change."""
    return table.valid_from <= on


@transaction.atomic
def import_table(
    *, content: bytes, about: NewTable, actor: User | None = None, at: dt.datetime
) -> FeeTable:
    """A new version of the fee table out of a CSV file. Raises FeeTableError, and then nothing
    is kept, for a version that there is already and for any line that is wrong.
    """
    problems: list[str] = []
    lines = _read(content, problems)
    lines_by_place: dict[tuple[str, str, int], int] = {}
    for line in lines:
        place = (line.code, line.channel, line.contracts_from)
        if place in lines_by_place:
            problems.append(
                _("Wiersz %(line)d: ta opłata jest już w wierszu %(earlier)d.")
                % {"line": line.position, "earlier": lines_by_place[place]}
            )
        lines_by_place.setdefault(place, line.position)
    problems += _overlaps(lines)
    if not lines and not problems:
        problems.append(_("Plik nie ma żadnej opłaty."))
    if problems:
        raise FeeTableError(*problems)
    return _made(about, lines, actor=actor, at=at, event="fee_table_imported")


@transaction.atomic
def copy_table(
    *, table: FeeTable, version: str, valid_from: dt.date, actor: User | None, at: dt.datetime
) -> FeeTable:
    """The same fees as a new version, to be changed until it comes into force.

    Raises FeeTableError when the version is taken.
    """
    about = NewTable(
        version=version,
        title=table.title,
        valid_from=valid_from,
        signed_from=table.signed_from,
        signed_to=table.signed_to,
        note=table.note,
    )
    lines = list(table.lines.order_by("position", "pk"))
    for line in lines:
        line.pk = None
    return _made(about, lines, actor=actor, at=at, event="fee_table_copied")


def _made(
    about: NewTable, lines: list[FeeLine], *, actor: User | None, at: dt.datetime, event: str
) -> FeeTable:
    table = FeeTable(
        version=about.version,
        title=about.title,
        valid_from=about.valid_from,
        valid_to=about.valid_to,
        signed_from=about.signed_from,
        signed_to=about.signed_to,
        note=about.note,
    )
    try:
        table.full_clean()
        with transaction.atomic():
            table.save(force_insert=True)
    except ValidationError as error:
        raise FeeTableError(*error.messages) from None
    except IntegrityError:  # somebody made the same version at this moment
        raise FeeTableError(_("Tabela o tej wersji już jest.")) from None
    for line in lines:
        line.table = table
    FeeLine.objects.bulk_create(lines)
    record(
        event=event,
        at=at,
        actor=actor,
        object_kind="fee_table",
        object_ref=table.version,
        facts={"version": table.version, "lines": len(lines)},
    )
    return table


# --- the file --------------------------------------------------------------------------------


def _read(content: bytes, problems: list[str]) -> list[FeeLine]:
    if len(content) > LARGEST_BYTES:
        problems.append(_("Plik jest za duży: może mieć najwyżej 1 MB."))
        return []
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        problems.append(_("Plik nie jest zapisany w UTF-8."))
        return []
    rows = csv.DictReader(io.StringIO(text, newline=""), delimiter=";", strict=True)
    found: list[FeeLine] = []
    try:
        if tuple(rows.fieldnames or ()) != COLUMNS:
            problems.append(_("Pierwszy wiersz musi mieć kolumny: %s.") % ";".join(COLUMNS))
            return []
        for row in rows:
            if len(found) == _MOST_LINES:
                problems.append(_("Tabela ma za dużo opłat: najwyżej %d.") % _MOST_LINES)
                break
            line = _line(row, rows.line_num, problems)
            if line is not None:
                found.append(line)
    except csv.Error:
        problems.append(_("Wiersz %d: nie da się go odczytać jako CSV.") % rows.line_num)
    return found


def _line(row: dict[str, str], number: int, problems: list[str]) -> FeeLine | None:
    """One fee; None, and its problems named, when something in it is wrong."""
    wrong: list[str] = []
    if None in row or None in row.values():
        problems.append(
            _("Wiersz %(line)d: potrzeba %(count)d kolumn.")
            % {"line": number, "count": len(COLUMNS)}
        )
        return None
    values = {name: clean_text(row[name], 250) for name in COLUMNS}
    numbers = {name: _number(values[name], name, wrong) for name in (*_MONEY, "percent")}
    counts = {name: _count(values[name], name, wrong) for name in _WHOLE}
    line = FeeLine(
        position=number,
        code=values["code"],
        title=values["title"],
        channel=values["channel"],
        base=values["base"],
        percent_of=values["percent_of"],
        vat_code=values["vat_code"] or "23",
        unit=values["unit"],
        note=values["note"],
        contracts_from=counts["contracts_from"] or 0,
        contracts_to=counts["contracts_to"],
        **numbers,
    )
    if not wrong:
        wrong += problems_of(line)
    problems += [_("Wiersz %(line)d: %(what)s") % {"line": number, "what": what} for what in wrong]
    return None if wrong else line


def problems_of(line: FeeLine) -> list[str]:
    """What is wrong with a fee, in sentences: of a file's line and of one typed in the office."""
    found = []
    if not line.code.replace("_", "").isalnum() or line.code != line.code.lower():
        found.append(_("kod to małe litery, cyfry i podkreślenia."))
    if line.channel not in FeeChannel.values:
        found.append(_("sposób złożenia to: %s.") % ", ".join(FeeChannel.values))
    if line.base not in FeeBase.values:
        found.append(_("podstawa to: %s.") % ", ".join(FeeBase.values))
        return found
    given = {name for name in (*_MONEY, "percent") if getattr(line, name) is not None}
    needed, allowed = _NEEDED[FeeBase(line.base)]
    if missing := needed - given:
        found.append(_("przy tej podstawie brakuje: %s.") % ", ".join(sorted(missing)))
    if odd := given - needed - allowed:
        found.append(_("przy tej podstawie nie ma: %s.") % ", ".join(sorted(odd)))
    pairs = ((line.net, line.net_to), (line.minimum, line.maximum))
    counts = (line.contracts_from, line.contracts_to)
    if any(low is not None and high is not None and low > high for low, high in (*pairs, counts)):
        found.append(_("„od” jest większe niż „do”."))
    try:
        line.clean_fields(exclude=["table"])
    except ValidationError as error:
        found += [f"{name}: {' '.join(texts)}" for name, texts in error.message_dict.items()]
    return found


_NEEDED: dict[FeeBase, tuple[set[str], set[str]]] = {
    FeeBase.FIXED: ({"net"}, set()),
    FeeBase.RANGE: ({"net", "net_to"}, set()),
    FeeBase.PERCENT: ({"percent"}, {"minimum", "maximum"}),
    FeeBase.PER_MONTH: ({"net"}, set()),
    FeeBase.PER_YEAR: ({"net"}, set()),
    FeeBase.LUMP_SUM: (set(), set()),
}


def _number(text: str, name: str, wrong: list[str]) -> Decimal | None:
    if not text:
        return None
    try:
        value = Decimal(text.replace("\u00a0", "").replace(" ", "").replace(",", "."))
        exact = value.is_finite() and value >= 0
    except InvalidOperation:
        exact, value = False, Decimal(0)
    places = 4 if name == "percent" else 2
    if not exact or value != round(value, places):
        wrong.append(
            _("%(name)s „%(text)s” to nie jest liczba od zera, najwyżej z %(places)d miejscami.")
            % {"name": name, "text": text, "places": places}
        )
        return None
    return value


def _count(text: str, name: str, wrong: list[str]) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit()) or len(text) > 7 or int(text) > _LARGEST_COUNT:
        wrong.append(
            _("%(name)s „%(text)s” to nie jest liczba umów.") % {"name": name, "text": text}
        )
        return None
    return int(text)


def _overlaps(lines: Iterable[FeeLine]) -> list[str]:
    """Tiers of one fee that claim the same number of contracts."""
    found = []
    ends: dict[tuple[str, str], int | None] = {}
    for line in sorted(lines, key=lambda line: (line.code, line.channel, line.contracts_from)):
        place = (line.code, line.channel)
        if place in ends:
            end = ends[place]
            if end is None or line.contracts_from <= end:
                found.append(_("Wiersz %d: progi liczby umów nachodzą na siebie.") % line.position)
        ends[place] = line.contracts_to
    return found
