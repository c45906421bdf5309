"""docker-compose.yml, the proxy and .env.example agree with each other and with the settings."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from eboks.celery import app
from tests.browser import portal

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "docker-compose.yml").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
EXAMPLE = (ROOT / ".env.example").read_text()
WORKERS = ("worker", "bulk", "exports")
PORTAL = ("migrate", "web", *WORKERS, "beat")
SECRETS = ("SECRET_KEY", "POSTGRES_PASSWORD", "REDIS_PASSWORD", "EMAIL_URL")


def environment_names() -> Iterator[str]:
    """Names that the settings and gunicorn's configuration read, found in their source."""
    for path in [*(ROOT / "eboks/settings").glob("*.py"), *(ROOT / "deploy").glob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Subscript) and ast.unparse(node.value) == "os.environ":
                key: ast.expr = node.slice
            elif isinstance(node, ast.Call) and re.fullmatch(
                r"env\.\w+|os\.environ\.(get|setdefault)", ast.unparse(node.func)
            ):
                key = node.args[0]
            else:
                continue
            if isinstance(key, ast.Constant) and isinstance(key.value, str):
                yield key.value


def explained() -> set[str]:
    return set(re.findall(r"^#?([A-Z][A-Z0-9_]+)=", EXAMPLE, re.MULTILINE))


def test_all_services_are_there() -> None:
    assert set(SERVICES) == {*PORTAL, "postgres", "redis", "proxy"}


@pytest.mark.parametrize("name", SERVICES)
def test_service_is_watched_and_confined(name: str) -> None:
    service = SERVICES[name]

    assert "test" in service["healthcheck"] or name == "migrate"
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["user"] not in {"root", "0", "0:0"}
    assert "privileged" not in service


def test_only_the_proxy_is_reached_from_outside() -> None:
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["proxy"]
    assert COMPOSE["networks"]["data"]["internal"] is True
    assert all(SERVICES[name]["networks"] == ["data"] for name in ("postgres", "redis"))
    assert "data" not in SERVICES["proxy"]["networks"]


def test_what_must_survive_lies_in_named_volumes() -> None:
    places: dict[str, str] = {}
    for service in SERVICES.values():
        for volume in service.get("volumes", []):
            found = re.fullmatch(r"(\$\{.+?\}|[^:]+):([^:]+)(?::ro)?", volume)
            assert found is not None
            # `${NAME:-volume}`: a directory of the machine, else the volume.
            places[re.sub(r"^\$\{\w+:-(\w+)\}$", r"\1", found[1])] = found[2]

    named = {name for name in places if not name.startswith((".", "$"))}
    assert named == set(COMPOSE["volumes"])
    assert places["postgres"] == "/var/lib/postgresql/data"
    assert places["documents"] == "/data/documents"


def test_bank_statements_arrive_where_every_part_of_the_portal_looks() -> None:
    for name in PORTAL:
        looked_into = SERVICES[name]["environment"]["STATEMENTS_DIR"]
        # Unset: no folder is watched, though the empty volume is there.
        assert looked_into == "${STATEMENTS_DIR:+/data/statements}"
        assert "${STATEMENTS_DIR:-statements}:/data/statements" in SERVICES[name]["volumes"]
    assert "/data/statements" in (ROOT / "Dockerfile").read_text()


def test_certificate_of_papers_reaches_every_part_of_the_portal() -> None:
    for name in PORTAL:
        assert (
            SERVICES[name]["environment"]["PDF_SIGN_P12"] == "${PDF_SIGN_P12:+/etc/ebok/sign.p12}"
        )
        # Unset: nothing lies there.
        assert "${PDF_SIGN_P12:-/dev/null}:/etc/ebok/sign.p12:ro" in SERVICES[name]["volumes"]


def test_services_wait_for_healthy_neighbours() -> None:
    for name in ("web", *WORKERS, "beat"):
        conditions = {
            key: value["condition"] for key, value in SERVICES[name]["depends_on"].items()
        }
        assert conditions == {
            "migrate": "service_completed_successfully",
            "postgres": "service_healthy",
            "redis": "service_healthy",
        }


@pytest.mark.parametrize("name", SECRETS)
def test_secret_has_no_default(name: str) -> None:
    uses = re.findall(rf"\$\{{{name}([^A-Z0-9_].*?)\}}", TEXT)

    assert uses
    assert all(use.startswith(":?") for use in uses)
    assert re.search(rf"^{name}=$", EXAMPLE, re.MULTILINE), "the example carries no secret"


def test_broker_keeps_tasks() -> None:
    command = SERVICES["redis"]["command"][-1]

    assert "--appendonly yes" in command
    assert "--maxmemory-policy noeviction" in command


