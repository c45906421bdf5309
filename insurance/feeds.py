"""What a feed says of insurers, policies with their risks and instalments, and claims."""
# ruff: noqa: S608 -- names of tables and columns come from code, values are parameters

from __future__ import annotations

from contracts.feed_records import ASSET_COLUMNS, named_lessee, not_later, not_negative
from contracts.feeds import row_check
from eboks.feeds.columns import (
    boolean,
    choice,
    code,
    currency,
    date,
    integer,
    moment,
    money,
    text,
    token,
)
from eboks.feeds.dialect import exact, warsaw_day
from eboks.feeds.registry import Check, FileKind, Registry, Step
from insurance import feed_steps
from insurance.enums import (
    ClaimKind,
    ClaimStatus,
    Fault,
    GapKind,
    Placement,
    Risk,
    Territory,
    VatBasis,
)

_INSURER = "[a-z0-9_-]{1,30}"
_INSURER_REASON = "kod ubezpieczyciela: do 30 znaków z zakresu a–z 0–9 _ -"


def _known_insurer(kind: str) -> Check:
    return Check(
        "insurer",
        "nie ma takiego ubezpieczyciela",
        f"SELECT s.line, s.insurer FROM feed_{kind} s WHERE s.insurer <> ''"
        " AND NOT EXISTS (SELECT 1 FROM feed_insurers f WHERE f.code = s.insurer)"
        " AND NOT EXISTS (SELECT 1 FROM insurance_insurer t WHERE t.code = s.insurer)",
        needs=("insurers",),
    )


def _of_policy_here(kind: str) -> Check:
    return Check(
        "policy",
        "tej polisy nie ma w paczce; ryzyka i raty przychodzą razem z polisą",
        f"SELECT s.line, s.policy FROM feed_{kind} s WHERE NOT EXISTS"
        " (SELECT 1 FROM feed_policies p WHERE p.source_id = s.policy)",
        needs=("policies",),
    )


INSURERS = FileKind(
    name="insurers",
    title="ubezpieczyciel",
    order=120,
    key=("code",),
    columns=(
        token("code", _INSURER, _INSURER_REASON),
        text("name", 120),
        boolean("is_active", required=False, default="TRUE"),
    ),
)

POLICIES = FileKind(
    name="policies",
    title="polisa",
    order=121,
    table="insurance_policy",
    columns=(
        *ASSET_COLUMNS,
        token("insurer", _INSURER, _INSURER_REASON),
        text("number", 40),
        choice("placement", Placement),
        text("policyholder", 200),
        text("insured", 200),
        date("valid_from"),
        date("valid_to"),
        date("terminated_on", required=False),
        money("premium", required=False, total=True),
        currency(),
        choice("territory", Territory, required=False, default="'pl'"),
        boolean("has_assignment", required=False, default="FALSE"),
    ),
    checks=(
        named_lessee("policies"),
        _known_insurer("policies"),
        *not_negative("policies", ["premium"]),
        row_check(
            "valid_to", "koniec polisy jest przed początkiem", "valid_to < valid_from", "policies"
        ),
        row_check(
            "terminated_on",
            "polisę rozwiązano poza czasem, na który była zawarta",
            "terminated_on < valid_from OR terminated_on > valid_to",
            "policies",
        ),
        Check(
            "source_id",
            "polisa nie ma w paczce żadnego ryzyka",
            "SELECT s.line, s.source_id FROM feed_policies s WHERE NOT EXISTS"
            " (SELECT 1 FROM feed_policy_covers o WHERE o.policy = s.source_id)",
            needs=("policy_covers",),
        ),
        Check(
            "premium",
            "raty nie sumują się do składki",
            "SELECT s.line, s.premium FROM feed_policies s JOIN (SELECT policy,"
            f" SUM({exact('amount')}) AS amount FROM feed_policy_instalments GROUP BY policy) r"
            f" ON r.policy = s.source_id WHERE s.premium IS NULL OR {exact('s.premium')}"
            " <> r.amount",
            needs=("policy_instalments",),
        ),
    ),
)

