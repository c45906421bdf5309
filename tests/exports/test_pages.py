"""*Moje pliki*: theirs alone, checked again at every download, written down."""

from __future__ import annotations

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from eboks.audit.models import AuditEntry
from eboks.documents import storage
from eboks.exports import making, services, sweeping
from eboks.exports.models import ExportFile, ExportState
from eboks.exports.registry import Extent
from eboks.tenancy.models import Membership
from eboks.tenancy.rights import Role
from tests.exports.conftest import fresh, kind
from tests.factories import ContractFactory, LessorFactory, MembershipFactory

pytestmark = pytest.mark.django_db

LIST = "/moje-pliki/"


@pytest.fixture(autouse=True)
def lessor():
    LessorFactory()


@pytest.fixture
def member():
    return MembershipFactory(company__name="TRANS-ŻUK")


def ready(member, **more):
    kind("proba", **more)
    file = services.order(
        user=member.user,
        company=member.company,
        kind="proba",
        params={},
        title="Próba",
        at=timezone.now(),
    )
    making.make(file_id=file.pk, now=timezone.now)
    return fresh(file)


def url(file, what="download"):
    return reverse(f"exports:{what}", args=[file.public_id])


def body(response):
    return b"".join(response.streaming_content)


def test_owner_fetches_the_file_and_it_is_written_down(login, member):
    file = ready(member)

    response = login(member.user).get(url(file))

    assert body(response) == "TRANS-ŻUK".encode()
    assert response["Content-Disposition"] == 'attachment; filename="plik.txt"'
    assert response["Content-Length"] == "10"
    assert "no-store" in response["Cache-Control"]
    entry = AuditEntry.objects.get(event="export_fetched")
    assert (entry.company, entry.actor) == (member.company, member.user)
    assert entry.facts == {"name": "plik.txt", "sha256": file.sha256}
    assert fresh(file).fetched_at is not None


def test_download_that_breaks_off_is_not_taken_for_a_finished_one(login, member):
    told = []
    file = ready(member, fetched=lambda user, notes, at: told.append(notes))

    response = login(member.user).get(url(file))
    next(iter(response.streaming_content))
    response._iterator.close()  # what a server does when the browser is gone

    assert (fresh(file).fetched_at, told) == (None, [])
    body(login(member.user).get(url(file)))
    assert told == [{}]


@pytest.mark.parametrize("what", ["download", "delete", "order_again"])
def test_nobody_else_finds_the_file(client_of, member, what):
    file = ready(member)
    colleague = MembershipFactory(company=member.company)
    stranger = MembershipFactory()

    for person in (colleague, stranger):
        browser = client_of(person.user)
        ask = browser.get if what == "download" else browser.post
        assert ask(url(file, what)).status_code == 404
        assert b"Pr\xc3\xb3ba" not in browser.get(LIST).content
    assert fresh(file).state == ExportState.READY


def test_titles_go_out_of_sight_with_the_membership(login, member):
    other = MembershipFactory(user=member.user)
    file = ready(member)
    assert "Próba" in login(member.user).get(LIST).text

    member.is_active = False
    member.save(update_fields=["is_active"])

    page = login(other.user).get(LIST)
    assert page.status_code == 200
    assert "Próba" not in page.text
    assert login(other.user).get(url(file)).status_code == 404


def test_right_that_was_lost_refuses_the_download(login, member):
    file = ready(member)
    browser = login(member.user)

    Membership.objects.update(role=Role.FLEET)
    assert browser.get(url(file)).status_code == 403
    Membership.objects.update(is_active=False)
    assert browser.get(url(file)).status_code == 404
    assert not AuditEntry.objects.filter(event="export_fetched").exists()


def test_member_limited_since_then_is_refused(login, member):
    file = ready(member)
    Membership.objects.update(role=Role.FINANCE, is_limited=True)

    assert login(member.user).get(url(file)).status_code == 403


def test_limited_member_keeps_the_file_while_all_of_its_contracts_stay(login, member):
    contracts = [ContractFactory(company=member.company) for _n in range(2)]
    Membership.objects.update(role=Role.FINANCE, is_limited=True)
    member.refresh_from_db()
    for contract in contracts:
        member.allowed_contracts.create(contract=contract)
    file = ready(member)
    browser = login(member.user)
    assert file.reach == {str(member.company_id): [contract.pk for contract in contracts]}
    assert body(browser.get(url(file)))

    member.allowed_contracts.create(contract=ContractFactory(company=member.company))
    assert body(browser.get(url(file)))
    member.allowed_contracts.filter(contract=contracts[0]).delete()
    assert browser.get(url(file)).status_code == 403


