"""A letter of an authority: whose vehicle it was at that moment, and the request that follows."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Case, IntegerField, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce
from django.utils import translation
from django.utils.translation import gettext as _

from contracts.enums import ContractStatus
from contracts.lessees import lessee_at
from contracts.models import Asset, AssignedAsset, Contract
from eboks import clock
from eboks.accounts.models import User
from eboks.onboarding.scans import Scan
from eboks.tenancy.models import Company, LessorProfile, Membership
from eboks.tenancy.rights import Right, Role, roles_with
from eboks.ui.words import long_date, moment, short_date
from requests_app import conversation, deciding, workflow
from requests_app.catalogue import RequestError, types
from requests_app.drafts import new_reference
from requests_app.enums import By, FeeState, Status
from requests_app.models import Request
from requests_app.models.inquiries import AuthorityInquiry
from requests_app.models.vehicle_uses import UserKind
from requests_app.pricing import RequestPrice, price_for, price_of
from requests_app.vehicle_uses import user_of_vehicle

KIND = "traffic-fine"
_NOT_IN_FORCE_YET = (ContractStatus.DRAFT, ContractStatus.SIGNED, ContractStatus.AWAITING_HANDOVER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What staff read from the letter. `vehicle`: plate or VIN as it stands there."""

    authority: str
    letter_no: str
    received_on: dt.date
    deadline: dt.date
    offence_at: dt.datetime
    vehicle: str


@dataclass(frozen=True, slots=True)
class Holder:
    """Who had a vehicle, by which contract."""

    asset: Asset
    contract: Contract
    lessee: Company


@dataclass(frozen=True, slots=True)
class ProposedUser:
    """As the form asks for it; a firm of the register stands in `last_name`."""

    first_name: str
    last_name: str


def holder_at(*, vehicle: str, day: dt.date) -> Holder:
    """The lessee of `vehicle` (plate or VIN) on `day`, of the contract in force then.

    In force: from hand-over (from signing where that day is not known) to its end; of several the
    one that began last. Raises RequestError, with the reason for staff.
    """
    found = _assets(vehicle)
    if not found.exists():
        raise RequestError(
            _("Nie mamy pojazdu o tym numerze. Sprawdź numer w piśmie albo wpisz VIN.")
        )
    then = found.exclude(contract__status__in=_NOT_IN_FORCE_YET).annotate(
        began=Coalesce("contract__handover_on", "contract__signed_on")
    )
    asset = (
        then.filter(began__lte=day, contract__end_on__gte=day)
        .select_related("contract__company")
        .order_by("-began", "-contract_id", "-pk")
        .first()
    )
    if asset is None:
        raise RequestError(
            _("Dnia %s żadna umowa na ten pojazd nie obowiązywała. Odpowiedz organowi listem.")
            % short_date(day)
        )
    lessee = lessee_at(contract=asset.contract, day=day)
    if lessee is None:
        raise RequestError(
            _("Nie wiemy, kto dnia %(day)s był korzystającym z umowy %(number)s. Odpowiedz listem.")
            % {"day": short_date(day), "number": asset.contract.number}
        )
    return Holder(asset, asset.contract, lessee)


