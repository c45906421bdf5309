"""Loading the demo: a portfolio as of today, through the same import as any other feed."""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Callable
from pathlib import Path

from allauth.mfa.totp.internal.auth import TOTP
from django.conf import settings
from django.db import transaction

from contracts.enums import AssetCategory, ContractStatus
from contracts.models import Asset, AssignedAsset
from eboks.accounts.models import User
from eboks.authorisation.models import SmsDevice
from eboks.feeds.importer import Watch, import_feeds
from eboks.feeds.models import FeedStatus
from eboks.portal.demo.balances import load_balances
from eboks.portal.demo.bank import load_bank
from eboks.portal.demo.fees import load_fee_tables
from eboks.portal.demo.files import load_files
from eboks.portal.demo.fleet import load_fleet
from eboks.portal.demo.insurance import load_insurance
from eboks.portal.demo.interest import load_interest
from eboks.portal.demo.issuing import load_issuing
from eboks.portal.demo.nightly import load_night
from eboks.portal.demo.own_policies import load_own_policies
from eboks.portal.demo.paying import load_paying
from eboks.portal.demo.people import BACK_OFFICE, DRIVER, LOGINS, STAFF
from eboks.portal.demo.portfolio import make_portfolio
from eboks.portal.demo.rates import load_rates
from eboks.portal.demo.requests import load_requests
from eboks.portal.demo.taxes import load_tax_uses
from eboks.portal.demo.trans_zuk import trans_zuk
from eboks.tenancy.models import Company, LessorProfile, Membership

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
            issuer_from=settings.ISSUER_CONTRACTS_FROM,
        )
        for directory, moment in zip(directories, (at - _WEEK, at), strict=True):
            (outcome,) = import_feeds(directories=[directory], now=_at(moment), watch=watch)
            if outcome.status != FeedStatus.APPLIED:
                reasons = "; ".join(map(str, outcome.problems.found[:5]))
                raise DemoError(f"Dane pokazowe odrzucone: {outcome.message} {reasons}")
    _give_passwords(at)
    _assign_vehicle()
    load_rates(at=at, on=on)
    load_fee_tables(at=at)
    load_paying(at=at, on=on)
    load_issuing(at=at, on=on)
    load_interest(at=at, on=on)
    load_balances(at=at, on=on)
    load_tax_uses(at=at)
    load_files(at=at, on=on)
    load_requests(at=at)
    load_insurance(at=at, on=on)
    load_fleet()
    load_own_policies(at=at)
    load_bank(at=at, on=on)
    load_night(at=at, on=on)
    return True


def _at(moment: dt.datetime) -> Callable[[], dt.datetime]:
    return lambda: moment


def _give_passwords(at: dt.datetime) -> None:
    for name in STAFF:
        User.objects.create(username=name, is_staff=True, is_superuser=True, date_joined=at)
    for login in LOGINS:
        user = User.objects.get(username=login.username)
        user.email, user.first_name, user.last_name = login.email, login.first_name, login.last_name
        user.phone, user.activated_at = login.phone, at
        user.set_password(login.password)
        user.last_visit_at = at - dt.timedelta(days=3)
        user.save()
        if login.username in STAFF:
            # Staff get no SMS: an app, whose code the demo's inbox shows.
            TOTP.activate(user, login.totp_secret)
        else:
            SmsDevice.objects.create(user=user, number=login.phone, name="sms", confirmed=True)


def _assign_vehicle() -> None:
    """The vehicle of the demo's driver: of contracts that run, the one that ends last; a trailer
    only when there is nothing else."""
    membership = Membership.objects.get(user__username=DRIVER)
    vehicles = Asset.objects.filter(
        contract__company=membership.company_id,
        contract__status=ContractStatus.ACTIVE,
        category=AssetCategory.VEHICLE,
    )
    by_end = vehicles.order_by("-contract__end_on", "pk")
    vehicle = by_end.exclude(propulsion="").first() or by_end.first()
    if vehicle is not None:
        AssignedAsset.objects.create(membership=membership, asset=vehicle)
