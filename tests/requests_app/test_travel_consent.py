"""Consent to travel abroad: by the rules of countries, with a paper in each language chosen."""

from __future__ import annotations

import datetime as dt
import re
import uuid

import pytest
from django.utils import timezone, translation

from contracts.enums import ContractStatus, Product
from eboks import clock
from eboks.accounts.staff import StaffRole, create_staff
from eboks.tenancy.rights import Role
from requests_app import deciding, drafts, filing, producing
from requests_app.catalogue import RequestError, type_of
from requests_app.enums import Status
from requests_app.models import CountryRule, Request
from tests import factories as f
from tests.factories import PASSWORD
from tests.requests_app.conftest import draft, filed
from tests.requests_app.country_rows import first_rules
from tests.requests_app.papers import text_of

pytestmark = pytest.mark.django_db

KIND = "travel-consent"


@pytest.fixture(autouse=True)
def rules(db):
    first_rules()


def today() -> dt.date:
    return clock.today(timezone.now())


def typed(**values):
    first = today() + dt.timedelta(days=10)
    return {
        "countries": ["DE", "CZ"],
        "first_day": first.isoformat(),
        "last_day": (first + dt.timedelta(days=20)).isoformat(),
        "driver": "company",
        "languages": ["pl", "en"],
        **values,
    }


def errors(lessee, **values) -> dict[str, list[str]]:
    row = draft(KIND, lessee, typed(**values))
    found = drafts.form_of(row, on=today()).errors
    return {name: [str(text) for text in texts] for name, texts in found.items()}


def arrears(lessee) -> None:
    invoice = f.InvoiceFactory(contract=lessee.contract)
    f.ReceivableItemFactory(
        invoice=invoice, effective_due_on=today() - dt.timedelta(days=5), open_amount=100
    )


# --- form --------------------------------------------------------------------------------------


def test_only_countries_with_a_rule_are_offered(lessee):
    CountryRule.objects.filter(iso2="CZ").update(valid_to=today() - dt.timedelta(days=1))

    assert set(errors(lessee)) == {"countries"}
    assert set(errors(lessee, countries=["US"])) == {"countries"}
    assert errors(lessee, countries=["DE", "RU"]) == {}


@pytest.mark.parametrize(
    ("first", "last", "wrong"),
    [
        (-1, 5, "first_day"),
        (5, 4, "last_day"),
        (0, 0, ""),
        (0, 366, "last_day"),
        (0, 360, ""),
    ],
)
def test_period(lessee, first, last, wrong):
    days = {
        "first_day": (today() + dt.timedelta(days=first)).isoformat(),
        "last_day": (today() + dt.timedelta(days=last)).isoformat(),
    }

    assert set(errors(lessee, **days)) == ({wrong} if wrong else set())


def test_twelve_months_end_the_day_before(lessee):
    first = today()
    year = clock.add_months(first, 12)

    assert "last_day" in errors(lessee, first_day=first.isoformat(), last_day=year.isoformat())
    last = year - dt.timedelta(days=1)
    assert errors(lessee, first_day=first.isoformat(), last_day=last.isoformat()) == {}


def test_period_ends_with_the_contract(lessee):
    lessee.contract.end_on = today() + dt.timedelta(days=30)
    lessee.contract.save()

    assert errors(lessee) == {}
    late = (today() + dt.timedelta(days=31)).isoformat()
    assert set(errors(lessee, last_day=late)) == {"last_day"}


def test_driver_is_named_in_full(lessee):
    assert set(errors(lessee, driver="person")) == {"first_name", "last_name"}
    assert set(errors(lessee, driver="person", first_name="Jan")) == {"last_name"}
    assert errors(lessee, driver="person", first_name="Jan", last_name="Żuk") == {}


def test_name_typed_for_nobody_is_not_kept(lessee):
    row = filed(KIND, lessee, typed(first_name="Jan", last_name="Żuk"))

    assert row.facts["driver"] == ""
    assert "Żuk" not in str(row.lines)


def test_country_may_demand_a_language(lessee):
    CountryRule.objects.filter(iso2="DE").update(languages=["de", "en"])

    assert errors(lessee, languages=["pl", "en"]) == {}
    wrong = errors(lessee, languages=["pl", "uk"])
    assert wrong == {"languages": ["Niemcy wymaga dokumentu w języku: niemiecki, angielski."]}


