"""Back office: baskets, reported transfers with what was shown, promises. To look at."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_lazy

from eboks.admin_site import ReadOnlyAdmin
from eboks.audit.services import record
from eboks.documents.responses import document_response
from eboks.tenancy.admin import staff_of
from invoicing.models import PaymentBasket, PaymentPromise, PaymentReport

_CLIENT = ("company__client_id__startswith", "company__nip__exact", "company__name__icontains")
_LARGEST_KEY = 2**63


@admin.register(PaymentBasket)
class PaymentBasketAdmin(ReadOnlyAdmin):
    masked_fields = ("account",)
    list_display = ("code", "company", "total", "currency", "created_at", "payment")
    list_select_related = ("company", "payment", "created_by")
    find_by = ("code__exact", *_CLIENT)
    search_help_text = gettext_lazy("Kod koszyka albo klient")
    sortable_by = ()


@admin.register(PaymentReport)
class PaymentReportAdmin(ReadOnlyAdmin):
    list_display = (
        *("reported_at", "company", "paid_on", "amount", "currency", "state", "waits_until"),
        "payment",
    )
    list_select_related = ("company", "payment")
    list_filter = ("state",)
    find_by = _CLIENT
    search_help_text = gettext_lazy("Klient")
    sortable_by = ()
    readonly_fields = ("shown",)
    fields = (
        *("company", "paid_on", "amount", "currency", "state", "waits_until"),
        *("reported_at", "reported_by", "payment"),
    )

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.proof)
        name = "invoicing_paymentreport_proof"
        return [path("<int:pk>/potwierdzenie/", view, name=name), *super().get_urls()]

    @admin.display(description=gettext_lazy("potwierdzenie"))
    def shown(self, report: PaymentReport) -> SafeString | str:
        if report.proof_id is None:
            return "–"
        url = reverse("admin:invoicing_paymentreport_proof", args=[report.pk])
        return format_html('<a href="{}">{}</a>', url, gettext("pobierz plik"))

    def proof(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """What the client has shown, as an attachment and never as a page; noted."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        rows = PaymentReport.objects.select_related("proof", "company")
        report = rows.filter(pk=pk).first() if pk < _LARGEST_KEY else None
        if report is None or report.proof is None:
            raise Http404
        record(
            event="document_downloaded",
            at=timezone.now(),
            actor=staff_of(request),
            company=report.company,
            object_kind="payment_report",
            object_ref=str(report.public_id),
            facts={"name": report.proof.file_name},
        )
        return document_response(request, report.proof)


@admin.register(PaymentPromise)
class PaymentPromiseAdmin(ReadOnlyAdmin):
    list_display = ("promised_at", "company", "pay_by", "amount", "currency", "state")
    list_select_related = ("company",)
    list_filter = ("state",)
    find_by = _CLIENT
    search_help_text = gettext_lazy("Klient")
    sortable_by = ()
