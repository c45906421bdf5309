"""For clients: which documents leave the portal soon."""

from __future__ import annotations

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from eboks import clock
from eboks.documents.models import Document
from eboks.http import PortalRequest
from eboks.retention.dating import class_name
from eboks.retention.registry import classes
from eboks.retention.telling import DAYS_BEFORE
from eboks.retention.telling import leaving as leaving_rows
from eboks.tenancy.access import right_required
from eboks.tenancy.rights import Right
from eboks.ui.paging import paginate


@require_GET
@right_required(Right.VIEW_FINANCE)
def leaving(request: PortalRequest) -> HttpResponse:
    """`/dokumenty/odchodzace/`: documents that may be removed within 60 days, the soonest first."""
    on = clock.today(timezone.now())
    rows = leaving_rows(Document.objects.for_user(request.user).for_company(request.company), on=on)
    rows = _open_to(request, rows)
    page = paginate(request, rows.select_related("company").order_by("purge_on", "pk"))
    documents = list(page.object_list)
    links: dict[int, tuple[str, str]] = {}
    for document_class in classes():
        mine = [d for d in documents if class_name(d.key) == document_class.name]
        links.update(document_class.links(mine) if mine else {})
    context = {
        "page": page,
        "lines": [(d, *links.get(d.pk, (d.file_name, "")), d.last_day) for d in documents],
        "several_companies": request.company is None and len(request.memberships) > 1,
        "days": DAYS_BEFORE,
    }
    return render(request, "retention/leaving.html", context)


def _open_to(request: PortalRequest, rows: QuerySet[Document]) -> QuerySet[Document]:
    """Without what people sent in, in companies where the person may not read such things."""
    for document_class in classes():
        lacking = [
            m.company_id for m in request.memberships if document_class.right not in m.rights
        ]
        if lacking:
            rows = rows.exclude(key__startswith=document_class.prefix, company__in=lacking)
    return rows
