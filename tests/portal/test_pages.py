"""The company's page and help."""

from __future__ import annotations

import datetime as dt

import pytest

from eboks.tenancy.rights import Role
from tests import factories as f

pytestmark = pytest.mark.django_db


def test_owner_sees_company_and_people_with_access(client):
    owner = f.MembershipFactory(company__regon="123456785", company__krs="0000123456")
    colleague = f.MembershipFactory(
        company=owner.company, role=Role.ACCOUNTANT, user__last_name="Księgowa"
    )
    f.MembershipFactory(company=owner.company, user__last_name="Dawna", is_active=False)
    f.MembershipFactory(user__last_name="Obca")
    client.force_login(owner.user)

    text = client.get("/firma/").text

    assert owner.company.name in text
    assert "123456785" in text
    assert "0000123456" in text
    assert colleague.user.last_name in text
    assert "biuro rachunkowe" in text
    assert "Dawna" not in text
    assert "Obca" not in text
    assert colleague.user.email not in text


@pytest.mark.parametrize("role", [role for role in Role if role != Role.OWNER])
def test_other_roles_see_their_rights_but_no_people(client, role):
    member = f.MembershipFactory(role=role)
    f.MembershipFactory(company=member.company, user__last_name="Właścicielska")
    client.force_login(member.user)

    response = client.get("/firma/")

    assert "Właścicielska" not in response.text
    shown = [right.value for right in response.context["companies"][0]["rights"]]
    assert set(shown) == {right.value for right in member.rights}


def test_people_are_told_only_of_own_companies(client):
    owner = f.MembershipFactory()
    other = f.MembershipFactory(user=owner.user, role=Role.FLEET)
    f.MembershipFactory(company=other.company, user__last_name="Niewidoczna")
    client.force_login(owner.user)

    response = client.get("/firma/")

    assert other.company.name in response.text
    assert "Niewidoczna" not in response.text


@pytest.mark.parametrize("mandate", [{"is_active": False}, {"valid_to": dt.date(2020, 1, 1)}])
def test_company_is_gone_without_a_mandate_in_force(client, mandate):
    membership = f.MembershipFactory(**mandate)
    client.force_login(membership.user)

    response = client.get("/firma/")

    assert membership.company.name not in response.text
    assert "Nie masz dostępu do żadnej firmy" in response.text


def test_company_asks_to_log_in(client):
    assert client.get("/firma/").status_code == 302


def test_help_is_open_to_everybody(client):
    lessor = f.LessorFactory()

    public = client.get("/pomoc/")
    client.force_login(f.MembershipFactory().user)
    inside = client.get("/pomoc/")

    for response in (public, inside):
        assert response.status_code == 200
        assert lessor.phone in response.text
        assert lessor.email in response.text
        assert lessor.hours in response.text
    assert 'class="side"' in inside.text
    assert 'class="side"' not in public.text
