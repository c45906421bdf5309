"""Letters of authorities for tests, and what a client answers."""

from __future__ import annotations

import datetime as dt
import uuid

from django.utils import timezone

from contracts.models import LesseePeriod
from eboks import clock
from eboks.onboarding.scans import Scan
from eboks.tenancy.rights import Role
from requests_app import inquiries
from tests import factories as f

NOW = timezone.now()
TODAY = clock.today(NOW)
ANSWER = {
    "was_ours": "on",
    "first_name": "Jan",
    "last_name": "Śliwa",
    "street": "ul. Krucza 5 m. 3",
    "postcode": "60-101",
    "city": "Poznań",
    "other": "ur. 1.02.1980",
    "is_true": "on",
}


def days(count):
    return TODAY + dt.timedelta(days=count)


def noon(count):
    return dt.datetime.combine(days(count), dt.time(12), tzinfo=clock.WARSAW)


def put_in_force(contract):
    """In force from 400 days ago on; signed ten days before that."""
    contract.signed_on, contract.handover_on, contract.end_on = days(-410), days(-400), days(400)
    contract.save()
    return contract


def assign(contract):
    """Somebody took the contract over a hundred days ago: its present lessee."""
    membership = f.MembershipFactory(role=Role.OWNER)
    before = contract.company
    contract.company = membership.company
    contract.save()
    LesseePeriod.objects.create(
        contract=contract, company=before, from_on=days(-410), to_on=days(-100), as_of=days(-100)
    )
    LesseePeriod.objects.create(
        contract=contract, company=membership.company, from_on=days(-100), as_of=days(-100)
    )
    return membership


def register_letter(clerk, **changes):
    """The request that a letter opens."""
    values = {
        "authority": "Straż Miejska w Kaliszu",
        "letter_no": "SM/123/2026",
        "received_on": days(-3),
        "deadline": days(4),
        "offence_at": noon(-40),
        "vehicle": "wx 12345",
    }
    return inquiries.open_inquiry(
        letter=inquiries.Letter(**(values | changes)),
        picture=Scan(b"%PDF-1.4 pismo", "application/pdf", "pdf"),
        file_name="pismo organu.pdf",
        form_key=uuid.uuid4(),
        actor=clerk,
        at=timezone.now(),
    ).request
