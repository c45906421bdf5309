"""The production settings read the environment: whole, or not at all and saying why."""

from __future__ import annotations

import json
import os
import runpy
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from eboks import env
from eboks.accounts.checks import second_factor_is_on
from tests.checks.deploy import production_environment

ROOT = Path(__file__).resolve().parents[1]
REQUIRED = (
    "SECRET_KEY",
    "ALLOWED_HOSTS",
    "SITE_URL",
    "DATA_DIR",
    "DATABASE_URL",
    "REDIS_URL",
    "EMAIL_URL",
    "DEFAULT_FROM_EMAIL",
)
SHOWN = (
    "DEBUG",
    "ALLOWED_HOSTS",
    "SITE_URL",
    "CSRF_TRUSTED_ORIGINS",
    "REDIS_URL",
    "CELERY_BROKER_URL",
    "ALLAUTH_TRUSTED_PROXY_COUNT",
    "SESSION_IDLE_SECONDS",
    "SECRET_KEY_FALLBACKS",
    "EMAIL_PORT",
    "EMAIL_USE_TLS",
    "SESSION_COOKIE_SECURE",
    "CSRF_COOKIE_SECURE",
    "SECURE_SSL_REDIRECT",
    "SMS_GATEWAY",
)


@pytest.fixture
def production(tmp_path: Path) -> dict[str, str]:
    return production_environment(str(tmp_path))


def load(
    environment: dict[str, str], module: str = "eboks.settings.base"
) -> subprocess.CompletedProcess[str]:
    """Read a settings module in a fresh process, with nothing but this environment."""
    program = (
        f"import json, sys; import {module} as s;"
        f"print(json.dumps({{n: getattr(s, n) for n in {SHOWN!r}}}, default=str))"
    )
    clean = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
    return subprocess.run(  # noqa: PLW1510 -- the callers look at the code
        [sys.executable, "-W", "error", "-c", program],
        env={**clean, **environment},
        cwd=ROOT,
        capture_output=True,
        text=True,
    )


