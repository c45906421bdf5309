from __future__ import annotations

from django.urls import path

from eboks.tenancy import views

app_name = "tenancy"
urlpatterns = [path("wybierz/", views.switch_company, name="switch_company")]
