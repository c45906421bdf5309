"""A whole portal for browser tests: own data folder, own database, demo portfolio, real server."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 180
# A code does not wait for the PDFs that were ordered before it.
WORKERS = {"worker": "default", "bulk": "bulk,exports"}
QUIET_WORKER = "--without-gossip --without-mingle"

Process = subprocess.Popen[bytes]


class Portal:
    """A running demo portal: where it is, where its data lie, and its command line."""

    def __init__(self, url: str, env: dict[str, str]) -> None:
        self.url = url
        self.env = env
        self.folder = Path(env["DATA_DIR"])
        self.mail = self.folder / "mail"

    def logs(self) -> list[Path]:
        return sorted(self.folder.glob("*.log"))

    def manage(self, *args: str) -> str:
        """Output of `manage.py ARGS` against this portal's data."""
        command = [sys.executable, "manage.py", *args]
        done = subprocess.run(
            command, cwd=ROOT, env=self.env, check=True, capture_output=True, text=True
        )
        return done.stdout


@contextlib.contextmanager
def running_portal(folder: Path) -> Iterator[Portal]:
    """Starts a portal with the demo portfolio; stops what it started and drops its database."""
    port = _free_port()
    env = {
        name: value for name, value in os.environ.items() if name not in {"DATA_DIR", "EBOK_DEBUG"}
    }
    env |= {
        "DJANGO_SETTINGS_MODULE": "eboks.settings.dev",
        "DATA_DIR": str(folder),
        "EBOK_HOST": "127.0.0.1",
        "EBOK_PORT": str(port),
        "PYTHONUNBUFFERED": "1",
        "SESSION_IDLE_MINUTES": "30",  # persons log in once, and some are wanted late
    }
    with contextlib.ExitStack() as stack:
        if env.get("DATABASE_URL"):
            env["DATABASE_URL"] = stack.enter_context(_database(env["DATABASE_URL"], port))
        if env.get("REDIS_URL"):
            env["REDIS_URL"] = stack.enter_context(_redis(env["REDIS_URL"]))
        portal = Portal(f"http://127.0.0.1:{port}", env)
        portal.manage("prepare")
        if env.get("REDIS_URL"):  # without a broker the server runs the tasks itself
            for name, queues in WORKERS.items():
                worker = f"celery -A eboks worker -n {name} -Q {queues} -c 1 {QUIET_WORKER}"
                stack.enter_context(_process(*worker.split(), env=env, log=folder / f"{name}.log"))
        log = folder / "server.log"
        command = ["gunicorn", "--config", "deploy/gunicorn_demo.py", "eboks.wsgi"]
        server = stack.enter_context(_process(*command, env=env, log=log))
        _wait_until_up(portal.url, server, log)
        yield portal


@contextlib.contextmanager
def _process(module: str, *args: str, env: dict[str, str], log: Path) -> Iterator[Process]:
    """`python -m MODULE ARGS` from the project's root; stopped afterwards."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", module, *args],
            cwd=ROOT,
            env=env,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            yield process
        finally:
            process.terminate()
            process.wait(60)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@contextlib.contextmanager
def _database(url: str, port: int) -> Iterator[str]:
    """A database of its own beside the one in `url`, dropped afterwards."""
    import psycopg

    name = f"ebok_browser_{port}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
        try:
            yield urlunsplit(urlsplit(url)._replace(path=f"/{name}"))
        finally:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@contextlib.contextmanager
def _redis(url: str) -> Iterator[str]:
    """Databases of its own (queue, cache) on the same server: tests clear the ones they use."""
    import redis

    def clear() -> None:
        for name in names:
            with redis.Redis.from_url(name) as connection:
                connection.flushdb()

    numbers = (13, 14)
    names = [urlunsplit(urlsplit(url)._replace(path=f"/{number}")) for number in numbers]
    with redis.Redis.from_url(url) as connection:
        in_use = {int(client["db"]) for client in connection.client_list()}
    if in_use & set(numbers):  # two portals on one queue take each other's tasks
        raise RuntimeError(f"another portal uses the databases {numbers} of this Redis")
    clear()  # what a killed run has left
    try:
        yield names[0]
    finally:
        clear()


def _wait_until_up(url: str, server: Process, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if server.poll() is not None:
            break
        with contextlib.suppress(urllib.error.URLError, ConnectionError, TimeoutError):
            urllib.request.urlopen(f"{url}/healthz", timeout=5)  # noqa: S310 -- our own address
            return
        time.sleep(0.1)
    raise RuntimeError(f"the portal did not start:\n{log.read_text()[-4000:]}")
