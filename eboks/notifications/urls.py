from __future__ import annotations

from django.conf import settings
from django.urls import path

from eboks.notifications import views

app_name = "notifications"

urlpatterns = [
    path("powiadomienia/", views.notice_list, name="list"),
    path("powiadomienia/przeczytane/", views.mark_read, name="read"),
    path("konto/powiadomienia/", views.notification_settings, name="settings"),
]
if settings.DEMO:  # elsewhere there is no such address at all
    urlpatterns.append(path("demo/skrzynka/", views.demo_inbox, name="demo_inbox"))
