from __future__ import annotations

from django.urls import path

from eboks.authorisation import views

app_name = "authorisation"
urlpatterns = [
    path("", views.instruction_list, name="list"),
    path("<uuid:public_id>/", views.check, name="check"),
    path("<uuid:public_id>/kod/", views.code, name="code"),
    path("<uuid:public_id>/odnow/", views.renew, name="renew"),
    path("<uuid:public_id>/wycofaj/", views.cancel, name="cancel"),
    path("<uuid:public_id>/potwierdzenie/", views.confirmation, name="confirmation"),
    path("<uuid:public_id>/potwierdzenie.pdf", views.confirmation_pdf, name="confirmation_pdf"),
]
