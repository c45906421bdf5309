"""`/dostep/`: pages about getting in, open to people who have no log-in yet."""

from __future__ import annotations

from django.urls import path

from eboks.onboarding import access_views, activation_views

app_name = "onboarding"

urlpatterns = [
    path("", access_views.about, name="about"),
    path("wniosek/", access_views.application, name="application"),
    path("wniosek/sprawdz/", access_views.check, name="check"),
    path("wniosek/wydruk/", access_views.form_pdf, name="form_pdf"),
    path("wniosek/przyjety/<str:key>/", access_views.confirmation, name="confirmation"),
    path("uzupelnienie/", access_views.supplement, name="supplement"),
    path("uzupelnienie/<str:key>/", access_views.supplement_link, name="supplement_link"),
    path("aktywacja/", activation_views.activate, name="activation"),
    path("aktywacja/haslo/", activation_views.send_password, name="send_password"),
    path("nowy-link/", activation_views.new_link, name="new_link"),
    path("nowy-link/wyslany/", activation_views.new_link_sent, name="new_link_sent"),
    path("aktywacja/<str:key>/", activation_views.link, name="activation_link"),
]
