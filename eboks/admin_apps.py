"""Puts our back office in the place of Django's admin; apart, as it loads before any model."""

from __future__ import annotations

from django.contrib.admin.apps import AdminConfig


class BackOfficeConfig(AdminConfig):
    default_site = "eboks.admin_site.BackOffice"
