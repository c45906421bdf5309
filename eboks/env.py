"""Reading settings from the environment: a missing or odd value stops the start and names itself.

Each name may also be given as NAME_FILE, the path of a file with the value (a mounted secret); such
a file must not be readable by everybody. Messages name the setting, never the value of a secret.
"""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit, urlunsplit

from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.validators import validate_email

_TRUE, _FALSE = {"1", "true", "yes", "on"}, {"0", "false", "no", "off"}
_DATABASE_OPTIONS = {
    "application_name",
    "connect_timeout",
    "options",
    "sslcert",
    "sslkey",
    "sslmode",
    "sslrootcert",
    "target_session_attrs",
}


def text(name: str, default: str | None = None, *, min_length: int = 1) -> str:
    """Value of `name`; without a default it must be set and have `min_length` characters."""
    value = _given(name)
    if not value:
        if default is None:
            raise ImproperlyConfigured(f"{name} is not set. See .env.example.")
        return default
    if len(value) < min_length:
        raise ImproperlyConfigured(f"{name} is too short: {min_length} characters are needed.")
    return value


def _given(name: str) -> str:
    value, file = os.environ.get(name, "").strip(), os.environ.get(f"{name}_FILE", "").strip()
    if not file:
        return value
    if value:
        raise ImproperlyConfigured(f"{name} and {name}_FILE are both set: give one of them.")
    try:
        if Path(file).stat().st_mode & 0o007:
            raise ImproperlyConfigured(f"{name}_FILE: everybody may use {file}: chmod 600 it.")
        return Path(file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ImproperlyConfigured(f"{name}_FILE: cannot read {file}: {error}") from None


def secret(name: str) -> str:
    """A signing key: at least 50 characters, not a placeholder, not one letter repeated."""
    return _checked_secret(name, text(name))


def secrets(name: str) -> list[str]:
    """Comma-separated former signing keys, possibly none."""
    return [_checked_secret(name, value) for value in names(name, "")]


def _checked_secret(name: str, value: str) -> str:
    if len(value) < 50 or len(set(value)) < 10 or value.startswith("django-insecure"):
        raise ImproperlyConfigured(
            f"{name} is too weak: 50 random characters are needed, e.g. from"
            " `python3 -c 'import secrets; print(secrets.token_urlsafe(64))'`."
        )
    return value


def flag(name: str, *, default: bool) -> bool:
    """yes/no (1/0, true/false, on/off)."""
    value = _given(name).lower()
    if not value:
        return default
    if value not in _TRUE | _FALSE:
        raise ImproperlyConfigured(f"{name}={value!r} is odd: write yes or no.")
    return value in _TRUE


def number(name: str, default: int, *, low: int, high: int) -> int:
    """A whole number from `low` to `high`."""
    value = _given(name)
    if not value:
        return default
    if not value.isascii() or not value.isdigit() or not low <= int(value) <= high:
        raise ImproperlyConfigured(f"{name}={value!r} is odd: a number {low}-{high} is needed.")
    return int(value)


def whole_numbers(name: str, default: str, *, low: int, high: int) -> list[int]:
    """Comma-separated whole numbers from `low` to `high`, the greatest first, each once.

    „none” gives an empty list.
    """
    value = text(name, default)
    if value == "none":
        return []
    try:
        found = {int(part) for part in value.split(",") if part.strip()}
    except ValueError:
        found = set()
    if not found or min(found) < low or max(found) > high:
        raise ImproperlyConfigured(
            f"{name}={value!r} is odd: numbers {low} to {high}, like {default}, or none are needed."
        )
    return sorted(found, reverse=True)


def day(name: str) -> dt.date | None:
    """A day as 2026-11-22; None when it is not set."""
    value = _given(name)
    if not value:
        return None
    try:
        return dt.date.fromisoformat(value)
    except ValueError:
        raise ImproperlyConfigured(
            f"{name}={value!r} is odd: a day like 2026-11-22 is needed."
        ) from None


def choice(name: str, default: str, *, among: tuple[str, ...]) -> str:
    """One of the words `among`."""
    value = text(name, default)
    if value not in among:
        raise ImproperlyConfigured(f"{name}={value!r} is odd: one of {', '.join(among)} is needed.")
    return value


def names(name: str, default: str | None = None) -> list[str]:
    """Comma-separated list without empty entries; without a default at least one is needed."""
    found = [part.strip() for part in text(name, default).split(",") if part.strip()]
    if not found and default is None:
        raise ImproperlyConfigured(f"{name} is not set. See .env.example.")
    return found


def hosts(name: str) -> list[str]:
    """Host names that the portal answers to: no `*`, scheme, port or path."""
    found = names(name)
    for host in found:
        if not all(part.replace("-", "").isalnum() for part in host.removeprefix(".").split(".")):
            raise ImproperlyConfigured(f"{name}: {host!r} is odd: bare host names are needed.")
    return found


def site(name: str, *, among: list[str]) -> str:
    """`https://host[:port]` without a path, the host being one of `among`; no slash at the end."""
    value = text(name).rstrip("/")
    parts = _split(name, value, "https://host")
    if parts.scheme != "https" or not parts.hostname or value != f"https://{parts.netloc}":
        raise ImproperlyConfigured(f"{name}={value!r} is odd: https://host is needed.")
    if not any(parts.hostname == host or _below(parts.hostname, host) for host in among):
        raise ImproperlyConfigured(f"{name}: the host {parts.hostname} is not in ALLOWED_HOSTS.")
    return value


def _below(host: str, pattern: str) -> bool:
    return pattern.startswith(".") and (host.endswith(pattern) or host == pattern[1:])


def directory(name: str) -> Path:
    """An absolute path of a directory that exists and that this process may write to."""
    path = Path(text(name))
    if not path.is_absolute():
        raise ImproperlyConfigured(f"{name}={str(path)!r} is odd: an absolute path is needed.")
    if not path.is_dir() or not os.access(path, os.R_OK | os.W_OK | os.X_OK):
        raise ImproperlyConfigured(f"{name}={str(path)!r} is not a directory we may write to.")
    return path


def private_file(name: str) -> str:
    """An absolute path of a file that we may read and not everybody may; empty when not set."""
    value = text(name, "")
    if not value:
        return ""
    path = Path(value)
    if not path.is_absolute():
        raise ImproperlyConfigured(f"{name}={value!r} is odd: an absolute path is needed.")
    if not path.is_file() or not os.access(path, os.R_OK):
        raise ImproperlyConfigured(f"{name}={value!r} is not a file we may read.")
    if path.stat().st_mode & 0o007:
        raise ImproperlyConfigured(f"{name}: everybody may use {value}: chmod 600 it.")
    return value


def email_address(name: str, *, optional: bool = False) -> str:
    """A bare e-mail address; an empty text when it is `optional` and not set."""
    value = text(name, "" if optional else None)
    if not value:
        return ""
    try:
        validate_email(value)
    except ValidationError:
        raise ImproperlyConfigured(
            f"{name}={value!r} is odd: an e-mail address is needed."
        ) from None
    return value


def database(name: str) -> dict[str, object]:
    """Django's connection settings from `postgres://user:password@host:port/name?sslmode=…`."""
    form = "postgres://user:password@host:5432/name"
    parts = _split(name, text(name), form)
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    socket = options.pop("host", "")
    if (
        parts.scheme not in {"postgres", "postgresql"}
        or not parts.path.strip("/")
        or "/" in parts.path.strip("/")
    ):
        raise ImproperlyConfigured(f"{name} is odd: {form} is needed.")
    if odd := sorted(options.keys() - _DATABASE_OPTIONS):
        raise ImproperlyConfigured(f"{name} has odd options: {', '.join(odd)}.")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.strip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or socket,
        "PORT": str(parts.port or 5432),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {"connect_timeout": "5", **options},
    }


