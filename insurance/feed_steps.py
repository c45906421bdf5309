"""Steps of a feed that write policies and claims. Set-based; rows made in the portal stay as they
are, because a feed changes only rows of its own source system."""
# ruff: noqa: S608 -- names of tables and columns come from code, values are parameters

from __future__ import annotations

from contracts.feed_records import upsert_records
from eboks.feeds.applying import Load, staged_value
from eboks.feeds.dialect import lesser
from eboks.feeds.registry import FileKind

_INSURER = "JOIN insurance_insurer i ON i.code = s.insurer"
_MINE = "t.source_system = %(source_system)s AND t.source_id = s.source_id"


def apply_policies(load: Load, policies: FileKind, covers: FileKind, instalments: FileKind) -> None:
    """Insurers, then policies, checked as they come. Risks and instalments of a policy that comes
    again are replaced as a whole."""
    _insurers(load)
    if not load.staged["policies"]:
        return
    upsert_records(
        load,
        policies,
        without=("insurer",),
        values={"contract_id": "c.id", "insurer_id": "i.id"},
        new={"verification": "'verified'", "remarks": "''"},
        joins=_INSURER,
    )
    policy = (
        "JOIN insurance_policy t ON t.source_system = %(source_system)s AND t.source_id = s.policy"
    )
    for kind, table in ((covers, "policycover"), (instalments, "policyinstalment")):
        load.execute(
            f"DELETE FROM insurance_{table} WHERE policy_id IN (SELECT t.id FROM feed_policies s"
            f" JOIN insurance_policy t ON {_MINE})"
        )
        values = {
            column.name: staged_value(column) for column in kind.columns if column.name != "policy"
        }
        added = load.insert(
            f"insurance_{table}", {"policy_id": "t.id", **values}, f"feed_{kind.name} s {policy}"
        )
        load.expect(kind.name, added)
        load.count(kind.name, new=added)


def _insurers(load: Load) -> None:
    """By their code: the lessor's own list, which every source system shares."""
    if not load.staged["insurers"]:
        return
    active = "COALESCE(s.is_active, TRUE)"
    changed = load.execute(
        f"UPDATE insurance_insurer AS t SET name = s.name, is_active = {active}"
        " FROM feed_insurers s WHERE t.code = s.code"
    )
    added = load.insert(
        "insurance_insurer",
        {"code": "s.code", "name": "s.name", "is_active": active},
        "feed_insurers s WHERE NOT EXISTS"
        " (SELECT 1 FROM insurance_insurer t WHERE t.code = s.code)",
    )
    load.count("insurers", new=added, changed=changed)


def follow_contracts(load: Load) -> None:
    """Policies of the lessor that still cover something go over to the new lessee of their
    contract; past ones stay with the lessee whom they covered, own ones with whoever concluded
    them."""
    if not load.staged["contracts"]:
        return
    last = lesser("t.valid_to", "COALESCE(t.terminated_on, t.valid_to)")
    load.execute(
        "UPDATE insurance_policy AS t SET company_id = c.company_id FROM feed_contracts s"
        " JOIN contracts_contract c ON c.source_system = %(source_system)s"
        " AND c.source_id = s.source_id WHERE t.contract_id = c.id AND t.placement = 'lessor'"
        f" AND t.company_id <> c.company_id AND {last} >= %(as_of)s"
    )


def apply_claims(load: Load, claims: FileKind) -> None:
    """Claims, each with a step for the state it came in and for every change of it."""
    if not load.staged["claims"]:
        return
    load.insert(
        "insurance_claimstep",
        {
            "claim_id": "t.id",
            "before": "t.status",
            "after": "s.status",
            "by_client": "FALSE",
            "at": "%(at)s",
            "note": "''",
        },
        f"feed_claims s JOIN insurance_claim t ON {_MINE} WHERE t.status <> s.status",
    )
    upsert_records(
        load,
        claims,
        without=("insurer", "policy"),
        values={"contract_id": "c.id", "insurer_id": "i.id", "policy_id": "p.id"},
        new={"changed_at": "s.reported_at"},
        changed={"changed_at": "CASE WHEN t.status <> s.status THEN %(at)s ELSE t.changed_at END"},
        joins=f"LEFT {_INSURER} LEFT JOIN insurance_policy p"
        " ON p.source_system = %(source_system)s AND p.source_id = s.policy AND s.policy <> ''",
    )
    load.insert(
        "insurance_claimstep",
        {
            "claim_id": "t.id",
            "before": "''",
            "after": "t.status",
            "by_client": "FALSE",
            "at": "t.reported_at",
            "note": "''",
        },
        f"feed_claims s JOIN insurance_claim t ON {_MINE} WHERE NOT EXISTS"
        " (SELECT 1 FROM insurance_claimstep e WHERE e.claim_id = t.id)",
    )
