"""„Zapłaciłem”: a client says that a transfer was sent, and may show the bank's confirmation."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from decimal import Decimal

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from eboks import clock
from eboks.accounts.models import User
from eboks.audit.services import record
from eboks.documents.services import store
from eboks.money import format_money
from eboks.onboarding.scans import Scan
from eboks.tenancy.models import Company
from invoicing.enums import ReportState
from invoicing.models import PaymentReport, ReceivableItem
from invoicing.paying import PayingError

OLDEST = dt.timedelta(days=60)


@transaction.atomic
def report_payment(
    *,
    company: Company,
    items: Sequence[ReceivableItem],
    paid_on: dt.date,
    amount: Decimal,
    currency: str,
    scan: Scan | None,
    form_key: uuid.UUID,
    actor: User,
    at: dt.datetime,
) -> PaymentReport:
    """A transfer that the client says was sent, for some items or for none in particular.

    The same form sent twice is one report. Reminders of the items wait for
    `PAYMENT_REPORT_WAIT_DAYS` working days, counted from the first report of any of them that no
    transfer followed: saying it again puts nothing off. Raises PayingError for a form that was
    sent with other data, for an odd day, for items that are reported already, paid, or of another
    company or currency, and for too many reports a day.
    """
    Company.objects.select_for_update().get(pk=company.pk)
    earlier = PaymentReport.objects.filter(form_key=form_key).first()
    if earlier is not None:
        said = (earlier.company_id, earlier.paid_on, earlier.amount, earlier.currency)
        if said != (company.pk, paid_on, amount, currency):
            raise PayingError(sent_before())
        return earlier
    today = clock.today(at)
    _check(company, items, paid_on=paid_on, currency=currency, today=today)
    if _reported_today(company, today) >= settings.PAYMENT_REPORTS_PER_DAY:
        raise PayingError(_("Za dużo zgłoszeń jednego dnia. Napisz do nas."))
    try:
        with transaction.atomic():
            row = PaymentReport.objects.create(
                form_key=form_key,
                company=company,
                paid_on=paid_on,
                amount=amount,
                currency=currency,
                waits_until=_waits_until(items, today),
                reported_at=at,
                reported_by=actor,
            )
    except IntegrityError:  # at this very moment for another company
        raise PayingError(sent_before()) from None
    row.items.set(items)
    if scan is not None:
        row.proof = store(
            company=company,
            key=f"payment_report:{row.public_id}",
            content=scan.content,
            file_name=f"potwierdzenie-{paid_on}.{scan.extension}",
            content_type=scan.content_type,
            renderer="client",
            at=at,
        )
        row.save(update_fields=["proof"])
    record(
        event="payment_reported",
        at=at,
        actor=actor,
        company=company,
        object_kind="payment_report",
        object_ref=str(row.public_id),
        facts={"amount": format_money(amount, currency), "on": paid_on.isoformat()},
    )
    return row


@transaction.atomic
def withdraw(*, report: PaymentReport, actor: User, at: dt.datetime) -> None:
    """Take a report back; reminders no longer wait. Raises PayingError when it is decided."""
    rows = PaymentReport.objects.filter(pk=report.pk, state=ReportState.OPEN)
    if rows.update(state=ReportState.WITHDRAWN) != 1:
        raise PayingError(_("Tego zgłoszenia nie można już wycofać."))
    record(
        event="payment_report_withdrawn",
        at=at,
        actor=actor,
        company=report.company,
        object_kind="payment_report",
        object_ref=str(report.public_id),
        facts={"amount": format_money(report.amount, report.currency)},
    )


def _check(
    company: Company,
    items: Sequence[ReceivableItem],
    *,
    paid_on: dt.date,
    currency: str,
    today: dt.date,
) -> None:
    if not today - OLDEST <= paid_on <= today:
        raise PayingError(_("Data przelewu nie może być z przyszłości ani sprzed ponad 60 dni."))
    check_items(company, items, currency=currency)
    reported = PaymentReport.objects.filter(items__in=items, state=ReportState.OPEN)
    if items and reported.exists():
        raise PayingError(_("Przelew za jedną z tych pozycji jest już zgłoszony."))


def _waits_until(items: Sequence[ReceivableItem], today: dt.date) -> dt.date:
    said = PaymentReport.objects.filter(items__in=items).exclude(state=ReportState.MATCHED)
    first = said.order_by("reported_at").values_list("reported_at", flat=True).first()
    since = clock.today(first) if first is not None else today
    return max(today, clock.add_working_days(since, settings.PAYMENT_REPORT_WAIT_DAYS))


def sent_before() -> str:
    return _("Ten formularz był już wysłany z innymi danymi. Otwórz go jeszcze raz.")


def check_items(
    company: Company, items: Sequence[ReceivableItem], *, currency: str | None = None
) -> None:
    """Raises PayingError for items that cannot be paid together: of another company or currency,
    or with nothing left to pay."""
    if any(item.company_id != company.pk for item in items):
        raise PayingError(_("Wybierz pozycje jednej firmy."))
    if len({item.currency for item in items} | ({currency} if currency else set())) > 1:
        raise PayingError(_("Wybierz pozycje w jednej walucie."))
    if any(item.open_amount <= 0 for item in items):
        raise PayingError(_("Jedna z wybranych pozycji jest już zapłacona. Wybierz jeszcze raz."))


def _reported_today(company: Company, today: dt.date) -> int:
    midnight = dt.datetime.combine(today, dt.time(), tzinfo=clock.WARSAW)
    return PaymentReport.objects.filter(company=company, reported_at__gte=midnight).count()
