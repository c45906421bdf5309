"""States of an instruction and of its codes, and how a check of a code ends."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class InstructionState(models.TextChoices):
    READY = "ready", _("do podpisania")
    AWAITING_SECOND = "awaiting_second", _("czeka na drugą osobę")
    EXECUTED = "executed", _("wykonana")
    REFUSED = "refused", _("odrzucona")
    STALE = "stale", _("nieaktualna")
    EXPIRED = "expired", _("wygasła")
    CANCELLED = "cancelled", _("wycofana")


# Where an instruction may come from: target → permitted sources.
ALLOWED_FROM: dict[InstructionState, frozenset[InstructionState]] = {
    target: frozenset({InstructionState.READY, InstructionState.AWAITING_SECOND})
    for target in (
        InstructionState.EXECUTED,
        InstructionState.REFUSED,
        InstructionState.STALE,
        InstructionState.EXPIRED,
        InstructionState.CANCELLED,
    )
} | {InstructionState.AWAITING_SECOND: frozenset({InstructionState.READY})}


class CodeState(models.TextChoices):
    LIVE = "live", _("ważny")
    USED = "used", _("wykorzystany")
    VOID = "void", _("unieważniony")
    EXHAUSTED = "exhausted", _("za dużo prób")


class Slot(models.TextChoices):
    """What a code proves."""

    OWN = "own", _("numer osoby podpisującej")
    NEW_NUMBER = "new_number", _("nowy numer")
    SECOND = "second", _("druga osoba")


class Step(models.TextChoices):
    """What happened to an instruction on the way, for its evidence."""

    SUMMARY = "summary", _("przygotowano podsumowanie")
    CODE_SENT = "code_sent", _("wysłano kod")
    CODE_WRONG = "code_wrong", _("podano błędny kod")
    CODE_RIGHT = "code_right", _("podano właściwy kod")
    CODE_REFUSED = "code_refused", _("nie przyjęto kodu")
    AWAITS_SECOND = "awaits_second", _("przekazano drugiej osobie")
    EXECUTED = "executed", _("wykonano")
    REFUSED = "refused", _("odrzucono")
    STALE = "stale", _("dane się zmieniły")
    EXPIRED = "expired", _("minął czas")
    CANCELLED = "cancelled", _("wycofano")


class Outcome(models.TextChoices):
    """How the check of a code ended. Returned, never raised."""

    EXECUTED = "executed", _("Dyspozycja wykonana.")
    NEXT_CODE = "next_code", _("Kod się zgadza. Potrzebny jest jeszcze jeden.")
    AWAITS_SECOND = "awaits_second", _("Kod się zgadza. Dyspozycja czeka na drugą osobę.")
    WRONG = "wrong", _("Ten kod się nie zgadza.")
    EXHAUSTED = "exhausted", _("Za dużo błędnych kodów. Zacznij tę dyspozycję od nowa.")
    EXPIRED = "expired", _("Ten kod już nie jest ważny. Wyślij nowy.")
    OLD_CODE = "old_code", _("To starszy kod. Wpisz kod z ostatniego SMS-a.")
    NO_CODE = "no_code", _("Nie ma ważnego kodu. Wyślij nowy.")
    STALE = "stale", _("Dane się zmieniły, dlatego nic nie wykonaliśmy. Sprawdź je jeszcze raz.")
    REFUSED = "refused", _("Nie można wykonać tej dyspozycji.")
    TOO_FAST = "too_fast", _("Odczekaj chwilę i wpisz kod jeszcze raz.")
    BLOCKED = "blocked", _("Za dużo błędnych kodów dzisiaj. Podpisywanie wróci jutro.")
    NOT_YOURS = "not_yours", _("Tej dyspozycji nie można podpisać w tej sesji.")
