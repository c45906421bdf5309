"""The embedded demo: SQLite, tasks in the process, e-mail into files. Never for real clients."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]
_DATA = Path(os.environ.get("DATA_DIR") or _ROOT / "var")
_KEY = _DATA / "secret-key"
_DATA.mkdir(parents=True, exist_ok=True)
if not _KEY.exists():
    _KEY.touch(mode=0o600)
    _KEY.write_text(secrets.token_urlsafe(64))

_DEFAULTS = {
    "SECRET_KEY": _KEY.read_text(),
    "ALLOWED_HOSTS": "*",
    "SITE_URL": f"http://127.0.0.1:{os.environ.get('EBOK_PORT', '8000')}",
    "DATA_DIR": str(_DATA),
    "DATABASE_URL": "postgres://embedded/embedded",
    "REDIS_URL": "memory://",
    "DEFAULT_FROM_EMAIL": "portal@przykladowyleasing.example",
    "EMAIL_URL": "smtp://localhost",
    "TRUSTED_PROXY_COUNT": "0",
}
_given = {name: os.environ.get(name) for name in ("DATABASE_URL", "REDIS_URL")}
for _name, _value in _DEFAULTS.items():
    os.environ.setdefault(_name, _value)

from eboks.settings.base import *  # noqa: E402, F403
from eboks.settings.base import DATA_DIR  # noqa: E402

DEBUG = True
if not _given["DATABASE_URL"]:
    del os.environ["DATABASE_URL"]
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
if not _given["REDIS_URL"]:
    del os.environ["REDIS_URL"]
    REDIS_URL = ""
    CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.db.DatabaseCache",
            "LOCATION": "cache",
        }
    }
EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
EMAIL_FILE_PATH = DATA_DIR / "mail"

SECURE_SSL_REDIRECT = False
SECURE_HSTS_SECONDS = 0
SESSION_COOKIE_NAME, SESSION_COOKIE_SECURE = "session", False
CSRF_COOKIE_NAME, CSRF_COOKIE_SECURE = "csrf", False
LANGUAGE_COOKIE_NAME, LANGUAGE_COOKIE_SECURE = "language", False
