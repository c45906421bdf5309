"""The current code of the demo staff's authenticator app, so that no phone is needed to try it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from allauth.mfa import app_settings
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.utils.translation import gettext as _

from eboks.notifications.demo import Extra
from eboks.portal.demo.loading import is_loaded
from eboks.portal.demo.people import LOGINS, STAFF


def staff_codes(at: dt.datetime) -> Iterator[Extra]:
    """For the page *Skrzynka demo*; nothing where the demo's people do not exist."""
    if not is_loaded():
        return
    counter = int(at.timestamp()) // app_settings.TOTP_PERIOD
    for login in LOGINS:
        if login.username in STAFF:
            code = format_hotp_value(hotp_value(login.totp_secret, counter))
            yield Extra(_("Kod z aplikacji osoby %s") % login.username, code)
