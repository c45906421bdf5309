"""The request as the portal's views see it, after the middleware."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import HttpRequest

if TYPE_CHECKING:
    from django_htmx.middleware import HtmxDetails

    from eboks.accounts.models import User
    from eboks.tenancy.models import Company, Membership


class PortalRequest(HttpRequest):
    """A request of a logged-in person. Only for annotations."""

    user: User
    htmx: HtmxDetails
    memberships: list[Membership]
    company: Company | None
    viewer: User | None  # of the lessor's staff, while they look through this person's eyes
    viewing: Membership | None  # what they look through
