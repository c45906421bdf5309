"""Back office: entries of statements, those to be explained first, each with suggestions."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Count, Min, Q, QuerySet, Sum
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from eboks.admin_site import ReadOnlyAdmin, row_link
from eboks.audit.back_office import masked_value
from eboks.listing import clean_text
from eboks.money import format_money, zloty_first
from eboks.tenancy.admin import staff_of
from invoicing.bank import explaining
from invoicing.bank.explaining import ExplainingError
from invoicing.bank.lookups import SOURCE
from invoicing.bank.suggestions import parse_key, search, suggest
from invoicing.bank_admin import Steps, typed
from invoicing.enums import EntryState
from invoicing.models import BankEntry

_FOUND = 200
_SHORT = 60


class QueueFilter(admin.SimpleListFilter):
    """What waits for a person comes first: the list opens with it."""

    title = gettext_lazy("kolejka")
    parameter_name = "kolejka"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        others = [choice for choice in EntryState.choices if choice[0] != EntryState.QUEUED]
        return [("wszystkie", gettext_lazy("wszystkie")), *others]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        if value in EntryState.values:
            return queryset.filter(state=value)
        return queryset if value == "wszystkie" else queryset.filter(state=EntryState.QUEUED)

    def choices(self, changelist: Any) -> Any:
        first, *rest = super().choices(changelist)
        return [{**first, "display": gettext_lazy("do wyjaśnienia")}, *rest]


@admin.register(BankEntry)
class BankEntryAdmin(Steps, ReadOnlyAdmin):
    """Nothing is edited: an entry is booked, set aside or taken back, each by its service."""

    list_display = ("booked_on", "money", "counterparty_name", "short_title", "state", "client")
    list_select_related = ("payment__company", "statement")
    list_filter = (QueueFilter, "rule")
    sortable_by = ()
    search_help_text = gettext_lazy("Numer operacji, rachunek, nazwa, tytuł albo kwota")
    masked_fields = ("counterparty_account",)
    fields = ("bank_reference",)
    change_form_template = "admin/invoicing/bank_entry.html"
    change_list_template = "admin/invoicing/bank_queue.html"
    steps = {
        "ksieguj": ("book", "book"),
        "odloz": ("set_aside", "set_aside"),
        "cofnij": ("undo", "undo"),
    }
    problems = (ExplainingError,)

    def get_urls(self) -> list[Any]:
        return [*self.step_urls(), *super().get_urls()]

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        """The queue by age; everything else the latest first, by the one index that all share."""
        queue = request.GET.get(QueueFilter.parameter_name, "") == ""
        return ("booked_on", "pk") if queue else ("-pk",)

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        own = lookup == QueueFilter.parameter_name
        return own or super().lookup_allowed(lookup, value, request)

    def find(self, term: str) -> set[Any]:
        """Anything by number or account; words and amounts only in the queue, which is short."""
        packed = term.replace(" ", "").upper()
        account = packed.removeprefix("PL")
        ways = [
            Q(bank_reference=packed),
            Q(counterparty_account=account),
            Q(state=EntryState.QUEUED, virtual_account=account),
        ]
        for word in sorted({term, term.upper(), term.capitalize(), term.title()}):
            ways.append(Q(state=EntryState.QUEUED, counterparty_name__icontains=word))
            ways.append(Q(state=EntryState.QUEUED, title__icontains=word))
        amount = packed.replace(",", ".")
        if amount.replace(".", "", 1).isascii() and amount.replace(".", "", 1).isdigit():
            ways.append(Q(state=EntryState.QUEUED, amount=amount[:15]))
            ways.append(Q(state=EntryState.QUEUED, amount=f"-{amount[:15]}"))
        found: set[Any] = set()
        for way in ways:
            rows = BankEntry.objects.filter(way).order_by("pk")
            found.update(rows.values_list("pk", flat=True)[:_FOUND])
        return found

    @admin.display(description=gettext_lazy("kwota"))
    def money(self, entry: BankEntry) -> str:
        return format_money(entry.amount, entry.currency)

    @admin.display(description=gettext_lazy("tytuł"))
    def short_title(self, entry: BankEntry) -> str:
        return entry.title if len(entry.title) <= _SHORT else f"{entry.title[: _SHORT - 1]}…"

    @admin.display(description=gettext_lazy("klient"))
    def client(self, entry: BankEntry) -> SafeString | str:
        return row_link(entry.payment.company) if entry.payment else "–"

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> Any:
        sums = (
            BankEntry.objects.filter(state=EntryState.QUEUED)
            .order_by()
            .values("currency")
            .annotate(count=Count("pk"), money=Sum("amount"), oldest=Min("booked_on"))
        )
        waiting = sorted(sums, key=lambda row: zloty_first(row["currency"]))
        extra = {"waiting": waiting, **(extra_context or {})}
        return super().changelist_view(request, extra)

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Any:
        entry = super().get_object(request, object_id, from_field)
        if isinstance(entry, BankEntry):
            rows = BankEntry.objects.select_related(
                "payment__company", "payment__contract", "statement__account", "handled_by"
            )
            return rows.get(pk=entry.pk)
        return entry

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> Any:
        entry: BankEntry = kwargs["obj"]
        is_open = entry.state == EntryState.QUEUED
        text = clean_text(request.GET.get("q"))
        account = entry.counterparty_account
        if self.hidden(request):
            account = masked_value(BankEntry._meta.get_field("counterparty_account"), account)
        context |= {
            "row": entry,
            "money": format_money(entry.amount, entry.currency),
            "account": account,
            "note": _(entry.note) if entry.note else "",
            "text": text,
            "suggestions": suggest(entry) if is_open else [],
            "found": search(entry, text) if is_open and text else [],
            "may_act": self.may_act(request),
            "is_open": is_open,
            "may_undo": self._may_undo(entry),
        }
        return super().render_change_form(request, context, *args, **kwargs)

    def _may_undo(self, entry: BankEntry) -> bool:
        if entry.payment is not None:
            return entry.payment.source_system == SOURCE and entry.payment.reverses_id is None
        return entry.state == EntryState.IGNORED

    def after(self, row: Any) -> str:
        """To the next entry of the queue once this one is explained."""
        entry = BankEntry.objects.get(pk=row.pk)
        if entry.state == EntryState.QUEUED:
            return super().after(row)
        return reverse("admin:invoicing_bankentry_changelist")

    def book(self, request: HttpRequest, entry: BankEntry) -> str:
        choice = parse_key(request.POST.get("choice", ""))
        if choice is None:
            raise ExplainingError(_("Wybierz klienta."))
        payment = explaining.book(
            entry_id=entry.pk, choice=choice, actor=staff_of(request), at=timezone.now()
        )
        return _("Zaksięgowano %(amount)s: %(client)s.") % {
            "amount": format_money(payment.amount, payment.currency),
            "client": payment.company,
        }

    def set_aside(self, request: HttpRequest, entry: BankEntry) -> str:
        explaining.set_aside(
            entry_id=entry.pk,
            note=typed(request, "note"),
            actor=staff_of(request),
            at=timezone.now(),
        )
        return _("Operacja nie dotyczy klientów.")

    def undo(self, request: HttpRequest, entry: BankEntry) -> str:
        explaining.undo(
            entry_id=entry.pk,
            reason=typed(request, "reason"),
            actor=staff_of(request),
            at=timezone.now(),
        )
        return _("Cofnięte. Operacja znów czeka na wyjaśnienie.")
