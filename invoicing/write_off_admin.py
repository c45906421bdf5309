"""Back office: actions on items that write off residues and mark what is in collection."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from eboks.tenancy.admin import staff_of
from invoicing import collection, write_offs
from invoicing.models import ReceivableItem


class WriteOffActions:
    """Actions of `ReceivableItemAdmin`, for whoever may issue notes."""

    message_user: Callable[..., None]
    settling_actions: ClassVar[tuple[str, ...]] = (
        *("write_off", "take_write_off_back", "begin_collection", "end_collection"),
    )

    @admin.action(description=_("Umórz reszty (do limitu leasingodawcy)"), permissions=["issue"])
    def write_off(self, request: HttpRequest, chosen: QuerySet[ReceivableItem]) -> None:
        self._entries(request, chosen, write_offs.write_off, gettext("Umorzono."))

    @admin.action(description=_("Cofnij umorzenie"), permissions=["issue"])
    def take_write_off_back(self, request: HttpRequest, chosen: QuerySet[ReceivableItem]) -> None:
        text = gettext("Umorzenie cofnięte: reszta jest znów do zapłaty.")
        self._entries(request, chosen, write_offs.take_back, text)

    def _entries(
        self,
        request: HttpRequest,
        chosen: QuerySet[ReceivableItem],
        act: Callable[..., Any],
        done: str,
    ) -> None:
        ids = list(chosen.values_list("pk", flat=True))
        try:
            act(item_ids=ids, actor=staff_of(request), at=timezone.now())
        except write_offs.WriteOffError as error:
            self.message_user(request, str(error), messages.ERROR)
        else:
            self.message_user(request, done, messages.SUCCESS)

    @admin.action(description=_("Przekaż do windykacji"), permissions=["issue"])
    def begin_collection(self, request: HttpRequest, chosen: QuerySet[ReceivableItem]) -> None:
        self._mark(request, chosen, collection.begin)

    @admin.action(description=_("Wycofaj z windykacji"), permissions=["issue"])
    def end_collection(self, request: HttpRequest, chosen: QuerySet[ReceivableItem]) -> None:
        self._mark(request, chosen, collection.end)

    def _mark(
        self, request: HttpRequest, chosen: QuerySet[ReceivableItem], act: Callable[..., int]
    ) -> None:
        ids = list(chosen.values_list("pk", flat=True))
        marked = act(item_ids=ids, actor=staff_of(request), at=timezone.now())
        text = ngettext("Oznaczono %(n)d należność.", "Oznaczono %(n)d należności.", marked)
        level = messages.SUCCESS if marked else messages.WARNING
        self.message_user(request, text % {"n": marked}, level)
