"""Rows for tests: each factory makes the least that is valid, traits make the rest."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import factory
from django.utils import timezone

from contracts import models as contracts
from contracts.enums import AssetCategory, ContractStatus, DayCount, Product, RateType, RowKind
from eboks.accounts.models import User
from eboks.tenancy import models as tenancy
from eboks.tenancy.rights import Role
from invoicing import models as invoicing
from invoicing.enums import AllocationRule, CostKind, InvoiceKind, ItemKind, PaymentKind

TODAY = dt.date(2026, 11, 22)
PASSWORD = "zielony rower jedzie nad morze"


class Sourced(factory.django.DjangoModelFactory):
    class Meta:
        abstract = True

    source_system = "core"
    source_id = factory.Sequence(lambda n: f"S{n:08d}")
    as_of = TODAY


class UserFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = User
        skip_postgeneration_save = True

    username = factory.Sequence(lambda n: f"K{n:06d}")
    email = factory.Sequence(lambda n: f"osoba{n}@example.com")
    first_name = "Anna"
    last_name = "Żuk"

    @factory.post_generation
    def password(self: User, create: bool, extracted: str | None, **kwargs: object) -> None:
        self.set_password(extracted or PASSWORD)
        if create:
            self.save(update_fields=["password"])


class LessorFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = tenancy.LessorProfile
        django_get_or_create = ("code",)

    code = "przykladowy"
    name = "Przykładowy Leasing S.A."
    short_name = "Przykładowy Leasing"
    nip = "5260250274"
    street = "ul. Zmyślona 1"
    postcode = "00-001"
    city = "Warszawa"
    phone = "+48221234567"
    email = "pomoc@przykladowyleasing.example"
    hours = "pon.–pt. 8:00–18:00"
    is_demo = True


class CompanyFactory(Sourced):
    class Meta:
        model = tenancy.Company

    client_id = factory.Sequence(lambda n: f"KL{n:06d}")
    name = factory.Sequence(lambda n: f"TRANS-ŻUK {n} sp. z o.o.")
    nip = "5260250274"
    street = "ul. Polna 7"
    postcode = "62-800"
    city = "Kalisz"


class MembershipFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = tenancy.Membership

    user = factory.SubFactory(UserFactory)
    company = factory.SubFactory(CompanyFactory)
    role = Role.OWNER


class ContractFactory(Sourced):
    class Meta:
        model = contracts.Contract

    company = factory.SubFactory(CompanyFactory)
    number = factory.Sequence(lambda n: f"OL/2025/{n:06d}")
    product = Product.OPERATING
    status = ContractStatus.ACTIVE
    signed_on = dt.date(2025, 12, 1)
    handover_on = dt.date(2025, 12, 10)
    end_on = dt.date(2028, 11, 10)
    net_value = Decimal("100000.00")
    initial_fee_pct = Decimal(10)
    initial_fee = Decimal("10000.00")
    financed = Decimal("90000.00")
    instalment_count = 35
    buyout_pct = Decimal(1)
    buyout = Decimal("1000.00")
    due_day = 10
    rate_type = RateType.FLOATING
    day_count = DayCount.THIRTY_360
    index = "WIBOR_1M"
    index_value = Decimal("3.90")
    index_fixed_on = dt.date(2026, 10, 30)
    margin_pp = Decimal("2.60")
    annual_rate_pct = Decimal("6.50")
    virtual_account = "61109010140000071219812874"


class AssetFactory(Sourced):
    class Meta:
        model = contracts.Asset

    contract = factory.SubFactory(ContractFactory)
    category = AssetCategory.VEHICLE
    make = "Scania"
    model = "R450"
    year = 2025
    net_price = Decimal("100000.00")
    vin = factory.Sequence(lambda n: f"YS2R4X2000{n:07d}")
    plate = factory.Sequence(lambda n: f"WGM{n:05d}")


class ScheduleVersionFactory(Sourced):
    class Meta:
        model = contracts.ScheduleVersion

    contract = factory.SubFactory(ContractFactory)
    number = 1
    valid_from = dt.date(2025, 12, 10)
    reason = "zawarcie umowy"
    annual_rate_pct = Decimal("6.50")


class ScheduleRowFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = contracts.ScheduleRow

    version = factory.SubFactory(ScheduleVersionFactory)
    n = factory.Sequence(lambda n: n + 1)
    kind = RowKind.INSTALMENT
    nominal_due_on = dt.date(2026, 12, 10)
    effective_due_on = dt.date(2026, 12, 10)
    payment = Decimal("2803.79")
    interest = Decimal("487.50")
    principal = Decimal("2316.29")
    balance = Decimal("87683.71")
    vat = Decimal("644.87")
    gross = Decimal("3448.66")


class InvoiceFactory(Sourced):
    class Meta:
        model = invoicing.Invoice

    contract = factory.SubFactory(ContractFactory)
    company = factory.SelfAttribute("contract.company")
    kind = InvoiceKind.INVOICE
    # Beyond the numbers that tests give themselves: those are unique.
    number = factory.Sequence(lambda n: f"FV/L/2026/11/{100_000 + n}")
    issued_on = dt.date(2026, 11, 16)
    sold_on = dt.date(2026, 11, 16)
    due_on = dt.date(2026, 11, 30)
    net = Decimal("2803.79")
    vat = Decimal("644.87")
    gross = Decimal("3448.66")
    vat_pln = Decimal("644.87")
    seller_name = "Przykładowy Leasing S.A."
    seller_nip = "5260250274"
    seller_address = "ul. Zmyślona 1, 00-001 Warszawa"
    buyer_name = factory.SelfAttribute("company.name")
    buyer_nip = "5260250274"
    buyer_address = "ul. Polna 7, 62-800 Kalisz"
    account = "61109010140000071219812874"
    received_at = factory.LazyFunction(timezone.now)


class InvoiceRowFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = invoicing.InvoiceRow

    invoice = factory.SubFactory(InvoiceFactory)
    position = 1
    cost_kind = CostKind.INSTALMENT
    description = "Rata leasingowa 11 z 35"
    net = Decimal("2803.79")
    vat_code = "23"
    vat = Decimal("644.87")
    gross = Decimal("3448.66")
    principal = Decimal("2431.79")
    interest = Decimal("372.00")


class ReceivableItemFactory(Sourced):
    class Meta:
        model = invoicing.ReceivableItem

    invoice = factory.SubFactory(InvoiceFactory)
    contract = factory.SelfAttribute("invoice.contract")
    company = factory.SelfAttribute("invoice.company")
    kind = ItemKind.INVOICE
    label = factory.SelfAttribute("invoice.number")
    gross = Decimal("3448.66")
    open_amount = factory.SelfAttribute("gross")
    issued_on = dt.date(2026, 11, 16)
    nominal_due_on = dt.date(2026, 11, 30)
    effective_due_on = dt.date(2026, 11, 30)
    account = "61109010140000071219812874"


class PaymentFactory(Sourced):
    class Meta:
        model = invoicing.Payment

    company = factory.SubFactory(CompanyFactory)
    kind = PaymentKind.TRANSFER
    booked_on = dt.date(2026, 11, 20)
    amount = Decimal("1000.00")
    unallocated_amount = factory.SelfAttribute("amount")
    payer_name = "TRANS-ŻUK"
    title = "za fakturę"


class AllocationFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = invoicing.Allocation

    item = factory.SubFactory(ReceivableItemFactory)
    payment = factory.SubFactory(PaymentFactory, company=factory.SelfAttribute("..item.company"))
    amount = Decimal("1000.00")
    allocated_on = dt.date(2026, 11, 20)
    rule = AllocationRule.INDICATED
