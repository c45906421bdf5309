"""The register of vehicle users: entered by a consent, ended early by the client, asked by day."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from contracts.models import Asset
from eboks import clock
from eboks.accounts.models import User
from eboks.audit.services import record
from eboks.tenancy.models import Company
from eboks.ui.words import short_date
from requests_app import producing
from requests_app.catalogue import RequestError
from requests_app.models import Request
from requests_app.models.vehicle_uses import Purpose, UserKind, VehicleUse

_ONE_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class ThirdParty:
    """Who is to use the vehicle. `identifier`: a NIP, or a PESEL that is masked already."""

    kind: UserKind
    name: str
    identifier: str
    purpose: Purpose


def user_of_vehicle(
    *, asset: Asset, at: dt.datetime, company: Company | None = None
) -> VehicleUse | None:
    """Who had the vehicle at the moment `at`, with the lessor's consent; None: the lessee.

    By the day in Warsaw; the first and the last day count. `company`: of this lessee alone.
    """
    day = clock.today(at)
    rows = VehicleUse.objects.filter(asset=asset)
    if company is not None:
        rows = rows.filter(company=company)
    return rows.within(day, day).order_by("-from_on", "-pk").first()


def check_free(*, asset: Asset, company: Company, from_on: dt.date, to_on: dt.date) -> None:
    """Raises RequestError when the lessee has given the vehicle away on any of these days."""
    taken = VehicleUse.objects.filter(asset=asset, company=company).within(from_on, to_on)
    found = taken.order_by("from_on", "pk").first()
    if found is not None:
        raise RequestError(
            _(
                "Od %(from)s do %(to)s ten pojazd ma już innego użytkownika. Zmień okres albo "
                "zakończ wcześniejsze używanie."
            )
            % {"from": short_date(found.from_on), "to": short_date(found.last_day)}
        )


@transaction.atomic
def enter(
    *, request: Request, who: ThirdParty, from_on: dt.date, to_on: dt.date, at: dt.datetime
) -> VehicleUse:
    """Enters the user of `request.asset`, once for a request.

    A use that a former lessee agreed on ends the day before. Raises RequestError when the vehicle
    has another user on any of these days.
    """
    # Two consents for a vehicle wait for each other; SQLite has one writer at a time anyway.
    asset = Asset.objects.select_for_update(of=("self",), no_key=True).get(pk=request.asset_id or 0)
    check_free(asset=asset, company=request.company, from_on=from_on, to_on=to_on)
    former = VehicleUse.objects.filter(asset=asset).exclude(company=request.company)
    keys = list(former.within(from_on, to_on).values_list("pk", flat=True))
    VehicleUse.objects.filter(pk__in=keys).update(ended_on=from_on - _ONE_DAY)
    return VehicleUse.objects.create(
        request=request,
        company=request.company,
        asset=asset,
        user_kind=who.kind,
        user_name=who.name,
        identifier=who.identifier,
        purpose=who.purpose,
        from_on=from_on,
        to_on=to_on,
        recorded_at=at,
    )


@transaction.atomic
def end(*, use: VehicleUse, actor: User, at: dt.datetime) -> None:
    """Today is the last day of the use; one that has not begun never begins. Its paper is void.

    Raises RequestError for a use that is over.
    """
    today = clock.today(at)
    last = today if use.from_on <= today else use.from_on - _ONE_DAY
    won = VehicleUse.objects.filter(pk=use.pk, ended_on=None, to_on__gt=today).update(ended_on=last)
    if won != 1:
        raise RequestError(_("To używanie już się skończyło albo kończy się dziś."))
    use.ended_on = last
    for paper in use.request.papers.select_related("request__company").filter(revoked_at=None):
        reason = _("Używanie zakończone przed czasem przez korzystającego.")
        producing.revoke(paper=paper, reason=reason, actor=actor, at=at)
    record(
        event="request_use_ended",
        at=at,
        actor=actor,
        company=use.company,
        object_kind="request",
        object_ref=use.request.reference,
        facts={"reference": use.request.reference},
    )
