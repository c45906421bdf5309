"""Paging: the address decides, the size is remembered, nothing typed there breaks a list."""

from __future__ import annotations

import pytest
from django.contrib.sessions.backends.signed_cookies import SessionStore
from django.test import RequestFactory

from eboks.accounts.models import User
from eboks.ui.paging import paginate


@pytest.fixture
def request_for():
    session = SessionStore()

    def make(query: str):
        request = RequestFactory().get(f"/?{query}")
        request.session = session
        return request

    return make


@pytest.mark.django_db
@pytest.mark.parametrize("query", ["", "strona=0", "strona=abc", "strona=99999999999", "strona=-1"])
def test_odd_page_number_shows_a_page(request_for, query):
    assert paginate(request_for(query), User.objects.order_by("pk")).number == 1


@pytest.mark.django_db
def test_size_is_remembered_and_only_known_ones_count(request_for):
    rows = User.objects.order_by("pk")

    assert paginate(request_for(""), rows).paginator.per_page == 25
    assert paginate(request_for("rozmiar=100"), rows).paginator.per_page == 100
    assert paginate(request_for(""), rows).paginator.per_page == 100
    assert paginate(request_for("rozmiar=7000"), rows).paginator.per_page == 100
    assert paginate(request_for("rozmiar=²"), rows).paginator.per_page == 100


@pytest.mark.django_db
def test_known_total_saves_the_count(request_for, django_assert_num_queries):
    with django_assert_num_queries(0):
        page = paginate(request_for("strona=2"), User.objects.order_by("pk"), total=1234)

    assert page.number == 2
    assert page.paginator.num_pages == 50
