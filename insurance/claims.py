"""Claims: reporting, and the one gate of their status (domain 5)."""

from __future__ import annotations

import datetime as dt
import secrets
import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from contracts.models import Asset
from eboks import clock
from eboks.accounts.models import User
from eboks.audit.services import record
from eboks.onboarding.scans import Scan as Picture
from insurance import arrears_gate, claim_files, claim_telling
from insurance.claim_errors import ClaimError
from insurance.claim_policy import cover_of
from insurance.enums import CLAIM_STEPS, ClaimKind, ClaimStatus, Fault
from insurance.models import Claim, ClaimStep

_TRIES = 20  # for a number that nobody has yet
_BY_CLIENT = frozenset({ClaimStatus.WITHDRAWN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What the client says of a damage; `happened_at` with its time zone."""

    kind: ClaimKind
    happened_at: dt.datetime
    place: str
    country: str
    description: str
    contact_name: str
    contact_phone: str
    driver: str = ""
    other_party: str = ""
    fault: Fault = Fault.UNKNOWN
    police_called: bool = False
    injured: bool = False
    is_drivable: bool = True


@transaction.atomic
def report(
    *,
    asset: Asset,
    author: User,
    facts: Report,
    form_key: uuid.UUID,
    at: dt.datetime,
    files: Sequence[tuple[str, Picture]] = (),
) -> Claim:
    """A new claim about `asset`, with `files` (name, checked content) and the policy that covered
    the moment. The same form sent twice is one claim.

    Raises ClaimError for a moment in the future or before the asset was handed over, and for a
    form that was sent before about something else.
    """
    earlier = Claim.objects.filter(author=author, form_key=form_key).first()
    if earlier is None:
        _check_moment(asset, facts.happened_at, at)
        earlier, is_new = _made(asset, author, facts, form_key, at)
        if is_new:
            _follow(earlier, files=files, author=author, at=at)
    if earlier.asset_id != asset.pk:
        raise ClaimError(_("Ten formularz był już wysłany o innym przedmiocie. Zacznij od nowa."))
    return earlier


def new_reference(at: dt.datetime) -> str:
    """A number of a claim, `SZ/2026/004217`; it does not tell how many there are."""
    return f"SZ/{clock.today(at).year}/{secrets.randbelow(1_000_000):06d}"


def _check_moment(asset: Asset, happened_at: dt.datetime, at: dt.datetime) -> None:
    contract = asset.contract
    if happened_at > at:
        raise ClaimError(_("Zdarzenie nie może być w przyszłości."))
    if clock.today(happened_at) < (contract.handover_on or contract.signed_on):
        raise ClaimError(_("Wtedy przedmiot nie był jeszcze odebrany."))


def _made(
    asset: Asset, author: User, facts: Report, form_key: uuid.UUID, at: dt.datetime
) -> tuple[Claim, bool]:
    cover = cover_of(asset, kind=facts.kind, fault=facts.fault, at=facts.happened_at)
    for _n in range(_TRIES):
        public_id = uuid.uuid4()
        try:
            with transaction.atomic():
                claim = Claim.objects.create(
                    public_id=public_id,
                    source_system="portal",
                    source_id=str(public_id),
                    as_of=clock.today(at),
                    reference=new_reference(at),
                    company=asset.contract.company,
                    contract=asset.contract,
                    asset=asset,
                    policy=cover.policy,
                    insurer=cover.insurer,
                    risk=cover.risk,
                    currency=asset.contract.currency,
                    author=author,
                    form_key=form_key,
                    reported_at=at,
                    changed_at=at,
                    **asdict(facts),
                )
        except IntegrityError:  # the same form sent twice at once, or a number that is taken
            same = Claim.objects.filter(author=author, form_key=form_key).first()
            if same is not None:
                return same, False
            continue
        return claim, True
    raise ClaimError(_("Nie udało się nadać numeru. Wyślij zgłoszenie jeszcze raz."))


def _follow(
    claim: Claim, *, files: Sequence[tuple[str, Picture]], author: User, at: dt.datetime
) -> None:
    step = ClaimStep.objects.create(
        claim=claim, after=ClaimStatus.REPORTED, by_client=True, actor=author, at=at
    )
    for name, picture in files:
        claim_files.attach(
            claim=claim, author=author, picture=picture, file_name=name, at=at, from_staff=False
        )
    claim_telling.of_report(claim, at=at)
    claim_telling.of_step(claim, step)
    _note(claim, actor=author, at=at)


@transaction.atomic
def move(
    claim: Claim,
    *,
    to: ClaimStatus,
    actor: User | None,
    at: dt.datetime,
    by_client: bool = False,
    note: str = "",
    **values: Any,
) -> None:
    """Leads `claim` to the status `to`, with `values` of its other columns, once.

    Writes the step, tells the client and the audit trail in the same transaction. Raises
    ClaimError when the table forbids the step, when it is the other side's, when somebody was
    faster, when a number or an amount that it needs is missing, and for an authorisation while
    the client has arrears.
    """
    before = ClaimStatus(claim.status)
    if before not in CLAIM_STEPS.get(to, frozenset()):
        raise ClaimError(not_now(before))
    if by_client != (to in _BY_CLIENT):
        raise ClaimError(_("Tego kroku nie robi się stąd."))
    _check_needed(claim, to, values)
    if to == ClaimStatus.AUTHORISED and arrears_gate.has_arrears(claim.company, on=clock.today(at)):
        raise ClaimError(_("Są zaległości. Upoważnienie wydajemy, gdy wszystko jest zapłacone."))
    changed = {"status": to, "changed_at": at, **values}
    won = Claim.objects.filter(pk=claim.pk, status=before).update(**changed)
    if won != 1:
        claim.refresh_from_db(fields=["status"])
        raise ClaimError(not_now(ClaimStatus(claim.status)))
    for name, value in changed.items():
        setattr(claim, name, value)
    step = ClaimStep.objects.create(
        claim=claim,
        before=before,
        after=to,
        by_client=by_client,
        actor=actor,
        at=at,
        note=note.strip(),
    )
    claim_telling.of_step(claim, step)
    _note(claim, actor=actor, at=at)


def withdraw(*, claim: Claim, actor: User, at: dt.datetime) -> None:
    """The client takes back what nobody has registered yet. Raises ClaimError."""
    move(claim, to=ClaimStatus.WITHDRAWN, actor=actor, at=at, by_client=True)


def authorise(*, claim: Claim, actor: User | None, at: dt.datetime, note: str = "") -> None:
    """The payout may be collected; authorised already is authorised. Raises ClaimError."""
    if claim.status != ClaimStatus.AUTHORISED:
        move(claim, to=ClaimStatus.AUTHORISED, actor=actor, at=at, note=note)


def withhold(*, claim: Claim, actor: User | None, at: dt.datetime, note: str = "") -> None:
    """No authorisation while there are arrears; withheld already is withheld. Raises ClaimError."""
    if claim.status != ClaimStatus.WITHHELD:
        move(claim, to=ClaimStatus.WITHHELD, actor=actor, at=at, note=note)


def not_now(status: ClaimStatus) -> str:
    return _("Tego nie można teraz zrobić: szkoda jest w stanie „%s”.") % status.label


def _check_needed(claim: Claim, to: ClaimStatus, values: dict[str, Any]) -> None:
    def known(name: str) -> Any:
        return values.get(name, getattr(claim, name))

    if to == ClaimStatus.REGISTERED and not (known("insurer") and known("insurer_number")):
        raise ClaimError(_("Podaj ubezpieczyciela i numer szkody, który nadał."))
    if to == ClaimStatus.PAID and known("payout") is None:
        raise ClaimError(_("Podaj kwotę odszkodowania."))


def _note(claim: Claim, *, actor: User | None, at: dt.datetime) -> None:
    record(
        event=f"claim_{claim.status}",
        at=at,
        actor=actor,
        company=claim.company,
        object_kind="claim",
        object_ref=claim.reference,
        facts={"reference": claim.reference},
    )
