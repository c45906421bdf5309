"""States of policies and cover in the client's words: the tag, what it means, what to do next."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from eboks.ui.words import long_date, short_date
from insurance.cover import AssetCover, Attention, Defect, RiskCover, Trap
from insurance.enums import RENEWS_ITSELF, PolicyStatus, Risk, Verification
from insurance.models import Policy

# How a tag looks (`eboks.ui.tags.STATES`).
LOOKS: dict[PolicyStatus, str] = {
    PolicyStatus.MISSING: "bad",
    PolicyStatus.AWAITING_DOCUMENT: "warn",
    PolicyStatus.TO_VERIFY: "info",
    PolicyStatus.RETURNED: "bad",
    PolicyStatus.UPCOMING: "neutral",
    PolicyStatus.ACTIVE: "good",
    PolicyStatus.EXPIRING: "warn",
    PolicyStatus.EXPIRED: "ended",
    PolicyStatus.TERMINATED: "ended",
    PolicyStatus.REPLACED_BY_LESSOR: "ended",
    PolicyStatus.WITHDRAWN: "ended",
}
MEANINGS: dict[PolicyStatus, str | Promise] = {
    PolicyStatus.TO_VERIFY: gettext_lazy(
        "Polisa czeka na sprawdzenie. Zacznie się liczyć, gdy leasingodawca ją potwierdzi."
    ),
    PolicyStatus.RETURNED: gettext_lazy(
        "Polisa nie spełnia wymagań. Popraw to, co wypisano niżej, i prześlij ją jeszcze raz."
    ),
    PolicyStatus.UPCOMING: gettext_lazy("Polisa jest sprawdzona i zacznie się w podanym dniu."),
    PolicyStatus.ACTIVE: gettext_lazy("Polisa jest sprawdzona i chroni dzisiaj."),
    PolicyStatus.EXPIRING: gettext_lazy(
        "Polisa chroni dzisiaj, ale skończy się w ciągu 30 dni. Zadbaj o następną."
    ),
    PolicyStatus.EXPIRED: gettext_lazy("Polisa się skończyła i już nie chroni."),
    PolicyStatus.TERMINATED: gettext_lazy("Polisę rozwiązano przed terminem. Już nie chroni."),
    PolicyStatus.REPLACED_BY_LESSOR: gettext_lazy(
        "Zabrakło ważnej polisy, więc przedmiot ubezpieczył leasingodawca na koszt klienta."
    ),
    PolicyStatus.WITHDRAWN: gettext_lazy("Polisę wycofano. Nie bierzemy jej pod uwagę."),
}
ATTENTION: dict[Attention, str | Promise] = {
    Attention.MISSING: gettext_lazy("braki"),
    Attention.ENDING: gettext_lazy("kończą się"),
    Attention.FIX: gettext_lazy("do poprawy"),
    Attention.DOUBLE: gettext_lazy("podwójne"),
}
DEFECTS: dict[Defect, str | Promise] = {
    Defect.SUM: gettext_lazy("suma ubezpieczenia jest niższa niż wymagana"),
    Defect.VAT: gettext_lazy("suma obejmuje mniej VAT, niż trzeba"),
    Defect.TERRITORY: gettext_lazy("zakres terytorialny jest za mały"),
    Defect.ASSIGNMENT: gettext_lazy("brakuje cesji praw na leasingodawcę"),
}
TERMINATE_RENEWED: str | Promise = gettext_lazy(
    "Jeżeli stara polisa już odnowiła się sama, wypowiedz ją na piśmie: możesz to zrobić w każdej "
    "chwili (art. 28a ustawy o ubezpieczeniach obowiązkowych). Zapłacisz tylko za dni ochrony."
)


@dataclass(frozen=True, slots=True)
class RiskTag:
    """A risk as a tag: `look` of `{% tag %}` and its words."""

    risk: str
    look: str
    text: str


@dataclass(frozen=True, slots=True)
class Notice:
    """Something wrong, in a sentence, and the way out of it."""

    kind: str
    look: str
    icon: str
    text: str
    way_out: str


def risk_name(risk: str) -> str:
    return str(Risk(risk).label)


def risk_tag(cover: RiskCover) -> RiskTag:
    """What a list says of a risk: the worst thing first, else until when it is covered."""
    name = risk_name(cover.risk)
    look, text = LOOKS[cover.status] if cover.status else "neutral", ""
    if cover.status == PolicyStatus.MISSING:
        text = _("%(risk)s: brak")
    elif cover.defects:
        look, text = "bad", _("%(risk)s: do poprawy")
    elif cover.doubles or cover.traps:
        look, text = "warn", _("%(risk)s: dwie polisy")
    elif cover.status == PolicyStatus.TO_VERIFY:
        text = _("%(risk)s do %(day)s, nową sprawdzamy")
    elif cover.status == PolicyStatus.RETURNED:
        text = _("%(risk)s do %(day)s, nowa do poprawy")
    else:
        text = _("%(risk)s do %(day)s")
    day = short_date(cover.until) if cover.until else ""
    return RiskTag(cover.risk, look, text % {"risk": name, "day": day})


def risk_tags(cover: AssetCover) -> list[RiskTag]:
    """The tags of an asset in the order of `Risk`."""
    return [risk_tag(cover.risks[risk]) for risk in Risk if risk in cover.risks]


def notices(cover: AssetCover, policies: Mapping[int, Policy], *, today: dt.date) -> list[Notice]:
    """Everything wrong with an asset, the worst first. `policies` are those of the asset."""
    found: list[Notice] = []
    for risk in (risk for risk in Risk if risk in cover.risks):
        found += _of_risk(cover.risks[risk], policies, today)
    order = [*Attention]
    return sorted(found, key=lambda notice: order.index(Attention(notice.kind)))


def _of_risk(cover: RiskCover, policies: Mapping[int, Policy], today: dt.date) -> list[Notice]:
    name = risk_name(cover.risk)
    found = []
    if cover.status == PolicyStatus.MISSING:
        text = _("%(risk)s: dzisiaj nie ma ważnej, sprawdzonej polisy.") % {"risk": name}
        way = _("Prześlij polisę albo zadzwoń do nas.")
        if any(row.verification == Verification.TO_VERIFY for row in policies.values()):
            way = _("Nową polisę już mamy i sprawdzamy ją.")
        found.append(Notice(Attention.MISSING, "bad", "shield-alert", text, way))
    if cover.needs_renewal and cover.until:
        text = _("%(risk)s chroni tylko do %(day)s.") % {
            "risk": name,
            "day": long_date(cover.until),
        }
        found.append(Notice(Attention.ENDING, "warn", "clock", text, _renewal(cover)))
    found += [
        Notice(
            Attention.FIX,
            "bad",
            "triangle-alert",
            _("%(risk)s: %(defect)s.") % {"risk": name, "defect": DEFECTS[defect]},
            _("Poproś ubezpieczyciela o zmianę polisy i prześlij ją nam."),
        )
        for defect in cover.defects
    ]
    for double in cover.doubles:
        old, new = (policies.get(part.policy.pk) for part in (double.old, double.new))
        text = _("%(risk)s: od %(first)s do %(last)s płacisz za dwie polisy: %(old)s i %(new)s.")
        shown = {
            "risk": name,
            "first": short_date(double.first),
            "last": short_date(double.last),
            "old": _named(old),
            "new": _named(new),
        }
        way = _("Zapytaj ubezpieczyciela, jak rozwiązać jedną z nich.")
        if cover.risk in RENEWS_ITSELF:
            way = str(TERMINATE_RENEWED)
        found.append(Notice(Attention.DOUBLE, "warn", "copy", text % shown, way))
    found += [_trapped(trap, policies, today) for trap in cover.traps]
    return found


def _renewal(cover: RiskCover) -> str:
    if cover.status == PolicyStatus.TO_VERIFY:
        return _("Nową polisę już mamy i sprawdzamy ją.")
    if cover.status == PolicyStatus.RETURNED:
        return _("Nowa polisa wróciła do poprawy. Popraw ją przed tym dniem.")
    return _("Prześlij następną polisę przed tym dniem.")


def _trapped(trap: Trap, policies: Mapping[int, Policy], today: dt.date) -> Notice:
    """The two-OC trap, before it shuts."""
    shown = {
        "risk": risk_name(trap.risk),
        "old": _named(policies.get(trap.old.policy.pk)),
        "new": _named(policies.get(trap.new.policy.pk)),
        "day": long_date(trap.terminate_by),
    }
    text = _(
        "%(risk)s: polisa %(old)s odnowi się sama na kolejny rok, a jest już następna: %(new)s. "
        "Będą dwie do zapłaty."
    )
    if today > trap.terminate_by:
        return Notice(Attention.DOUBLE, "warn", "copy", text % shown, str(TERMINATE_RENEWED))
    way = _(
        "Wypowiedz starą polisę na piśmie najpóźniej %(day)s, czyli dzień przed jej końcem "
        "(art. 28 ustawy o ubezpieczeniach obowiązkowych)."
    )
    return Notice(Attention.DOUBLE, "warn", "copy", text % shown, way % shown)


def _named(policy: Policy | None) -> str:
    return f"{policy.number} ({policy.insurer.name})" if policy else "–"
