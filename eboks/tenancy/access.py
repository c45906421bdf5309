"""Reaching rows from a view: stranger 404, member without the right 403."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec, TypeVar

from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import Http404, HttpResponseBase

from eboks.accounts.models import User
from eboks.http import PortalRequest
from eboks.tenancy.models import CompanyScopedQuerySet
from eboks.tenancy.rights import Right

M = TypeVar("M", bound=models.Model)
P = ParamSpec("P")
R = TypeVar("R", bound=HttpResponseBase)
View = Callable[Concatenate[PortalRequest, P], R]


def scoped_or_404(rows: CompanyScopedQuerySet[M], user: User, **lookup: Any) -> M:
    """The one row of `rows` that `user` may read.

    Raises Http404 for a stranger (and for a row that does not exist), PermissionDenied for a
    member of the row's company whose role lacks the right.
    """
    row = rows.for_user(user).filter(**lookup).first()
    if row is not None:
        return row
    if rows.for_member(user).filter(**lookup).exists():
        raise PermissionDenied
    raise Http404


def right_required(right: Right) -> Callable[[View[P, R]], View[P, R]]:
    """Refuses with 403 when none of the person's roles carries `right`.

    With a company chosen in the header, only the role in that company counts.
    """

    def decorate(view: View[P, R]) -> View[P, R]:
        @functools.wraps(view)
        def guarded(request: PortalRequest, /, *args: P.args, **kwargs: P.kwargs) -> R:
            if not has_right(request, right):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return guarded

    return decorate


def has_right(request: PortalRequest, right: Right) -> bool:
    """Whether the person has `right` in the chosen company (in any, when none is chosen)."""
    return any(
        right in membership.rights
        for membership in request.memberships
        if request.company is None or membership.company_id == request.company.pk
    )


def companies_with(request: PortalRequest, right: Right) -> list[int]:
    """Ids of the companies where the person has `right`: of the chosen one, or of all theirs."""
    return [
        membership.company_id
        for membership in request.memberships
        if right in membership.rights
        and (request.company is None or membership.company_id == request.company.pk)
    ]


def has_right_in(request: PortalRequest, company_id: int, right: Right) -> bool:
    """Whether the person has `right` in that very company, whatever the header says."""
    return any(
        right in membership.rights
        for membership in request.memberships
        if membership.company_id == company_id
    )
