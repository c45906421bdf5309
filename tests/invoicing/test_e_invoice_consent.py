"""E-invoices on and off: read, signed by a code, written with the words that were agreed to."""

from __future__ import annotations

import pytest

from eboks.authorisation.models import Instruction
from eboks.tenancy.models import CompanyChange
from eboks.tenancy.rights import Role
from invoicing.models import ConsentText, EInvoiceConsent
from tests.accounts.entering import give_number
from tests.authorisation.conftest import live_code
from tests.factories import LessorFactory, MembershipFactory

pytestmark = pytest.mark.django_db
PAGE = "/e-faktury/"


@pytest.fixture
def member():
    LessorFactory()
    membership = MembershipFactory()
    give_number(membership.user)
    return membership


@pytest.fixture(autouse=True)
def words():
    """A transactional test before us may have emptied the table that a migration fills."""
    return ConsentText.objects.get_or_create(
        version="2026-1", defaults={"valid_from": "2026-01-01", "body": "Zgadzamy się."}
    )[0]


def signed(client, on="1"):
    answer = client.post(PAGE, {"on": on}, follow=True)
    instruction = Instruction.objects.get()
    check = f"/dyspozycje/{instruction.public_id}/"
    assert answer.redirect_chain[-1][0] == check
    client.post(check)
    code = live_code(instruction).code()
    return client.post(f"{check}kod/", {"code": code}, follow=True)


def test_consent_is_signed_and_keeps_its_words(client, member, words):
    client.force_login(member.user)

    page = signed(client)

    assert "E-faktury są włączone." in page.content.decode()
    member.company.refresh_from_db()
    assert member.company.e_invoice_since is not None
    [row] = EInvoiceConsent.objects.all()
    assert (row.is_given, row.text, row.decided_by) == (True, words, member.user)
    assert "e_invoice_since" in CompanyChange.objects.get().values


def test_summary_shows_the_words_that_are_signed(client, member, words):
    client.force_login(member.user)

    page = client.post(PAGE, {"on": "1"}, follow=True).content.decode()

    assert words.body[:40] in page
    assert EInvoiceConsent.objects.count() == 0


def test_stale_page_does_not_turn_it_back(client, member):
    client.force_login(member.user)
    signed(client)

    page = client.post(PAGE, {"on": "1"}, follow=True)

    assert "Ktoś już to zmienił" in page.content.decode()
    assert Instruction.objects.count() == 1


@pytest.mark.parametrize("role", [Role.FINANCE, Role.ACCOUNTANT, Role.READ_ONLY, Role.DRIVER])
def test_role_without_the_right_to_sign_is_refused(client, role):
    client.force_login(MembershipFactory(role=role).user)

    assert client.get(PAGE).status_code == 403
    assert client.post(PAGE, {"on": "1"}).status_code == 403


def test_lessor_without_words_offers_no_consent(client, member):
    ConsentText.objects.all().delete()
    client.force_login(member.user)

    page = client.post(PAGE, {"on": "1"}, follow=True)

    assert "Zadzwoń do nas" in page.content.decode()
    assert Instruction.objects.count() == 0
