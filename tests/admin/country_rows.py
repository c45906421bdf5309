"""A travel rule of a country, for the back office's lists."""

from __future__ import annotations

import datetime as dt

from eboks.tenancy.models import Membership
from requests_app.models import CountryRule


def make_country_rows(membership: Membership, n: int) -> None:
    """A rule from a day of its own; it belongs to no client."""
    CountryRule.objects.create(
        iso2="BA", group="B", basis="x", valid_from=dt.date(2027, 1, 1) + dt.timedelta(days=n)
    )