POLICY_COVERS = FileKind(
    name="policy_covers",
    title="ryzyko polisy",
    order=122,
    key=("policy", "risk"),
    columns=(
        code("policy"),
        choice("risk", Risk),
        choice("gap_kind", GapKind, required=False),
        money("sum_insured", required=False),
        choice("vat_basis", VatBasis, required=False),
        money("deductible", required=False, default="0"),
    ),
    checks=(
        _of_policy_here("policy_covers"),
        *not_negative("policy_covers", ["sum_insured", "deductible"]),
        row_check(
            "gap_kind",
            "rodzaj GAP ma tylko ryzyko gap",
            "gap_kind <> '' AND risk <> 'gap'",
            "policy_covers",
        ),
    ),
)

POLICY_INSTALMENTS = FileKind(
    name="policy_instalments",
    title="rata składki",
    order=123,
    key=("policy", "n"),
    columns=(
        code("policy"),
        integer("n", digits=2),
        date("due_on"),
        money("amount", total=True),
        date("paid_on", required=False),
    ),
    checks=(
        _of_policy_here("policy_instalments"),
        row_check("n", "raty liczy się od 1", "n < 1", "policy_instalments"),
        row_check("amount", "rata musi być dodatnia", "amount <= 0", "policy_instalments"),
        not_later("policy_instalments", "paid_on"),
    ),
)

CLAIMS = FileKind(
    name="claims",
    title="szkoda",
    order=124,
    table="insurance_claim",
    columns=(
        *ASSET_COLUMNS,
        token("reference", r"[^\x00-\x20\x7f\",]{1,20}", "numer do 20 znaków", unique=True),
        code("policy", required=False, references="policies"),
        token("insurer", _INSURER, _INSURER_REASON, required=False),
        text("insurer_number", 60, required=False),
        choice("risk", Risk, required=False),
        choice("kind", ClaimKind),
        moment("happened_at"),
        text("place", 200),
        token("country", "[A-Z]{2}", "kod kraju z dwóch liter", required=False, default="'PL'"),
        text("description", 1000),
        text("driver", 120, required=False),
        text("other_party", 250, required=False),
        choice("fault", Fault, required=False, default="'unknown'"),
        boolean("police_called", required=False, default="FALSE"),
        boolean("injured", required=False, default="FALSE"),
        boolean("is_drivable", required=False, default="TRUE"),
        text("contact_name", 120, required=False),
        text("contact_phone", 20, required=False),
        choice("status", ClaimStatus),
        currency(),
        money("repair_cost", required=False),
        money("payout", required=False),
        money("deductible", required=False),
        integer("downtime_days", required=False),
        moment("reported_at"),
    ),
    checks=(
        named_lessee("claims"),
        _known_insurer("claims"),
        *not_negative("claims", ["repair_cost", "payout", "deductible"]),
        row_check(
            "reported_at", "zgłoszono przed zdarzeniem", "reported_at < happened_at", "claims"
        ),
        row_check(
            "reported_at",
            "dzień jest po dniu, na który jest paczka",
            f"{warsaw_day('reported_at')} > %(as_of)s",
            "claims",
        ),
        Check(
            "policy",
            "polisa jest na inny przedmiot",
            "SELECT s.line, s.policy FROM feed_claims s WHERE s.policy <> ''"
            " AND (EXISTS (SELECT 1 FROM feed_policies p WHERE p.source_id = s.policy"
            " AND p.asset <> s.asset) OR EXISTS (SELECT 1 FROM insurance_policy p"
            " JOIN contracts_asset a ON a.id = p.asset_id"
            " WHERE p.source_system = %(source_system)s AND p.source_id = s.policy"
            " AND a.source_id <> s.asset AND NOT EXISTS"
            " (SELECT 1 FROM feed_policies f WHERE f.source_id = s.policy)))",
            needs=("policies",),
        ),
    ),
)


def register(registry: Registry) -> None:
    """Called once, when the app is ready."""
    for kind in (INSURERS, POLICIES, POLICY_COVERS, POLICY_INSTALMENTS, CLAIMS):
        registry.add_kind(kind)
    registry.add_step(
        Step(
            "policies",
            "polisy",
            121,
            lambda load: feed_steps.apply_policies(
                load, POLICIES, POLICY_COVERS, POLICY_INSTALMENTS
            ),
        )
    )
    registry.add_step(
        Step("policies_follow", "polisy po zmianie klienta", 122, feed_steps.follow_contracts)
    )
    registry.add_step(
        Step("claims", "szkody", 124, lambda load: feed_steps.apply_claims(load, CLAIMS))
    )
