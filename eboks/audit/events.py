"""Events that the audit trail knows, each with the sentence that a client reads.

The sentence follows the person („Jan Kowalski” + „pobrał(a) fakturę …”). It may name facts of the
entry (`%(number)s`), `%(subject)s` (whom it is about) and `%(object)s` (what it is about); a fact
that an entry lacks shows as „–”. Rooms add theirs with `add_event` in `AppConfig.ready()`.
"""

from __future__ import annotations

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Group(models.TextChoices):
    """What a client filters by. The lessor's staff are a group by their role, not by event."""

    ACCESS = "access", _("logowania i bezpieczeństwo")
    DOCUMENTS = "documents", _("dokumenty")
    INSTRUCTIONS = "instructions", _("dyspozycje")
    PEOPLE = "people", _("osoby i uprawnienia")
    DATA = "data", _("dane firmy")
    STAFF = "staff", _("obsługa leasingodawcy")


_GROUP_OF_PREFIX = {
    "login": Group.ACCESS,
    "logout": Group.ACCESS,
    "session": Group.ACCESS,
    "password": Group.ACCESS,
    "second": Group.ACCESS,
    "recovery": Group.ACCESS,
    "trusted": Group.ACCESS,
    "account": Group.ACCESS,
    "phone": Group.ACCESS,
    "email": Group.ACCESS,
    "signing": Group.INSTRUCTIONS,
    "invoice": Group.DOCUMENTS,
    "schedule": Group.DOCUMENTS,
    "document": Group.DOCUMENTS,
    "report": Group.DOCUMENTS,
    "activity": Group.DOCUMENTS,
    "instruction": Group.INSTRUCTIONS,
    "person": Group.PEOPLE,
    "membership": Group.PEOPLE,
    "invitation": Group.PEOPLE,
    "application": Group.PEOPLE,
    "company": Group.DATA,
    "e": Group.DATA,
    "staff": Group.STAFF,
    "view": Group.STAFF,
    "audit": Group.STAFF,
}

EVENTS: dict[str, Promise] = {}
_groups: dict[str, Group] = {}


def add_event(name: str, text: Promise, *, group: Group | None = None) -> None:
    """Makes `name` known to `record`. Without a group, the first word of the name gives it."""
    EVENTS[name] = text
    _groups[name] = group or _GROUP_OF_PREFIX.get(name.partition("_")[0], Group.DATA)


def group_of(name: str) -> Group:
    return _groups[name]


def events_of(group: Group) -> list[str]:
    return [name for name, own in _groups.items() if own == group]


