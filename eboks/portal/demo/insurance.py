"""Insurance of the demo beside the feed: the lessor's requirements and contacts, and what the owner
of TRANS-ŻUK has sent in: a policy that waits, one that came back, a claim; and an offer for her."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal

from contracts.enums import AssetCategory
from contracts.models import Asset
from eboks.accounts.models import User
from eboks.clock import WARSAW, add_months
from eboks.documents import antivirus, uploads
from eboks.portal.demo.people import BACK_OFFICE, OWNER_COMPANY
from eboks.portal.demo.policies import INSURERS, LESSOR_NAME
from eboks.portal.demo.sheets import sheet
from insurance.enums import (
    CheckItem,
    ClaimKind,
    Fault,
    Placement,
    Risk,
    Territory,
    VatBasis,
    Verification,
)
from insurance.models import (
    Claim,
    ClaimContact,
    ClaimFile,
    ClaimStep,
    Insurer,
    Policy,
    PolicyCheck,
    PolicyCover,
    PolicyFile,
    RenewalOffer,
    Requirement,
)

PORTAL = "portal"  # `source_system` of what was entered here
_FROM = dt.date(2020, 1, 1)
_DAY = dt.timedelta(days=1)
_NAMESPACE = uuid.UUID("5d0f1c5e-8a0b-4e0f-9f4d-2c9f3f1d7a10")
_VEHICLE, _MACHINE = AssetCategory.VEHICLE, AssetCategory.MACHINE
# (kind of asset, risk, per cent of the price, with the assignment to the lessor)
_REQUIREMENTS = (
    (_VEHICLE, Risk.OC, 0, False),
    (_VEHICLE, Risk.AC, 100, True),
    (_MACHINE, Risk.ALL_RISKS, 100, True),
    (_MACHINE, Risk.MACHINERY, 100, True),
)
_HAVE_READY = (
    "numer polisy albo numer rejestracyjny\n"
    "dzień, godzina i miejsce zdarzenia\n"
    "dane kierowcy i drugiej strony\n"
    "zdjęcia uszkodzeń i miejsca"
)
_DEFECTS = {
    CheckItem.NO_DEDUCTIBLE: "Polisa ma udział własny 2 000,00 zł.",
    CheckItem.ASSIGNMENT: "Brakuje cesji praw na leasingodawcę.",
}


def load_insurance(*, at: dt.datetime, on: dt.date) -> None:
    """After the feed, which brings policies and claims. Safe to repeat."""
    _load_rules()
    _load_contacts()
    if Policy.objects.filter(source_system=PORTAL).exists():
        return
    owner = User.objects.get(username="demo-wlasciciel")
    clerk = User.objects.get(username=BACK_OFFICE)
    _load_waiting(_asset("OL/TZ-03"), owner, at=at, on=on)
    _load_returned(_asset("FL/TZ-04"), owner, clerk, at=at)
    _load_offer(_asset("OL/PL-01"), clerk, at=at, on=on)
    _load_claim(_asset("OL/CON-01"), owner, at=at, on=on)


def _asset(number: str) -> Asset:
    rows = Asset.objects.select_related("contract__company")
    return rows.get(contract__number=number, contract__company__source_id=OWNER_COMPANY)


def _load_rules() -> None:
    for category, risk, pct, assignment in _REQUIREMENTS:
        Requirement.objects.get_or_create(
            category=category,
            risk=risk,
            contract=None,
            valid_from=_FROM,
            defaults={
                "sum_pct": Decimal(pct),
                "vat_basis": VatBasis.NET if pct else "",
                "needs_assignment": assignment,
            },
        )


def _load_contacts() -> None:
    for place, (code, name) in enumerate(INSURERS, start=1):
        insurer, _made = Insurer.objects.get_or_create(code=code, defaults={"name": name})
        domain = f"{code}.example"
        ClaimContact.objects.get_or_create(
            insurer=insurer,
            risk="",
            valid_from=_FROM,
            defaults={
                "phone": f"+48 00 {place}00 20 30",
                "phone_abroad": f"+48 00 {place}00 20 31",
                "form_url": f"https://{domain}/szkoda",
                "email": f"szkody@{domain}",
                "hours": "całą dobę, 7 dni w tygodniu",
                "have_ready": _HAVE_READY,
            },
        )
        if code != "pewna-maszyna":
            ClaimContact.objects.get_or_create(
                insurer=insurer,
                risk=Risk.ASS,
                valid_from=_FROM,
                defaults={
                    "phone": f"+48 00 {place}00 40 50",
                    "hours": "całą dobę, 7 dni w tygodniu",
                    "have_ready": "numer rejestracyjny\nmiejsce, w którym stoi pojazd",
                },
            )


def _sent(asset: Asset, owner: User, *, key: str, sent_at: dt.datetime, **more: object) -> Policy:
    contract = asset.contract
    form_key = uuid.uuid5(_NAMESPACE, key)
    return Policy.objects.create(
        source_system=PORTAL,
        source_id=str(form_key),
        as_of=sent_at.astimezone(WARSAW).date(),
        company=contract.company,
        contract=contract,
        asset=asset,
        placement=Placement.OWN,
        policyholder=contract.company.name,
        insured=LESSOR_NAME,
        form_key=form_key,
        author=owner,
        sent_at=sent_at,
        revision=1,
        **more,
    )


def _load_waiting(asset: Asset, owner: User, *, at: dt.datetime, on: dt.date) -> None:
    """The next policy of the one that lapsed, a few days late."""
    sent_at = at - _DAY
    policy = _sent(
        asset,
        owner,
        key="waiting",
        sent_at=sent_at,
        insurer=Insurer.objects.get(code="bezpieczna-flota"),
        number="BF/2026/77120",
        valid_from=on - 6 * _DAY,
        valid_to=add_months(on, 12) - 7 * _DAY,
        premium=Decimal("2980.00"),
        territory=Territory.EUROPE,
        has_assignment=True,
    )
    _cover(policy, Risk.OC, None)
    _cover(policy, Risk.AC, asset.net_price)
    _file(policy, owner, at=sent_at)


def _load_returned(asset: Asset, owner: User, clerk: User, *, at: dt.datetime) -> None:
    """An own policy for the machine's next year, with two defects."""
    last = Policy.objects.filter(asset=asset, source_system="core").latest("valid_to")
    sent_at = at - 4 * _DAY
    policy = _sent(
        asset,
        owner,
        key="returned",
        sent_at=sent_at,
        insurer=Insurer.objects.get(code="pewna-maszyna"),
        number="PM/2026/5502",
        valid_from=last.valid_to + _DAY,
        valid_to=add_months(last.valid_to, 12),
        premium=Decimal("1150.00"),
        verification=Verification.RETURNED,
        checked_by=clerk,
        checked_at=at - 2 * _DAY,
        remarks="Prosimy o aneks do polisy. Po jego dodaniu sprawdzimy ją ponownie.",
    )
    _cover(policy, Risk.ALL_RISKS, asset.net_price, deductible=Decimal("2000.00"))
    PolicyCheck.objects.bulk_create(
        PolicyCheck(
            policy=policy, item=item, is_met=item not in _DEFECTS, note=_DEFECTS.get(item, "")
        )
        for item in CheckItem
    )
    _file(policy, owner, at=sent_at)


