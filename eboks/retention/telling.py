"""Clients are told before their documents go, once for each company and month."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.db.models import Count, Min, QuerySet
from django.urls import reverse

from eboks.documents.models import Document
from eboks.notifications.services import notify
from eboks.retention.models import Tombstone
from eboks.retention.words import LEAVING
from eboks.tenancy.models import Company, Membership
from eboks.tenancy.rights import Right, roles_with
from eboks.ui.words import short_date

DAYS_BEFORE = 60


def leaving(rows: QuerySet[Document], *, on: dt.date) -> QuerySet[Document]:
    """Those of `rows` that may go within the next `DAYS_BEFORE` days, or any day now."""
    return rows.filter(purge_on__lte=on + dt.timedelta(days=DAYS_BEFORE))


def tell_companies(*, on: dt.date, at: dt.datetime) -> int:
    """One message per company and person that may read them; returns how many companies."""
    rows = leaving(Document.objects.filter(purge_told_at=None), on=on)
    told = 0
    for row in (
        rows.order_by()
        .values("company")
        .annotate(count=Count("pk"), first=Min("purge_on"))
        .order_by("company")
        .iterator()
    ):
        told += _tell(row["company"], row["count"], row["first"], on=on, at=at)
    return told


@transaction.atomic
def _tell(company_id: int, count: int, first: dt.date, *, on: dt.date, at: dt.datetime) -> bool:
    mine = leaving(Document.objects.filter(company=company_id, purge_told_at=None), on=on)
    if not mine.update(purge_told_at=at):
        return False
    company = Company.objects.get(pk=company_id)
    members = Membership.objects.active().filter(
        company=company_id, role__in=roles_with(Right.VIEW_FINANCE), is_limited=False
    )
    for member in members.select_related("user").order_by("pk"):
        notify(
            kind=LEAVING,
            user=member.user,
            at=at,
            key=f"{LEAVING}:{company_id}:{on}:{member.user_id}",
            company=company,
            facts={"count": count, "company": company.name, "first": short_date(first)},
            url=reverse("retention:leaving"),
        )
    return True


def is_gone(key: str) -> bool:
    """Whether a document of this key was removed when its period was over: it is not made anew."""
    return Tombstone.objects.filter(key=key).exists()
