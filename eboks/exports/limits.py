"""How much one person may export: two files at a time, ten an hour (SEC-57)."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from eboks.accounts.models import User
from eboks.exports.models import ExportFile, ExportState, ExportUse

_HOUR = dt.timedelta(hours=1)
_KEPT = dt.timedelta(days=1)
# Longer than any answer may last: what a process that died has held goes free then.
_HELD = dt.timedelta(minutes=10)
_A_MOMENT = 20  # seconds to wait for one of the two places


class LimitError(Exception):
    """Too many exports. `retry_after` says in how many seconds to come back."""

    def __init__(self, text: str, *, retry_after: int) -> None:
        super().__init__(text)
        self.retry_after = retry_after


def locked(owner: User) -> None:
    """Everything that counts a person's exports waits here, until the caller's transaction ends.

    SQLite has no row locks; there the transaction itself is the only writer.
    """
    User.objects.select_for_update(no_key=True).only("pk").get(pk=owner.pk)


def count_one(*, owner: User, kind: str, at: dt.datetime, hold: bool) -> ExportUse:
    """Counts an export that begins; `hold` takes one of the two places until `let_go`.

    Within the caller's transaction, after `locked`. Raises LimitError.
    """
    recent = ExportUse.objects.filter(owner=owner, at__gt=at - _HOUR).order_by("-at", "-pk")
    most = settings.EXPORTS_PER_HOUR
    tenth = recent.values_list("at", flat=True)[most - 1 : most].first()
    if tenth is not None:
        seconds = max(1, int((tenth + _HOUR - at).total_seconds()) + 1)
        raise LimitError(
            _(
                "W ciągu godziny można przygotować najwyżej %(most)d plików. "
                "Spróbuj ponownie za %(minutes)d min."
            )
            % {"most": most, "minutes": -(-seconds // 60)},
            retry_after=seconds,
        )
    if hold and taken_places(owner=owner, at=at) >= settings.EXPORTS_AT_A_TIME:
        raise LimitError(
            _("Dwa Twoje pliki właśnie powstają. Poczekaj, aż któryś będzie gotowy."),
            retry_after=_A_MOMENT,
        )
    return ExportUse.objects.create(
        owner=owner, kind=kind, at=at, held_until=at + _HELD if hold else None
    )


def taken_places(*, owner: User, at: dt.datetime) -> int:
    """How many files of the person are in the making: being answered, or in the background."""
    answered = ExportUse.objects.filter(owner=owner, held_until__gt=at)
    behind = ExportFile.objects.for_user(owner).filter(
        state=ExportState.RUNNING, lease_until__gt=at
    )
    return answered.count() + behind.count()


def let_go(use: ExportUse) -> None:
    ExportUse.objects.filter(pk=use.pk).update(held_until=None)


def begin(*, owner: User, kind: str, at: dt.datetime) -> ExportUse:
    """One of the person's two places, for a file that is answered at once. Raises LimitError."""
    with transaction.atomic():
        locked(owner)
        return count_one(owner=owner, kind=kind, at=at, hold=True)


def forget_old(*, at: dt.datetime) -> int:
    """Deletes what no limit looks at any more."""
    return ExportUse.objects.filter(at__lt=at - _KEPT).delete()[0]
