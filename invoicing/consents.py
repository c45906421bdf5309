"""Consent to invoices by e-mail and portal instead of paper, given and withdrawn by an SMS code."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from eboks import clock
from eboks.audit.services import record
from eboks.authorisation.models import Instruction
from eboks.authorisation.registry import Done, Facts, Operation, Refused, add_operation
from eboks.events import security_event
from eboks.tenancy.company_data import keep_change
from eboks.tenancy.models import Company
from invoicing.models import ConsentText, EInvoiceConsent

OPERATION = "e_invoice"


def register() -> None:
    """Called once, when the app is ready."""
    add_operation(
        Operation(
            name=OPERATION,
            title=gettext_lazy("E-faktury zamiast papierowych"),
            button=gettext_lazy("Podpisz"),
            edit_url=lambda instruction: reverse("invoicing:e_invoices"),
            lines=_lines,
            sms=_sms,
            basis=_basis,
            execute=_execute,
            after=gettext_lazy("Działa od następnej faktury."),
        )
    )


def text_in_force(on: dt.date) -> ConsentText:
    """The words of the consent on `on`. Raises `Refused` when the lessor has given none."""
    rows = ConsentText.objects.filter(valid_from__lte=on)
    found = rows.order_by("-valid_from", "-pk").first()
    if found is None:
        raise Refused(_("Nie można teraz zmienić sposobu wystawiania faktur. Zadzwoń do nas."))
    return found


def payload_of(*, on: bool, text: ConsentText) -> dict[str, Any]:
    """What is signed: the decision and the very words it is about."""
    return {"on": on, "version": text.version}


def _lines(facts: Facts) -> list[tuple[str, str]]:
    on = facts.payload["on"]
    return [
        (_("Decyzja"), _("włącz e-faktury") if on else _("wyłącz e-faktury, wróć do papieru")),
        (_("Treść zgody"), _text(facts).body),
        (_("Wersja treści"), facts.payload["version"]),
    ]


def _sms(facts: Facts) -> str:
    assert facts.company is not None  # noqa: S101 -- the operation needs a right in a company
    what = "Wlaczenie" if facts.payload["on"] else "Wylaczenie"
    return f"{what} e-faktur klienta {facts.company.client_id}"


def _basis(facts: Facts) -> dict[str, Any]:
    company = Company.objects.get(pk=facts.company.pk) if facts.company else None
    return {"now": bool(company and company.e_invoice_since), "text": _text(facts).body}


def _text(facts: Facts) -> ConsentText:
    found = ConsentText.objects.filter(version=facts.payload["version"]).first()
    if found is None:
        raise Refused(_("Treść zgody się zmieniła. Przeczytaj ją jeszcze raz."))
    return found


def _execute(instruction: Instruction, at: dt.datetime) -> Done:
    company, on = instruction.company, bool(instruction.payload["on"])
    assert company is not None  # noqa: S101 -- the gate has checked the right in it
    since = clock.today(at) if on else None
    changed = Company.objects.filter(pk=company.pk, e_invoice_since__isnull=on).update(
        e_invoice_since=since
    )
    if not changed:
        raise Refused(_("Ta zmiana jest już zrobiona."))
    text = ConsentText.objects.get(version=instruction.payload["version"])
    EInvoiceConsent.objects.create(
        company=company,
        is_given=on,
        text=text,
        decided_at=at,
        decided_by=instruction.user,
        reference=instruction.reference,
    )
    keep_change(
        company=company,
        values={"e_invoice_since": since.isoformat() if since else None},
        actor=instruction.user,
        reference=instruction.reference,
        at=at,
    )
    event = "e_invoice_enabled" if on else "e_invoice_disabled"
    security_event(event, result="ok", actor_id=instruction.user_id, company_id=company.pk)
    record(
        event=event,
        at=at,
        actor=instruction.user,
        company=company,
        object_kind="instruction",
        object_ref=instruction.reference,
        facts={"version": text.version, "reference": instruction.reference},
    )
    return Done(
        text=_("E-faktury są włączone.") if on else _("E-faktury są wyłączone."),
        next=_("Następna faktura przyjdzie już w ten sposób."),
        url=reverse("portal:company"),
    )
