"""The lessor whose portal this is: read once a minute in each process, and its colour as CSS."""

from __future__ import annotations

import hashlib
import time

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_GET

from eboks.tenancy.models import LessorProfile

_KEEP_SECONDS = 60
_kept: tuple[float, LessorProfile] | None = None


def lessor_profile() -> LessorProfile:
    """The lessor's profile; on an empty database a nameless one, so that pages still stand.

    Kept in the process for `settings.LESSOR_KEEP_SECONDS`: a change shows within a minute.
    """
    global _kept  # noqa: PLW0603 -- one row, read by every page
    keep = getattr(settings, "LESSOR_KEEP_SECONDS", _KEEP_SECONDS)
    if _kept is None or time.monotonic() - _kept[0] >= keep:
        profile = LessorProfile.objects.order_by("pk").first()
        _kept = (time.monotonic(), profile or LessorProfile(name="eBOK", short_name="eBOK"))
    return _kept[1]


def brand_css_text(profile: LessorProfile) -> str:
    return f":root{{--brand:{profile.brand_colour}}}\n"


def brand_version(profile: LessorProfile) -> str:
    """Changes with the colour; the address of the style sheet carries it."""
    return hashlib.sha256(brand_css_text(profile).encode()).hexdigest()[:10]


@login_not_required
@require_GET
@cache_control(public=True, max_age=365 * 24 * 3600, immutable=True)
def brand_css(request: HttpRequest) -> HttpResponse:
    """`/marka.css?v=…`: the lessor's colour; every other shade derives from it."""
    return HttpResponse(brand_css_text(lessor_profile()), content_type="text/css; charset=utf-8")


@login_not_required
@require_GET
@cache_control(public=True, max_age=3600)
def brand_logo(request: HttpRequest) -> HttpResponse:
    """`/logo.svg`: the lessor's mark. Shown as an image only, where no script of it can run."""
    svg = lessor_profile().logo_svg
    if not svg:
        raise Http404
    return HttpResponse(svg, content_type="image/svg+xml")