for _name, _text in {
    # log-in and account
    "login": _("zalogował(a) się"),
    "logout": _("wylogował(a) się"),
    "login_new_device": _("zalogował(a) się z nowego urządzenia"),
    "session_ended": _("zakończył(a) sesję na innym urządzeniu"),
    "password_changed": _("zmienił(a) hasło"),
    "password_reset": _("ustawił(a) nowe hasło przez link z e-maila"),
    "password_link_sent": _("wysłał(a) link do ustawienia hasła: %(subject)s"),
    "second_factor_added": _("dodał(a) drugi składnik logowania"),
    "second_factor_removed": _("usunął(-ęła) drugi składnik logowania"),
    "second_factor_used": _("potwierdził(a) logowanie drugim składnikiem"),
    "second_factor_failed": _("podał(a) błędny kod przy logowaniu"),
    "second_factor_reset": _("wyłączył(a) drugi składnik logowania: %(subject)s"),
    "recovery_codes_made": _("utworzył(a) nowe kody zapasowe"),
    "trusted_browser_added": _("zapamiętał(a) przeglądarkę jako zaufaną"),
    "trusted_browser_revoked": _("przestał(a) ufać zapamiętanej przeglądarce"),
    "account_activated": _("aktywował(a) konto"),
    "account_frozen": _("zablokował(a) konto linkiem „To nie ja”"),
    "account_unfrozen": _("odblokował(a) konto: %(subject)s"),
    "phone_changed": _("zmienił(a) numer telefonu do kodów"),
    "phone_reset_proposed": _("zgłosił(a) zmianę telefonu osoby: %(subject)s"),
    "phone_reset_approved": _("zatwierdził(a) zmianę telefonu osoby: %(subject)s"),
    "phone_reset_refused": _("odrzucił(a) zmianę telefonu osoby: %(subject)s"),
    "email_changed": _("zmienił(a) adres e-mail"),
    # documents
    "invoice_viewed": _("otworzył(a) PDF faktury %(number)s"),
    "invoice_downloaded": _("pobrał(a) fakturę %(number)s"),
    "schedule_downloaded": _("pobrał(a) harmonogram umowy %(number)s"),
    "document_viewed": _("otworzył(a) dokument: %(name)s"),
    "document_downloaded": _("pobrał(a) dokument: %(name)s"),
    "report_exported": _("pobrał(a) zestawienie: %(name)s"),
    # instructions
    "instruction_prepared": _("przygotował(a) dyspozycję %(reference)s: %(title)s"),
    "instruction_awaits_second": _(
        "podpisał(a) dyspozycję %(reference)s: %(title)s. Czeka na drugą osobę"
    ),
    "instruction_executed": _("podpisał(a) dyspozycję %(reference)s: %(title)s. Wykonana"),
    "instruction_refused": _("dyspozycja %(reference)s (%(title)s) została odrzucona"),
    "instruction_stale": _("dyspozycja %(reference)s (%(title)s) straciła aktualność"),
    "instruction_expired": _("dyspozycja %(reference)s (%(title)s) wygasła"),
    "instruction_cancelled": _("wycofał(a) dyspozycję %(reference)s: %(title)s"),
    "instruction_code_wrong": _("podał(a) błędny kod do dyspozycji %(reference)s"),
    "instruction_code_exhausted": _("za dużo błędnych kodów do dyspozycji %(reference)s"),
    "signing_blocked": _("za dużo błędnych kodów: podpisywanie wstrzymane do jutra"),
    # people
    "person_invited": _("zaprosił(a) osobę: %(subject)s"),
    "person_added": _("dodał(a) osobę: %(subject)s"),
    "person_changed": _("zmienił(a) uprawnienia osoby: %(subject)s"),
    "person_suspended": _("zawiesił(a) dostęp osoby: %(subject)s"),
    "person_restored": _("przywrócił(a) dostęp osoby: %(subject)s"),
    "person_removed": _("usunął(-ęła) dostęp osoby: %(subject)s"),
    "invitation_sent": _("wysłał(a) zaproszenie: %(subject)s"),
    "invitation_withdrawn": _("wycofał(a) zaproszenie: %(subject)s"),
    "invitation_used": _("przyjął(-ęła) zaproszenie"),
    "application_received": _("wniosek o dostęp wpłynął"),
    "application_accepted": _("przyjął(-ęła) wniosek o dostęp"),
    "application_asked_for_more": _("poprosił(a) o uzupełnienie wniosku o dostęp"),
    "application_refused": _("odrzucił(a) wniosek o dostęp"),
    # company
    "company_data_changed": _("zmienił(a) dane firmy"),
    "company_data_settled": _("przyjął(-ęła) zmianę danych firmy do systemu"),
    "e_invoice_enabled": _("włączył(a) e-faktury"),
    "e_invoice_disabled": _("wyłączył(a) e-faktury"),
    # the lessor's staff
    "staff_viewed": _("obejrzał(a) dane w systemie obsługi: %(what)s"),
    "staff_revealed": _("odsłonił(a) zakryte dane w systemie obsługi: %(what)s"),
    "view_as_client_begun": _("zaczął (zaczęła) podgląd portalu oczami osoby: %(subject)s"),
    "view_as_client_page": _("obejrzał(a) stronę portalu w podglądzie: %(path)s"),
    "view_as_client_ended": _("zakończył(a) podgląd portalu"),
}.items():
    add_event(_name, _text)