def test_form_starts_with_the_usual_answers_and_groups(client, lessee):
    client.force_login(lessee.user)
    row = draft(KIND, lessee, {})

    page = client.get(f"/wnioski/{row.public_id}/formularz/").content.decode()

    assert re.findall(r'name="languages" value="(\w\w)"[^>]*checked', page) == ["pl", "en"]
    assert re.findall(r'name="driver" value="(\w+)"[^>]*checked', page) == ["company"]
    places = [
        page.index(words)
        for words in ("Zgoda od razu", "Łotwa", "Najpierw sprawdzimy", "Turcja", "Uwaga:", "Rosja")
    ]
    assert places == sorted(places)


# --- decision ----------------------------------------------------------------------------------


def test_free_countries_are_agreed_at_once(lessee, commits):
    with commits():
        row = filed(KIND, lessee, typed())

    assert row.why_review == ""
    row.refresh_from_db()
    assert row.status == Status.CLOSED
    assert row.decided_by is None
    lines = {line["label"]: line["value"] for line in row.lines}
    assert lines["Kraje"] == "Czechy, Niemcy"
    assert lines["Języki dokumentu"] == "polski, angielski"
    assert [paper.language for paper in row.papers.order_by("pk")] == ["pl", "en"]


def test_filed_twice_is_one_request(lessee, commits):
    with commits():
        row = filed(KIND, lessee, typed())
        filing.submit(request_id=row.pk, actor=lessee.user, at=timezone.now())
    producing.produce(request_id=row.pk, at=timezone.now())

    assert Request.objects.count() == 1
    assert row.papers.count() == 2


@pytest.mark.parametrize(
    ("country", "said"),
    [
        ("TR", "Sprawdzimy zakres polisy: Turcja."),
        ("RU", "Kraje zwykle wyłączone, pracownik może odmówić: Rosja."),
        ("MD", "Sprawdzimy, czy trzeba rozszerzyć autocasco: Mołdawia."),
    ],
)
def test_other_countries_go_to_staff_with_the_reason(lessee, country, said):
    row = filed(KIND, lessee, typed(countries=["DE", country]))

    assert row.status == Status.SUBMITTED
    assert said in row.why_review
    assert "Niemcy" not in row.why_review
    labels = [line["label"] for line in row.lines]
    assert "Uwaga: zgody nie będzie od razu" in labels  # known before filing


def test_each_country_is_named_under_its_gravest_reason(lessee):
    arrears(lessee)

    row = filed(KIND, lessee, typed(countries=["BY", "RU", "UA", "AL", "MD", "RS", "TR"]))

    assert row.why_review == (
        "Firma ma płatności po terminie. "
        "Kraje zwykle wyłączone, pracownik może odmówić: "
        "Białoruś, Rosja, Ukraina. "
        "Sprawdzimy, czy trzeba rozszerzyć autocasco: Mołdawia. "
        "Sprawdzimy zakres polisy: Albania, Serbia, Turcja."
    )


def test_countries_are_named_in_the_language_of_the_person(lessee):
    with translation.override("uk"):
        row = filed(KIND, lessee, typed())

    assert row.language == "uk"
    assert "Німеччина, Чехія" in str(row.lines)


def test_free_country_outside_the_policy_goes_to_staff(lessee):
    CountryRule.objects.filter(iso2="DE").update(ac_extension=True)

    row = filed(KIND, lessee, typed())

    assert row.status == Status.SUBMITTED
    assert row.why_review.endswith("trzeba rozszerzyć autocasco: Niemcy.")


def test_notary_of_a_free_country_is_a_note_only(lessee):
    row = filed(KIND, lessee, typed(countries=["HU"]))

    assert row.status == Status.APPROVED
    assert "Węgry: Według listy prasowej" in str(row.lines)


def test_rule_of_the_first_day_of_the_trip_decides(lessee):
    first = today() + dt.timedelta(days=10)
    CountryRule.objects.create(iso2="CZ", group="C", basis="nowa", valid_from=first)

    assert filed(KIND, lessee, typed()).status == Status.SUBMITTED
    sooner = (first - dt.timedelta(days=1)).isoformat()
    assert filed(KIND, lessee, typed(first_day=sooner)).status == Status.APPROVED


def test_country_whose_rule_ends_before_the_trip_goes_to_staff(lessee):
    CountryRule.objects.filter(iso2="CZ").update(valid_to=today())

    row = filed(KIND, lessee, typed())

    assert row.why_review == "Nie mamy zasad dla krajów: Czechy."
    assert ("Czechy", "nie ma zasady na pierwszy dzień wyjazdu") in type_of(row).office(
        row, timezone.now()
    )


