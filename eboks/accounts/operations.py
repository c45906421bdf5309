"""What a person signs about themselves: a new number for codes, a new e-mail (SEC-40, 41)."""

from __future__ import annotations

import datetime as dt
import re

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from eboks.accounts import new_email, new_number, second_factor
from eboks.accounts.models import User
from eboks.authorisation.enums import Slot
from eboks.authorisation.models import Instruction
from eboks.authorisation.registry import Done, Facts, Operation, Refused, add_operation
from eboks.phones import masked, masked_email

_LONGEST_DOMAIN = 30


def register() -> None:
    """Called once, when the app is ready."""
    new_email.register()
    add_operation(
        Operation(
            name="phone_change",
            title=gettext_lazy("Zmiana telefonu do kodów SMS"),
            button=gettext_lazy("Zmień telefon"),
            right=None,
            edit_url=lambda instruction: _form(instruction, "account_phone"),
            lines=_phone_lines,
            sms=lambda facts: f"Zmiana telefonu do kodow na *{facts.payload['phone'][-3:]}",
            basis=lambda facts: {"number": _number(facts.user)},
            codes=_phone_codes,
            execute=_change_phone,
            after=gettext_lazy(
                "Poprosimy o dwa kody: z obecnego i z nowego numeru. Na stary numer i e-mail"
                " wyślemy powiadomienie. Przez 48 godzin kosztowne dyspozycje potwierdzimy jeszcze"
                " starym numerem."
            ),
        )
    )
    add_operation(
        Operation(
            name="email_change",
            title=gettext_lazy("Zmiana adresu e-mail"),
            button=gettext_lazy("Zmień e-mail"),
            right=None,
            edit_url=lambda instruction: _form(instruction, "account_email"),
            lines=_email_lines,
            sms=_email_sms,
            basis=lambda facts: {"email": _fresh(facts.user).email},
            execute=_start_email_change,
            after=gettext_lazy(
                "Po podpisaniu wyślemy link na nowy adres. Zmiana zadziała, gdy go potwierdzisz."
            ),
        )
    )


def _form(instruction: Instruction, view: str) -> str:
    return f"{reverse(view)}?dyspozycja={instruction.public_id}"


# --- number ---------------------------------------------------------------------------------
def _number(user: User) -> str:
    device = second_factor.device_of(user)
    return device.number if device is not None else ""


def _phone_lines(facts: Facts) -> list[tuple[str, str]]:
    """Masked, as in the SMS and in the record (SEC-32): the code proves the new number itself."""
    return [
        (_("Obecny numer"), masked(_number(facts.user))),
        (_("Nowy numer"), masked(facts.payload["phone"])),
    ]


def _phone_codes(facts: Facts) -> list[tuple[Slot, str]]:
    """Within 48 h of a change the code goes to the number before it: two changes in a row must
    not be a way around the cooling-off.
    """
    device = second_factor.device_of(facts.user)
    if device is None:
        raise Refused(_("Nie mamy Twojego numeru do kodów SMS. Zadzwoń do nas, a go dodamy."))
    own = device.number_for(costly=True, at=timezone.now())
    return [(Slot.OWN, own), (Slot.NEW_NUMBER, str(facts.payload["phone"]))]


def _change_phone(instruction: Instruction, at: dt.datetime) -> Done:
    changed = new_number.change_number(
        user=instruction.user,
        number=str(instruction.payload["phone"]),
        shown_at=instruction.created_at,
        at=at,
    )
    if not changed:
        raise Refused(_("Numer zmienił się w międzyczasie. Sprawdź go jeszcze raz."))
    return Done(
        text=_("Kody SMS idą teraz na nowy numer."),
        next=_(
            "Na stary numer i na e-mail wysłaliśmy powiadomienie. W e-mailu jest link, który"
            " blokuje konto."
        ),
        url=reverse("account_security"),
    )


# --- address --------------------------------------------------------------------------------
def _email_lines(facts: Facts) -> list[tuple[str, str]]:
    return [
        (_("Obecny adres"), masked_email(_fresh(facts.user).email)),
        (_("Nowy adres"), masked_email(facts.payload["email"])),
    ]


def _email_sms(facts: Facts) -> str:
    """First letter and domain: enough to be recognised, too little to write a message with."""
    name, _at, domain = facts.payload["email"].partition("@")
    plain = re.sub(r"[^A-Za-z0-9.-]", "", domain)[:_LONGEST_DOMAIN]
    letter = re.sub(r"[^A-Za-z0-9]", "", name[:1])
    return f"Zmiana e-mail na {letter}*(at){plain}"


def _start_email_change(instruction: Instruction, at: dt.datetime) -> Done:
    new_email.start_change(
        user=_fresh(instruction.user),
        email=str(instruction.payload["email"]),
        reference=instruction.reference,
        at=at,
    )
    return Done(
        text=_("Wysłaliśmy link na nowy adres e-mail."),
        next=_("Otwórz go w ciągu 72 godzin. Do tego czasu działa stary adres."),
        url=reverse("account_security"),
    )


def _fresh(user: User) -> User:
    """As the person stands now, whatever the caller has read before."""
    return User.objects.get(pk=user.pk)
