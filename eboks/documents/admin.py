"""Back office: files that the portal keeps. What they say is shown to the client, not here."""

from __future__ import annotations

from django.contrib import admin

from eboks.admin_site import ReadOnlyAdmin
from eboks.documents.models import Document


@admin.register(Document)
class DocumentAdmin(ReadOnlyAdmin):
    list_display = ("file_name", "company", "content_type", "size", "created_at")
    list_select_related = ("company",)
    find_by = ("key__startswith", "company__client_id__startswith", "company__nip__exact")
    sortable_by = ()

    def find(self, term: str) -> set[int]:
        """A key is in small letters, unlike other identifiers."""
        keys = Document.objects.filter(key__startswith=term.lower()).order_by("pk")
        return super().find(term) | set(keys.values_list("pk", flat=True)[:200])
