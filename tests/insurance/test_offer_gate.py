"""Accepting an offer by an SMS code: once, in time, exactly what was shown."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from eboks.authorisation import sending, services, signing
from eboks.authorisation.models import Instruction, OperationAuthorisation, SmsDevice
from eboks.authorisation.registry import Facts, Refused, operation
from eboks.tenancy.models import Membership
from eboks.tenancy.rights import Role
from insurance import gate, offers
from insurance.enums import OfferState
from insurance.models import RenewalOffer
from tests import factories as f
from tests.insurance import factories as i
from tests.insurance.own_rows import clerk
from tests.insurance.test_offers import days
from tests.proof import prove

pytestmark = pytest.mark.django_db
SESSION = "a" * 64


@pytest.fixture
def signer():
    f.LessorFactory()
    member = f.MembershipFactory(role=Role.SIGNATORY)
    SmsDevice.objects.create(user=member.user, number="+48601234741", name="sms", confirmed=True)
    return member


@pytest.fixture
def offer(signer):
    asset = f.AssetFactory(contract__company=signer.company, contract__number="OL/2026/1")
    return i.RenewalOfferFactory(
        policy=i.PolicyFactory(asset=asset),
        valid_from=days(30),
        valid_to=days(394),
        instalment_count=2,
        answer_by=days(20),
    )


def prepared(offer, user, form_key=None):
    return services.prepare(
        operation=gate.OPERATION,
        user=user,
        company=offer.company,
        payload={"offer": str(offer.public_id)},
        form_key=form_key or uuid.uuid4(),
        session=SESSION,
        at=timezone.now(),
    )


def signed(instruction):
    sent = sending.send_code(
        instruction_id=instruction.pk, user=instruction.user, session=SESSION, at=timezone.now()
    )
    assert sent.ok, sent.text
    return confirmed(instruction)


def confirmed(instruction):
    code = OperationAuthorisation.objects.get(instruction=instruction, state="live").code()
    signing.check_code(
        instruction_id=instruction.pk,
        user=instruction.user,
        session=SESSION,
        typed=code,
        at=timezone.now(),
    )
    instruction.refresh_from_db()
    return instruction


def test_signed_offer_is_accepted(offer, signer):
    instruction = signed(prepared(offer, signer.user))

    offer.refresh_from_db()
    assert instruction.state == "executed"
    assert (offer.state, offer.instruction) == (OfferState.ACCEPTED, instruction)


def test_summary_shows_what_is_signed(offer, signer):
    lines = {row["label"]: row["value"] for row in prepared(offer, signer.user).lines}

    assert lines["Składka"] == "3 800,00 zł"
    assert lines["AC"] == "90 000,00 zł"
    assert lines["Rata 1"].startswith("1 900,00 zł")
    assert lines["Umowa"] == "OL/2026/1"


def test_sms_is_short_and_ascii(offer, signer):
    offer.contract.number = "OL/2026/" + "9" * 32
    offer.contract.save()
    facts = Facts(signer.user, offer.company, {"offer": str(offer.public_id)})

    text = operation(gate.OPERATION).sms(facts)

    assert len(text) <= 70
    assert text.isascii()
    assert "3800.00 PLN" in text


def test_two_signatures_accept_once(offer, signer):
    first, second = prepared(offer, signer.user), prepared(offer, signer.user)
    signed(first)

    assert not sending.send_code(
        instruction_id=second.pk, user=signer.user, session=SESSION, at=timezone.now()
    ).ok
    offer.refresh_from_db()
    assert offer.instruction == first


@pytest.mark.parametrize("changed", [{"premium": 9999}, {"covers": [{"risk": "oc"}]}])
def test_offer_that_changed_after_the_summary_is_not_signed(offer, signer, changed):
    instruction = prepared(offer, signer.user)
    assert sending.send_code(
        instruction_id=instruction.pk, user=signer.user, session=SESSION, at=timezone.now()
    ).ok
    RenewalOffer.objects.filter(pk=offer.pk).update(**changed)

    confirmed(instruction)

    offer.refresh_from_db()
    assert (instruction.state, offer.state) == ("stale", OfferState.OPEN)


def test_offer_withdrawn_after_the_summary_is_not_signed(offer, signer):
    instruction = prepared(offer, signer.user)
    assert sending.send_code(
        instruction_id=instruction.pk, user=signer.user, session=SESSION, at=timezone.now()
    ).ok
    offers.withdraw(offer=offer, actor=clerk(), at=timezone.now())

    confirmed(instruction)

    offer.refresh_from_db()
    assert instruction.state != "executed"
    assert offer.state == OfferState.WITHDRAWN


def test_offer_past_its_day_is_refused(offer, signer):
    RenewalOffer.objects.update(answer_by=days(-1))

    with pytest.raises(Refused):
        prepared(offer, signer.user)
    offer.refresh_from_db()
    with pytest.raises(offers.OfferError):
        offers.accept(
            offer=offer, actor=signer.user, instruction=Instruction(pk=1), at=timezone.now()
        )


def test_former_lessee_accepts_nothing(login, offer, signer):
    offer.contract.company = f.CompanyFactory()
    offer.contract.save()

    with pytest.raises(Refused):
        prepared(offer, signer.user)
    page = login(signer.user).get(f"/ubezpieczenia/oferty/{offer.public_id}/").content.decode()
    assert "Przyjmij ofertę za" not in page


def test_last_day_in_warsaw_still_counts(offer, signer):
    late = dt.datetime(2026, 12, 20, 22, 59, tzinfo=dt.UTC)  # 23:59 in Warsaw
    RenewalOffer.objects.update(answer_by=dt.date(2026, 12, 20))
    offer.refresh_from_db()

    offers.check_open(offer, on=dt.date(2026, 12, 20))
    with pytest.raises(offers.OfferError):
        offers.accept(
            offer=offer,
            actor=signer.user,
            instruction=Instruction(pk=1),
            at=late + dt.timedelta(minutes=1),
        )


def test_person_without_the_right_or_the_contract_signs_nothing(offer, signer):
    insurance = f.MembershipFactory(company=signer.company, role=Role.INSURANCE)
    with pytest.raises(PermissionDenied):
        prepared(offer, insurance.user)
    Membership.objects.filter(pk=signer.pk).update(is_limited=True)

    with pytest.raises(Refused):
        prepared(offer, signer.user)


def test_button_asks_who_it_is_and_leads_to_the_summary(login, offer, signer):
    client = login(signer.user)
    where = f"/ubezpieczenia/oferty/{offer.public_id}/"
    assert "Przyjmij ofertę za" in client.get(where).content.decode()

    assert client.post(where).url.startswith("/konto/")
    prove(client)
    key = str(uuid.uuid4())
    first = client.post(where, {"form_key": key})
    second = client.post(where, {"form_key": key})

    instruction = Instruction.objects.get()
    assert first.url == second.url == f"/dyspozycje/{instruction.public_id}/"


def test_button_of_a_role_that_does_not_sign_says_who_does(login, offer, signer):
    insurance = f.MembershipFactory(company=signer.company, role=Role.INSURANCE)

    answer = login(insurance.user).post(f"/ubezpieczenia/oferty/{offer.public_id}/", follow=True)

    assert "osoba z prawem podpisu" in answer.content.decode()
    assert not Instruction.objects.exists()