def test_arrears_go_to_staff_with_the_reason(lessee):
    arrears(lessee)

    row = filed(KIND, lessee, typed())

    assert row.status == Status.SUBMITTED
    assert row.why_review == "Firma ma płatności po terminie."


def test_contract_that_is_not_active_goes_to_staff(lessee):
    lessee.contract.status = ContractStatus.ENDED_BUYOUT_PENDING
    lessee.contract.save()

    assert filed(KIND, lessee, typed()).why_review == "Umowa nie jest teraz aktywna."


def test_vehicle_without_a_plate_gets_no_paper(lessee, clerk):
    lessee.asset.plate = ""
    lessee.asset.save()
    row = filed(KIND, lessee, typed())

    assert row.why_review == "Pojazd nie ma jeszcze numeru rejestracyjnego."
    with pytest.raises(RequestError, match="numeru rejestracyjnego"):
        deciding.approve(request_id=row.pk, actor=clerk, at=timezone.now())


def test_staff_agree_and_the_paper_follows(client, lessee, clerk, commits):
    row = filed(KIND, lessee, typed(countries=["TR", "BG"], languages=["en"]))
    said = dict(type_of(row).office(row, timezone.now()))
    assert list(said) == ["Bułgaria", "Turcja"]
    assert "legalizacja" in said["Turcja"]
    assert "podstawa: domena 4.2" in said["Turcja"]
    admin = create_staff(
        username="Z-admin", email="a@lessor.example", role=StaffRole.ADMIN, password=PASSWORD
    )
    client.force_login(admin)
    page = client.get(f"/zaplecze/requests_app/request/{row.pk}/change/").content.decode()
    assert "poświadczenie notariusza" in page

    with commits():
        deciding.approve(request_id=row.pk, actor=clerk, at=timezone.now())

    row.refresh_from_db()
    assert row.status == Status.CLOSED
    assert "Bulgaria, Türkiye" in text_of(row.papers.get())


def test_staff_refuse(lessee, clerk, commits):
    row = filed(KIND, lessee, typed(countries=["RU"]))

    with commits():
        deciding.reject(request_id=row.pk, actor=clerk, at=timezone.now(), text="Nie teraz.")

    row.refresh_from_db()
    assert row.status == Status.REJECTED
    assert not row.papers.exists()


def test_consent_is_not_given_after_the_trip_or_the_contract(lessee, clerk):
    row = filed(KIND, lessee, typed(countries=["TR"]))
    lessee.contract.end_on = today() + dt.timedelta(days=29)
    lessee.contract.save()

    with pytest.raises(RequestError, match="przed końcem wyjazdu"):
        deciding.approve(request_id=row.pk, actor=clerk, at=timezone.now())
    later = timezone.now() + dt.timedelta(days=31)
    with pytest.raises(RequestError, match="już minął"):
        deciding.approve(request_id=row.pk, actor=clerk, at=later)


# --- papers ------------------------------------------------------------------------------------

POLISH = (
    "Ważn",
    "Strona",
    "Czy ten",
    "Zeskanuj",
    "wydano",
    "pokazowy",
    "Zgoda",
    "Kraje",
    "Umow",
    " z 1",
)
SAID = {
    "pl": ["Zgoda na wyjazd pojazdu za granicę", "Czechy, Niemcy", "1 marca 2027", "Strona 1 z 1"],
    "en": ["Consent to take a vehicle abroad", "Czechia, Germany", "1 March 2027", "Page 1 of 1"],
    "de": ["Genehmigung zur Fahrt", "Deutschland, Tschechien", "1. März 2027", "Seite 1 von 1"],
    "uk": ["Дозвіл на виїзд", "Німеччина, Чехія", "1 березня 2027", "Сторінка 1 з 1"],
}
ANYBODY = {
    "pl": "każda osoba, której",
    "en": "any person to whom",
    "de": "jede Person, der",
    "uk": "будь-яка особа, якій",
}


@pytest.fixture
def four(lessee, commits):
    """A trip in March 2027 with papers in all languages, by language."""
    at = dt.datetime(2026, 11, 26, 12, tzinfo=dt.UTC)
    row = draft(
        KIND,
        lessee,
        typed(
            first_day="2027-03-01", last_day="2027-03-09", driver="person", first_name="Zoë",
            last_name="Żuk", languages=["uk", "de", "en", "pl"],
        ),
    )  # fmt: skip
    with commits():
        filing.submit(request_id=row.pk, actor=lessee.user, at=at)
    return {paper.language: paper for paper in row.papers.order_by("pk")}


