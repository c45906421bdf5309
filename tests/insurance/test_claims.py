"""Claims: one table of steps, one gate, each step once, and told once."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone

from eboks import clock
from eboks.audit.models import AuditEntry
from eboks.documents import antivirus
from eboks.documents.antivirus import Scan
from eboks.documents.models import Document
from eboks.notifications.models import OutgoingMessage
from eboks.onboarding.scans import Scan as Picture
from eboks.retention.models import Basis
from insurance import claim_files, claim_retention, claims, tasks
from insurance.claim_errors import ClaimError
from insurance.claim_policy import cover_of
from insurance.enums import CLAIM_STEPS, ClaimKind, ClaimStatus, Fault, Risk, Verification
from insurance.models import Claim
from invoicing.models import ReceivableItem
from tests import factories as f
from tests.insurance.factories import ClaimFactory, InsurerFactory, PolicyFactory

pytestmark = pytest.mark.django_db


def facts(**other):
    return claims.Report(
        **{
            "kind": ClaimKind.COLLISION,
            "happened_at": timezone.now() - dt.timedelta(hours=3),
            "place": "A2, km 120",
            "country": "PL",
            "description": "Uderzenie w tył.",
            "contact_name": "Anna Żuk",
            "contact_phone": "+48601234741",
            **other,
        }
    )


def reported(insured, *, key=None, files=(), **other):
    return claims.report(
        asset=insured.asset,
        author=insured.user,
        facts=facts(**other),
        form_key=key or uuid.uuid4(),
        at=timezone.now(),
        files=files,
    )


def owes(insured):
    day = clock.today() - dt.timedelta(days=20)
    invoice = f.InvoiceFactory(contract=insured.contract)
    f.ReceivableItemFactory(invoice=invoice, nominal_due_on=day, effective_due_on=day)


def claim_of(insured, status=ClaimStatus.REPORTED, **other):
    return ClaimFactory(
        asset=insured.asset, author=insured.user, status=status, **{"insurer": None, **other}
    )


def step(claim, to, clerk, **other):
    claims.move(
        claim,
        to=to,
        actor=clerk,
        at=timezone.now(),
        by_client=to == ClaimStatus.WITHDRAWN,
        **other,
    )


NEEDED: dict[ClaimStatus, Callable[[], dict[str, Any]]] = {
    ClaimStatus.REGISTERED: lambda: {"insurer": InsurerFactory(), "insurer_number": "U/1"},
    ClaimStatus.PAID: lambda: {"payout": 100},
}


# --- reporting ---------------------------------------------------------------------------------


def test_report_has_a_number_a_step_and_the_policy_of_that_day(insured):
    policy = PolicyFactory(asset=insured.asset, risks=[Risk.OC, Risk.AC])

    claim = reported(insured, happened_at=dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC))

    assert claim.reference.startswith(f"SZ/{clock.today().year}/")
    assert (claim.policy, claim.insurer, claim.risk) == (policy, policy.insurer, Risk.AC)
    assert claim.company == insured.company
    written = claim.steps.get()
    assert (written.after, written.by_client, written.actor) == ("reported", True, insured.user)
    assert AuditEntry.objects.filter(event="claim_reported", company=insured.company).count() == 1


def test_same_form_is_one_claim(insured):
    key = uuid.uuid4()

    first, second = reported(insured, key=key), reported(insured, key=key)

    assert first == second
    assert Claim.objects.count() == 1
    assert first.steps.count() == 1


def test_same_form_about_another_asset_is_refused(insured):
    key = uuid.uuid4()
    reported(insured, key=key)
    insured.asset = f.AssetFactory(contract=insured.contract)

    with pytest.raises(ClaimError):
        reported(insured, key=key)


def test_taken_number_is_tried_again(insured, monkeypatch):
    numbers = iter([7, 7, 8])
    monkeypatch.setattr("insurance.claims.secrets.randbelow", lambda _most: next(numbers))

    assert [reported(insured).reference[-1], reported(insured).reference[-1]] == ["7", "8"]


def test_moment_is_neither_in_the_future_nor_before_handover(insured):
    for moment in (
        timezone.now() + dt.timedelta(minutes=5),
        dt.datetime(2025, 12, 9, 12, tzinfo=dt.UTC),
    ):
        with pytest.raises(ClaimError):
            reported(insured, happened_at=moment)
    # 23:30 UTC of the day before is the day of handover in Warsaw.
    assert reported(insured, happened_at=dt.datetime(2025, 12, 9, 23, 30, tzinfo=dt.UTC)).pk


@pytest.mark.parametrize(
    ("kind", "fault", "risk", "has_policy"),
    [
        (ClaimKind.COLLISION, Fault.OWN, Risk.AC, True),
        (ClaimKind.COLLISION, Fault.OTHER, Risk.OC, False),
        (ClaimKind.GLASS, Fault.UNKNOWN, Risk.AC, True),
        (ClaimKind.GLASS, Fault.OTHER, Risk.AC, True),
        (ClaimKind.THEFT, Fault.UNKNOWN, Risk.AC, True),
        (ClaimKind.BREAKDOWN, Fault.UNKNOWN, Risk.MACHINERY, True),
    ],
)
def test_risk_follows_from_what_happened(insured, kind, fault, risk, has_policy):
    PolicyFactory(asset=insured.asset, risks=[Risk.OC, Risk.AC, Risk.MACHINERY])

    found = cover_of(
        insured.asset, kind=kind, fault=fault, at=dt.datetime(2026, 5, 1, tzinfo=dt.UTC)
    )

    assert (found.risk, found.policy is not None) == (risk, has_policy)


@pytest.mark.parametrize(
    ("values", "at"),
    [
        ({"verification": Verification.TO_VERIFY}, dt.datetime(2026, 5, 1, tzinfo=dt.UTC)),
        ({"terminated_on": dt.date(2026, 4, 30)}, dt.datetime(2026, 5, 1, tzinfo=dt.UTC)),
        # 31 December in UTC is the new year in Warsaw.
        ({}, dt.datetime(2026, 12, 31, 23, 30, tzinfo=dt.UTC)),
    ],
)
def test_policy_that_does_not_cover_the_day_does_not_count(insured, values, at):
    PolicyFactory(asset=insured.asset, risks=[Risk.AC], **values)

    assert cover_of(insured.asset, kind=ClaimKind.THEFT, fault=Fault.UNKNOWN, at=at).policy is None


def test_report_tells_client_and_staff_once(insured, settings, django_capture_on_commit_callbacks):
    settings.OPERATOR_EMAIL = "szkody@lessor.example"
    key = uuid.uuid4()

    with django_capture_on_commit_callbacks(execute=True):
        claim = reported(insured, key=key)
        reported(insured, key=key)

    subjects = {message.to[0]: message.subject for message in mail.outbox}
    assert len(mail.outbox) == 2
    assert claim.reference in subjects["szkody@lessor.example"]
    assert claim.reference in subjects[insured.user.email]


# --- steps -------------------------------------------------------------------------------------


@pytest.mark.parametrize("to", list(ClaimStatus))
@pytest.mark.parametrize("before", list(ClaimStatus))
def test_every_step_of_the_table(insured, clerk, before, to):
    claim = claim_of(insured, before)
    values = NEEDED.get(to, dict)()

    if before in CLAIM_STEPS.get(to, ()):
        step(claim, to, clerk, **values)
        claim.refresh_from_db()
        assert claim.status == to
        assert [(row.before, row.after) for row in claim.steps.all()] == [(before, to)]
    else:
        with pytest.raises(ClaimError):
            step(claim, to, clerk, **values)
        claim.refresh_from_db()
        assert (claim.status, claim.steps.count()) == (before, 0)


def test_two_clerks_at_once_make_one_step(insured, clerk):
    claim = claim_of(insured)
    slow = Claim.objects.get(pk=claim.pk)
    values = NEEDED[ClaimStatus.REGISTERED]()
    step(claim, ClaimStatus.REGISTERED, clerk, **values)

    with pytest.raises(ClaimError, match="zarejestrowana"):
        step(slow, ClaimStatus.REGISTERED, clerk, **values)

    assert claim.steps.count() == 1
    assert OutgoingMessage.objects.filter(kind="claim_changed", channel="bell").count() == 1


@pytest.mark.parametrize("to", [ClaimStatus.REGISTERED, ClaimStatus.PAID])
def test_step_needs_its_number_or_amount(insured, clerk, to):
    before = ClaimStatus.REPORTED if to == ClaimStatus.REGISTERED else ClaimStatus.PARTIAL
    claim = claim_of(insured, before)

    with pytest.raises(ClaimError, match="Podaj"):
        step(claim, to, clerk)


def test_client_withdraws_only_what_is_reported(insured):
    claim, later = claim_of(insured), claim_of(insured, ClaimStatus.REGISTERED)

    claims.withdraw(claim=claim, actor=insured.user, at=timezone.now())
    for row in (claim, later):
        with pytest.raises(ClaimError):
            claims.withdraw(claim=row, actor=insured.user, at=timezone.now())

    assert claim.steps.get().by_client


def test_sides_do_not_make_each_others_steps(insured, clerk):
    claim = claim_of(insured)
    with pytest.raises(ClaimError):
        claims.move(claim, to=ClaimStatus.WITHDRAWN, actor=clerk, at=timezone.now())
    with pytest.raises(ClaimError):
        claims.move(
            claim,
            to=ClaimStatus.REGISTERED,
            actor=insured.user,
            at=timezone.now(),
            by_client=True,
            **NEEDED[ClaimStatus.REGISTERED](),
        )


def test_nobody_authorises_with_arrears(insured, clerk):
    claim = claim_of(insured, ClaimStatus.PARTIAL)
    owes(insured)

    with pytest.raises(ClaimError, match="zaległości"):
        claims.authorise(claim=claim, actor=clerk, at=timezone.now())
    claims.withhold(claim=claim, actor=clerk, at=timezone.now())
    claims.withhold(claim=claim, actor=clerk, at=timezone.now())

    assert claim.status == ClaimStatus.WITHHELD
    assert claim.steps.count() == 1
    ReceivableItem.objects.filter(contract=insured.contract).update(open_amount=0)
    claims.authorise(claim=claim, actor=clerk, at=timezone.now())
    assert claim.status == ClaimStatus.AUTHORISED


# --- files -------------------------------------------------------------------------------------


def attach(claim, insured, *, from_staff=False):
    return claim_files.attach(
        claim=claim,
        author=insured.user,
        picture=Picture(b"%PDF-1.4", "application/pdf", "pdf"),
        file_name="oświadczenie.pdf",
        at=timezone.now(),
        from_staff=from_staff,
    )


def test_files_end_with_the_matter_and_at_the_limit(insured, settings):
    settings.CLAIM_FILES = 2
    claim, closed = claim_of(insured), claim_of(insured, ClaimStatus.CLOSED)
    with pytest.raises(ClaimError):
        attach(closed, insured)
    assert attach(closed, insured, from_staff=True).pk
    attach(claim, insured)
    attach(claim, insured)

    with pytest.raises(ClaimError, match="najwyżej 2"):
        attach(claim, insured)


def test_files_wait_for_a_scanner_that_is_down(insured, settings):
    settings.CLAMD_URL = "tcp://127.0.0.1:1"
    file = attach(claim_of(insured), insured)

    with pytest.raises(antivirus.ScannerDownError):
        claim_files.scan(file_id=file.pk)
    tasks.sweep()

    file.refresh_from_db()
    assert file.scan == Scan.WAITING


def test_files_are_kept_from_the_day_the_claim_ended(insured):
    open_file = attach(claim_of(insured), insured)
    closed = claim_of(insured, ClaimStatus.CLOSED)
    closed_file = attach(closed, insured, from_staff=True)
    documents = list(Document.objects.filter(key__startswith="claim_file:").order_by("pk"))

    found = claim_retention._facts(documents)

    assert found[open_file.document_id].days == {}
    assert found[closed_file.document_id].days == {Basis.DECIDED: clock.today(closed.changed_at)}
    assert claim_retention._links(documents)[open_file.document_id][1].endswith(
        f"{open_file.claim.public_id}/"
    )
    claim_retention._release([open_file.document_id])
    open_file.refresh_from_db()
    assert open_file.document is None
