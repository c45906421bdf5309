from __future__ import annotations

from django.urls import path

from eboks.retention import views

app_name = "retention"
urlpatterns = [path("dokumenty/odchodzace/", views.leaving, name="leaving")]
