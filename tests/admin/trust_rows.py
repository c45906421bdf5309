"""A row of each thing about access and trust, for the back office's lists."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from django.utils import timezone

from eboks.accounts.models import (
    EmailChange,
    FreezeLink,
    ProposalKind,
    StaffProposal,
    TrustedBrowser,
    User,
)
from eboks.authorisation.enums import Step
from eboks.authorisation.models import (
    Instruction,
    InstructionStep,
    OperationAuthorisation,
    SmsDevice,
)
from eboks.notifications.models import Channel, DeliveryTimes, OutgoingMessage, Preference
from eboks.onboarding.models import AccessApplication, Invitation
from eboks.tenancy.models import Membership
from invoicing.models import ConsentText, EInvoiceConsent
from tests import factories as f


def make_trust_rows(membership: Membership, n: int) -> None:
    """One row of each kind, of this member; `n` keeps unique columns apart."""
    user, company, now = membership.user, membership.company, timezone.now()
    Preference.objects.get_or_create(
        user=user, kind="signing_blocked", channel=Channel.SMS, defaults={"is_wanted": True}
    )
    DeliveryTimes.objects.get_or_create(user=user)
    later = now + dt.timedelta(days=1)
    text, _made = ConsentText.objects.get_or_create(
        version="2026-1", defaults={"valid_from": f.TODAY, "body": "Zgadzamy się."}
    )
    EInvoiceConsent.objects.create(
        company=company,
        is_given=True,
        text=text,
        decided_at=now,
        decided_by=user,
        reference=f"D-E{n}",
    )
    AccessApplication.objects.create(
        number=f"W/{n}",
        nip="8567346215",  # of no company here: what is found does not grow with the rows
        client_id=f"KL7777{n:02d}",
        first_name="Anna",
        last_name="Żuk",
        email=f"anna{n}@example.com",
        phone="+48601234741",
        submitted_at=now,
        changed_at=now,
    )
    Invitation.objects.create(user=user, created_at=now, valid_until=later)
    message = OutgoingMessage.objects.create(
        key=f"k{n}",
        kind="operation_code",
        channel=Channel.SMS,
        user=user,
        company=company,
        address="+48601234741",
        created_at=now,
        send_after=now,
        purge_after=f.TODAY,
    )
    _signed(user, company, message, n, now=now, later=later)
    colleague = f.UserFactory(is_staff=True)
    StaffProposal.objects.create(
        kind=ProposalKind.PHONE_RESET,
        user=user,
        payload={"phone": "+48601999888", "drop_factors": False},
        reason="zgubiony telefon",
        proposed_by=colleague,
        proposed_at=now,
    )
    TrustedBrowser.objects.create(
        user=user, browser="a" * 64, agent="Chrome", created_at=now, valid_until=later
    )
    FreezeLink.objects.create(user=user, event="x", created_at=now, valid_until=later)
    EmailChange.objects.create(
        user=user, new_email=f"nowy{n}@example.com", created_at=now, valid_until=later
    )


def _signed(user: User, company: Any, message: Any, n: int, *, now: Any, later: Any) -> None:
    SmsDevice.objects.get_or_create(
        user=user, defaults={"number": "+48601234741", "name": "sms", "confirmed": True}
    )
    instruction = Instruction.objects.create(
        reference=f"D-I{n}",
        operation="x",
        user=user,
        company=company,
        digest="0" * 64,
        title="Zmiana",
        sms_text="Zmiana",
        basis="0" * 64,
        form_key=uuid.uuid4(),
        session="",
        created_at=now,
        expires_at=later,
    )
    OperationAuthorisation.objects.create(
        instruction=instruction,
        user=user,
        ordinal=1,
        phone="+48601234741",
        session="",
        digest="0" * 64,
        created_at=now,
        valid_until=later,
        tries_left=3,
        message=message,
    )
    InstructionStep.objects.create(instruction=instruction, at=now, step=Step.SUMMARY, user=user)
