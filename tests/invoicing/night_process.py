"""A process of its own that does the night and dies, or stops, where a test says.

`python -m tests.invoicing.night_process DATABASE WHAT …`: what it did comes out as JSON. A point is
a statement or a commit; before the nth of them the process gets the signal.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import random
import signal
import sys
import time
from typing import Any

import django
from django.conf import settings

ON = dt.date(2026, 11, 22)
BEFORE = ON - dt.timedelta(days=1)
PART = 2


def moment(attempt: int = 0) -> dt.datetime:
    """When the nth try begins: each after the lease of the one before has run out."""
    from eboks import clock

    start = dt.datetime.combine(ON, dt.time(4, 15), tzinfo=clock.WARSAW)
    return start + attempt * dt.timedelta(minutes=10)


def signal_at(point: int, number: signal.Signals, *, pause: float = 0) -> None:
    """Give this process the signal before its nth statement or commit."""
    from django.db import connection
    from django.db.backends.base import base

    left = point
    wrapper: Any = base.BaseDatabaseWrapper
    commit = wrapper._commit

    def step() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), number)
        time.sleep(pause)

    def execute(run: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        step()
        return run(sql, params, many, context)

    def committed(self: Any) -> None:
        step()
        commit(self)

    wrapper._commit = committed
    connection.execute_wrappers.append(execute)


def do_night(attempt: int = 0, on: dt.date = ON) -> str:
    from eboks.jobs import nights
    from eboks.jobs.models import BALANCES_JOB

    at = moment(attempt)
    return nights.attempt(nights.duty(BALANCES_JOB), on=on, now=lambda: at).result.value


def state() -> dict[str, Any]:
    """What the night makes, without when it was made."""
    from eboks.notifications.models import OutgoingMessage
    from invoicing.models import Balance, BalanceDifference

    figures = ("contract", "currency", "open_amount", "overdue_amount", "overpaid_amount")
    rows = Balance.objects.order_by("as_of", *figures)
    queue = BalanceDifference.objects.order_by("contract")
    return {
        "balances": list(rows.values_list("as_of", *figures)),
        "published": list(Balance.objects.published().order_by(*figures).values_list(*figures)),
        "differences": list(queue.values_list("contract", "our_open", "core_open", "state")),
        "mails": OutgoingMessage.objects.count(),
    }


def undo() -> None:
    """Back to the evening: only the night before is done."""
    from eboks.jobs.models import JobFailure, JobRun
    from eboks.notifications.models import OutgoingMessage
    from invoicing.models import Balance, BalanceDifference

    Balance.objects.filter(as_of=ON).delete()
    JobRun.objects.filter(business_on=ON).delete()
    for model in (JobFailure, BalanceDifference, OutgoingMessage):
        model._default_manager.all().delete()


def killed(point: int, attempt: int = 0) -> bool:
    """Whether a child that did the night died before its nth point; False: it finished first."""
    from django.db import connections

    connections.close_all()
    child = os.fork()
    if not child:
        signal_at(point, signal.SIGKILL)
        do_night(attempt)
        os._exit(0)
    _child, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


def every_point() -> dict[str, Any]:
    """Die at the first point, at the second, …; after each death another process finishes."""
    old = state()
    do_night()
    new = state()
    wrong = []
    points = 0
    undo()
    while killed(points + 1):
        points += 1
        after_death = state()["published"]
        result = do_night(1)
        if after_death not in (old["published"], new["published"]):
            wrong.append(f"{points}: readers saw a mix")
        if result not in ("done", "was_done") or state() != new:
            wrong.append(f"{points}: {result}, {state()} instead of {new}")
        undo()
    return {"points": points, "wrong": wrong, "mails": new["mails"]}


def many_deaths(times: int, seed: int) -> dict[str, Any]:
    """One night whose processes die again and again, at points drawn by chance."""
    do_night()
    new = state()
    undo()
    draw = random.Random(seed)
    deaths = [killed(draw.randint(14, 30), attempt) for attempt in range(times)]
    result = do_night(times)
    return {"deaths": sum(deaths), "result": result, "as_if_nothing": state() == new}


def once(where: str, pause: float) -> dict[str, Any]:
    """One night; it stops „inside” its second part or „between” the second and the third, until
    somebody lets it go on.
    """
    from invoicing import nightly

    name = {"inside": "write_range", "between": "_next_part", "": ""}[where]
    if name:
        function = getattr(nightly, name)
        calls = 0

        def stopping(*args: Any, **kwargs: Any) -> Any:
            nonlocal calls
            calls += 1
            if calls == (2 if where == "inside" else 3):
                os.kill(os.getpid(), signal.SIGSTOP)
            return function(*args, **kwargs)

        setattr(nightly, name, stopping)
    signal_at(0, signal.SIGSTOP, pause=pause)
    return {"result": do_night()}


def main() -> None:
    settings.DATABASES["default"]["NAME"] = sys.argv[1]
    settings.OPERATOR_EMAIL = "operator@example.com"
    django.setup()
    from eboks.jobs import leases
    from eboks.notifications import tasks
    from invoicing import nightly

    tasks.deliver.delay = lambda **_message: None  # mails are counted; threads and forks are foes
    nightly.PART = int(os.environ.get("PART", PART))
    leases.IDLE_LIMIT = dt.timedelta(seconds=2)
    what, *numbers = sys.argv[2:]
    work = {
        "every_point": every_point,
        "many_deaths": lambda: many_deaths(*map(int, numbers)),
        "once": lambda: once(numbers[0], float(numbers[1])),
    }[what]
    sys.stdout.write(json.dumps(work()) + "\n")


if __name__ == "__main__":
    main()
