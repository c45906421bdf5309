"""Whose rows a page of finance is about: the person, the company in the header, the right."""

from __future__ import annotations

from typing import TypeVar

from eboks.http import PortalRequest
from eboks.tenancy.models import Company, CompanyScopedQuerySet
from eboks.tenancy.rights import Right

Q = TypeVar("Q", bound="CompanyScopedQuerySet")  # type: ignore[type-arg]  # rows of any model


def acting_companies(request: PortalRequest, right: Right) -> list[Company]:
    """Companies where the person has `right`; only the chosen one, when one is chosen."""
    return [
        membership.company
        for membership in request.memberships
        if right in membership.rights
        and (request.company is None or membership.company_id == request.company.pk)
    ]


def scoped(request: PortalRequest, rows: Q, *, right: Right) -> Q:
    """`rows` that the person may read, narrowed to the company in the header and to `right`."""
    rows = rows.for_user(request.user).for_company(request.company)
    if right == rows.right:
        return rows
    return rows.filter(**{f"{rows.company_path}__in": acting_companies(request, right)})
