"""Drafts: they keep what was typed, also what is wrong, until they are filed or time is up."""

from __future__ import annotations

import datetime as dt
import secrets
import uuid
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.http import QueryDict
from django.utils import translation
from django.utils.translation import gettext as _

from contracts.models import Asset, Contract
from eboks.accounts.models import User
from eboks.tenancy.models import Company
from requests_app.catalogue import About, RequestError, RequestType, type_of
from requests_app.enums import By, Status
from requests_app.forms import RequestForm
from requests_app.models import Request, RequestStep

# Without letters and digits that look alike; read out over the phone.
_SIGNS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
_LONGEST_VALUE = 5000
_MOST_VALUES = 300  # of one field; there are not so many countries
EDITABLE = (Status.DRAFT, Status.NEEDS_CUSTOMER)


def start(
    *,
    kind: RequestType,
    company: Company,
    contract: Contract | None,
    asset: Asset | None,
    author: User,
    form_key: uuid.UUID,
    at: dt.datetime,
) -> Request:
    """A new draft; the same `form_key` of the same person gives the earlier one (SEC-59).

    Raises RequestError when that key was used for something else, and above the number of drafts
    that one person may keep.
    """
    earlier = Request.objects.filter(author=author, form_key=form_key).first()
    if earlier is None:
        opened = Request.objects.filter(author=author, status=Status.DRAFT)
        if opened.count() >= settings.REQUEST_DRAFTS:
            raise RequestError(
                _("Masz już dużo zaczętych wniosków. Dokończ je albo usuń, zanim zaczniesz nowy.")
            )
        earlier = _made(
            kind=kind.name,
            company=company,
            contract=contract,
            asset=asset,
            author=author,
            form_key=form_key,
            is_exclusive=kind.exclusive,
            is_financial=kind.is_financial,
            at=at,
        )
    same = (kind.name, company.pk, contract and contract.pk, asset and asset.pk)
    if (earlier.kind, earlier.company_id, earlier.contract_id, earlier.asset_id) != same:
        raise RequestError(_("Ten formularz był już wysłany z innymi danymi. Zacznij od nowa."))
    return earlier


def new_reference() -> str:
    """A number of a request, `W-7KQ2-9XHD`."""
    signs = "".join(secrets.choice(_SIGNS) for _n in range(8))
    return f"W-{signs[:4]}-{signs[4:]}"


def _made(*, at: dt.datetime, author: User, form_key: uuid.UUID, **values: Any) -> Request:
    try:
        with transaction.atomic():
            request = Request.objects.create(
                reference=new_reference(),
                author=author,
                form_key=form_key,
                language=translation.get_language() or "pl",
                created_at=at,
                changed_at=at,
                expires_at=at + dt.timedelta(days=settings.REQUEST_DRAFT_DAYS),
                **values,
            )
            RequestStep.objects.create(
                request=request, after=Status.DRAFT, by=By.CLIENT, actor=author, at=at
            )
            return request
    except IntegrityError:  # the same form, sent twice at once
        earlier = Request.objects.filter(author=author, form_key=form_key).first()
        if earlier is None:
            raise
        return earlier


def keep(*, request: Request, data: QueryDict, at: dt.datetime) -> None:
    """Keeps what was typed, right or wrong. Raises RequestError for a request that is filed."""
    names = set(type_of(request).form.base_fields)
    typed = {
        name: [_storable(value) for value in data.getlist(name)[:_MOST_VALUES]]
        for name in names
        if name in data
    }
    days = dt.timedelta(days=settings.REQUEST_DRAFT_DAYS)
    values: dict[str, Any] = {"typed": typed, "changed_at": at}
    if request.status == Status.DRAFT:
        values["expires_at"] = at + days
    won = Request.objects.filter(pk=request.pk, status__in=EDITABLE).update(**values)
    if won != 1:
        raise RequestError(_("Ten wniosek jest już złożony."))
    request.typed = typed


def form_of(request: Request, *, on: dt.date) -> RequestForm:
    """The form with what was typed so far; empty while nothing was."""
    kind = type_of(request)
    about = about_of(request, on=on)
    if not request.typed:
        return kind.form(about=about)
    data = QueryDict(mutable=True)
    for name, values in request.typed.items():
        data.setlist(name, values)
    return kind.form(data, about=about)


def about_of(request: Request, *, on: dt.date) -> About:
    return About(
        user=request.author,
        company=request.company,
        contract=request.contract,
        asset=request.asset,
        on=on,
        request=request,
    )


def _storable(value: str) -> str:
    """Without the signs that PostgreSQL cannot keep: NUL and lone surrogates."""
    clean = value.replace("\0", "").encode("utf-8", "ignore").decode()
    return clean[:_LONGEST_VALUE]
