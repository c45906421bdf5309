from __future__ import annotations

import datetime as dt
import uuid

import pytest
from django.urls import reverse
from django.utils import timezone

from eboks.authorisation.models import Instruction, OperationAuthorisation, SmsDevice
from eboks.tenancy.rights import Role
from tests import factories as f
from tests.proof import prove

PHONE = "+48601234741"


def administrator(company=None, *, phone=PHONE):
    """An administrator who signs by SMS."""
    extra = {"company": company} if company else {}
    membership = f.MembershipFactory(role=Role.OWNER, user__activated_at=timezone.now(), **extra)
    SmsDevice.objects.create(user=membership.user, number=phone, name="sms", confirmed=True)
    return membership


def sign(client, response):
    """Goes from the summary that `response` leads to, through the code, to the confirmation."""
    assert response.status_code == 302, response.content.decode()
    assert response.url.startswith("/dyspozycje/"), response.url
    instruction = Instruction.objects.latest("pk")
    assert client.get(response.url).status_code == 200
    sent = client.post(response.url)
    assert sent.status_code == 302
    code = OperationAuthorisation.objects.get(instruction=instruction, state="live").code()
    client.post(sent.url, {"code": code})
    instruction.refresh_from_db()
    return instruction


@pytest.fixture
def admin(db):
    f.LessorFactory()
    return administrator()


@pytest.fixture
def browser(client_of, admin):
    """The administrator's, freshly proven."""
    return prove(client_of(admin.user))


@pytest.fixture
def contracts(admin):
    """Two contracts of the company, each with a vehicle."""
    made = [f.ContractFactory(company=admin.company, number=f"OL/2026/{n}") for n in (1, 2)]
    for n, contract in enumerate(made, start=1):
        f.AssetFactory(contract=contract, plate=f"WGM7H4{n}")
    return made


def invitation(**more):
    return {
        "first_name": "Ewa",
        "last_name": "Nowak",
        "email": "ewa.nowak@example.com",
        "phone": "601 234 567",
        "role": Role.FINANCE.value,
        "named": "",
        "valid_from": "",
        "valid_to": "",
        "form_key": str(uuid.uuid4()),
        **more,
    }


def url(name, membership):
    return reverse(f"tenancy:{name}", args=[membership.public_id])


def days(n):
    return dt.timedelta(days=n)
