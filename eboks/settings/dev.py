"""The embedded demo: SQLite, tasks in the process, e-mail into files. Never for real clients."""

from __future__ import annotations

import datetime as dt
import os
import secrets
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]
_DATA = Path(os.environ.get("DATA_DIR") or _ROOT / "var").resolve()
_KEY = _DATA / "secret-key"
_DATA.mkdir(parents=True, exist_ok=True)
if not _KEY.exists():
    _KEY.touch(mode=0o600)
    _KEY.write_text(secrets.token_urlsafe(64))

_EMBEDDED = {
    "SECRET_KEY": _KEY.read_text(),
    "ALLOWED_HOSTS": "localhost",
    "SITE_URL": "https://localhost",
    "DATA_DIR": str(_DATA),
    "DATABASE_URL": "postgres://embedded/embedded",
    "REDIS_URL": "memory://",
    "DEFAULT_FROM_EMAIL": "portal@przykladowyleasing.example",
    "EMAIL_URL": "smtp://localhost",
    "LOG_LEVEL": "WARNING",
    "TRUSTED_PROXY_COUNT": "0",
}
if not any(os.environ.get(n) for n in ("EBOK_SMSAPI_TOKEN", "EBOK_SMSAPI_TOKEN_FILE")):
    _EMBEDDED["EBOK_SMS_URL"] = "https://localhost/sms"
# What nobody set is lent to the production settings while they are read.
_lent = {name: value for name, value in _EMBEDDED.items() if not os.environ.get(name)}
os.environ.update(_lent)

from eboks.settings.base import *  # noqa: E402, F403
from eboks.settings.base import DATA_DIR, ISSUER_CONTRACTS_FROM, LOG_LEVEL  # noqa: E402

for _name in _lent:
    del os.environ[_name]

from eboks import clock, env, logs  # noqa: E402

# The demo's newest contracts are invoiced by the portal itself. From which day on is decided at the
# first start, when the demo is loaded, and stays.
if "DATABASE_URL" in _lent and ISSUER_CONTRACTS_FROM is None:
    _since = _DATA / "issuer-from"
    if not _since.exists():
        _since.write_text(str(clock.today() - dt.timedelta(days=45)))
    ISSUER_CONTRACTS_FROM = dt.date.fromisoformat(_since.read_text())

# Off, so that error pages look as clients see them; yes: tracebacks in the browser, static files
# found anew on every request.
DEBUG = env.flag("EBOK_DEBUG", default=False)
DEMO = True
# The demo some days later: `EBOK_DAYS_AHEAD=7 ./ebok run`.
DEMO_DAYS_AHEAD = env.number("EBOK_DAYS_AHEAD", 0, low=0, high=400)
if DEMO_DAYS_AHEAD:
    clock.move_ahead(DEMO_DAYS_AHEAD)
REPRICE_HERE = env.flag("REPRICE_HERE", default=True)
LOGGING = logs.config(level=LOG_LEVEL, plain=True)
if "ALLOWED_HOSTS" in _lent:
    ALLOWED_HOSTS = ["*"]
if "SITE_URL" in _lent:
    SITE_URL = f"http://127.0.0.1:{env.number('EBOK_PORT', 8000, low=1, high=65535)}"
    CSRF_TRUSTED_ORIGINS = [SITE_URL]
if "DATABASE_URL" in _lent:
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": DATA_DIR / "ebok.sqlite3",
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
            },
        }
    }
if "REDIS_URL" in _lent:
    REDIS_URL = ""
    CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.db.DatabaseCache",
            "LOCATION": "cache",
            # Django's 300 would let a stranger push the counters of failed log-ins out.
            "OPTIONS": {"MAX_ENTRIES": 100_000},
        }
    }
if "EBOK_SMS_URL" in _lent:
    SMS_GATEWAY = "eboks.integrations.sms.console.ConsoleGateway"
CELERY_TASK_ALWAYS_EAGER = False
EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
EMAIL_FILE_PATH = DATA_DIR / "mail"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
STATIC_ROOT = DATA_DIR / "static"  # stays empty: finders serve the sources
STATIC_ROOT.mkdir(exist_ok=True)
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG

SECURE_SSL_REDIRECT = False
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = True  # passkeys on http://localhost
SECURE_HSTS_SECONDS = 0
SESSION_COOKIE_NAME, SESSION_COOKIE_SECURE = "session", False
CSRF_COOKIE_NAME, CSRF_COOKIE_SECURE = "csrf", False
LANGUAGE_COOKIE_NAME, LANGUAGE_COOKIE_SECURE = "language", False
TRUSTED_BROWSER_COOKIE_NAME = "browser"
