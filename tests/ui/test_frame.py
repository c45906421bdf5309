"""The frame around every page: lessor, menu, company switcher, session, errors."""

from __future__ import annotations

import pytest
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse

from eboks.tenancy.rights import Role
from tests.factories import CompanyFactory, LessorFactory, MembershipFactory, UserFactory

PAGE = "account_change_password"  # the plainest page inside the frame
SWITCH = "tenancy:switch_company"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def lessor():
    return LessorFactory.create(brand_colour="#7a1f5c")


def page_of(browser: Client) -> str:
    return browser.get(reverse(PAGE)).content.decode()


def test_frame_shows_the_lessor_and_says_that_the_demo_is_one(login, lessor):
    html = page_of(login(MembershipFactory.create().user))

    assert lessor.short_name in html
    assert "dane zmyślone" in html
    assert html.count("<h1") == 1
    assert 'lang="pl"' in html
    assert 'class="skip" href="#main"' in html


def test_real_lessor_has_no_demo_banner(login, lessor):
    lessor.is_demo = False
    lessor.save()

    assert "dane zmyślone" not in page_of(login(MembershipFactory.create().user))


def test_brand_colour_reaches_the_browser_before_log_in(client):
    response = client.get(reverse("brand_css"))

    assert response.content.decode() == ":root{--brand:#7a1f5c}\n"
    assert response["Content-Type"] == "text/css; charset=utf-8"
    assert "immutable" in response["Cache-Control"]


def test_brand_address_changes_with_the_colour(client, lessor):
    before = client.get(reverse("account_login")).content.decode()
    lessor.brand_colour = "#004488"
    lessor.save()
    after = client.get(reverse("account_login")).content.decode()

    assert before.split("marka.css?v=")[1][:10] != after.split("marka.css?v=")[1][:10]


def test_logo_is_served_as_an_image_or_not_at_all(client, lessor):
    assert client.get(reverse("brand_logo")).status_code == 404
    lessor.logo_svg = '<svg xmlns="http://www.w3.org/2000/svg"/>'
    lessor.save()

    assert client.get(reverse("brand_logo"))["Content-Type"] == "image/svg+xml"
    assert reverse("brand_logo") in client.get(reverse("account_login")).content.decode()


@pytest.mark.parametrize(("role", "finance"), [(Role.OWNER, True), (Role.FLEET, False)])
def test_menu_offers_only_what_the_role_may_open(login, role, finance):
    html = page_of(login(MembershipFactory.create(role=role).user))

    assert (reverse("invoicing:invoice_list") in html) is finance
    assert reverse("contracts:list") in html


def test_log_out_is_a_button_that_posts(login):
    html = page_of(login(MembershipFactory.create().user))

    assert f'method="post" action="{reverse("account_logout")}"' in html


def test_one_company_needs_no_switcher(login):
    member = MembershipFactory.create()

    html = page_of(login(member.user))

    assert member.company.name in html
    assert reverse(SWITCH) not in html


def test_switcher_chooses_a_company_and_all_again(login):
    member = MembershipFactory.create(company__name="Piekarnia Kłos")
    MembershipFactory.create(user=member.user, company__name="Żuk-Trans")
    browser = login(member.user)
    chosen = {"company": str(member.company.public_id), "next": reverse(PAGE)}

    for _twice in range(2):
        answer = browser.post(reverse(SWITCH), chosen)
        assert (answer.status_code, answer.url) == (302, reverse(PAGE))
    assert browser.session["company"] == str(member.company.public_id)
    browser.post(reverse(SWITCH), {"company": "", "next": reverse(PAGE)})
    assert "company" not in browser.session


def test_switch_company_as_stranger_is_404_and_changes_nothing(login):
    browser = login(MembershipFactory.create().user)
    foreign = CompanyFactory.create()

    for value in (str(foreign.public_id), "x", "00000000-0000-4000-8000-000000000000"):
        assert browser.post(reverse(SWITCH), {"company": value}).status_code == 404
    assert "company" not in browser.session


def test_switch_company_as_inactive_member_is_404(login):
    member = MembershipFactory.create()
    former = MembershipFactory.create(user=member.user, is_active=False)

    answer = login(member.user).post(reverse(SWITCH), {"company": str(former.company.public_id)})

    assert answer.status_code == 404


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "javascript:x", ""])
def test_switch_company_goes_nowhere_else(login, target):
    answer = login(MembershipFactory.create().user).post(
        reverse(SWITCH), {"company": "", "next": target}
    )

    assert answer.url == reverse("portal:dashboard")


def test_switch_company_wants_a_post_and_a_person(client, login):
    assert client.post(reverse(SWITCH)).url.startswith(reverse("account_login"))
    assert login(MembershipFactory.create().user).get(reverse(SWITCH)).status_code == 405


def test_person_without_a_company_still_has_a_page(login):
    assert "Brak firmy" in page_of(login(UserFactory.create()))


@pytest.mark.parametrize("companies", [1, 6])
def test_query_count_does_not_grow_with_companies(login, django_assert_num_queries, companies):
    user = UserFactory.create()
    MembershipFactory.create_batch(companies, user=user)
    browser = login(user)

    with django_assert_num_queries(5):  # session, person, memberships, lessor, bell
        page_of(browser)


def test_missing_page_keeps_the_menu_for_a_client_and_not_for_a_stranger(client, login):
    stranger = client.get("/nie-ma/")
    inside = login(MembershipFactory.create().user).get("/nie-ma/")

    assert (stranger.status_code, inside.status_code) == (404, 404)
    assert "Menu główne" in inside.content.decode()
    assert "Menu główne" not in stranger.content.decode()


@pytest.mark.parametrize("name", ["400.html", "403_csrf.html", "500.html", "503.html"])
def test_error_page_stands_without_database_and_context(name, django_assert_num_queries):
    with django_assert_num_queries(0):
        html = render_to_string(name)

    assert html.count("<h1>") == 1
    assert 'href="/static/css/tokens' in html


@pytest.mark.parametrize("name", ["403.html", "429.html"])
def test_refusal_pages_stand_for_a_request_that_met_no_middleware(name):
    request = HttpRequest()
    request.META = {"SERVER_NAME": "testserver", "SERVER_PORT": "80"}
    request.method = "GET"
    request.resolver_match = None

    assert "<h1>" in render_to_string(name, request=request)


def test_server_error_page_is_ours(login, monkeypatch):
    def fail(*args: object, **kwargs: object) -> None:
        raise RuntimeError("boom")

    monkeypatch.setattr("eboks.tenancy.views.redirect", fail)
    browser = login(MembershipFactory.create().user)
    browser.raise_request_exception = False

    answer = browser.post(reverse(SWITCH), {"company": ""})

    assert answer.status_code == 500
    assert "To nasz błąd, nie Twój" in answer.content.decode()
