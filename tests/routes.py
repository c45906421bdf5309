"""What each address of the portal is: who may open it and whose rows it shows.

A new route fails `tests/test_conventions.py` until it is entered here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.urls import URLPattern, URLResolver, get_resolver

from eboks.tenancy.rights import Right

# Open to people who have not logged in.
PUBLIC = {
    *("account_login", "account_logout", "account_inactive"),
    *("account_reset_password", "account_reset_password_done"),
    *("account_reset_password_from_key", "account_reset_password_from_key_done"),
    *("brand_css", "brand_logo", "set_language", "portal:help"),
}

# Change something, so they take POST alone.
POST_ONLY = {"set_language", "tenancy:switch_company"}


@dataclass(frozen=True)
class Case:
    """A route with a `public_id`: which row of `tests.world` it shows and by which right."""

    row: str
    right: Right


OBJECTS = {
    "contracts:detail": Case("contract", Right.VIEW_CONTRACTS),
    "contracts:schedule": Case("contract", Right.VIEW_CONTRACTS),
    "contracts:schedule_pdf": Case("contract", Right.VIEW_CONTRACTS),
    "contracts:schedule_xlsx": Case("contract", Right.VIEW_CONTRACTS),
    "contracts:asset": Case("contract", Right.VIEW_CONTRACTS),
    "portal:contract_invoices": Case("contract", Right.VIEW_FINANCE),
    "portal:contract_documents": Case("contract", Right.VIEW_CONTRACTS),
    "invoicing:invoice_detail": Case("invoice", Right.VIEW_FINANCE),
    "invoicing:invoice_pdf": Case("invoice", Right.VIEW_FINANCE),
    "invoicing:invoice_download": Case("invoice", Right.VIEW_FINANCE),
}

# Lists and summaries that need a right which some roles lack: 403 for such a role.
LISTS = {
    "contracts:list_xlsx": Right.EXPORT_REPORTS,
    "invoicing:invoice_list": Right.VIEW_FINANCE,
    "invoicing:settlements": Right.VIEW_FINANCE,
    "invoicing:invoice_list_xlsx": Right.EXPORT_REPORTS,
    "invoicing:settlements_xlsx": Right.EXPORT_REPORTS,
    "invoicing:cost_report": Right.EXPORT_REPORTS,
    "invoicing:cost_report_xlsx": Right.EXPORT_REPORTS,
}


@dataclass(frozen=True)
class Route:
    name: str
    pattern: URLPattern
    parameters: frozenset[str]


def portal_routes() -> list[Route]:
    """All routes outside the back office."""
    return [route for route in all_routes() if not route.name.startswith("admin:")]


def all_routes() -> list[Route]:
    return list(_walk(get_resolver(), "", frozenset()))


def _walk(resolver: URLResolver, prefix: str, parameters: frozenset[str]) -> Iterator[Route]:
    for pattern in resolver.url_patterns:
        found = parameters | frozenset(pattern.pattern.converters)
        found |= frozenset(pattern.pattern.regex.groupindex)
        if isinstance(pattern, URLResolver):
            inner = f"{prefix}{pattern.namespace}:" if pattern.namespace else prefix
            yield from _walk(pattern, inner, found)
        else:
            yield Route(f"{prefix}{pattern.name}", pattern, found)
