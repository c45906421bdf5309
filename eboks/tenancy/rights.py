"""What a role may do: the one place where rights are given out."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Right(models.TextChoices):
    VIEW_CONTRACTS = "view_contracts", _("widzi umowy, przedmioty i harmonogramy")
    VIEW_FINANCE = "view_finance", _("widzi faktury, rozrachunki i salda")
    EXPORT_REPORTS = "export_reports", _("pobiera raporty i zestawienia")


class Role(models.TextChoices):
    OWNER = "owner", _("właściciel")
    FINANCE = "finance", _("finanse")
    ACCOUNTANT = "accountant", _("biuro rachunkowe")
    FLEET = "fleet", _("flota")
    READ_ONLY = "read_only", _("tylko podgląd")


RIGHTS: dict[Role, frozenset[Right]] = {
    Role.OWNER: frozenset(Right),
    Role.FINANCE: frozenset(Right),
    Role.ACCOUNTANT: frozenset(Right),
    Role.FLEET: frozenset({Right.VIEW_CONTRACTS}),
    Role.READ_ONLY: frozenset({Right.VIEW_CONTRACTS, Right.VIEW_FINANCE}),
}


def roles_with(right: Right) -> list[Role]:
    """Roles that carry `right`."""
    return [role for role, rights in RIGHTS.items() if right in rights]
