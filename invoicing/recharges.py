"""Costs that the lessor passes on: a premium or a service, for the next invoice (domain 1.6).

A premium passed on unchanged is exempt from VAT (CJEU C-224/11): that is how one is charged when
nothing else is said. A service is taxed as its kind is, so its VAT code has to be given.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from contracts.models import Contract
from eboks.accounts.models import User
from eboks.audit.services import record
from eboks.money import ZERO, to_grosz
from eboks.tenancy.models import Company
from invoicing import fees
from invoicing.enums import CostKind
from invoicing.issuing.drafting import EXEMPT, OUTSIDE_VAT
from invoicing.models import Charge

KINDS = (CostKind.INSURANCE, CostKind.SERVICE)
_VAT_CODE = re.compile(rf"[0-9]{{1,2}}|{EXEMPT}|{OUTSIDE_VAT}")
_LONGEST = 200  # the row of an invoice names the period as well
LARGEST = Decimal("9999999999.99")  # its VAT and other rows of an invoice still fit beside it


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCost:
    """What is passed on. `net` in `currency`, above zero; the period includes both its ends."""

    kind: CostKind
    description: str
    net: Decimal
    vat_code: str = ""
    currency: str = "PLN"
    charged_on: dt.date
    period_from: dt.date | None = None
    period_to: dt.date | None = None


@transaction.atomic
def recharge(
    *,
    key: str,
    company: Company,
    contract: Contract | None,
    cost: NewCost,
    at: dt.datetime,
    actor: User | None = None,
) -> Charge:
    """`cost` for the next invoice of `company`; once for each `key` (`file:<number of a policy>`).

    Asked again with the same key it returns the charge that there is, cancelled or not. Raises
    FeeError when the portal does not invoice the contract, when something is wrong with the cost,
    or when the key stands for something else.
    """
    if problems := problems_of(company=company, contract=contract, cost=cost):
        raise fees.FeeError(" ".join(problems.values()))
    values = _values(company, contract, cost)
    found, made = fees.put(key=key, values=values, at=at)
    if not made and _differs(found, values):
        raise fees.FeeError(_("Pod kluczem %s naliczono już coś innego.") % key)
    if made:
        record(
            event="cost_recharged",
            at=at,
            actor=actor,
            company=company,
            object_kind="charge",
            object_ref=key,
            facts={"title": found.description, "kind": str(cost.kind)},
        )
    return found


def stands_for_another(
    key: str, *, company: Company, contract: Contract | None, cost: NewCost
) -> bool:
    """Whether `key` is of a charge already, and not of this one."""
    found = Charge.objects.filter(key=key).first()
    return found is not None and _differs(found, _values(company, contract, cost))


def _values(company: Company, contract: Contract | None, cost: NewCost) -> dict[str, Any]:
    return {
        "company": company,
        "contract": contract,
        "cost_kind": cost.kind,
        "description": cost.description.strip(),
        "charged_on": cost.charged_on,
        "currency": cost.currency,
        "net": cost.net,
        "vat_code": vat_code_of(cost),
        "period_from": cost.period_from,
        "period_to": cost.period_to,
    }


def _differs(found: Charge, values: dict[str, Any]) -> bool:
    return any(getattr(found, name) != value for name, value in values.items())


def vat_code_of(cost: NewCost) -> str:
    """The code asked for; of a premium that asks for none: exempt."""
    return cost.vat_code or (EXEMPT if cost.kind == CostKind.INSURANCE else "")


def problems_of(*, company: Company, contract: Contract | None, cost: NewCost) -> dict[str, str]:
    """What is wrong with `cost`, by the name of its field; a sentence each."""
    found = {}
    if contract is not None and contract.company_id != company.pk:
        found["contract"] = _("To umowa innego klienta.")
    if cost.kind not in KINDS:
        found["kind"] = _("Rodzaj to ubezpieczenie albo usługa; opłaty są z tabeli opłat.")
    elif not vat_code_of(cost):
        found["vat_code"] = _("Podaj stawkę VAT usługi.")
    elif not _VAT_CODE.fullmatch(vat_code_of(cost)):
        found["vat_code"] = _("Stawka VAT to liczba procent, zw (zwolnione) albo np (poza VAT).")
    if not cost.description.strip() or len(cost.description) > _LONGEST:
        found["description"] = _("Podaj nazwę, najwyżej %d znaków.") % _LONGEST
    if not cost.net.is_finite() or not ZERO < cost.net <= LARGEST or cost.net != to_grosz(cost.net):
        found["net"] = _("Kwota jest dodatnia, z dokładnością do grosza.")
    allowed = {"PLN", contract.currency} if contract is not None else {"PLN"}
    if cost.currency not in allowed:
        found["currency"] = _("Waluta to złoty albo waluta umowy.")
    since, until = cost.period_from, cost.period_to
    if (since is None) != (until is None) or (since and until and since > until):
        found["period_to"] = _("Okres ma początek i koniec, w tej kolejności.")
    return found