def redis(name: str, *, shift: int = 0) -> str:
    """A Redis address; `shift` moves it to a later database, so that uses do not mix.

    `redis://:password@host:6379/0` (the last part is the database, 0 when left out), `rediss://`
    with TLS, or `memory://`, which only the embedded settings use.
    """
    value = text(name)
    parts = _split(name, value, "redis://:password@host:6379/0")
    if value == "memory://":
        return value
    path = parts.path.strip("/") or "0"
    if parts.scheme not in {"redis", "rediss"} or not parts.hostname or not path.isdigit():
        raise ImproperlyConfigured(f"{name} is odd: redis://:password@host:6379/0 is needed.")
    return urlunsplit(parts._replace(path=f"/{int(path) + shift}"))


def mail(name: str) -> dict[str, object]:
    """Django's e-mail settings from `smtp://user:password@host:587` (STARTTLS) or `smtps://…:465`."""
    form = "smtp://user:password@host:587"
    parts = _split(name, text(name), form)
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname or parts.path.strip("/"):
        raise ImproperlyConfigured(f"{name} is odd: {form} is needed.")
    return {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": parts.hostname,
        "EMAIL_PORT": parts.port or (465 if parts.scheme == "smtps" else 587),
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_SSL": parts.scheme == "smtps",
        "EMAIL_USE_TLS": parts.scheme == "smtp",
        "EMAIL_TIMEOUT": 10,
    }


def sms(url_name: str, token_name: str) -> dict[str, object]:
    """The SMS gateway: our own JSON form at a URL, or SMSAPI.pl with a token. One of the two.

    Plain http is let through only to this machine: codes must not be read on the way.
    """
    url, token = text(url_name, ""), text(token_name, "")
    if bool(url) == bool(token):
        problem = "are both set: give one of them" if url else "are not set: one is needed"
        raise ImproperlyConfigured(f"{url_name} and {token_name} {problem}. See .env.example.")
    package = "eboks.integrations.sms"
    if token:
        sender = text("EBOK_SMSAPI_SENDER")
        return {
            "SMS_GATEWAY": f"{package}.smsapi.SmsapiGateway",
            "SMSAPI_TOKEN": token,
            "SMSAPI_SENDER": sender,
        }
    parts = _split(url_name, url, "https://host/path")
    is_local = parts.hostname in {"localhost", "127.0.0.1", "::1"}
    if not parts.hostname or parts.scheme not in ({"https", "http"} if is_local else {"https"}):
        raise ImproperlyConfigured(f"{url_name} is odd: https://host/path is needed.")
    if parts.username or parts.fragment:
        raise ImproperlyConfigured(f"{url_name} is odd: https://host/path is needed.")
    return {
        "SMS_GATEWAY": f"{package}.http_json.HttpJsonGateway",
        "SMS_URL": url,
        "SMS_TOKEN": text("EBOK_SMS_TOKEN", ""),
    }


def _split(name: str, value: str, form: str) -> SplitResult:
    try:
        parts = urlsplit(value)
        _ = parts.port  # a number up to 65535, or ValueError
    except ValueError:
        raise ImproperlyConfigured(f"{name} is odd: {form} is needed.") from None
    return parts
