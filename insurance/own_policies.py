"""Own policies from the client's side: sent in, completed, sent again after defects, withdrawn."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F
from django.urls import reverse
from django.utils.translation import gettext as _

from contracts.models import Asset
from eboks import clock
from eboks.accounts.models import User
from eboks.audit.services import record
from eboks.documents import antivirus, uploads
from eboks.http import PortalRequest
from eboks.onboarding.scans import Scan as Picture
from eboks.tenancy.access import has_right_in
from eboks.tenancy.rights import Right
from insurance.enums import Placement, Verification
from insurance.models import Insurer, Policy, PolicyCover, PolicyFile, PolicyInstalment
from insurance.policy_fields import Cover, instalments

KEY = "policy_file"  # of stored documents
PORTAL = "portal"  # `source_system` of what was entered here
OPEN = (Verification.TO_VERIFY, Verification.RETURNED)
Files = Sequence[tuple[str, Picture]]  # name, checked content


class PolicyError(Exception):
    """Why a policy cannot be sent or changed; the text is for the person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPolicy:
    """What stands in the paper. Amounts in `currency`; `paid_on`: the whole or the first part."""

    asset: Asset
    insurer: Insurer
    number: str
    policyholder: str
    insured: str
    valid_from: dt.date
    valid_to: dt.date
    premium: Decimal
    instalment_count: int
    covers: Sequence[Cover]
    currency: str
    territory: str
    has_assignment: bool
    paid_on: dt.date | None = None


@transaction.atomic
def send(
    *, new: NewPolicy, files: Files, author: User, form_key: uuid.UUID, at: dt.datetime
) -> Policy:
    """A policy that waits for the check, with its files; the same form sent twice is one policy.

    `new.asset` comes with its contract and company. Raises PolicyError without a file or with too
    many, and for a paper that the lessor already has.
    """
    same = Policy.objects.filter(author=author, form_key=form_key)
    earlier = same.first()
    if earlier is not None:
        return earlier
    _check_count(len(files))
    if not files:
        raise PolicyError(_("Dołącz polisę: plik PDF albo zdjęcia."))
    if _known(new):
        raise PolicyError(_("Tę polisę już mamy. Jest na liście polis."))
    contract = new.asset.contract
    try:
        with transaction.atomic():
            policy = Policy.objects.create(
                source_system=PORTAL,
                source_id=str(uuid.uuid4()),  # the form's key comes from the browser
                as_of=clock.today(at),
                company=contract.company,
                contract=contract,
                asset=new.asset,
                insurer=new.insurer,
                number=new.number,
                placement=Placement.OWN,
                policyholder=new.policyholder,
                insured=new.insured,
                valid_from=new.valid_from,
                valid_to=new.valid_to,
                premium=new.premium,
                currency=new.currency,
                territory=new.territory,
                has_assignment=new.has_assignment,
                verification=Verification.TO_VERIFY,
                form_key=form_key,
                author=author,
                sent_at=at,
                revision=1,
            )
    except IntegrityError:  # sent twice at once
        return same.get()
    write_parts(policy, new.covers, count=new.instalment_count, paid_on=new.paid_on)
    _keep(policy, files, author=author, at=at)
    note("policy_sent", policy, actor=author, at=at)
    return policy


def write_parts(
    policy: Policy, covers: Sequence[Cover], *, count: int, paid_on: dt.date | None = None
) -> None:
    """The risks and the parts of the premium of a policy that was just made."""
    PolicyCover.objects.bulk_create(
        PolicyCover(
            policy=policy,
            risk=cover.risk,
            gap_kind=cover.gap_kind,
            sum_insured=cover.sum_insured,
            vat_basis=cover.vat_basis,
            deductible=cover.deductible,
        )
        for cover in covers
    )
    if not policy.premium:
        return
    rows = instalments(premium=policy.premium, count=count, first_on=policy.valid_from)
    PolicyInstalment.objects.bulk_create(
        PolicyInstalment(
            policy=policy, n=n, due_on=due, amount=amount, paid_on=paid_on if n == 1 else None
        )
        for n, due, amount in rows
    )


@transaction.atomic
def add_files(
    *, policy: Policy, files: Files, replace: bool, actor: User, at: dt.datetime
) -> list[PolicyFile]:
    """Further files of a policy that is not checked yet; `replace` takes the earlier ones away.

    Whoever is checking it at this moment has to look again. Raises PolicyError for another state
    and above `settings.POLICY_FILES` files.
    """
    if not files:
        raise PolicyError(_("Wybierz plik."))
    _check_contract(policy)
    _move(policy, sources=OPEN, to=None, sent_at=at)
    return _added(policy, files, replace=replace, actor=actor, at=at)


