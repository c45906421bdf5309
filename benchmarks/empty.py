"""The portal with one page more: the frame and nothing in it, to compare other pages with."""

from __future__ import annotations

from django.http import HttpResponse
from django.template import engines
from django.urls import include, path
from django.views.decorators.http import require_GET

from eboks.http import PortalRequest

_PAGE = """{% extends "layout/portal.html" %}
{% block title %}Pusta{% endblock %}
{% block content %}<header class="page-head"><div><h1>Pusta</h1></div></header>{% endblock %}"""
_template = engines["django"].from_string(_PAGE)


@require_GET
def empty(request: PortalRequest) -> HttpResponse:
    return HttpResponse(_template.render({}, request))


urlpatterns = [path("pusta/", empty), path("", include("eboks.urls"))]
