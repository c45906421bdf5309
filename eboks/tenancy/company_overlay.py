"""Company data changed in the portal, laid over what a feed says until the core says the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from eboks.events import security_event
from eboks.feeds.applying import Load
from eboks.tenancy.models import Company, CompanyChange

# What a client may change in the portal; name, legal form and seat with the lessor's consent.
# The contact person stands in no file.
OWN_COLUMNS = (
    *("mail_street", "mail_postcode", "mail_city"),
    *("contact_name", "email", "phone"),
    "e_invoice_since",
    *("name", "legal_form", "street", "postcode", "city"),
)
_NOT_IN_FEED = {"contact_name"}


def lay_over(load: Load) -> None:
    """Step of the feed, after the companies: open changes of those that came with it.

    Where the core says the same by now, the change is settled; elsewhere the client's own words
    come back. As many rounds as there are open changes, which staff see and settle too.
    """
    if not load.staged["companies"]:
        return
    load.cursor.execute(
        "SELECT h.id FROM tenancy_companychange h JOIN tenancy_company c ON c.id = h.company_id"
        " JOIN feed_companies s ON s.source_id = c.source_id"
        " WHERE h.settled_at IS NULL AND c.source_system = %(source_system)s",
        load.params,
    )
    keys = [row[0] for row in load.cursor.fetchall()]
    if not keys:
        return
    told: dict[int, dict[str, Any]] = {}  # what the core says, before anything is laid over it
    settled = 0
    rows = CompanyChange.objects.filter(pk__in=keys).select_related("company")
    changes = list(rows.order_by("made_at", "pk"))
    overruled = _overruled(changes)
    for change in changes:
        company = change.company
        core = told.setdefault(company.pk, {name: getattr(company, name) for name in OWN_COLUMNS})
        own = {name: change.values[name] for name in OWN_COLUMNS if name in change.values}
        wanted = {name: own[name] for name in own.keys() - overruled[change.pk]}
        if (own and not wanted) or _is_taken_in(wanted, core):
            CompanyChange.objects.filter(pk=change.pk).update(settled_at=load.at)
            settled += 1
            security_event(
                "company_change_settled",
                result="ok",
                company_id=company.pk,
                reference=change.reference,
            )
        else:
            Company.objects.filter(pk=company.pk).update(**wanted)
    load.count("company_changes", settled=settled, kept=len(keys) - settled)


def _overruled(changes: Sequence[CompanyChange]) -> dict[int, set[str]]:
    """Of each change (in order of time) the columns that a later one of its company names, too."""
    named: dict[int, set[str]] = {}
    found = {}
    for change in reversed(changes):
        later = named.setdefault(change.company_id, set())
        found[change.pk] = set(later)
        later.update(change.values)
    return found


def _is_taken_in(wanted: Mapping[str, Any], core: Mapping[str, Any]) -> bool:
    """Whether the core says the same, however it spaces it; of e-invoices, whether they are on."""
    in_feed = wanted.keys() - _NOT_IN_FEED
    return bool(in_feed) and all(_is_same(name, wanted[name], core[name]) for name in in_feed)


def _is_same(name: str, wanted: Any, core: Any) -> bool:
    if name == "e_invoice_since":
        return bool(wanted) == bool(core)  # from which day is the core's to say
    return _plain(wanted) == _plain(core)


def _plain(value: str) -> str:
    return "".join(value.split()).replace("-", "").casefold()
