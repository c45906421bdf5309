"""Pages of insurance and its tab of a contract: two places, one namespace."""

from __future__ import annotations

from django.urls import include, path

from insurance import contract_urls, urls

app_name = "insurance"
urlpatterns = [
    path("ubezpieczenia/", include(urls.urlpatterns)),
    path("umowy/", include(contract_urls.urlpatterns)),
]