def test_file_of_two_companies_needs_both(login, member):
    second = MembershipFactory(user=member.user, company__name="Druga")
    kind("proba")
    file = services.order(
        user=member.user, company=None, kind="proba", params={}, title="x", at=timezone.now()
    )
    making.make(file_id=file.pk, now=timezone.now)
    browser = login(member.user)
    assert body(browser.get(url(file))) == "Druga|TRANS-ŻUK".encode()
    assert set(AuditEntry.objects.filter(event="export_fetched").values_list("company")) == {
        (member.company_id,),
        (second.company_id,),
    }

    Membership.objects.filter(pk=second.pk).update(role=Role.FLEET)

    assert browser.get(url(file)).status_code == 403


def test_damaged_file_is_not_given(login, member, media, caplog):
    file = ready(member)
    (media / file.storage_name).write_bytes(b"x" * file.size)

    response = login(member.user).get(url(file))

    assert response.status_code == 503
    assert "differs" in caplog.text


def test_missing_file_is_not_given(login, member, caplog):
    file = ready(member)
    storage.delete(file.storage_name)

    assert login(member.user).get(url(file)).status_code == 503


def test_expired_file_is_not_given_even_before_the_purge(login, member):
    file = ready(member)
    ExportFile.objects.update(expires_at=timezone.now() - dt.timedelta(seconds=1))
    browser = login(member.user)

    response = browser.get(url(file), follow=True)

    assert response.redirect_chain == [(LIST, 302)]
    assert "już nie ma" in response.content.decode()
    sweeping.purge(at=timezone.now())
    assert "został usunięty" in browser.get(LIST).content.decode()


def test_owner_deletes_a_file(login, member, media):
    file = ready(member)

    response = login(member.user).post(url(file, "delete"), follow=True)

    assert "Nie masz jeszcze plików" in response.content.decode()
    assert not (media / file.storage_name).exists()


def test_order_again_makes_a_new_file(login, member):
    file = ready(member)

    login(member.user).post(url(file, "order_again"))

    assert ExportFile.objects.filter(state=ExportState.QUEUED).count() == 1


def test_eleventh_export_is_told_to_come_back_later(login, member):
    kind("proba", measure=lambda order: Extent(1))
    for n in range(10):
        services.order(
            user=member.user,
            company=None,
            kind="proba",
            params={"n": str(n)},
            title="x",
            at=timezone.now(),
        )
    ExportFile.objects.update(state=ExportState.FAILED)

    response = login(member.user).post(url(ExportFile.objects.first(), "order_again"))

    assert response.status_code == 429
    assert 3500 < int(response["Retry-After"]) <= 3601
    assert "najwyżej 10 plików" in response.content.decode()


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        ({"state": ExportState.QUEUED}, ["czeka w kolejce", "Odśwież", "Anuluj", "every 3s"]),
        ({"state": ExportState.RUNNING, "done": 300, "total": 1200}, ["300", "1 200", "zostało"]),
        ({"state": ExportState.RUNNING}, ["<progress aria-label"]),
        (
            {"state": ExportState.FAILED, "error": "Zawęź wybór."},
            ["Zawęź wybór.", "Zamów ponownie"],
        ),
        ({"state": ExportState.EXPIRED}, ["Minęło 7 dni", "Zamów ponownie"]),
    ],
)
def test_page_tells_of_every_state(login, member, values, texts):
    at = timezone.now()
    ExportFile.objects.create(
        owner=member.user,
        kind="proba",
        title="Próba",
        ordered_at=at,
        started_at=at - dt.timedelta(minutes=1),
        expires_at=at + dt.timedelta(days=7),
        **values,
    )

    page = login(member.user).get(LIST).content.decode()

    assert [text for text in texts if text not in page.replace("\u00a0", " ")] == []
    assert ("every 3s" in page) is (values["state"] in {ExportState.QUEUED, ExportState.RUNNING})


@pytest.mark.parametrize("count", [1, 3])
def test_list_query_count_is_constant(login, member, count, django_assert_max_num_queries):
    for _n in range(count):
        ready(member)
    browser = login(member.user)
    browser.get(LIST)

    with django_assert_max_num_queries(9):
        response = browser.get(LIST)

    assert len(response.context["lines"]) == count