@transaction.atomic
def open_inquiry(
    *,
    letter: Letter,
    picture: Scan,
    file_name: str,
    form_key: uuid.UUID,
    actor: User,
    at: dt.datetime,
) -> AuthorityInquiry:
    """Registers a letter and asks the lessee of the moment of the offence, who is told at once.

    A former lessee's request names neither contract nor vehicle of the portal: they are somebody
    else's now. Raises RequestError for wrong days, a letter that is registered already, a vehicle
    or a lessee that cannot be found, and a client without anybody who may answer in the portal.
    """
    _check_days(letter, at=at)
    _check_once(letter)
    holder = holder_at(vehicle=letter.vehicle, day=clock.today(letter.offence_at))
    author = _author(holder.lessee, on=clock.today(at))
    kind = types()[KIND]
    is_present = holder.contract.company_id == holder.lessee.pk
    request = Request.objects.create(
        reference=new_reference(),
        kind=kind.name,
        company=holder.lessee,
        contract=holder.contract if is_present else None,
        asset=holder.asset if is_present else None,
        author=author,
        form_key=form_key,
        is_exclusive=kind.exclusive,
        is_financial=kind.is_financial,
        language=author.language,
        created_at=at,
        changed_at=at,
    )
    inquiry = AuthorityInquiry(
        request=request,
        authority=letter.authority,
        letter_no=letter.letter_no,
        received_on=letter.received_on,
        deadline=letter.deadline,
        offence_at=letter.offence_at,
        plate=_squeezed(letter.vehicle),
        asset=holder.asset,
        contract=holder.contract,
    )
    try:
        with transaction.atomic():
            inquiry.save()
    except IntegrityError as error:  # a colleague was faster
        raise RequestError(_("To pismo jest już zarejestrowane.")) from error
    price_of(kind, contract=request.contract, on=clock.today(at))  # else nobody could answer
    price = price_for(request, on=clock.today(at))
    conversation.attach(
        request=request,
        author=actor,
        picture=picture,
        file_name=file_name,
        at=at,
        from_staff=True,
    )
    with translation.override(request.language):
        lines = [{"label": label, "value": value} for label, value in lines_of(inquiry)]
        note = _(
            "%(authority)s pyta, kto używał pojazdu %(plate)s. Odpowiedz do %(day)s. Skan pisma"
            " jest w tej sprawie."
        ) % {
            "authority": inquiry.authority,
            "plate": inquiry.plate,
            "day": long_date(inquiry.deadline),
        }
    workflow.move(
        request,
        to=Status.NEEDS_CUSTOMER,
        by=By.STAFF,
        actor=actor,
        at=at,
        note=note,
        answer_by=inquiry.deadline,
        lines=lines,
        **_fee(price),
    )
    return inquiry


@transaction.atomic
def answer_alone(*, inquiry: AuthorityInquiry, waive: bool, actor: User, at: dt.datetime) -> None:
    """The lessor answers without the client: its letter names the lessee and nobody else.

    For when the client keeps silent and the authority's term does not wait. `waive`: no fee.
    Raises RequestError once the client has answered, and for the second time.
    """
    rows = Request.objects.select_related("company", "contract", "asset", "author")
    request = rows.select_for_update(of=("self",)).get(pk=inquiry.request_id)
    if request.status != Status.NEEDS_CUSTOMER:
        raise RequestError(workflow.not_now(Status(request.status)))
    price = price_of(types()[KIND], contract=request.contract, on=clock.today(at))
    workflow.move(
        request,
        to=Status.SUBMITTED,
        by=By.STAFF,
        actor=actor,
        at=at,
        typed={},
        facts={},
        submitted_at=at,
        **_fee(price),
    )
    with translation.override(request.language):
        text = _("Odpowiedzieliśmy organowi bez Ciebie: wskazaliśmy firmę jako używającą pojazdu.")
    deciding.approve(request_id=request.pk, actor=actor, at=at, text=text, waive=waive)


def lines_of(inquiry: AuthorityInquiry) -> list[tuple[str, str]]:
    """What the letter asks, for both sides, in the language in force."""
    lines = [
        (_("Organ"), inquiry.authority),
        (_("Numer pisma"), inquiry.letter_no),
        (_("Pojazd z pisma"), inquiry.plate),
        (_("Chwila zdarzenia"), moment(inquiry.offence_at)),
        (_("Termin odpowiedzi"), short_date(inquiry.deadline)),
    ]
    if is_free(inquiry, on=inquiry.deadline):
        lines.append((_("Opłata"), _("nie naliczymy jej, jeśli odpowiesz w terminie")))
    return lines


