"""How long papers of own policies stay: claims, from the end of the policy (domain 7)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.utils.translation import gettext_lazy as _

from eboks import clock
from eboks.documents.models import Document
from eboks.retention.models import Basis
from eboks.retention.registry import DocumentClass, Facts, add_class
from eboks.tenancy.rights import Right
from insurance import own_policies
from insurance.enums import CLAIMS_ENDED
from insurance.models import Claim, PolicyFile


def register() -> None:
    """Called once, when the app is ready."""
    add_class(
        DocumentClass(
            name="policy",
            title=_("polisy przesłane przez klientów"),
            prefix=f"{own_policies.KEY}:",
            facts=_facts,
            links=_links,
            release=_release,
            right=Right.VIEW_INSURANCE,
        )
    )


def _rows(documents: Sequence[Document]) -> list[PolicyFile]:
    rows = PolicyFile.objects.filter(document__in=[document.pk for document in documents])
    return list(rows.select_related("policy__contract", "document"))


def _facts(documents: Sequence[Document]) -> Mapping[int, Facts]:
    """From the last day of the policy, or of its last claim; with a claim that is open the day is
    not known, so the paper stays."""
    rows = _rows(documents)
    claims = Claim.objects.filter(policy__in={row.policy_id for row in rows})
    claimed = list(claims.values_list("policy_id", "status", "changed_at"))
    going = {policy for policy, status, _at in claimed if status not in CLAIMS_ENDED}
    found: dict[int, Facts] = {}
    for row in rows:
        ends = [clock.today(at) for policy, _status, at in claimed if policy == row.policy_id]
        last = max([row.policy.last_day, *ends])
        days = {} if row.policy_id in going else {Basis.ENDED: last}
        numbers = frozenset({row.policy.contract.number})
        if row.document_id is not None:
            found[row.document_id] = Facts(days, contract_numbers=numbers)
    return found


def _links(documents: Sequence[Document]) -> Mapping[int, tuple[str, str]]:
    return {
        row.document.pk: (row.document.file_name, own_policies.address(row.policy))
        for row in _rows(documents)
        if row.document is not None
    }


def _release(document_ids: Sequence[int]) -> None:
    PolicyFile.objects.filter(document__in=document_ids).update(document=None)
