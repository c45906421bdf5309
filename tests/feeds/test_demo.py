"""The demo: loaded once through the import, alive, and never with a password known in advance."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from allauth.mfa.models import Authenticator
from django.core import mail
from django.core.management import CommandError, call_command
from django.utils import timezone

from contracts.fleet.models import (
    FuelTransaction,
    MileageReading,
    MileageTerms,
    ServiceVisit,
    SupplierTemplate,
    TyreSet,
)
from contracts.models import Asset, Contract, ScheduleRow
from eboks.accounts.models import User
from eboks.authorisation.models import SmsDevice
from eboks.clock import WARSAW
from eboks.feeds.models import FeedRun, FeedStatus
from eboks.jobs.models import JobRun, JobState
from eboks.notifications import tasks as notification_tasks
from eboks.phones import normalise_mobile
from eboks.portal.demo.loading import DemoError, is_loaded, load_demo
from eboks.portal.demo.people import LOGINS, STAFF
from eboks.portal.demo.staff_code import staff_codes
from eboks.tenancy.models import LessorProfile
from eboks.tenancy.rights import Right, Role
from insurance import tasks as insurance_tasks
from insurance.models import Claim, ClaimContact, Policy, RenewalOffer, Requirement
from invoicing.models import (
    Balance,
    BalanceDifference,
    Invoice,
    InvoiceRow,
    ReceivableItem,
)
from invoicing.reporting.tax_sheet import by_vehicle, lines_of
from tests.factories import CompanyFactory

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


@pytest.fixture(autouse=True)
def _own_directory(settings, tmp_path):
    settings.DATA_DIR = tmp_path


def _load(on: dt.date) -> bool:
    at = dt.datetime.combine(on, dt.time(8), tzinfo=dt.UTC)
    return load_demo(at=at, on=on, contracts=16)


def _schedule(number: str) -> list[tuple[Decimal, ...]]:
    rows = ScheduleRow.objects.filter(version__contract__number=number, kind="instalment")
    return list(rows.order_by("n").values_list("payment", "interest", "principal", "balance"))


@pytest.mark.parametrize(
    "on", [dt.date(2026, 11, 22), dt.date(2028, 2, 29), dt.date(2026, 12, 31), dt.date(2027, 1, 27)]
)
def test_owner_finds_something_alive_on_any_day(on):
    _load(on)

    items = ReceivableItem.objects.filter(company__source_id="K900001", open_amount__gt=0)
    assert items.filter(effective_due_on__lt=on).count() == 1  # overdue
    assert items.filter(effective_due_on__range=(on, on + 7 * DAY)).exists()
    visit = User.objects.get(username="demo-wlasciciel").last_visit_at
    new = Invoice.objects.filter(company__source_id="K900001", received_at__gt=visit)
    assert new.exists()
    assert new.count() < Invoice.objects.filter(company__source_id="K900001").count() / 5
    ending = Contract.objects.live().filter(end_on__range=(on, on + 90 * DAY))
    assert ending.filter(company__source_id="K900001").exists()


def test_published_contracts_stand_with_their_figures():
    _load(dt.date(2026, 11, 22))

    forum, own = _schedule("OL/PL-01"), _schedule("OL/CON-01")
    assert len(forum) == len(own) == 35
    # schedule-cases/pl-01, derived invoice variant; con-01.
    amounts = [tuple(map(str, row)) for row in (forum[0], forum[-1], own[0], own[-1])]
    assert amounts == [
        ("3935.45", "906.86", "3028.59", "118881.57"),
        ("3935.37", "38.95", "3896.42", "1339.67"),
        ("2803.79", "487.50", "2316.29", "87683.71"),
        ("2803.67", "20.49", "2783.18", "1000.00"),
    ]
    invoice = Invoice.objects.filter(contract__number="OL/CON-01", instalment_n=1).get()
    assert str(invoice.gross) == "3448.66"


def test_people_have_the_roles_of_the_story():
    _load(dt.date(2026, 11, 22))

    accountant = User.objects.get(username="demo-ksiegowa")
    assert accountant.memberships.filter(role=Role.ACCOUNTANT).count() == 6
    fleet = User.objects.get(username="demo-flota").memberships.get()
    assert Right.VIEW_FINANCE not in fleet.rights
    assert User.objects.get(username="demo-finanse").memberships.get().company == fleet.company
    staff = User.objects.filter(is_staff=True)
    assert sorted(user.username for user in staff) == ["demo-zaplecze", "demo-zaplecze-2"]
    assert all(
        User.objects.get(username=one.username).check_password(one.password) for one in LOGINS
    )
    assert LessorProfile.objects.get().is_demo


def test_everybody_of_the_demo_can_get_a_code_and_the_driver_has_a_vehicle():
    _load(dt.date(2026, 11, 22))

    people = User.objects.filter(username__in=[login.username for login in LOGINS])
    assert all(person.activated_at for person in people)
    numbers = {device.user.username: device.number for device in SmsDevice.objects.all()}
    clients = [login for login in LOGINS if login.username not in STAFF]
    assert numbers == {login.username: normalise_mobile(login.phone) for login in clients}
    assert len(set(numbers.values())) == len(clients)
    driver = User.objects.get(username="demo-kierowca")
    assert Asset.vehicles.for_user(driver).count() == 1
    signatory = User.objects.get(username="demo-podpis").memberships.get()
    assert Right.SIGN in signatory.rights
    assert Right.MANAGE_PEOPLE not in signatory.rights


def test_staff_use_an_app_whose_code_the_inbox_shows():
    _load(dt.date(2026, 11, 22))
    app = Authenticator.objects.get(user__username=STAFF[0])

    shown, other = staff_codes(timezone.now())

    assert STAFF[0] in shown.label
    assert STAFF[1] in other.label
    assert app.wrap().validate_code(shown.code)
    assert "secret" in app.data
    assert all(login.totp_secret not in app.data["secret"] for login in LOGINS)


def test_passwords_are_long_and_of_this_installation(settings):
    passwords = {login.password for login in LOGINS}
    settings.SECRET_KEY = "another installation" * 5
    others = {login.password for login in LOGINS}

    assert len(passwords) == len(LOGINS)
    assert min(map(len, passwords)) >= 15
    assert passwords.isdisjoint(others)


def test_loading_twice_does_and_prints_nothing(settings, capsys):
    settings.DEMO = True
    _load(dt.date(2026, 11, 22))
    users = User.objects.count()

    assert _load(dt.date(2026, 11, 23)) is False
    call_command("load_demo")

    assert capsys.readouterr().out == ""
    assert User.objects.count() == users
    statuses = FeedRun.objects.order_by("pk").values_list("status", flat=True)
    assert set(statuses) == {FeedStatus.APPLIED}
    assert len(statuses) == 3  # two of the portfolio, one of the core system's balances


def test_production_refuses_without_the_word(settings):
    settings.DEMO = False

    with pytest.raises(CommandError, match="--i-know"):
        call_command("load_demo")

    assert not User.objects.exists()


def test_portal_with_clients_of_its_own_is_left_alone():
    CompanyFactory()

    with pytest.raises(DemoError):
        _load(dt.date(2026, 11, 22))

    assert not is_loaded()


def test_logins_are_printed_as_a_table(capsys):
    call_command("demo_logins")
    assert "nie wczytano" in capsys.readouterr().out
    _load(dt.date(2026, 11, 22))

    call_command("demo_logins")

    lines = capsys.readouterr().out.splitlines()
    assert "Skrzynka demo: " in lines[-1]
    for login, line in zip(LOGINS, lines[1 : 1 + len(LOGINS)], strict=True):
        assert login.username in line
        assert login.password in line


def test_tax_sheet_of_the_owner_is_counted_but_for_the_newest_vehicle():
    _load(dt.date(2026, 11, 22))

    rows = InvoiceRow.objects.filter(
        invoice__company__source_id="K900001", invoice__issued_on__year=2026
    )
    sums = by_vehicle(lines_of(rows))
    newest = max(
        (line.asset for line in sums if line.asset and line.asset.category == "vehicle"),
        key=lambda asset: (asset.contract.signed_on, asset.pk),
    )
    assert sum(line.deductible for line in sums) > 0
    assert [line.asset for line in sums if line.missing] == [newest]
    assert any(line.limit and line.not_deductible for line in sums)


def test_last_night_has_its_report_and_one_difference():
    on = dt.date(2026, 11, 22)
    _load(on)

    [run] = JobRun.objects.filter(job="balances", business_on=on)
    contracts = Contract.objects.count()
    assert run.state == JobState.DONE
    assert run.report["contracts"] == run.report["compared"] == contracts
    assert run.report["differences"] == 1
    assert 0 < run.report["changed"] < contracts
    assert set(JobRun.objects.filter(business_on=on).values_list("state", flat=True)) == {"done"}
    difference = BalanceDifference.objects.get()
    assert difference.contract.company.source_id == "K900001"
    assert difference.core_open - difference.our_open == Decimal(150)
    assert Balance.objects.published().count() == contracts


@pytest.mark.parametrize("on", [dt.date(2026, 11, 22), dt.date(2028, 2, 29)])
def test_insurance_of_the_owner_has_something_for_everybody(on):
    _load(on)

    owner = User.objects.get(username="demo-wlasciciel")
    policies = Policy.objects.for_user(owner)
    ending = policies.get(valid_to=on + 14 * DAY)
    assert ending.contract.number == "OL/PL-01"
    assert not policies.filter(asset=ending.asset, valid_from__gt=ending.valid_to).exists()
    states = set(policies.values_list("verification", flat=True))
    assert states == {"verified", "to_verify", "returned"}
    sent = policies.filter(source_system="portal")
    assert all(policy.files.get().document is not None for policy in sent)
    returned = policies.get(verification="returned")
    assert returned.checks.filter(is_met=False).exclude(note="").count() == 2
    car = policies.filter(contract__number="FL/CON-08").on_day(on)
    assert car.filter(covers__risk="oc").count() == 2  # the two-OC trap
    offer = RenewalOffer.objects.for_user(owner).get()
    assert (offer.state, offer.valid_from) == ("open", on + 15 * DAY)
    claims = Claim.objects.for_user(owner)
    assert len(set(claims.values_list("status", flat=True))) >= 4
    assert claims.filter(source_system="portal", status="reported").count() == 1
    assert Requirement.objects.count() == 4
    assert ClaimContact.objects.exists()


def test_fleet_and_its_driver_have_living_vehicles():
    _load(dt.date(2026, 11, 22))

    fleet = User.objects.get(username="demo-flota")
    driver = User.objects.get(username="demo-kierowca")
    vehicle = Asset.vehicles.for_user(driver).get()
    for model in (FuelTransaction, ServiceVisit, TyreSet):
        assert model.objects.for_user(fleet).exists(), model
    assert MileageTerms.objects.for_user(driver).get().asset == vehicle
    assert MileageReading.objects.for_user(driver).filter(asset=vehicle).exists()
    assert not FuelTransaction.objects.for_user(driver).exists()
    own = FuelTransaction.objects.filter(company__source_id="K900001")
    assert own.values("asset").distinct().count() == 3
    assert SupplierTemplate.objects.get().columns["plate"]


def test_alert_arrives_by_itself_when_the_clock_has_moved(time_machine):
    on = dt.date(2026, 11, 22)
    _load(on)
    mail.outbox.clear()
    time_machine.move_to(dt.datetime.combine(on + 7 * DAY, dt.time(7, 5), WARSAW))

    for _run in range(2):
        insurance_tasks.send_policy_alerts.delay()
        notification_tasks.sweep.delay()

    owner = User.objects.get(username="demo-wlasciciel")
    (alert,) = [m for m in mail.outbox if m.to == [owner.email] and "PK0817G" in m.subject]
    assert "6 grudnia 2026" in alert.body
