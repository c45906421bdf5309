"""Loading the demo: a portfolio as of today, through the same import as any other feed."""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.db import transaction

from eboks.accounts.models import User
from eboks.feeds.importer import Watch, import_feeds
from eboks.feeds.models import FeedStatus
from eboks.portal.demo.people import BACK_OFFICE, LOGINS
from eboks.portal.demo.portfolio import make_portfolio
from eboks.portal.demo.trans_zuk import trans_zuk
from eboks.tenancy.models import Company, LessorProfile

CONTRACTS = 300
_SEED = 2026
_WEEK = dt.timedelta(days=7)


class DemoError(Exception):
    """The demo cannot be loaded here; the text says why."""


def is_loaded() -> bool:
    return User.objects.filter(username=BACK_OFFICE).exists()


@transaction.atomic
def load_demo(
    *, at: dt.datetime, on: dt.date, contracts: int = CONTRACTS, watch: Watch | None = None
) -> bool:
    """Load the demo portfolio as of `on` and give its people passwords; all or nothing.

    Two feeds: everything up to a week ago, then the last week, so that some invoices are new.
    Returns False, having done nothing, when the demo is loaded already. Raises DemoError on a
    portal that has clients of its own.
    """
    if is_loaded():
        return False
    if Company.objects.exists() or LessorProfile.objects.exists():
        raise DemoError("Ten portal ma już dane; danych pokazowych nie można do nich dołożyć.")
    with tempfile.TemporaryDirectory(prefix="demo-", dir=settings.DATA_DIR) as folder:
        directories = make_portfolio(
            out=Path(folder) / "feed",
            contracts=contracts,
            seed=_SEED,
            business_dates=[on - _WEEK, on],
            extras=[trans_zuk(on)],
            extra_people=[person for login in LOGINS for person in login.people],
        )
        for directory, moment in zip(directories, (at - _WEEK, at), strict=True):
            (outcome,) = import_feeds(directories=[directory], now=_at(moment), watch=watch)
            if outcome.status != FeedStatus.APPLIED:
                reasons = "; ".join(map(str, outcome.problems.found[:5]))
                raise DemoError(f"Dane pokazowe odrzucone: {outcome.message} {reasons}")
    _give_passwords(at)
    return True


def _at(moment: dt.datetime) -> Callable[[], dt.datetime]:
    return lambda: moment


def _give_passwords(at: dt.datetime) -> None:
    User.objects.create(
        username=BACK_OFFICE,
        is_staff=True,
        is_superuser=True,
        date_joined=at,
    )
    for login in LOGINS:
        user = User.objects.get(username=login.username)
        user.email, user.first_name, user.last_name = login.email, login.first_name, login.last_name
        user.set_password(login.password)
        user.last_visit_at = at - dt.timedelta(days=3)
        user.save()
