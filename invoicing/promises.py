"""„Zapłacę do…”: a promise by a day, within the lessor's rules (settings `PROMISE_…`)."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from eboks import clock
from eboks.accounts.models import User
from eboks.audit.services import record
from eboks.money import ZERO, format_money
from eboks.tenancy.models import Company
from invoicing.enums import PromiseState
from invoicing.models import PaymentPromise, ReceivableItem
from invoicing.paying import PayingError
from invoicing.reported import check_items, sent_before


def last_day(today: dt.date) -> dt.date:
    """The latest day that may be promised on `today`."""
    return today + dt.timedelta(days=settings.PROMISE_MAX_DAYS)


def why_not(items: Sequence[ReceivableItem]) -> str:
    """Why nothing may be promised for one of `items`, in words; empty when it may."""
    if not settings.PROMISE_MAX_DAYS:
        return _("Leasingodawca nie przyjmuje obietnic zapłaty przez portal. Zadzwoń do nas.")
    if any(item.is_disputed for item in items):
        return _("Jedna z pozycji jest sporna. Zaczekaj na jej wyjaśnienie.")
    if any(item.dunning_level >= settings.PROMISE_DUNNING_BELOW for item in items):
        return _("Jedna z pozycji ma już wezwanie do zapłaty. Zadzwoń do nas.")
    if PaymentPromise.objects.filter(items__in=items, state=PromiseState.BROKEN).exists():
        return _("Poprzednia obietnica za jedną z pozycji nie została dotrzymana. Zadzwoń do nas.")
    return ""


@transaction.atomic
def promise(
    *,
    company: Company,
    items: Sequence[ReceivableItem],
    pay_by: dt.date,
    form_key: uuid.UUID,
    actor: User,
    at: dt.datetime,
) -> PaymentPromise:
    """Promise that what is open of `items` will be paid by `pay_by`; reminders wait until then.

    The same form sent twice is one promise. Raises PayingError when a rule of the lessor, or the
    choice of items, forbids it, and for a form that was sent with other data.
    """
    Company.objects.select_for_update().get(pk=company.pk)
    earlier = PaymentPromise.objects.filter(form_key=form_key).first()
    if earlier is not None:
        if (earlier.company_id, earlier.pay_by) != (company.pk, pay_by):
            raise PayingError(sent_before())
        return earlier
    today = clock.today(at)
    if not items:
        raise PayingError(_("Wybierz, za co zapłacisz."))
    check_items(company, items)
    refusal = why_not(items) or _day_refused(pay_by, today)
    if refusal:
        raise PayingError(refusal)
    opened = PaymentPromise.objects.filter(company=company, state=PromiseState.OPEN)
    if opened.filter(items__in=items).exists():
        raise PayingError(_("Jedna z tych pozycji jest już w innej obietnicy."))
    if opened.count() >= settings.PROMISE_MAX_OPEN:
        raise PayingError(
            ngettext(
                "Firma może mieć najwyżej %(n)d otwartą obietnicę. Najpierw zapłać obiecane.",
                "Firma może mieć najwyżej %(n)d otwarte obietnice. Najpierw zapłać obiecane.",
                settings.PROMISE_MAX_OPEN,
            )
            % {"n": settings.PROMISE_MAX_OPEN}
        )
    try:
        with transaction.atomic():
            row = PaymentPromise.objects.create(
                form_key=form_key,
                company=company,
                pay_by=pay_by,
                amount=sum((item.open_amount for item in items), ZERO),
                currency=items[0].currency,
                promised_at=at,
                promised_by=actor,
            )
    except IntegrityError:  # at this very moment for another company
        raise PayingError(sent_before()) from None
    row.items.set(items)
    record(
        event="payment_promised",
        at=at,
        actor=actor,
        company=company,
        object_kind="payment_promise",
        object_ref=str(row.public_id),
        facts={"amount": format_money(row.amount, row.currency), "by": pay_by.isoformat()},
    )
    return row


@transaction.atomic
def withdraw(*, promise: PaymentPromise, actor: User, at: dt.datetime) -> None:
    """Take a promise back; reminders no longer wait. Raises PayingError when it is decided."""
    rows = PaymentPromise.objects.filter(pk=promise.pk, state=PromiseState.OPEN)
    if rows.update(state=PromiseState.WITHDRAWN, decided_at=at) != 1:
        raise PayingError(_("Tej obietnicy nie można już wycofać."))
    record(
        event="payment_promise_withdrawn",
        at=at,
        actor=actor,
        company=promise.company,
        object_kind="payment_promise",
        object_ref=str(promise.public_id),
        facts={"amount": format_money(promise.amount, promise.currency)},
    )


def _day_refused(pay_by: dt.date, today: dt.date) -> str:
    if pay_by < today:
        return _("Dzień zapłaty nie może być z przeszłości.")
    if pay_by > last_day(today):
        return ngettext(
            "Możesz obiecać zapłatę najwyżej za %(n)d dzień.",
            "Możesz obiecać zapłatę najwyżej za %(n)d dni.",
            settings.PROMISE_MAX_DAYS,
        ) % {"n": settings.PROMISE_MAX_DAYS}
    return ""