@transaction.atomic
def send_again(
    *, policy: Policy, files: Files, replace: bool, actor: User, at: dt.datetime
) -> None:
    """A returned policy goes back to the check, with further files if there are any; once.

    Raises PolicyError when it is not returned, or with too many files.
    """
    _check_contract(policy)
    _move(policy, sources=(Verification.RETURNED,), to=Verification.TO_VERIFY, sent_at=at)
    if files:
        _added(policy, files, replace=replace, actor=actor, at=at)
    note("policy_sent_again", policy, actor=actor, at=at)


@transaction.atomic
def withdraw(*, policy: Policy, actor: User, at: dt.datetime) -> None:
    """Takes a policy back that is not checked yet. Raises PolicyError when it is."""
    _move(policy, sources=OPEN, to=Verification.WITHDRAWN)
    note("policy_withdrawn", policy, actor=actor, at=at)


def note_reading(file: PolicyFile, *, actor: User, at: dt.datetime) -> None:
    """Writes down that a file was taken, by whichever side."""
    note("policy_file_read", file.policy, actor=actor, at=at)


def note(event: str, policy: Policy, *, actor: User, at: dt.datetime) -> None:
    """An entry of the audit trail about a policy; write it last."""
    record(
        event=event,
        at=at,
        actor=actor,
        company=policy.company,
        object_kind="policy",
        object_ref=str(policy.public_id),
        facts={"number": policy.number},
    )


def address(policy: Policy) -> str:
    """The page of the policy in the portal."""
    return reverse("insurance:policy", args=[policy.public_id])


def panel(request: PortalRequest, policy: Policy) -> dict[str, Any] | None:
    """What `insurance/_own_policy.html` shows on the page of a policy that a client sent in; None
    for any other. `policy` was reached through the person."""
    if policy.placement != Placement.OWN or policy.source_system != PORTAL:
        return None
    may = has_right_in(request, policy.company_id, Right.HANDLE_INSURANCE)
    returned = policy.verification == Verification.RETURNED
    is_open = policy.verification in OPEN and policy.has_own_contract
    defects = policy.checks.filter(is_met=False).order_by("pk") if returned else []
    return {
        "policy": policy,
        "files": list(policy.files.order_by("at", "pk")),
        "defects": list(defects),
        "returned": returned,
        "waits": policy.verification == Verification.TO_VERIFY,
        "may_handle": may and is_open,
        "most": settings.POLICY_FILES,
    }


def _known(new: NewPolicy) -> bool:
    rows = Policy.objects.filter(asset=new.asset, insurer=new.insurer, number__iexact=new.number)
    waiting = rows.filter(verification__in=[*OPEN, Verification.VERIFIED])
    return waiting.filter(company=new.asset.contract.company).exists()


def _move(
    policy: Policy,
    *,
    sources: Sequence[Verification],
    to: Verification | None,
    **values: Any,
) -> None:
    changed = values | ({"verification": to} if to else {})
    won = Policy.objects.filter(
        pk=policy.pk,
        verification__in=sources,
        placement=Placement.OWN,
        source_system=PORTAL,
    ).update(**changed, revision=F("revision") + 1)
    if won != 1:
        policy.refresh_from_db(fields=["verification"])
        raise PolicyError(
            _("Tego nie można teraz zrobić: polisa jest w stanie „%s”.")
            % policy.get_verification_display()
        )
    for name, value in changed.items():
        setattr(policy, name, value)


def _added(
    policy: Policy, files: Files, *, replace: bool, actor: User, at: dt.datetime
) -> list[PolicyFile]:
    earlier = policy.files.select_related("document").order_by("pk")
    if replace:
        for file in earlier:
            file.delete()
            if file.document is not None:
                uploads.forget(file.document)
    _check_count(len(files) + (0 if replace else earlier.count()))
    rows = _keep(policy, files, author=actor, at=at)
    note("policy_file_added", policy, actor=actor, at=at)
    return rows


def _check_contract(policy: Policy) -> None:
    """Nothing is checked any more for whom the lease is no longer."""
    if not policy.has_own_contract:
        raise PolicyError(_("Umowa przeszła na inną firmę. Tej polisy już nie sprawdzamy."))


def _check_count(count: int) -> None:
    if count > settings.POLICY_FILES:
        text = _("Do jednej polisy można dołączyć najwyżej %d plików.")
        raise PolicyError(text % settings.POLICY_FILES)


def _keep(policy: Policy, files: Files, *, author: User, at: dt.datetime) -> list[PolicyFile]:
    rows = []
    for name, picture in files:
        kept = uploads.keep(company=policy.company, key=KEY, picture=picture, file_name=name, at=at)
        row = PolicyFile.objects.create(
            public_id=kept.public_id,
            policy=policy,
            author=author,
            name=kept.name,
            document=kept.document,
            scan=antivirus.first_state(),
            at=at,
        )
        rows.append(row)
        if settings.CLAMD_URL:
            from insurance import tasks  # noqa: PLC0415 -- tasks import the services

            transaction.on_commit(
                partial(tasks.scan_policy_file.delay, file_id=row.pk), robust=True
            )
    return rows
