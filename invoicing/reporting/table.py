"""A report: a page, and the same rows as Excel and CSV. Each file is an export like any other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.utils.functional import Promise

from eboks import clock
from eboks.documents.csv_files import write_csv
from eboks.documents.xlsx import About, Sheet, write_workbook
from eboks.exports.registry import Export, Extent, Order, add_export
from eboks.tenancy.rights import Right

Facts = list[tuple[str, str]]


@dataclass(frozen=True, kw_only=True)
class Report:
    """`sheets` and `facts` read an order: whose rows, and what the address asks for. The CSV is
    the first sheet alone. `count` is asked before anything is written."""

    name: str
    title: str | Promise
    about: str | Promise  # one sentence for the page with all reports
    page: str
    icon: str
    sheets: Callable[[Order], Sequence[Sheet]]
    facts: Callable[[Order], Facts]
    count: Callable[[Order], int]


_reports: dict[str, Report] = {}


def add_report(report: Report) -> None:
    """Makes its Excel and CSV known as `<name>_xlsx` and `<name>_csv`."""
    _reports[report.name] = report

    def extent(order: Order) -> Extent:
        words = ", ".join(value for _name, value in report.facts(order) if value)
        return Extent(report.count(order), words=words[:120])

    def workbook(order: Order) -> None:
        about = About(str(report.title), order.at, report.facts(order))
        order.file_name = f"{report.name}-{clock.today(order.at)}.xlsx"
        order.take(write_workbook(sheets=report.sheets(order), about=about))

    def text(order: Order) -> None:
        order.file_name = f"{report.name}-{clock.today(order.at)}.csv"
        order.take(write_csv(report.sheets(order)[0]))

    for ending, build in (("xlsx", workbook), ("csv", text)):
        add_export(
            Export(
                name=f"{report.name}_{ending}",
                title=report.title,
                right=Right.EXPORT_REPORTS,
                build=build,
                measure=extent,
                page=report.page,
            )
        )


def reports() -> list[Report]:
    """In the order in which they were added."""
    return list(_reports.values())