def of_request(request: Request | None) -> AuthorityInquiry | None:
    """The letter that `request` answers, if it answers one."""
    if request is None:
        return None
    rows: QuerySet[AuthorityInquiry] = AuthorityInquiry.objects.filter(request=request)
    return rows.select_related("asset", "contract").first()


def is_free(inquiry: AuthorityInquiry, *, on: dt.date) -> bool:
    """Whether answering on `on` costs nothing: in time, where the lessor waives the fee then."""
    lessor = LessorProfile.objects.order_by("pk").first()
    return lessor is not None and lessor.waives_fine_fee_in_time and on <= inquiry.deadline


def proposed_user(*, asset: Asset, company: Company, at: dt.datetime) -> ProposedUser | None:
    """Who of `company` probably used `asset` at `at`; for the form to offer, never to take over.

    Whom the register of users names for that moment; otherwise the one driver to whom the vehicle
    is given now. None when there is none, or more than one.
    """
    use = user_of_vehicle(asset=asset, at=at, company=company)
    if use is not None:
        first, _space, last = use.user_name.partition(" ")
        is_person = use.user_kind == UserKind.PERSON
        return ProposedUser(first, last) if is_person else ProposedUser("", use.user_name)
    given = AssignedAsset.objects.filter(
        asset=asset,
        membership__in=Membership.objects.active(clock.today(at)).filter(company=company),
    )
    drivers = list(given.select_related("membership__user").order_by("pk")[:2])
    if len(drivers) != 1:
        return None
    user = drivers[0].membership.user
    return ProposedUser(user.first_name, user.last_name)


def _assets(vehicle: str) -> QuerySet[Asset]:
    """By VIN or plate, with or without the space or hyphen after its first two or three letters."""
    squeezed = _squeezed(vehicle)
    plates = {squeezed, *(f"{squeezed[:n]} {squeezed[n:]}" for n in (2, 3))}
    rows: QuerySet[Asset] = Asset.objects.filter(Q(vin=squeezed) | Q(plate__in=plates))
    return rows if squeezed else rows.none()


def _fee(price: RequestPrice) -> dict[str, Any]:
    """What the client sees until it is filed, when the price of that day takes its place."""
    return {
        "fee_line": price.line,
        "fee_net": price.net,
        "fee_gross": price.gross,
        "fee_state": FeeState.DUE if price.net else FeeState.FREE,
    }


def _squeezed(vehicle: str) -> str:
    return "".join(sign for sign in vehicle.upper() if sign.isalnum())


def _check_days(letter: Letter, *, at: dt.datetime) -> None:
    if letter.received_on > clock.today(at):
        raise RequestError(_("Pismo nie mogło wpłynąć w przyszłości."))
    if clock.today(letter.offence_at) > letter.received_on:
        raise RequestError(_("Zdarzenie nie mogło być po wpływie pisma."))
    if letter.deadline < letter.received_on:
        raise RequestError(_("Termin odpowiedzi nie może być przed wpływem pisma."))


def _check_once(letter: Letter) -> None:
    same = AuthorityInquiry.objects.filter(
        authority__iexact=letter.authority, letter_no__iexact=letter.letter_no
    )
    earlier = same.select_related("request").first()
    if earlier is not None:
        raise RequestError(_("To pismo jest już zarejestrowane: %s.") % earlier.request.reference)


def _author(company: Company, *, on: dt.date) -> User:
    """Whom the request is opened for: the first owner, else the first who may sign."""
    rows = Membership.objects.active(on).filter(
        company=company, role__in=roles_with(Right.SIGN), is_limited=False
    )
    owners_first = Case(
        When(role=Role.OWNER, then=Value(0)), default=Value(1), output_field=IntegerField()
    )
    found = rows.select_related("user").order_by(owners_first, "pk").first()
    if found is None:
        raise RequestError(
            _("Nikt z firmy %s nie może odpowiedzieć w portalu. Napisz do niej listem.")
            % company.name
        )
    return found.user
