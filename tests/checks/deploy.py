"""`python -m tests.checks.deploy`: Django's deployment checks on the production settings."""

from __future__ import annotations

import os
import secrets
import sys
import tempfile

import django
from django.core.management import CommandError, call_command


def production_environment(data_dir: str) -> dict[str, str]:
    """What an installation behind the shipped proxy sets; the secrets are made on the spot."""
    return {
        "DJANGO_SETTINGS_MODULE": "eboks.settings.base",
        "SECRET_KEY": secrets.token_urlsafe(64),
        "ALLOWED_HOSTS": "portal.przykladowyleasing.example",
        "SITE_URL": "https://portal.przykladowyleasing.example",
        "DATA_DIR": data_dir,
        "DATABASE_URL": f"postgres://ebok:{secrets.token_hex(16)}@db:5432/ebok",
        "REDIS_URL": f"redis://:{secrets.token_hex(16)}@redis:6379/0",
        "EMAIL_URL": f"smtp://portal:{secrets.token_hex(16)}@smtp.example:587",
        "DEFAULT_FROM_EMAIL": "portal@przykladowyleasing.example",
        "EBOK_SMS_URL": "https://sms.przykladowyleasing.example/send",
    }


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="ebok-check-") as data_dir:
        os.environ.update(production_environment(data_dir))
        django.setup()
        try:
            call_command("check", deploy=True, fail_level="WARNING")
        except CommandError as error:
            sys.stdout.write(f"{error}\n")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
