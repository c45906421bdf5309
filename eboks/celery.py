"""Celery, and the same tasks in the process when there is no broker (the embedded demo)."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

from celery import Celery, Task
from celery.contrib.django.task import DjangoTask
from celery.result import AsyncResult
from celery.utils import gen_unique_id
from django.conf import settings
from django.db import close_old_connections, connections

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "eboks.settings.base")


@cache
def _pool(queue: str) -> ThreadPoolExecutor:
    """The threads of one queue, made at its first task and so after the server has forked.

    Each queue has its own, as each has its own worker in production: a code that somebody waits
    for is not behind the PDFs of a whole portfolio.
    """
    threads = 2 if queue == settings.CELERY_TASK_DEFAULT_QUEUE else 1
    return ThreadPoolExecutor(max_workers=threads, thread_name_prefix=f"task-{queue}")


def _queue(task: Task) -> str:
    route = settings.CELERY_TASK_ROUTES.get(task.name, {})
    return str(route.get("queue", settings.CELERY_TASK_DEFAULT_QUEUE))


def _run(task: Task, args: Sequence[Any], kwargs: Mapping[str, Any], task_id: str) -> None:
    close_old_connections()
    try:
        task.apply(args=args, kwargs=kwargs, task_id=task_id)
    finally:
        connections.close_all()


class PortalTask(DjangoTask):  # type: ignore[misc]
    """A task that goes to the broker, or to threads of this process when REDIS_URL is empty.

    In the process there is no waiting room: countdown and eta are ignored, retries follow at once,
    and what was queued is lost with the process. What must not be lost is a row in the database.
    """

    def apply_async(
        self,
        args: Sequence[Any] | None = None,
        kwargs: Mapping[str, Any] | None = None,
        task_id: str | None = None,
        **options: Any,
    ) -> Any:
        if settings.REDIS_URL or settings.CELERY_TASK_ALWAYS_EAGER:
            return super().apply_async(args, kwargs, task_id=task_id, **options)
        task_id = task_id or gen_unique_id()
        _pool(_queue(self)).submit(_run, self, args or (), kwargs or {}, task_id)
        return AsyncResult(task_id, app=self.app)


app = Celery("eboks", task_cls=PortalTask)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