def test_production_settings_start_with_the_documented_environment(
    production: dict[str, str],
) -> None:
    answer = load(production)

    assert answer.returncode == 0, answer.stderr
    shown = json.loads(answer.stdout)
    assert shown["DEBUG"] is False
    assert shown["CSRF_TRUSTED_ORIGINS"] == ["https://portal.przykladowyleasing.example"]
    assert shown["SESSION_IDLE_SECONDS"] == 600
    assert shown["ALLAUTH_TRUSTED_PROXY_COUNT"] == 1
    assert (shown["EMAIL_PORT"], shown["EMAIL_USE_TLS"]) == (587, True)
    for protection in ("SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "SECURE_SSL_REDIRECT"):
        assert shown[protection] is True


@pytest.fixture
def read_base(
    production: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> Callable[[str, str], dict[str, object]]:
    """`read_base(name, value)` runs the production settings here, that one value changed."""

    def read(name: str, value: str) -> dict[str, object]:
        for key, good in production.items():
            monkeypatch.setenv(key, good)
        monkeypatch.setenv(name, value)
        monkeypatch.setattr("structlog.configure", lambda **_: None)  # the suite logs as it did
        return runpy.run_path(str(ROOT / "eboks" / "settings" / "base.py"))

    return read


@pytest.mark.parametrize("name", REQUIRED)
@pytest.mark.parametrize("value", ["", "  "])
def test_production_settings_name_what_is_missing(
    name: str, value: str, read_base: Callable[[str, str], object]
) -> None:
    with pytest.raises(ImproperlyConfigured, match=f"^{name} is not set"):
        read_base(name, value)


def test_production_settings_need_an_sms_gateway(
    read_base: Callable[[str, str], dict[str, object]],
) -> None:
    with pytest.raises(ImproperlyConfigured, match=r"^EBOK_SMS_URL and EBOK_SMSAPI_TOKEN are not"):
        read_base("EBOK_SMS_URL", "")

    found = read_base("EBOK_SMS_URL", "https://sms.example/send")
    assert found["SMS_GATEWAY"] == "eboks.integrations.sms.http_json.HttpJsonGateway"
    with pytest.raises(ImproperlyConfigured, match="are both set"):
        read_base("EBOK_SMSAPI_TOKEN", "hidden-word")


@pytest.mark.parametrize(("value", "length"), [("yes", 12), ("no", 15), ("", 12)])
def test_password_is_longer_where_it_stands_alone(
    value: str, length: int, read_base: Callable[[str, str], dict[str, object]]
) -> None:
    assert read_base("SECOND_FACTOR", value)["PASSWORD_MIN_LENGTH"] == length


def test_deployment_check_warns_without_a_second_factor(
    settings: Any,
) -> None:
    assert second_factor_is_on() == []
    settings.SECOND_FACTOR_ENABLED = False

    assert [message.id for message in second_factor_is_on()] == ["accounts.W001"]


def test_production_settings_know_smsapi(
    production: dict[str, str], read_base: Callable[[str, str], dict[str, object]]
) -> None:
    del production["EBOK_SMS_URL"]
    with pytest.raises(ImproperlyConfigured, match=r"^EBOK_SMSAPI_SENDER is not set"):
        read_base("EBOK_SMSAPI_TOKEN", "hidden-word")

    production["EBOK_SMSAPI_SENDER"] = "Leasing"
    found = read_base("EBOK_SMSAPI_TOKEN", "hidden-word")
    assert found["SMS_GATEWAY"] == "eboks.integrations.sms.smsapi.SmsapiGateway"


def test_only_the_demo_writes_sms_into_files(tmp_path: Path) -> None:
    answer = load({"DATA_DIR": str(tmp_path)}, "eboks.settings.dev")

    assert answer.returncode == 0, answer.stderr
    shown = json.loads(answer.stdout)
    assert shown["SMS_GATEWAY"] == "eboks.integrations.sms.console.ConsoleGateway"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", "short"),
        ("SECRET_KEY", "a" * 80),
        ("SECRET_KEY", "django-insecure-0123456789abcdefghijklmnopqrstuvwxyz0123"),
        ("SECRET_KEY_FALLBACKS", "old"),
        ("ALLOWED_HOSTS", "*"),
        ("ALLOWED_HOSTS", "https://portal.przykladowyleasing.example"),
        ("ALLOWED_HOSTS", "portal.przykladowyleasing.example:443"),
        ("ALLOWED_HOSTS", ","),
        ("SITE_URL", "http://portal.przykladowyleasing.example"),
        ("SITE_URL", "https://portal.przykladowyleasing.example/portal"),
        ("SITE_URL", "https://elsewhere.example"),
        ("SITE_URL", "portal.przykladowyleasing.example"),
        ("DATA_DIR", "var"),
        ("DATA_DIR", "/does/not/exist"),
        ("DATABASE_URL", "sqlite:///ebok.sqlite3"),
        ("DATABASE_URL", "postgres://ebok:hidden-word@db:5432/"),
        ("DATABASE_URL", "postgres://ebok:hidden-word@db:port/ebok"),
        ("DATABASE_URL", "postgres://ebok:hidden-word@db/ebok?sslmod=require"),
        ("REDIS_URL", "http://:hidden-word@redis"),
        ("REDIS_URL", "redis://:hidden-word@redis:6379/cache"),
        ("REDIS_URL", "redis://:hidden-word@redis:99999/0"),
        ("EMAIL_URL", "mail.example"),
        ("EMAIL_URL", "smtp://portal:hidden-word@mail.example:smtp"),
        ("DEFAULT_FROM_EMAIL", "Portal <portal@firma.example>"),
        ("EBOK_SMS_URL", "http://sms.example/send"),
        ("EBOK_SMS_URL", "https://user:hidden-word@sms.example/send"),
        ("EBOK_SMS_URL", "file:///etc/passwd"),
        ("EBOK_SMS_URL", "sms.example"),
        ("LOG_LEVEL", "verbose"),
        ("POLICY_ALERT_DAYS", "45,soon"),
        ("POLICY_ALERT_DAYS", "400"),
        ("POLICY_ALERT_DAYS", ","),
        ("TRUSTED_PROXY_COUNT", "-1"),
        ("TRUSTED_PROXY_COUNT", "two"),
        ("SESSION_IDLE_MINUTES", "240"),
        ("SESSION_IDLE_MINUTES", "1٠"),
    ],
)
def test_production_settings_refuse_an_odd_value_and_name_it(
    name: str, value: str, read_base: Callable[[str, str], object]
) -> None:
    with pytest.raises(ImproperlyConfigured, match=f"^{name}") as refusal:
        read_base(name, value)

    assert "hidden-word" not in str(refusal.value)


