"""Routes. Log-in is on by default; public pages say so themselves."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("", include("eboks.portal.urls")),
    path("firma/", include("eboks.tenancy.urls")),
    path("umowy/", include("contracts.urls")),
    path("", include("invoicing.urls")),
    path("konto/", include("eboks.accounts.urls")),
    path("zaplecze/", admin.site.urls),
]