def queues_of(service: str) -> set[str]:
    command = SERVICES[service]["command"]
    return set(command[command.index("-Q") + 1].split(","))


def test_workers_take_every_queue_that_tasks_are_sent_to(settings: Any) -> None:
    routed = {route["queue"] for route in settings.CELERY_TASK_ROUTES.values()}

    taken = set().union(*map(queues_of, WORKERS))
    assert {settings.CELERY_TASK_DEFAULT_QUEUE, *routed} == taken


def test_each_worker_has_its_queue_so_that_long_work_delays_no_code(settings: Any) -> None:
    default = settings.CELERY_TASK_DEFAULT_QUEUE
    short = {
        "eboks.accounts.tasks.send_password_link",
        "eboks.accounts.tasks.send_password_reset",
        "eboks.notifications.tasks.deliver",
        "eboks.onboarding.tasks.resend_link",
    }
    app.loader.import_default_modules()
    longer_than_usual = {  # they say so themselves
        name
        for name, task in app.tasks.items()
        if (task.time_limit or 0) > settings.CELERY_TASK_TIME_LIMIT
    }

    assert [queues_of(name) for name in WORKERS] == [{default}, {"bulk"}, {"exports"}]
    assert short <= set(app.tasks)
    assert set(settings.CELERY_TASK_ROUTES) <= set(app.tasks)
    assert not short & set(settings.CELERY_TASK_ROUTES)
    assert longer_than_usual
    assert longer_than_usual <= set(settings.CELERY_TASK_ROUTES)
    assert [
        name
        for name, route in settings.CELERY_TASK_ROUTES.items()
        if route["queue"] == "exports" and name != "eboks.exports.tasks.make"
    ] == []


def test_each_worker_pings_itself() -> None:
    for name in WORKERS:
        command = SERVICES[name]["command"]
        node = command[command.index("-n") + 1].removesuffix("@%h")
        assert f"-d {node}@" in SERVICES[name]["healthcheck"]["test"][-1]


def test_browser_tests_serve_every_queue() -> None:
    served = set().union(*(queues.split(",") for queues in portal.WORKERS.values()))

    assert served == set().union(*map(queues_of, WORKERS))


def test_every_variable_of_compose_is_explained() -> None:
    assert set(re.findall(r"\$\{([A-Z0-9_]+)", TEXT)) <= explained()


def test_every_variable_that_the_program_reads_is_explained() -> None:
    names = set(environment_names()) - {"PYTEST_XDIST_WORKER"}

    assert {"SECRET_KEY", "EBOK_PORT", "WEB_THREADS"} <= names
    assert names <= explained()


def test_compose_passes_on_every_setting_that_has_no_default() -> None:
    given = set(SERVICES["web"]["environment"]) | {"DATA_DIR"}  # the image sets that one
    base = (ROOT / "eboks/settings/base.py").read_text()

    assert set(re.findall(r'env\.(?!flag|number|choice)\w+\("([A-Z0-9_]+)"', base)) <= given


def test_what_may_be_changed_in_the_example_reaches_the_portal() -> None:
    used = set(re.findall(r"\$\{([A-Z0-9_]+)", TEXT))
    mentioned = EXAMPLE.split("# ---- May be changed ")[1].split("# ---- ")[0]

    names = set(re.findall(r"^([A-Z][A-Z0-9_]+)=", mentioned, re.MULTILINE))
    assert "CAR_LIMIT_BY" in names
    assert names <= used


def test_image_holds_what_the_commands_need() -> None:
    image = (ROOT / "Dockerfile").read_text()

    assert "--require-hashes requirements/run.txt" in image
    assert re.search(r"^USER 10001:10001$", image, re.MULTILINE)
    assert (ROOT / "deploy/gunicorn.conf.py").exists()
    assert {service["user"] for name, service in SERVICES.items() if name in PORTAL} == {
        "10001:10001"
    }


def test_proxy_speaks_only_modern_tls_and_takes_no_client_word_for_its_address() -> None:
    proxy = (ROOT / "deploy/nginx/portal.conf.template").read_text()

    assert set(re.findall(r"ssl_protocols (.*);", proxy)) == {"TLSv1.2 TLSv1.3"}
    ciphers = re.search(r"ssl_ciphers (.*);", proxy)
    assert ciphers is not None
    assert all(re.match(r"ECDHE-.*(GCM|POLY1305)", name) for name in ciphers[1].split(":"))
    assert "proxy_set_header X-Forwarded-For $remote_addr;" in proxy
    assert set(re.findall(r"\$\{(\w+)\}", proxy)) == {"PORTAL_HOST"}
