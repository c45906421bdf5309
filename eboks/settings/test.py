"""The suite: the embedded settings, or PostgreSQL and Redis when the environment names them."""

from __future__ import annotations

import os
import tempfile

os.environ["DATA_DIR"] = tempfile.mkdtemp(prefix="ebok-test-")

from eboks.settings.dev import *  # noqa: F403
from eboks.settings.dev import DATABASES

DEBUG = False
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
if str(DATABASES["default"]["ENGINE"]).endswith("sqlite3"):
    # A file, not memory: browser tests read it from the server's threads.
    DATABASES["default"]["TEST"] = {"NAME": os.environ["DATA_DIR"] + "/test.sqlite3"}
