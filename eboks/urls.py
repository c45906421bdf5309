"""Routes. Log-in is on by default; public pages say so themselves."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

from eboks.accounts.views import set_language
from eboks.portal.branding import brand_css, brand_logo

handler500 = "eboks.security.server_error"

urlpatterns = [
    path("marka.css", brand_css, name="brand_css"),
    path("logo.svg", brand_logo, name="brand_logo"),
    path("jezyk/", set_language, name="set_language"),
    path("", include("eboks.portal.urls")),
    path("firma/", include("eboks.tenancy.urls")),
    path("", include("eboks.audit.urls")),
    path("", include("eboks.retention.urls")),
    path("moje-pliki/", include("eboks.exports.urls")),
    path("umowy/", include("contracts.urls")),
    path("pojazdy/", include("contracts.vehicle_urls")),
    path("pojazdy/", include("contracts.fleet.vehicle_urls")),
    path("flota/", include("contracts.fleet.urls")),
    path("", include("insurance.all_urls")),
    path("", include("invoicing.urls")),
    path("", include("requests_app.urls")),
    path("", include("eboks.notifications.urls")),
    path("konto/", include("eboks.accounts.urls")),
    path("dyspozycje/", include("eboks.authorisation.urls")),
    path("dostep/", include("eboks.onboarding.urls")),
    path("zaplecze/", admin.site.urls),
]
