"""The suite: the embedded settings, or PostgreSQL and Redis when the environment names them."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile

os.environ["DATA_DIR"] = tempfile.mkdtemp(prefix="ebok-test-")
atexit.register(shutil.rmtree, os.environ["DATA_DIR"], ignore_errors=True)

from eboks import env  # noqa: E402
from eboks.settings.dev import *  # noqa: E402, F403
from eboks.settings.dev import DATABASES, REDIS_URL  # noqa: E402

DEBUG = False
ISSUER_CONTRACTS_FROM = None
PDF_SIGN_P12 = PDF_SIGN_P12_PASSWORD = ""
LESSOR_KEEP_SECONDS = 0  # no test sees another's lessor
CELERY_TASK_ALWAYS_EAGER = CELERY_TASK_EAGER_PROPAGATES = True
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
SMS_GATEWAY = "eboks.integrations.sms.fake.FakeGateway"
EXPORTS_PER_HOUR = 10_000  # tests go through every page and file; the limit has tests of its own
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # A file, not memory: browser tests read it from the server's threads.
    DATABASES["default"]["TEST"] = {"NAME": os.environ["DATA_DIR"] + "/test.sqlite3"}
    # Races ask what comes out, not how soon: SQLite does not queue its writers, so on a busy
    # machine one of them can be passed over for longer than a person would wait.
    DATABASES["default"]["OPTIONS"]["timeout"] = 180  # type: ignore[index]
if REDIS_URL:
    # Each xdist process clears its own database.
    _worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": env.redis("REDIS_URL", shift=1 + _worker),
        }
    }
