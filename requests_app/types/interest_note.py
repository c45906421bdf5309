"""A question about an interest note, or an objection to it (domain 4.1, issue item 12)."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from eboks import clock
from eboks.form_fields import TextField
from eboks.money import format_money
from eboks.ui.words import number, rate, short_date
from invoicing.enums import InvoiceKind
from invoicing.models import InterestNoteLine, Invoice
from requests_app.catalogue import About, Files, Group, RequestType, Subject
from requests_app.forms import RequestForm
from requests_app.models import Request

_MONTHS_BACK = 24
_MOST_OFFERED = 200
_MOST_LINES = 50
WISHES = {
    "explain": gettext_lazy("wyjaśnienie, skąd ta kwota"),
    "object": gettext_lazy("sprzeciw: nie zgadzam się z notą"),
}


class InterestNoteForm(RequestForm):
    note = forms.ChoiceField(
        label=gettext_lazy("Nota odsetkowa"),
        help_text=gettext_lazy("Noty z ostatnich 24 miesięcy. O starszą zapytaj w pytaniu."),
        error_messages={"invalid_choice": gettext_lazy("Wybierz notę z listy.")},
    )
    wish = forms.ChoiceField(label=gettext_lazy("Czego potrzebujesz"), choices=WISHES)
    text = TextField(
        label=gettext_lazy("Twoje pytanie albo powód sprzeciwu"),
        help_text=gettext_lazy("Np. kiedy i z jakiego rachunku wyszedł przelew."),
        rows=6,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = list(_notes(self.about).order_by("-issued_on", "-pk")[:_MOST_OFFERED])
        self.notes = {str(note.public_id): note for note in offered}
        choices = [(key, _label(note)) for key, note in self.notes.items()]
        field = self.fields["note"]
        field.choices = [("", _("Wybierz notę")), *choices]  # type: ignore[attr-defined]
        if not choices:
            field.help_text = _("Firma nie ma not odsetkowych z ostatnich 24 miesięcy.")

    def clean_note(self) -> Invoice:
        return self.notes[self.cleaned_data["note"]]


def _notes(about: About) -> QuerySet[Invoice]:
    """Notes of the company that the person may see."""
    own = Invoice.objects.for_user(about.user).filter(company=about.company)
    since = clock.add_months(about.on, -_MONTHS_BACK)
    return own.filter(kind=InvoiceKind.INTEREST_NOTE, issued_on__gte=since)


def _label(note: Invoice) -> str:
    amount = format_money(note.gross, note.currency)
    return _("%(number)s z %(day)s, %(amount)s") % {
        "number": note.number,
        "day": short_date(note.issued_on),
        "amount": amount,
    }


def _lines(form: RequestForm) -> Sequence[tuple[str, str]]:
    return [
        (_("Nota odsetkowa"), _label(form.cleaned_data["note"])),
        (_("Czego dotyczy"), str(WISHES[form.cleaned_data["wish"]])),
        (_("Treść"), form.cleaned_data["text"]),
    ]


def _facts(form: RequestForm) -> dict[str, Any]:
    note: Invoice = form.cleaned_data["note"]
    return {
        "note": str(note.public_id),
        "number": note.number,
        "wish": form.cleaned_data["wish"],
    }


def _office(request: Request, at: dt.datetime) -> Sequence[tuple[str, str]]:
    """How the note came about, stretch by stretch."""
    note = Invoice.objects.filter(
        public_id=uuid.UUID(request.facts["note"]), company=request.company
    ).first()
    if note is None:
        return []
    lines = [(_("Nota"), _label(note))]
    item = getattr(note, "item", None)
    if item is not None:
        lines.append(
            (_("Z noty zostało do zapłaty"), format_money(item.open_amount, note.currency))
        )
    stretches = InterestNoteLine.objects.filter(note=note).select_related("item")
    found = list(stretches.order_by("position", "pk")[:_MOST_LINES])
    lines += [(line.item.label, _stretch(line, note.currency)) for line in found]
    if not found:
        lines.append((_("Wyliczenie"), _("jest w systemie głównym, portal go nie ma")))
    return lines


def _stretch(line: InterestNoteLine, currency: str) -> str:
    words = _(
        "%(amount)s od %(since)s do %(until)s, dni: %(days)s, stopa %(rate)s, odsetki %(sum)s"
    )
    return words % {
        "amount": format_money(line.amount, currency),
        "since": short_date(line.since),
        "until": short_date(line.until),
        "days": number(line.days),
        "rate": rate(line.rate_pct),
        "sum": format_money(line.interest, currency),
    }


TYPE = RequestType(
    name="interest-note",
    title=gettext_lazy("Nota odsetkowa: pytanie albo sprzeciw"),
    summary=gettext_lazy("Wyjaśnimy, skąd wzięły się odsetki, albo rozpatrzymy sprzeciw"),
    group=Group.MONEY,
    form=InterestNoteForm,
    subject=Subject.COMPANY,
    is_financial=True,
    files=Files.WELCOME,
    files_hint=gettext_lazy("Jeśli masz potwierdzenie przelewu, dołącz je."),
    next_step=gettext_lazy("Sprawdzimy terminy i wpłaty. Odpowiedź przyjdzie do wniosku."),
    lines=_lines,
    facts=_facts,
    office=_office,
)
