"""Own policies and renewal offers of the demo's fleet: one waits, one came back, one is offered."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal

from contracts.enums import AssetCategory, ContractStatus
from contracts.models import Asset
from eboks import clock
from eboks.accounts.models import User
from eboks.portal.demo.sheets import sheet
from eboks.tenancy.models import LessorProfile, Membership
from insurance import offers, own_policies, verifying
from insurance.enums import CheckItem, Risk, Territory, VatBasis
from insurance.models import Insurer, Policy
from insurance.offers import NewOffer
from insurance.own_policies import NewPolicy
from insurance.policy_fields import Cover
from insurance.requirements import least_sum, required_of
from insurance.verifying import Tick

_FLEET = "demo-flota"
_NAMESPACE = uuid.UUID("5f0e6a3c-0f8b-4d62-9a55-5d8d3b6f9a10")
_YEAR = dt.timedelta(days=364)
_NEEDED = 3  # vehicles


def load_own_policies(*, at: dt.datetime) -> None:
    """Sent in by the fleet's manager, checked and offered by the demo's back office. After
    `load_insurance`, which brings what is required. Nothing where the fleet has too few
    vehicles."""
    member = Membership.objects.select_related("user", "company").get(user__username=_FLEET)
    clerk = User.objects.get(username="demo-zaplecze")
    vehicles = Asset.objects.select_related("contract__company").filter(
        contract__company=member.company_id,
        contract__status=ContractStatus.ACTIVE,
        category=AssetCategory.VEHICLE,
    )
    chosen = list(vehicles.order_by("-contract__end_on", "pk")[:_NEEDED])
    if len(chosen) < _NEEDED:
        return
    insurer = Insurer.objects.filter(is_active=True).earliest("pk")
    waits, back, offered = chosen
    _sent(waits, insurer, member.user, number="WAR/1001", at=at - dt.timedelta(hours=5))
    policy = _sent(back, insurer, member.user, number="WAR/1002", at=at - dt.timedelta(days=3))
    ticks = {item: Tick(True) for item in verifying.wanted_items(policy, on=clock.today(at))} | {
        CheckItem.ASSIGNMENT: Tick(False, "Poproś agenta o aneks z cesją na leasingodawcę.")
    }
    verifying.send_back(
        policy_id=policy.pk,
        ticks=ticks,
        remarks="",
        seen_at=policy.sent_at or at,
        actor=clerk,
        at=at - dt.timedelta(days=2),
    )
    _offer(offered, insurer, clerk, at=at)


def _covers(asset: Asset) -> list[Cover]:
    rule = required_of(asset, on=clock.today()).get(Risk.AC)
    needed = least_sum(asset, rule) if rule else asset.net_price
    basis = rule.vat_basis if rule else VatBasis.NET.value
    return [Cover(Risk.OC), Cover(Risk.AC, needed, basis)]


def _sent(asset: Asset, insurer: Insurer, author: User, *, number: str, at: dt.datetime) -> Policy:
    lessor = LessorProfile.objects.order_by("pk").first()
    today = clock.today(at)
    new = NewPolicy(
        asset=asset,
        insurer=insurer,
        number=number,
        policyholder=asset.contract.company.name,
        insured=lessor.name if lessor else "",
        valid_from=today + dt.timedelta(days=20),
        valid_to=today + dt.timedelta(days=20) + _YEAR,
        premium=Decimal("4860.00"),
        instalment_count=2,
        covers=_covers(asset),
        currency="PLN",
        territory=Territory.EUROPE,
        has_assignment=True,
    )
    return own_policies.send(
        new=new,
        files=[(f"polisa-{number[-4:]}.png", sheet(f"Polisa {number}"))],
        author=author,
        form_key=uuid.uuid5(_NAMESPACE, number),
        at=at,
    )


def _offer(asset: Asset, insurer: Insurer, clerk: User, *, at: dt.datetime) -> None:
    today = clock.today(at)
    running = Policy.objects.on_day(today).filter(asset=asset, covers__risk=Risk.AC)
    ending = running.order_by("-valid_to", "pk").first()
    first = max(today + dt.timedelta(days=21), ending.last_day if ending else today)
    new = NewOffer(
        asset=asset,
        policy=ending,
        insurer=insurer,
        valid_from=first + dt.timedelta(days=1),
        valid_to=first + dt.timedelta(days=1) + _YEAR,
        premium=Decimal("5120.00"),
        instalment_count=3,
        covers=_covers(asset),
        currency="PLN",
        territory=Territory.EUROPE,
        note="Składka zawiera assistance w całej Europie.",
        answer_by=today + dt.timedelta(days=14),
    )
    offers.make(new=new, actor=clerk, at=at)
