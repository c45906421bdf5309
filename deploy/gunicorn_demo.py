"""gunicorn for `./ebok run`: one process, a few threads, the welcome once it answers."""

import os
import sys
from pathlib import Path

from django.core.management import call_command
from gunicorn.workers.base import Worker

_host, _port = os.environ["EBOK_HOST"], os.environ["EBOK_PORT"]
_shown = "127.0.0.1" if _host in {"0.0.0.0", "::"} else _host  # noqa: S104 -- compared, not bound
_authority = f"[{_shown}]:{_port}" if ":" in _shown else f"{_shown}:{_port}"

bind = f"[{_host}]:{_port}" if ":" in _host else f"{_host}:{_port}"
worker_class = "gthread"
workers = 1  # tasks run inside this process; a second one would run the schedule twice
threads = 8
timeout = 120
graceful_timeout = 5
loglevel = "warning"
control_socket_disable = True  # its path is the same for every gunicorn of one user
WELCOME = """
eBOK działa:  {url}
Zatrzymanie:  Ctrl-C
Kody SMS i e-maile: {url}demo/skrzynka/ (pliki w {data})
"""


def post_worker_init(worker: Worker) -> None:
    """Start the schedule and say where the portal is; a worker after a dead one keeps quiet."""
    from celery.beat import EmbeddedService  # noqa: PLC0415 -- the application is loaded by now
    from django.conf import settings  # noqa: PLC0415
    from django.urls import get_resolver  # noqa: PLC0415
    from django.utils.module_loading import autodiscover_modules  # noqa: PLC0415

    from eboks.celery import app  # noqa: PLC0415

    _ = get_resolver().url_patterns  # every view is imported now, not on the first click
    if not settings.REDIS_URL:  # otherwise beat is a process of its own
        autodiscover_modules("tasks")  # the schedule runs here only what has been imported
        EmbeddedService(app, thread=True, scheduler_cls="celery.beat:Scheduler").start()
        if settings.DEMO_DAYS_AHEAD:  # the schedule goes by the real clock: the morning comes now
            app.tasks["insurance.tasks.send_policy_alerts"].delay()
    if worker.age == 1:
        data = str(settings.DATA_DIR).removeprefix(f"{Path.cwd()}{os.sep}")
        sys.stdout.write(WELCOME.format(url=f"http://{_authority}/", data=data + os.sep))
        call_command("demo_logins")
        sys.stdout.flush()
