"""What the page of one asset shows of its insurance: today, over time, and what is wrong."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from contracts.models import Asset
from eboks.money import format_money
from eboks.tenancy.models import Company
from eboks.ui import span_chart
from eboks.ui.words import long_date
from insurance.cover import AssetFacts, Part, RiskCover
from insurance.enums import PolicyStatus, Risk
from insurance.loading import Loaded, insured_assets, load
from insurance.models import Policy
from insurance.requirements import Rule
from insurance.statuses import policy_status
from insurance.timelines import State, Stretch, timeline
from insurance.words import LOOKS, Notice, RiskTag, notices, risk_name, risk_tag

YEAR = dt.timedelta(days=365)
_KINDS = {
    State.COVERED: "full",
    State.DOUBLE: "double",
    State.GAP: "gap",
    State.OPEN: "open",
}


@dataclass(frozen=True, slots=True)
class RiskLine:
    """A risk today: its tag, what covers it, what the lessor asks for."""

    tag: RiskTag
    name: str
    cover: RiskCover
    policies: list[Policy]
    required: list[str]  # in words; empty when the lessor does not ask for it


@dataclass(frozen=True, slots=True)
class PolicyLine:
    policy: Policy
    look: str
    status: PolicyStatus


@dataclass(frozen=True, slots=True)
class AssetPage:
    asset: Asset
    lines: list[RiskLine]
    notices: list[Notice]
    chart: span_chart.SpanChart | None
    policies: list[PolicyLine]
    is_needed: bool  # the lease needs it insured today

    @property
    def is_calm(self) -> bool:
        """Nothing to do: nothing wrong, and nothing came back to be corrected."""
        return not self.notices and not self.returned

    @property
    def returned(self) -> list[Policy]:
        return [line.policy for line in self.policies if line.status == PolicyStatus.RETURNED]


def pages(assets: Sequence[Asset], *, company: Company, today: dt.date) -> list[AssetPage]:
    """Pages of `assets`, which the caller has scoped and which `company` leases. Five queries."""
    if not assets:
        return []
    ids = [asset.pk for asset in assets]
    loaded = load(insured_assets().filter(pk__in=ids), today=today)
    rows = (
        Policy.objects.for_company(company)
        .filter(asset__in=ids)
        .select_related("insurer")
        .order_by("-valid_from", "-pk")
    )
    policies: dict[int, list[Policy]] = {pk: [] for pk in ids}
    for policy in rows:
        policies[policy.asset_id].append(policy)
    return [
        _page(asset, loaded, policies[asset.pk], today)
        for asset in assets
        if asset.pk in loaded.facts
    ]


def _page(asset: Asset, loaded: Loaded, policies: list[Policy], today: dt.date) -> AssetPage:
    facts, cover = loaded.facts[asset.pk], loaded.cover(asset.pk, today=today)
    by_id = {policy.pk: policy for policy in policies}
    lines = [
        RiskLine(
            risk_tag(found),
            risk_name(risk),
            found,
            [by_id[part.policy.pk] for part in found.today if part.policy.pk in by_id],
            required_in_words(found.rule, facts) if found.rule else [],
        )
        for risk, found in ((risk, cover.risks.get(risk)) for risk in Risk)
        if found is not None
    ]
    return AssetPage(
        asset,
        lines,
        notices(cover, by_id, today=today),
        _chart(asset, loaded, by_id, today),
        [policy_line(policy, today=today) for policy in policies],
        facts.needed_from <= today <= facts.needed_until,
    )


def policy_line(policy: Policy, *, today: dt.date) -> PolicyLine:
    status = policy_status(policy, today=today)
    return PolicyLine(policy, LOOKS[status], status)


def required_in_words(rule: Rule, facts: AssetFacts) -> list[str]:
    """What the lessor asks of a policy for one risk."""
    found = []
    needed = rule.least_sum(net_price=facts.net_price, vat_pct=facts.vat_pct)
    if needed is not None:
        amount = format_money(needed, facts.currency)
        basis = f" {rule.vat_basis_label}" if rule.vat_basis else ""
        found.append(_("suma co najmniej %(amount)s%(basis)s") % {"amount": amount, "basis": basis})
    found.append(_("zakres: %s") % rule.territory_label)
    if rule.needs_assignment:
        found.append(_("cesja na leasingodawcę"))
    return found


# --- over time ------------------------------------------------------------------------------
def _chart(
    asset: Asset, loaded: Loaded, policies: dict[int, Policy], today: dt.date
) -> span_chart.SpanChart | None:
    """From a year ago (or the handover) to a year ahead (or the end of the lease)."""
    facts = loaded.facts[asset.pk]
    first = max(facts.needed_from, today - YEAR)
    last = min(max(facts.needed_until, today), today + YEAR)
    first = min(first, last)
    parts = loaded.parts.get(asset.pk, [])
    windows = loaded.rules.windows(
        category=facts.category,
        contract_id=facts.contract_id,
        first=facts.needed_from,
        last=facts.needed_until,
    )
    risks = [risk for risk in Risk if risk in windows or any(p.risk == risk for p in parts)]
    stretches = {
        risk: timeline(
            [part for part in parts if part.risk == risk],
            windows.get(risk, []),
            first=first,
            last=last,
            today=today,
        )
        for risk in risks
    }
    rows = [
        (risk_name(risk), [_span(s, policies) for s in found if s.state != State.NONE])
        for risk, found in stretches.items()
        if any(s.state != State.NONE for s in found)
    ]
    if not rows:
        return None
    drawn = {span.kind for _name, spans in rows for span in spans}
    return span_chart.spans(
        id=f"cover-{asset.pk}",
        title=_("Ochrona w czasie: %s") % asset,
        description=_described(stretches),
        rows=rows,
        first=first,
        last=last,
        today=today,
        legend=[(_KINDS[state], _word(state)) for state in _KINDS if _KINDS[state] in drawn],
    )


def _span(stretch: Stretch, policies: dict[int, Policy]) -> span_chart.Span:
    names = [_numbered(part, policies) for part in stretch.parts]
    return span_chart.Span(
        stretch.first,
        stretch.last,
        _KINDS[stretch.state],
        _word(stretch.state),
        ", ".join(names),
    )


def _numbered(part: Part, policies: dict[int, Policy]) -> str:
    policy = policies.get(part.policy.pk)
    return f"{policy.number} ({policy.insurer.name})" if policy else "–"


def _word(state: State) -> str:
    return {
        State.COVERED: _("chroni"),
        State.DOUBLE: _("dwie polisy"),
        State.GAP: _("brak polisy"),
        State.OPEN: _("jeszcze bez polisy"),
    }[state]


def _described(stretches: dict[Risk, list[Stretch]]) -> str:
    """Gaps and doubles in words, for those who do not see the drawing."""
    found = [
        _("%(risk)s: %(what)s od %(first)s do %(last)s.")
        % {
            "risk": risk_name(risk),
            "what": _word(stretch.state),
            "first": long_date(stretch.first),
            "last": long_date(stretch.last),
        }
        for risk, rows in stretches.items()
        for stretch in rows
        if stretch.state not in (State.COVERED, State.NONE)
    ]
    return " ".join(found) or _("Bez przerw i bez podwójnych polis.")