def test_paper_speaks_its_language_alone(four, lessee):
    assert list(four) == ["pl", "en", "de", "uk"]
    for language, paper in four.items():
        text = text_of(paper)
        facts = [
            *("Scania R450", "WX 12345", lessee.asset.vin, "Zoë Żuk"),
            *(lessee.company.name, "OL/2026/1", paper.number, paper.check_code),
            "Przykładowy Leasing",
        ]
        for words in (*SAID[language], *facts):
            assert words in text, (language, words, text)
        assert paper.title in text
        if language != "pl":
            assert [word for word in POLISH if word in text] == []


def test_picture_of_the_code_is_described_in_the_language(four):
    described = {"de": "QR-Code zur Prüfung", "uk": "QR-код для перевірки"}
    row = Request.objects.select_related("contract", "asset").get()
    titles = {
        paper.languages[0]: paper.qr_title for paper in type_of(row).papers(row, timezone.now())
    }

    for language, words in described.items():
        assert words in producing.qr("https://x.example/", title=titles[language])


def test_company_in_general_may_drive(lessee, commits):
    with commits():
        row = filed(KIND, lessee, typed(languages=list(ANYBODY)))

    for paper in row.papers.order_by("pk"):
        assert ANYBODY[paper.language] in text_of(paper)


def test_check_page_says_plate_countries_and_days_alone(four, lessee, client):
    page = client.get(f"/sprawdz/{four['de'].check_code}/")

    assert page.status_code == 200
    said = page.content.decode()
    for words in ("WX 12345", "Deutschland, Tschechien", "1 marca 2027", "9 marca 2027"):
        assert words in said
    hidden = (
        *(lessee.company.name, lessee.company.nip, "Żuk", lessee.asset.vin, "Scania"),
        *("OL/2026/1", lessee.user.email),
    )
    assert [words for words in hidden if words in said] == []


def test_revoked_paper_is_void(four, client, clerk):
    paper = four["en"]
    producing.revoke(paper=paper, reason="Pojazd skradziony", actor=clerk, at=timezone.now())

    said = client.get(f"/sprawdz/{paper.check_code}/").content.decode()

    assert "Dokument został cofnięty" in said
    assert "skradziony" not in said
    assert "cofnięty" not in client.get(f"/sprawdz/{four['pl'].check_code}/").content.decode()


# --- who may -----------------------------------------------------------------------------------


def test_pages_from_the_catalogue_to_the_paper(client, lessee, commits):
    client.force_login(lessee.user)
    assert "Wyjazd pojazdem za granicę" in client.get("/wnioski/nowy/").content.decode()
    start = client.get(f"/wnioski/nowy/{KIND}/")
    answers = {"form_key": start.context["form"]["form_key"].value(), "subject": "WX 12345"}
    form_url = client.post(f"/wnioski/nowy/{KIND}/", answers).url

    wrong = client.post(form_url, typed(countries=[]))
    assert "Zaznacz co najmniej jeden kraj." in wrong.content.decode()
    summary_url = client.post(form_url, typed(countries=["HU"])).url
    summary = client.get(summary_url)
    assert "Węgry: Według listy prasowej" in summary.content.decode()
    with commits():
        done = client.post(summary_url, {"gross": summary.context["summary"].price.gross})
    page = client.get(done.url).content.decode()
    assert "Zgoda na wyjazd pojazdu za granicę" in page
    assert "Consent to take a vehicle abroad" in page


def test_form_and_paper_as_stranger(client, four, lessee):
    row = draft(KIND, lessee, typed())
    client.force_login(f.MembershipFactory(role=Role.OWNER).user)

    assert client.get(f"/wnioski/{row.public_id}/formularz/").status_code == 404
    assert client.get(f"/wnioski/dokumenty/{four['pl'].public_id}/").status_code == 404
    start = client.get(f"/wnioski/nowy/{KIND}/")
    answers = {"form_key": uuid.uuid4(), "subject": "WX 12345"}
    assert start.status_code == 200
    client.post(f"/wnioski/nowy/{KIND}/", answers)
    assert not Request.objects.exclude(company=lessee.company).exists()


def test_owner_of_a_loan_needs_no_consent(client, lessee):
    lessee.contract.product = Product.LOAN
    lessee.contract.save()
    row = draft(KIND, lessee, typed())

    with pytest.raises(RequestError, match="nie dotyczy"):
        filing.submit(request_id=row.pk, actor=lessee.user, at=timezone.now())