def test_secret_can_come_from_a_file(production: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(production.pop("SECRET_KEY") + "\n")
    file.chmod(0o600)

    assert load({**production, "SECRET_KEY_FILE": str(file)}).returncode == 0


@pytest.mark.parametrize("fault", ["readable by all", "absent", "both given"])
def test_secret_file_that_cannot_be_trusted_is_refused(
    fault: str, production: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "key"
    file.write_text(production["SECRET_KEY"])
    file.chmod(0o644 if fault == "readable by all" else 0o600)
    if fault == "absent":
        file.unlink()
    monkeypatch.setenv("SECRET_KEY", production["SECRET_KEY"] if fault == "both given" else "")
    monkeypatch.setenv("SECRET_KEY_FILE", str(file))

    with pytest.raises(ImproperlyConfigured, match="SECRET_KEY"):
        env.secret("SECRET_KEY")


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("relative", "absolute path"),
        ("absent", "not a file"),
        ("directory", "not a file"),
        ("readable by all", "chmod 600"),
    ],
)
def test_certificate_file_that_cannot_be_trusted_is_refused(
    fault: str, words: str, tmp_path: Path, read_base: Callable[[str, str], object]
) -> None:
    file = tmp_path / "sign.p12"
    if fault != "absent":
        file.write_bytes(b"x")
        file.chmod(0o644 if fault == "readable by all" else 0o600)
    given = {"relative": "sign.p12", "directory": str(tmp_path)}.get(fault, str(file))

    with pytest.raises(ImproperlyConfigured, match=f"^PDF_SIGN_P12.*{words}"):
        read_base("PDF_SIGN_P12", given)


def test_certificate_needs_its_password(
    production: dict[str, str], tmp_path: Path, read_base: Callable[[str, str], dict[str, object]]
) -> None:
    file, word = tmp_path / "sign.p12", tmp_path / "word"
    for path in (file, word):
        path.write_text("hidden-word\n")
        path.chmod(0o600)
    with pytest.raises(ImproperlyConfigured, match=r"^PDF_SIGN_P12_PASSWORD is not set"):
        read_base("PDF_SIGN_P12", str(file))

    production["PDF_SIGN_P12_PASSWORD_FILE"] = str(word)
    assert read_base("PDF_SIGN_P12", str(file))["PDF_SIGN_P12_PASSWORD"] == "hidden-word"


def test_database_address_is_taken_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://e%40k:p%2Fw@db:6543/ebok?sslmode=verify-full")

    found = env.database("DATABASE_URL")

    assert (found["USER"], found["PASSWORD"]) == ("e@k", "p/w")
    assert (found["HOST"], found["PORT"], found["NAME"]) == ("db", "6543", "ebok")
    assert found["OPTIONS"] == {"connect_timeout": "5", "sslmode": "verify-full"}


def test_database_address_may_name_a_socket(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://ebok@/ebok?host=/run/postgresql")

    assert env.database("DATABASE_URL")["HOST"] == "/run/postgresql"


def test_cache_and_broker_have_databases_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", "rediss://:word@redis:6380/3")

    assert env.redis("REDIS_URL") == "rediss://:word@redis:6380/3"
    assert env.redis("REDIS_URL", shift=1) == "rediss://:word@redis:6380/4"


@pytest.mark.parametrize(
    ("value", "expected"),
    [("", [45, 1, -1]), ("-1, 7,30,7", [30, 7, -1]), ("none", []), ("0", [0])],
)
def test_days_are_read_the_greatest_first(
    value: str, expected: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EBOK_SOMETHING", value)

    assert env.whole_numbers("EBOK_SOMETHING", "45,1,-1", low=-30, high=120) == expected


@pytest.mark.parametrize(("value", "expected"), [("yes", True), ("OFF", False), ("", True)])
def test_flag_reads_yes_and_no(value: str, expected: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EBOK_SOMETHING", value)

    assert env.flag("EBOK_SOMETHING", default=True) is expected


def test_flag_refuses_other_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EBOK_SOMETHING", "maybe")

    with pytest.raises(ImproperlyConfigured, match=r"^EBOK_SOMETHING='maybe' is odd"):
        env.flag("EBOK_SOMETHING", default=True)


def test_embedded_settings_need_nothing_and_leave_the_environment_alone(tmp_path: Path) -> None:
    answer = load({"DATA_DIR": str(tmp_path)}, "eboks.settings.dev")

    assert answer.returncode == 0, answer.stderr
    shown = json.loads(answer.stdout)
    assert (shown["REDIS_URL"], shown["SITE_URL"]) == ("", "http://127.0.0.1:8000")
    key = tmp_path / "secret-key"
    assert key.stat().st_mode & 0o777 == 0o600
    assert len(key.read_text()) >= 50


def test_embedded_settings_follow_what_is_set(tmp_path: Path) -> None:
    given = {
        "DATA_DIR": str(tmp_path),
        "REDIS_URL": "redis://127.0.0.1:6379/3",
        "EBOK_PORT": "8123",
    }
    shown = json.loads(load(given, "eboks.settings.dev").stdout)

    assert shown["CELERY_BROKER_URL"] == "redis://127.0.0.1:6379/3"
    assert shown["SITE_URL"] == "http://127.0.0.1:8123"
