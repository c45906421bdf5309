"""The guards of tests/hostile.py bite."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings
from django.template import Context, Engine, Origin, Template

from eboks.tenancy.models import Company
from tests.factories import CompanyFactory


def render(text, where):
    engine = Engine.get_default()
    return Template(text, origin=Origin(str(where)), engine=engine).render(Context({"known": {}}))


OURS = Path(settings.BASE_DIR) / "templates" / "x.html"


@pytest.mark.parametrize("text", ["{{ unknown }}", "{{ known.missing }}", "{{ unknown|upper }}"])
def test_unknown_variable_in_our_template_fails(text):
    with pytest.raises(LookupError, match="unknown variable"):
        render(text, OURS)


@pytest.mark.parametrize(
    "text", ["{% if unknown %}x{% endif %}", "{{ known }}", "{% firstof unknown known.a 'x' %}"]
)
def test_what_templates_may_do_with_missing_things_passes(text):
    render(text, OURS)


def test_third_parties_templates_go_on():
    assert render("[{{ unknown }}]", "/site-packages/allauth/x.html") == "[]"


@pytest.mark.django_db
def test_unordered_rows_come_in_another_order():
    first, second = CompanyFactory(), CompanyFactory()

    assert list(Company.objects.all()) == [second, first]
    assert list(Company.objects.order_by("pk")) == [first, second]


@pytest.mark.django_db
def test_a_part_of_unordered_rows_cannot_be_fetched():
    company = CompanyFactory()

    with pytest.raises(LookupError, match="without an order"):
        list(Company.objects.all()[:1])
    assert list(Company.objects.order_by("pk")[:1]) == [company]
    assert Company.objects.get(pk=company.pk) == company
    assert Company.objects.first() == company
    assert Company.objects.all()[:5].count() == 1
    inner = Company.objects.filter(pk=company.pk).values("pk")[:1]
    assert list(Company.objects.filter(pk__in=inner)) == [company]
