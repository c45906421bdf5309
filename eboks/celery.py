"""Celery, and the same tasks in the process when there is no broker (the embedded demo)."""

from __future__ import annotations

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "eboks.settings.base")

app = Celery("eboks")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
