"""Back office: the audit trail and its anchors. To look at; `manage.py verify_audit` judges."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from eboks.admin_site import ReadOnlyAdmin
from eboks.audit.models import AuditAnchor, AuditChain, AuditEntry


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    list_display = ("at", "event", "result", "actor", "actor_kind", "company", "subject", "ip")
    list_select_related = ("actor", "company", "subject")
    list_filter = ("actor_kind", "result")
    find_by = (
        "event__iexact",
        "object_ref__iexact",
        "request_id__iexact",
        "actor__username__istartswith",
        "subject__username__istartswith",
        "company__client_id__startswith",
        "company__nip__exact",
    )
    search_help_text = _("Zdarzenie, obiekt, żądanie, osoba albo klient")
    sortable_by = ()


@admin.register(AuditChain)
class AuditChainAdmin(ReadOnlyAdmin):
    list_display = ("key", "last_sequence", "last_hash")
    search_fields = ()
    sortable_by = ()


@admin.register(AuditAnchor)
class AuditAnchorAdmin(ReadOnlyAdmin):
    list_display = ("day", "made_at", "digest")
    ordering = ("-day",)
    search_fields = ()
    sortable_by = ()
