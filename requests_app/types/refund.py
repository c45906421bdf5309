"""Refund of an overpayment to the client's account; staff check the account (domain 3.3, 4.1)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Max, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from contracts.models import Contract
from eboks import clock
from eboks.accounts.models import User
from eboks.money import ZERO, format_money
from eboks.tenancy.identifiers import validate_nrb
from eboks.tenancy.models import Company
from eboks.tenancy.rights import Right
from eboks.ui.words import nrb, number, short_date
from invoicing.filters import clean_amount
from invoicing.models import LessorAccount, Payment, VirtualAccount
from invoicing.settlements import Position
from requests_app.catalogue import About, Group, RequestError, RequestType, Subject
from requests_app.enums import Status
from requests_app.forms import RequestForm
from requests_app.models import Request
from requests_app.payment_history import standing

# Refunds go to Polish accounts, which the white list knows.
_CURRENCY = "PLN"


class RefundForm(RequestForm):
    amount = forms.CharField(
        label=gettext_lazy("Kwota zwrotu"),
        max_length=30,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )
    account = forms.CharField(
        label=gettext_lazy("Na rachunek"),
        help_text=gettext_lazy(
            "26 cyfr. Zwracamy na rachunek firmy z białej listy, najszybciej na ten, z którego "
            "płacisz."
        ),
        max_length=40,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.credit = _credit(self.about.company, on=self.about.on)
        amount = self.fields["amount"]
        amount.help_text = _("Nadpłata dziś: %s.") % format_money(self.credit)
        if self.credit > 0:
            amount.initial = format_money(self.credit, with_currency=False)

    def clean_amount(self) -> Decimal:
        amount = clean_amount("".join(self.cleaned_data["amount"].split()))
        if self.credit <= 0:
            raise ValidationError(_("W rozrachunkach nie ma teraz nadpłaty w złotych."))
        if amount is None or amount <= ZERO:
            raise ValidationError(_("Podaj kwotę, na przykład 1234,56."))
        if amount > self.credit:
            raise ValidationError(
                _("Możemy zwrócić najwyżej nadpłatę: %s.") % format_money(self.credit)
            )
        return amount

    def clean_account(self) -> str:
        typed = "".join(self.cleaned_data["account"].split()).replace("-", "").upper()
        account = typed.removeprefix("PL")
        if not account.isascii():
            raise ValidationError(_("To nie jest poprawny numer rachunku: potrzeba 26 cyfr."))
        validate_nrb(account)
        if _is_lessors(account, self.about.company):
            raise ValidationError(
                _("To rachunek, na który nam płacisz. Podaj rachunek swojej firmy.")
            )
        return account


def _credit(company: Company, *, on: dt.date) -> Decimal:
    """What may be given back now, PLN: the overpayment less what was given back above it."""
    found = _position(company, on=on)
    return max(found.overpaid - found.paid_back, ZERO)


def _position(company: Company, *, on: dt.date) -> Position:
    return next(one for one in standing(company, on=on) if one.currency == _CURRENCY)


def _is_lessors(account: str, company: Company) -> bool:
    return (
        LessorAccount.objects.filter(number=account).exists()
        or VirtualAccount.objects.filter(number=account).exists()
        or Contract.objects.filter(company=company, virtual_account=account).exists()
    )


def _lines(form: RequestForm) -> Sequence[tuple[str, str]]:
    credit = _credit(form.about.company, on=form.about.on)
    amount = form.cleaned_data["amount"]
    return [
        (_("Nadpłata dziś"), format_money(credit)),
        (_("Kwota zwrotu"), format_money(amount)),
        (_("Na rachunek"), nrb(form.cleaned_data["account"])),
        (_("Zostanie nadpłaty"), format_money(credit - amount)),
    ]


def _facts(form: RequestForm) -> dict[str, Any]:
    data = form.cleaned_data
    return {"amount": str(data["amount"]), "account": data["account"]}


def _basis(about: About, facts: dict[str, Any]) -> dict[str, Any]:
    return {
        "credit": str(_credit(about.company, on=about.on)),
        "account": facts["account"],
    }


def _sms(about: About) -> str:
    amount = format_money(Decimal(about.facts["amount"]))
    return _("Zwrot nadpłaty %(amount)s na rachunek ...%(end)s") % {
        "amount": amount,
        "end": about.facts["account"][-4:],
    }


def _check_again(request: Request, at: dt.datetime, actor: User | None) -> None:
    """Nothing is booked here: the transfer is made in the bank, its statement books it."""
    credit = _credit(request.company, on=clock.today(at))
    if request.amount is not None and request.amount > credit:
        raise RequestError(_("Nadpłata jest teraz mniejsza: %s.") % format_money(credit))


def _office(request: Request, at: dt.datetime) -> Sequence[tuple[str, str]]:
    on = clock.today(at)
    position = _position(request.company, on=on)
    account: str = request.facts["account"]
    lines = [
        (_("Nadpłata teraz"), format_money(_credit(request.company, on=on))),
        (_("Po terminie"), format_money(position.overdue)),
        (_("Rachunek"), nrb(account)),
        (_("Wpłaty klienta z tego rachunku"), _used_before(request.company, account)),
        (
            _("Biała lista VAT"),
            _("sprawdź ręcznie ten rachunek i NIP %s: portal jej nie pyta") % request.company.nip,
        ),
    ]
    if earlier := _earlier(request):
        lines.append((_("Poprzedni zwrot"), earlier))
    return lines


def _used_before(company: Company, account: str) -> str:
    """Payments that stand from this account, of this client."""
    rows = Payment.objects.filter(
        company=company,
        payer_account__in=[account, f"PL{account}"],
        amount__gt=0,
        reverses__isnull=True,
        reversed_by__isnull=True,
    )
    count = rows.count()
    if not count:
        return _("nie było żadnej")
    last = rows.aggregate(last=Max("booked_on"))["last"]
    text = ngettext("%(n)s wpłata, ostatnia %(day)s", "%(n)s wpłat, ostatnia %(day)s", count)
    return text % {"n": number(count), "day": short_date(last)}


def _earlier(request: Request) -> str:
    """The last refund agreed on: its transfer may not be in the books yet."""
    agreed = Q(status__in=[Status.APPROVED, Status.CLOSED])
    rows = Request.objects.filter(agreed, company=request.company, kind=TYPE.name)
    last = rows.exclude(pk=request.pk).order_by("-decided_at", "-pk").first()
    if last is None or last.decided_at is None or last.amount is None:
        return ""
    return f"{last.reference}, {format_money(last.amount)}, {short_date(last.decided_at)}"


TYPE = RequestType(
    name="refund",
    title=gettext_lazy("Zwrot nadpłaty"),
    summary=gettext_lazy("Oddamy na rachunek firmy to, co zapłacono za dużo"),
    group=Group.MONEY,
    form=RefundForm,
    subject=Subject.COMPANY,
    right=Right.SIGN,
    signed=True,
    costly=True,
    is_financial=True,
    exclusive=True,
    needed=(gettext_lazy("Numer rachunku firmy, zgłoszonego na białej liście VAT."),),
    next_step=gettext_lazy("Sprawdzimy rachunek i zlecimy przelew. Damy znać, gdy go wyślemy."),
    lines=_lines,
    facts=_facts,
    sms=_sms,
    basis=_basis,
    amount=lambda facts: Decimal(facts["amount"]),
    effect=_check_again,
    closes_itself=False,
    office=_office,
)
