"""Online requests of the demo's people: one that waits, one that came back, some that are done."""

from __future__ import annotations

import datetime as dt
import uuid

from django.http import QueryDict

from contracts.enums import AssetCategory, ContractStatus, Product
from contracts.models import Asset
from eboks import clock
from eboks.accounts.models import User
from eboks.portal.demo.people import OWNER_COMPANY
from eboks.tenancy.models import Company
from requests_app import conversation, deciding, drafts, filing, producing
from requests_app.catalogue import types
from requests_app.enums import Status
from requests_app.models import ComplaintTerm, Request, SettlementRule
from requests_app.models.complaints import ClientKind
from requests_app.models.settlements import Discount, PriceVat

_RULES_FROM = dt.date(2026, 1, 1)
_NAMESPACE = uuid.UUID("0b5d5a4e-2f6f-4a3b-8d6e-6a1c6f6e7d21")


def load_requests(*, at: dt.datetime) -> None:
    """Filed by the owner, answered by the demo's back office; rules that the lessor enters."""
    _make_rules()
    owner = User.objects.get(username="demo-wlasciciel")
    clerk = User.objects.get(username="demo-zaplecze")
    own = Company.objects.get(source_id=OWNER_COMPANY)
    earlier = at - dt.timedelta(days=6)
    answered = _question(own, owner, "Kopia umowy", "Gdzie znajdę podpisaną umowę?", at=earlier)
    conversation.write(
        request=answered,
        author=clerk,
        text="Podpisaną umowę wyślemy na Państwa adres e-mail.",
        form_key=uuid.uuid5(_NAMESPACE, "answer"),
        at=earlier + dt.timedelta(hours=3),
        from_staff=True,
    )
    deciding.approve(
        request_id=answered.pk,
        actor=clerk,
        at=earlier + dt.timedelta(hours=3),
        text="Umowa jest w drodze.",
    )
    producing.produce(request_id=answered.pk, at=earlier + dt.timedelta(hours=3))
    back = _question(own, owner, "Zmiana opon", "Czy mogę zmienić rozmiar opon?", at=earlier)
    deciding.ask_for_more(
        request_id=back.pk,
        text="Prosimy o numer rejestracyjny i rozmiar z homologacji.",
        actor=clerk,
        at=at - dt.timedelta(days=1),
    )
    _question(own, owner, "Faktura za wrzesień", "Prosimy o wyjaśnienie pozycji 2.", at=at)
    trip = _travel(own, owner, at=at)
    if trip is not None and trip.status == Status.SUBMITTED:  # the demo's owner owes an invoice
        deciding.approve(request_id=trip.pk, actor=clerk, at=at)
        producing.produce(request_id=trip.pk, at=at)


def _make_rules() -> None:
    """Invented like the demo's lessor: how contracts end early, how long a complaint may take."""
    for product in Product:
        sale = product == Product.OPERATING
        SettlementRule.objects.get_or_create(
            product=product,
            valid_from=_RULES_FROM,
            defaults={
                "discount": Discount.CONTRACT,
                "valid_days": 7,
                "expert_valuation_below_pct": 40 if sale else None,
                "price_vat": PriceVat.CONTRACT_RATE if sale else PriceVat.NONE,
                "basis": "Zasady pokazowe, do zastąpienia zasadami leasingodawcy",
            },
        )
    ComplaintTerm.objects.get_or_create(
        client_kind=ClientKind.ALL,
        valid_from=_RULES_FROM,
        defaults={
            "calendar_days": 30,
            "basis": "Termin pokazowy, do potwierdzenia przez prawnika leasingodawcy",
            "unanswered_means": "Do potwierdzenia przez prawnika leasingodawcy",
        },
    )


def _travel(company: Company, author: User, *, at: dt.datetime) -> Request | None:
    """A trip next week, when the company has a vehicle on a contract that lasts so long."""
    first = clock.today(at) + dt.timedelta(days=7)
    last = first + dt.timedelta(days=10)
    vehicles = Asset.objects.filter(
        contract__company=company,
        contract__status=ContractStatus.ACTIVE,
        contract__end_on__gt=last,
        category=AssetCategory.VEHICLE,
    )
    asset = vehicles.exclude(plate="").order_by("plate", "pk").first()
    if asset is None:
        return None
    typed = {
        "countries": ["DE", "FR"],
        "first_day": [first.isoformat()],
        "last_day": [last.isoformat()],
        "driver": ["company"],
        "languages": ["pl", "en"],
    }
    return _filed("travel-consent", company, author, typed, asset, at=at)


def _question(company: Company, author: User, topic: str, text: str, *, at: dt.datetime) -> Request:
    return _filed(
        "general-question", company, author, {"topic": [topic], "text": [text]}, None, at=at
    )


def _filed(
    kind: str,
    company: Company,
    author: User,
    typed: dict[str, list[str]],
    asset: Asset | None,
    *,
    at: dt.datetime,
) -> Request:
    row = drafts.start(
        kind=types()[kind],
        company=company,
        contract=asset.contract if asset else None,
        asset=asset,
        author=author,
        form_key=uuid.uuid5(_NAMESPACE, f"{kind}:{sorted(typed.items())}"),
        at=at,
    )
    data = QueryDict(mutable=True)
    for name, values in typed.items():
        data.setlist(name, values)
    drafts.keep(request=row, data=data, at=at)
    return filing.submit(request_id=row.pk, actor=author, at=at)
