"""What a role may do: the one place where rights are given out (the matrix of SEC-51)."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Right(models.TextChoices):
    VIEW_CONTRACTS = "view_contracts", _("widzi umowy, przedmioty i harmonogramy")
    VIEW_FINANCE = "view_finance", _("widzi faktury, rozrachunki i salda")
    EXPORT_REPORTS = "export_reports", _("pobiera raporty i zestawienia")
    HANDLE_PAYMENTS = "handle_payments", _("przygotowuje i zgłasza wpłaty, obiecuje termin zapłaty")
    VIEW_VEHICLES = "view_vehicles", _("widzi pojazdy i ich dane")
    VIEW_FLEET = "view_fleet", _("widzi serwis, paliwo i koszty pojazdów")
    ENTER_MILEAGE = "enter_mileage", _("wpisuje przebieg pojazdów")
    VIEW_INSURANCE = "view_insurance", _("widzi polisy i szkody")
    HANDLE_INSURANCE = "handle_insurance", _("przesyła polisy i zgłasza szkody")
    FILE_REQUESTS = "file_requests", _("składa wnioski i widzi, co się z nimi dzieje")
    SIGN = "sign", _("podpisuje dyspozycje kodem SMS")
    MANAGE_PEOPLE = "manage_people", _("zaprasza osoby i nadaje uprawnienia")
    VIEW_ACTIVITY = "view_activity", _("widzi dziennik aktywności firmy")


class Role(models.TextChoices):
    OWNER = "owner", _("właściciel lub administrator")
    SIGNATORY = "signatory", _("osoba podpisująca")
    FINANCE = "finance", _("finanse")
    FLEET = "fleet", _("flota")
    INSURANCE = "insurance", _("ubezpieczenia")
    ACCOUNTANT = "accountant", _("biuro rachunkowe")
    DRIVER = "driver", _("kierowca")
    READ_ONLY = "read_only", _("tylko podgląd")


_MONEY = frozenset(
    {Right.VIEW_CONTRACTS, Right.VIEW_FINANCE, Right.EXPORT_REPORTS, Right.HANDLE_PAYMENTS}
)

_INSURANCE = frozenset(
    {
        *(Right.VIEW_CONTRACTS, Right.VIEW_VEHICLES, Right.FILE_REQUESTS),
        *(Right.VIEW_INSURANCE, Right.HANDLE_INSURANCE),
    }
)
_VEHICLES = frozenset({Right.VIEW_VEHICLES, Right.VIEW_FLEET})

RIGHTS: dict[Role, frozenset[Right]] = {
    Role.OWNER: frozenset(Right),
    Role.SIGNATORY: _MONEY
    | _VEHICLES
    | _INSURANCE
    | {Right.ENTER_MILEAGE, Right.VIEW_ACTIVITY, Right.SIGN},
    Role.FINANCE: _MONEY | _VEHICLES | {Right.FILE_REQUESTS},
    Role.FLEET: _INSURANCE | _VEHICLES | {Right.ENTER_MILEAGE},
    Role.INSURANCE: _INSURANCE,
    Role.ACCOUNTANT: _MONEY | {Right.FILE_REQUESTS},
    Role.DRIVER: frozenset({Right.VIEW_VEHICLES, Right.ENTER_MILEAGE}),
    Role.READ_ONLY: _VEHICLES | {Right.VIEW_CONTRACTS, Right.VIEW_FINANCE},
}

# Roles whose holders may bind the company: giving one out is itself signed by an SMS code.
SIGNING_ROLES = frozenset({Role.OWNER, Role.SIGNATORY})


def roles_with(right: Right) -> list[Role]:
    """Roles that carry `right`."""
    return [role for role, rights in RIGHTS.items() if right in rights]
