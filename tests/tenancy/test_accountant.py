"""An outside accountant: several companies in one list, one of them with one click."""

from __future__ import annotations

import pytest

from eboks.tenancy.rights import Role
from tests import factories as f

pytestmark = pytest.mark.django_db

NAMES = ("ALFA sp. z o.o.", "BETA sp. z o.o.", "GAMMA sp. z o.o.")


@pytest.fixture
def office(db):
    """The accountant's user and companies by name, with an invoice each."""
    f.LessorFactory()
    user = f.UserFactory()
    companies = {}
    for name in NAMES:
        membership = f.MembershipFactory(user=user, company__name=name, role=Role.ACCOUNTANT)
        invoice = f.InvoiceFactory(contract__company=membership.company, number=f"FV/{name[:4]}")
        f.ReceivableItemFactory(invoice=invoice)
        companies[name] = membership.company
    f.InvoiceFactory(number="FV/OBCA")
    return user, companies


def listed(response):
    return {line.invoice.number: line.invoice.company.name for line in response.context["lines"]}


def choose(browser, company=None):
    key = {"company": company.public_id if company else "", "next": "/faktury/"}
    response = browser.post("/firma/wybierz/", key, follow=True)
    assert response.redirect_chain == [("/faktury/", 302)]
    return response


def main(response):
    return response.text.partition("<main")[2].partition("</main>")[0]


def test_one_list_of_invoices_names_each_company(client_of, office):
    user, _companies = office

    response = client_of(user).get("/faktury/")

    assert listed(response) == {f"FV/{name[:4]}": name for name in NAMES}
    rows = main(response).partition("<tbody")[2]
    assert all(name in rows for name in NAMES)
    assert response.context["totals"][0].count == 3
    assert "FV/OBCA" not in response.text


def test_switcher_leads_to_one_company_and_back(client_of, office):
    user, companies = office
    browser = client_of(user)
    beta = companies["BETA sp. z o.o."]

    one = choose(browser, beta)
    everything = choose(browser)

    assert listed(one) == {"FV/BETA": beta.name}
    assert one.context["totals"][0].count == 1
    assert "ALFA" not in main(one)
    assert len(listed(everything)) == 3


def test_list_is_filtered_by_company_without_switching(client_of, office):
    user, companies = office
    gamma = companies["GAMMA sp. z o.o."]

    response = client_of(user).get("/faktury/", {"company": gamma.public_id})

    assert listed(response) == {"FV/GAMM": gamma.name}


def test_role_of_one_company_opens_nothing_in_another(client_of, office):
    """Finance of three companies, vehicles alone in a fourth: its invoices stay out of the list."""
    user, _companies = office
    fourth = f.MembershipFactory(user=user, company__name="DELTA", role=Role.FLEET).company
    f.InvoiceFactory(contract__company=fourth, number="FV/DELT")
    browser = client_of(user)

    assert "FV/DELT" not in listed(browser.get("/faktury/"))
    browser.post("/firma/wybierz/", {"company": fourth.public_id})
    assert browser.get("/faktury/").status_code == 403
    assert browser.get("/umowy/").status_code == 200


def test_accountant_neither_signs_nor_manages(client_of, office):
    user, companies = office
    browser = client_of(user)
    browser.post("/firma/wybierz/", {"company": companies["ALFA sp. z o.o."].public_id})

    for path in ("/firma/osoby/", "/firma/osoby/zapros/", "/firma/dane/", "/firma/dwie-osoby/"):
        assert browser.get(path).status_code == 403, path
