"""The tags that pages are written with."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import lucide
import pytest
from django import forms
from django.core.paginator import Paginator
from django.template import Context, Template
from django.test import RequestFactory
from django.utils import timezone

from eboks.ui import tags


def render(source: str, url: str = "/", **context: object) -> str:
    request = RequestFactory().get(url)
    return Template(source).render(Context({"request": request, **context}))


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("{{ x|money }}", "1\u00a0234,50\u00a0zł"),
        ('{{ x|money:"EUR" }}', "1\u00a0234,50\u00a0€"),
        ("{{ x|amount }}", "1\u00a0234,50"),
        ("{% figure x %}", "1\u00a0234<small>,50\u00a0zł</small>"),
        ("{{ x|percent }}", "1234,50%"),
        ("{{ nothing|money }}{{ nothing|amount }}{{ nothing|long_date }}", "–––"),
        ("{{ minus|amount }}", "\u22125,00"),
    ],
)
def test_figures_read_as_money(source, expected):
    assert render(source, x=Decimal("1234.50"), nothing=None, minus=Decimal(-5)) == expected


def test_tag_carries_a_word_and_escapes_it():
    html = render("{% tag state text %}", state="overdue", text="<b>Po terminie</b>")

    assert 'class="tag bad"' in html
    assert "&lt;b&gt;Po terminie&lt;/b&gt;" in html
    assert 'aria-hidden="true"' in html


def test_tag_refuses_an_unknown_state():
    with pytest.raises(KeyError):
        render('{% tag "zapłacona" "Zapłacona" %}')


@pytest.mark.parametrize("state", tags.STATES)
def test_every_state_has_an_icon_that_exists(state):
    assert "Stan" in render("{% tag state 'Stan' %}", state=state)


def test_icon_that_does_not_exist_is_an_error():
    with pytest.raises(lucide.IconDoesNotExist):
        render('{% icon "no-such-icon" %}')


def test_copy_button_copies_digits_without_spaces_and_hides_without_script():
    html = render('{% copy_button "61 1090 1014" "Kopiuj" %}')

    assert 'data-copy="6110901014"' in html
    assert " hidden>" in html
    assert 'data-copy="FV 12/2026"' in render('{% copy_button "FV 12/2026" %}')


@pytest.mark.parametrize(
    ("url", "direction", "href"),
    [
        ("/?q=a&strona=3", "none", "?q=a&amp;sort=due_on"),
        ("/?q=a&sort=due_on&strona=3", "ascending", "?q=a&amp;sort=-due_on"),
        ("/?sort=-due_on", "descending", "?sort=due_on"),
        ("/?sort=number", "none", "?sort=due_on"),
    ],
)
def test_sort_header_turns_the_order_and_keeps_the_filters(url, direction, href):
    html = render('{% sort_header "due_on" "Termin" %}', url)

    assert f'aria-sort="{direction}"' in html
    assert f'href="{href}"' in html


def test_sort_header_knows_the_order_a_list_starts_with():
    html = render('{% sort_header "due_on" "Termin" default="-due_on" right=True %}')

    assert 'aria-sort="descending"' in html
    assert 'class="r"' in html


def test_pager_counts_and_keeps_the_filters():
    page = Paginator(range(1234), 50).get_page(3)

    html = render("{% pager page %}", "/?q=a&strona=3", page=page)

    assert "101–150" in html
    assert "1\u00a0234" in html
    assert 'href="?q=a&amp;strona=2" rel="prev"' in html
    assert 'href="?q=a&amp;strona=4" rel="next"' in html
    assert 'href="?q=a&amp;rozmiar=25"' in html
    assert html.count('aria-current="page"') == 1


def test_pager_of_one_page_and_of_none_is_plain():
    one = render("{% pager page %}", page=Paginator(range(7), 50).get_page(1))
    none = render("{% pager page %}", page=Paginator([], 50).get_page(1))

    assert "<nav" not in one
    assert "rozmiar" not in one
    assert "Brak pozycji" in none


@pytest.mark.parametrize(("hours", "stale"), [(25, False), (27, True)])
def test_as_of_says_when_it_is_old(hours, stale):
    at = timezone.now() - dt.timedelta(hours=hours)

    html = render("{% as_of at statement_on=day %}", at=at, day=dt.date(2026, 11, 20))

    assert ("ponad 26 godzin" in html) is stale
    assert "20.11.2026" in html


def test_as_of_without_data_says_so():
    assert "nie zostały jeszcze wczytane" in render("{% as_of at %}", at=None)


def test_crumbs_link_all_but_the_last():
    html = render('{% crumbs "Umowy" "/umowy/" "OL/1" %}')

    assert '<a href="/umowy/">Umowy</a>' in html
    assert '<li aria-current="page">OL/1</li>' in html


class Choices(forms.Form):
    name = forms.CharField(label="Nazwa")
    kind = forms.ChoiceField(label="Rodzaj", choices=[("a", "A")], widget=forms.RadioSelect)
    token = forms.CharField(widget=forms.HiddenInput)

    def clean(self) -> None:
        raise forms.ValidationError("Nie teraz.")


def test_error_summary_leads_to_each_field():
    html = render("{% error_summary form %}", form=Choices({}))

    assert 'href="#id_name">Nazwa: ' in html
    assert 'href="#id_kind_0">Rodzaj: ' in html
    assert "Nie teraz." in html
    assert 'tabindex="-1" autofocus' in html


def test_form_renders_its_summary_once_and_errors_at_the_fields():
    html = str(Choices({}))

    assert html.count("error-summary-title") == 2  # the heading and what it names
    assert 'aria-describedby="id_name_error"' in html
    assert html.index('id="id_name_error"') < html.index('<input type="text" name="name"')


def test_form_without_errors_has_no_summary():
    assert "error-summary" not in str(Choices())