def _cover(
    policy: Policy, risk: Risk, amount: Decimal | None, deductible: Decimal = Decimal(0)
) -> None:
    PolicyCover.objects.create(
        policy=policy,
        risk=risk,
        sum_insured=amount,
        vat_basis=VatBasis.NET if amount is not None else "",
        deductible=deductible,
    )


def _load_offer(asset: Asset, clerk: User, *, at: dt.datetime, on: dt.date) -> None:
    """For the policy that ends in a fortnight."""
    policy = Policy.objects.filter(asset=asset, valid_to__gte=on).latest("valid_to")
    amount = f"{asset.net_price:.2f}"
    covers: list[dict[str, str]] = [
        {"risk": Risk.OC.value},
        {"risk": Risk.AC.value, "sum_insured": amount, "vat_basis": VatBasis.NET.value},
        {"risk": Risk.NNW.value, "sum_insured": "50000.00"},
        {"risk": Risk.ASS.value},
    ]
    RenewalOffer.objects.create(
        company=asset.contract.company,
        contract=asset.contract,
        asset=asset,
        policy=policy,
        insurer=policy.insurer,
        valid_from=policy.valid_to + _DAY,
        valid_to=add_months(policy.valid_to, 12),
        premium=Decimal("4180.00"),
        instalment_count=2,
        territory=Territory.EUROPE,
        covers=covers,
        note="Składka jest niższa niż w tym roku. Assistance obejmuje holowanie w całej Europie.",
        answer_by=policy.valid_to - 2 * _DAY,
        made_by=clerk,
        made_at=at - 3 * _DAY,
    )


def _load_claim(asset: Asset, owner: User, *, at: dt.datetime, on: dt.date) -> None:
    """Reported in the portal yesterday; nobody has looked at it yet."""
    happened_at = dt.datetime.combine(on - 2 * _DAY, dt.time(16, 20), WARSAW)
    reported_at = at - _DAY
    form_key = uuid.uuid5(_NAMESPACE, "claim")
    policy = Policy.objects.filter(asset=asset).on_day(on - 2 * _DAY).first()
    claim = Claim.objects.create(
        source_system=PORTAL,
        source_id=str(form_key),
        as_of=reported_at.astimezone(WARSAW).date(),
        reference=f"SZ/{reported_at.astimezone(WARSAW).year}/104217",
        company=asset.contract.company,
        contract=asset.contract,
        asset=asset,
        policy=policy,
        insurer=policy.insurer if policy is not None else None,
        risk=Risk.AC,
        kind=ClaimKind.PARKING,
        happened_at=happened_at,
        place="Kalisz, parking przy ul. Górnośląskiej",
        description="Po powrocie na parking zauważyłem wgniecione prawe tylne drzwi. "
        "Sprawca odjechał.",
        driver="Paweł Żuk",
        fault=Fault.OTHER,
        contact_name="Jadwiga Żuk",
        contact_phone=owner.phone or "+48600000001",
        author=owner,
        form_key=form_key,
        reported_at=reported_at,
        changed_at=reported_at,
    )
    ClaimStep.objects.create(
        claim=claim, after=claim.status, by_client=True, actor=owner, at=reported_at
    )
    kept = uploads.keep(
        company=claim.company,
        key="claim_file",
        picture=sheet("Zdjęcie: prawe tylne drzwi"),
        file_name="drzwi.png",
        at=reported_at,
    )
    ClaimFile.objects.create(
        public_id=kept.public_id,
        claim=claim,
        author=owner,
        name=kept.name,
        document=kept.document,
        scan=antivirus.first_state(),
        at=reported_at,
    )


def _file(policy: Policy, owner: User, *, at: dt.datetime) -> None:
    kept = uploads.keep(
        company=policy.company,
        key="policy_file",
        picture=sheet(f"Polisa {policy.number}"),
        file_name="polisa.png",
        at=at,
    )
    PolicyFile.objects.create(
        public_id=kept.public_id,
        policy=policy,
        author=owner,
        name=kept.name,
        document=kept.document,
        scan=antivirus.first_state(),
        at=at,
    )
