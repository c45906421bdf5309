"""The checklist of an own policy (domain 5): which points it has, why, and what the data say."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from eboks.money import format_money
from eboks.tenancy.models import LessorProfile
from eboks.ui.words import short_date
from insurance.enums import CheckItem, Risk, Territory, Verification
from insurance.models import Policy, PolicyCover
from insurance.requirements import Rule, least_sum, reach, required_of
from insurance.statuses import next_day

WHY: Mapping[CheckItem, Promise] = {
    CheckItem.INSURED: gettext_lazy("Przedmiot należy do leasingodawcy. Ty opłacasz składkę."),
    CheckItem.FULL_SCOPE: gettext_lazy("Kradzież i szkoda całkowita kończą umowę leasingu."),
    CheckItem.NO_DEDUCTIBLE: gettext_lazy("Inaczej część szkody zapłacisz z własnej kieszeni."),
    CheckItem.NO_DEPRECIATION: gettext_lazy("Naprawa ma być na nowych częściach."),
    CheckItem.CONSTANT_SUM: gettext_lazy("Suma nie może maleć po każdej szkodzie."),
    CheckItem.SUM_AND_VAT: gettext_lazy("Suma ma wystarczyć na całą wartość przedmiotu."),
    CheckItem.ASSIGNMENT: gettext_lazy("Odszkodowanie za przedmiot trafia do właściciela."),
    CheckItem.PREMIUM_PAID: gettext_lazy("Niezapłacona składka może zakończyć ochronę."),
    CheckItem.TERRITORY: gettext_lazy("Ochrona ma działać tam, gdzie przedmiot pracuje."),
    CheckItem.NO_GAP: gettext_lazy("Nowa ochrona zaczyna się następnego dnia po starej."),
}  # fmt: skip
_DAMAGES = frozenset({Risk.AC, Risk.ALL_RISKS, Risk.MACHINERY, Risk.ELECTRONICS})
_AC_ONLY = (CheckItem.FULL_SCOPE, CheckItem.NO_DEPRECIATION, CheckItem.CONSTANT_SUM)
_ONE_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Point:
    """A point of the list and why it is there."""

    item: CheckItem
    why: str


@dataclass(frozen=True, slots=True)
class Finding:
    """What the typed data say of a point: `state` is good, bad, or warn when a person must look."""

    item: CheckItem
    state: str
    text: str


def points(risks: Collection[str], required: Mapping[str, Rule]) -> list[Point]:
    """The list for a policy of these risks, in the order of `CheckItem`."""
    asked = [required[risk] for risk in risks if risk in required]
    applies = {
        CheckItem.INSURED: True,
        CheckItem.NO_DEDUCTIBLE: bool(_DAMAGES & set(risks)),
        CheckItem.SUM_AND_VAT: any(row.sum_pct > 0 for row in asked),
        CheckItem.ASSIGNMENT: any(row.needs_assignment for row in asked),
        CheckItem.PREMIUM_PAID: True,
        CheckItem.TERRITORY: bool(asked),
        CheckItem.NO_GAP: True,
        **dict.fromkeys(_AC_ONLY, Risk.AC in risks),
    }
    return [Point(item, str(WHY[item])) for item in CheckItem if applies[item]]


def findings(policy: Policy, *, on: dt.date) -> dict[CheckItem, Finding]:
    """What is known of each point before a person looks at the paper. `policy` with its asset and
    contract; five queries at most."""
    covers = list(policy.covers.order_by("pk"))
    required = required_of(policy.asset, on=policy.valid_from)
    wanted = [point.item for point in points([cover.risk for cover in covers], required)]
    made = {
        CheckItem.INSURED: _insured(policy),
        CheckItem.NO_DEDUCTIBLE: _deductible(policy, covers),
        CheckItem.SUM_AND_VAT: _sums(policy, covers, required),
        CheckItem.ASSIGNMENT: _assignment(policy),
        CheckItem.PREMIUM_PAID: _premium(policy, on),
        CheckItem.TERRITORY: _territory(policy, covers, required),
        CheckItem.NO_GAP: _gap(policy, covers),
    }
    look = _("Sprawdź w dokumencie.")
    return {item: made.get(item) or Finding(item, "warn", look) for item in wanted}


def _insured(policy: Policy) -> Finding:
    lessor = LessorProfile.objects.order_by("pk").first()
    names = {lessor.name.casefold(), lessor.short_name.casefold()} if lessor else set()
    good = policy.insured.casefold() in names
    text = _("Wpisano: %s.") % policy.insured
    return Finding(CheckItem.INSURED, "good" if good else "bad", text)


def _deductible(policy: Policy, covers: Sequence[PolicyCover]) -> Finding:
    bad = [cover for cover in covers if cover.deductible > 0]
    if not bad:
        return Finding(CheckItem.NO_DEDUCTIBLE, "good", _("Klient nie podał udziału własnego."))
    parts = [f"{c.get_risk_display()} {format_money(c.deductible, policy.currency)}" for c in bad]
    text = _("Udział własny: %s.") % ", ".join(parts)
    return Finding(CheckItem.NO_DEDUCTIBLE, "bad", text)


def _sums(policy: Policy, covers: Sequence[PolicyCover], required: Mapping[str, Rule]) -> Finding:
    state, texts = "good", []
    for cover in covers:
        rule = required.get(cover.risk)
        least = least_sum(policy.asset, rule) if rule is not None else None
        if rule is None or least is None:
            continue
        name, currency = cover.get_risk_display(), policy.asset.contract.currency
        wanted = format_money(least, currency)
        if cover.sum_insured is None or policy.currency != currency:
            state = "warn" if state == "good" else state
            texts.append(_("%(risk)s: wymagane %(sum)s.") % {"risk": name, "sum": wanted})
        elif cover.sum_insured < least:
            state = "bad"
            texts.append(
                _("%(risk)s: suma %(has)s jest niższa niż wymagane %(sum)s.")
                % {
                    "risk": name,
                    "has": format_money(cover.sum_insured, policy.currency),
                    "sum": wanted,
                }
            )
        # A wider basis is no defect of cover (`cover.defects`), but its sum must be higher then:
        # a person looks.
        if rule.vat_basis and cover.vat_basis and rule.vat_basis != cover.vat_basis:
            state = "bad"
            texts.append(
                _("%(risk)s: suma jest %(has)s, wymagana %(basis)s.")
                % {
                    "risk": name,
                    "has": cover.get_vat_basis_display(),
                    "basis": rule.vat_basis_label,
                }
            )
    text = " ".join(texts) or _("Sumy są takie jak w wymaganiach.")
    return Finding(CheckItem.SUM_AND_VAT, state, text)


def _assignment(policy: Policy) -> Finding:
    if policy.has_assignment:
        return Finding(CheckItem.ASSIGNMENT, "good", _("Klient zaznaczył cesję."))
    return Finding(CheckItem.ASSIGNMENT, "bad", _("Klient nie zaznaczył cesji."))


def _premium(policy: Policy, on: dt.date) -> Finding:
    rows = list(policy.instalments.order_by("n"))
    late = [row for row in rows if row.paid_on is None and row.due_on <= on]
    if late:
        day = short_date(late[0].due_on)
        text = _("Rata %(n)d z terminem %(day)s bez daty zapłaty.") % {"n": late[0].n, "day": day}
        return Finding(CheckItem.PREMIUM_PAID, "warn", text)
    text = _("Składka zapłacona albo jej termin jeszcze nie minął.")
    return Finding(CheckItem.PREMIUM_PAID, "good" if rows else "warn", text)


def _territory(
    policy: Policy, covers: Sequence[PolicyCover], required: Mapping[str, Rule]
) -> Finding:
    asked = [required[c.risk].territory for c in covers if c.risk in required]
    if not asked:
        return Finding(CheckItem.TERRITORY, "good", _("Bez wymagań."))
    widest = max((Territory(one) for one in asked), key=reach)
    enough = reach(policy.territory) >= reach(widest)
    text = _("W polisie: %(has)s. Wymagane: %(wanted)s.") % {
        "has": policy.get_territory_display(),
        "wanted": widest.label,
    }
    return Finding(CheckItem.TERRITORY, "good" if enough else "bad", text)


def _gap(policy: Policy, covers: Sequence[PolicyCover]) -> Finding:
    """Between this policy and the last day of the checked ones before it, risk by risk."""
    earlier = Policy.objects.filter(
        asset=policy.asset_id,
        company=policy.company_id,
        verification=Verification.VERIFIED,
        valid_from__lt=policy.valid_from,
        covers__risk__in=[cover.risk for cover in covers],
    ).exclude(pk=policy.pk)
    found = earlier.order_by("valid_from", "pk").values_list(
        "covers__risk", "valid_to", "terminated_on"
    )
    ends: dict[str, dt.date] = {}
    for risk, valid_to, terminated_on in found:
        last_on = min(valid_to, terminated_on or valid_to)
        ends[risk] = max(last_on, ends.get(risk, last_on))
    texts = [
        _("%(risk)s: poprzednia ochrona skończyła się %(day)s.")
        % {"risk": Risk(risk).label, "day": short_date(end)}
        for risk, end in ends.items()
        if next_day(end) < policy.valid_from
    ]
    if texts:
        return Finding(CheckItem.NO_GAP, "bad", " ".join(texts))
    if not ends:
        return Finding(CheckItem.NO_GAP, "warn", _("Nie znamy wcześniejszej polisy."))
    return Finding(CheckItem.NO_GAP, "good", _("Ochrona ciągła."))
