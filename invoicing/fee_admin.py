"""Back office: fee tables, closed once they are in force, and what clients were charged."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_lazy

from eboks import clock
from eboks.admin_site import BackOfficeAdmin, ReadOnlyAdmin, row_link
from eboks.tenancy.admin import staff_of
from invoicing import fees, recharges
from invoicing.fee_tables import COLUMNS, FeeTableError, copy_table, is_in_force, problems_of
from invoicing.models import Charge, FeeLine, FeeTable
from invoicing.recharge_forms import RechargeForm, refuse_what_waits_for_ever

_RECHARGE = "przeniesiony"  # in the address of the page that adds: a cost passed on, not a fee


def _closed(table: Model | None) -> bool:
    return isinstance(table, FeeTable) and is_in_force(table, on=clock.today(timezone.now()))


class FeeLineForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = FeeLine
        fields = ("position", *COLUMNS)

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        if not self.errors:
            values = {name: self.cleaned_data[name] for name in self._meta.fields or ()}
            for problem in problems_of(FeeLine(**values)):
                self.add_error(None, problem)
        return cleaned


class FeeLineInline(admin.TabularInline):  # type: ignore[type-arg]
    model = FeeLine
    form = FeeLineForm
    extra = 0
    ordering = ("position", "pk")

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return super().has_add_permission(request, obj) and not _closed(obj)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return super().has_change_permission(request, obj) and not _closed(obj)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """A line that is not in force yet may go; one that a charge names is held by it."""
        return super().has_delete_permission(request, obj) and not _closed(obj)


@admin.register(FeeTable)
class FeeTableAdmin(BackOfficeAdmin):
    """A table may be changed until the day it is valid from; from then on only copied."""

    list_display = ("version", "title", "valid_from", "valid_to", "signed_from", "signed_to")
    search_fields = ()
    sortable_by = ()
    ordering = ("-valid_from", "-pk")
    inlines = (FeeLineInline,)
    actions = ("copy",)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return super().has_change_permission(request, obj) and not _closed(obj)

    @admin.action(
        description=gettext_lazy("Kopiuj do nowej wersji, ważnej od jutra"), permissions=["add"]
    )
    def copy(self, request: HttpRequest, queryset: QuerySet[FeeTable]) -> None:
        at = timezone.now()
        tomorrow = clock.today(at) + dt.timedelta(days=1)
        for table in queryset.order_by("pk"):
            version = _next_version(table.version)
            try:
                made = copy_table(
                    table=table,
                    version=version,
                    valid_from=tomorrow,
                    actor=staff_of(request),
                    at=at,
                )
            except FeeTableError as error:
                self.message_user(request, str(error), messages.ERROR)
                continue
            text = gettext("Nowa wersja %(version)s. Zmień ją, zanim zacznie obowiązywać.")
            self.message_user(request, text % {"version": made.version}, messages.SUCCESS)


def _next_version(version: str) -> str:
    """`2026-08` → `2026-08-k2`, the first that is free."""
    longest: int = FeeTable._meta.get_field("version").max_length or 20
    taken = set(FeeTable.objects.values_list("version", flat=True))
    number = 2
    while (name := f"{version[: longest - 6]}-k{number}") in taken:
        number += 1
    return name


@admin.register(FeeLine)
class FeeLineAdmin(ReadOnlyAdmin):
    list_display = ("code", "title", "table", "channel", "base", "net", "net_to", "percent")
    list_select_related = ("table",)
    list_filter = ("channel",)
    find_by = ("code__startswith", "table__version__exact", "title__icontains")
    search_help_text = gettext_lazy("Kod, nazwa albo wersja tabeli")
    sortable_by = ()
    ordering = ("-table__valid_from", "position", "pk")


class LineChoice(forms.ModelChoiceField):  # type: ignore[type-arg]
    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.table.version}: {obj}"


class NewChargeForm(forms.ModelForm):  # type: ignore[type-arg]
    """A charge by hand: which fee, to whom, and what it is counted of."""

    key = forms.CharField(widget=forms.HiddenInput, max_length=120)
    fee_line = LineChoice(FeeLine.objects.none(), label=gettext_lazy("opłata z tabeli"))
    base = forms.DecimalField(
        label=gettext_lazy("od jakiej kwoty (procent) albo jaka kwota (od–do)"),
        max_digits=14,
        decimal_places=2,
        min_value=0,
        required=False,
    )
    quantity = forms.IntegerField(
        label=gettext_lazy("ile razy"), min_value=1, max_value=1000, initial=1
    )

    class Meta:
        model = Charge
        fields = ("company", "contract", "description", "charged_on")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        today = clock.today(timezone.now())
        lines = FeeLine.objects.filter(table__in=fees.tables_of_any(on=today))
        choice = self.fields["fee_line"]
        assert isinstance(choice, LineChoice)  # noqa: S101 -- declared above
        choice.queryset = lines.select_related("table").order_by(
            "-table__valid_from", "position", "pk"
        )
        self.fields["key"].initial = f"hand:{uuid.uuid4()}"
        self.fields["charged_on"].initial = today
        self.fields["description"].required = False
        self.fields["description"].help_text = gettext("Pusta: nazwa z tabeli.")

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        data = self.cleaned_data
        contract = data.get("contract")
        if contract is not None and contract.company_id != getattr(data.get("company"), "pk", 0):
            self.add_error("contract", gettext("To umowa innego klienta."))
        elif "contract" not in self.errors:
            refuse_what_waits_for_ever(self, contract)
        if data.get("fee_line") and data.get("quantity"):
            try:
                net = fees.price(data["fee_line"], base=data.get("base"), quantity=data["quantity"])
            except fees.FeeError as error:
                self.add_error("base", str(error))
            else:
                if not net:
                    self.add_error("fee_line", gettext("Ta czynność nic nie kosztuje."))
                elif net > recharges.LARGEST:
                    self.add_error("base", gettext("Kwota jest za duża."))
        return cleaned


class CancelForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Charge
        fields = ("cancel_reason",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "cancel_reason" in self.fields:
            self.fields["cancel_reason"].required = True
            self.fields["cancel_reason"].help_text = gettext(
                "Wpisanie powodu i zapisanie anuluje opłatę."
            )

    def clean(self) -> dict[str, Any] | None:
        if not fees.is_waiting(self.instance):
            raise forms.ValidationError(
                gettext("Ta opłata jest już na fakturze albo została anulowana.")
            )
        return super().clean()


@admin.register(Charge)
class ChargeAdmin(BackOfficeAdmin):
    """Charged by hand here, or cancelled while no invoice has it; nothing else is changed.

    A fee is chosen from the table; a premium or a service that is passed on is typed.
    """

    change_list_template = "admin/invoicing/charges.html"

    list_display = (
        *("charged_on", "company", "contract", "description", "net", "currency"),
        *("on_invoice", "cancelled_at"),
    )
    list_select_related = ("company", "contract", "invoice_row__invoice")
    list_filter = ("cost_kind",)
    find_by = (
        *("key__exact", "contract__number__startswith", "company__client_id__startswith"),
        *("company__nip__exact", "company__name__icontains"),
    )
    search_help_text = gettext_lazy("Klient, numer umowy albo klucz opłaty")
    sortable_by = ()
    autocomplete_fields = ("company", "contract")
    actions = None
    shown = (
        *("company", "contract", "cost_kind", "description", "charged_on", "net", "vat_code"),
        *("currency", "fee_line", "period_from", "period_to", "on_invoice", "key"),
        *("created_at", "cancelled_at"),
    )

    @admin.display(description=gettext_lazy("faktura"))
    def on_invoice(self, charge: Charge) -> SafeString | str:
        return row_link(charge.invoice_row.invoice if charge.invoice_row else None)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        waiting = not isinstance(obj, Charge) or fees.is_waiting(obj)
        return super().has_change_permission(request, obj) and waiting

    def get_form(
        self, request: HttpRequest, obj: Charge | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        added = RechargeForm if _passes_on(request) else NewChargeForm
        kwargs["form"] = CancelForm if obj else added
        return super().get_form(request, obj, change, **kwargs)

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        if obj:
            return [*self.shown, "cancel_reason"]
        if _passes_on(request):
            return [
                *("company", "contract", "kind", "description", "net", "currency", "vat_code"),
                *("charged_on", "period_from", "period_to", "key"),
            ]
        return [
            *("company", "contract", "fee_line", "base", "quantity"),
            *("description", "charged_on", "key"),
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        return self.shown if obj else ()

    def save_model(self, request: HttpRequest, obj: Charge, form: Any, change: bool) -> None:
        at, data = timezone.now(), form.cleaned_data
        if change:
            fees.cancel(charge=obj, reason=data["cancel_reason"], actor=staff_of(request), at=at)
            obj.refresh_from_db()
            return
        if _passes_on(request):
            made = recharges.recharge(
                key=data["key"],
                company=data["company"],
                contract=data["contract"],
                cost=form.cost,
                actor=staff_of(request),
                at=at,
            )
        else:
            made = self._fee(request, data, at)
        obj.pk = made.pk
        obj.refresh_from_db()

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> Any:
        more = {"may_add": self.has_add_permission(request), "passes_on": _RECHARGE}
        return super().changelist_view(request, {**(extra_context or {}), **more})

    def _fee(self, request: HttpRequest, data: dict[str, Any], at: dt.datetime) -> Charge:
        return fees.charge(
            key=data["key"],
            company=data["company"],
            contract=data["contract"],
            line=data["fee_line"],
            on=data["charged_on"],
            description=data["description"],
            base=data["base"],
            quantity=data["quantity"],
            actor=staff_of(request),
            at=at,
        )


def _passes_on(request: HttpRequest) -> bool:
    return _RECHARGE in request.GET
