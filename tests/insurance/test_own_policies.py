"""Own policies from the client's side: sent once, completed, sent again, withdrawn, read."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from eboks.audit.models import AuditEntry
from eboks.documents.antivirus import Scan
from eboks.documents.models import Document
from eboks.retention.models import Basis
from eboks.retention.registry import document_class
from eboks.tenancy.rights import Role
from insurance import own_policies, tasks
from insurance.enums import ClaimStatus, Placement, Verification
from insurance.models import Policy, PolicyFile
from insurance.own_policies import PolicyError
from insurance.policy_fields import instalments
from tests import factories as f
from tests.insurance import factories as i
from tests.insurance.own_rows import file, new_policy, pdf_bytes, sent

pytestmark = pytest.mark.django_db
NEW = "/ubezpieczenia/nowa/"


@pytest.fixture
def member():
    f.LessorFactory()
    return f.MembershipFactory(role=Role.INSURANCE)


@pytest.fixture
def asset(member):
    return f.AssetFactory(contract__company=member.company)


def typed(asset, **changed):
    return {
        "form_key": str(uuid.uuid4()),
        "asset": str(asset.public_id),
        "insurer": str(i.InsurerFactory().pk),
        "number": "AC/2027/1",
        "policyholder": "Żubr Trans",
        "insured_is_lessor": "on",
        "valid_from": "2027-01-01",
        "valid_to": "2027-12-31",
        "territory": "europe",
        "premium": "1 000,00",
        "instalment_count": "3",
        "paid_on": "",
        "has_assignment": "on",
        "risk_oc": "on",
        "risk_ac": "on",
        "sum_ac": "300 000",
        "basis_ac": "net",
        "files": [SimpleUploadedFile("polisa.pdf", pdf_bytes(), "application/pdf")],
        **changed,
    }


def address(asset):
    return f"{NEW}?przedmiot={asset.public_id}"


def test_policy_is_sent_with_its_risks_instalments_and_file(login, member, asset):
    client = login(member.user)

    answer = client.post(address(asset), typed(asset))

    policy = Policy.objects.get()
    assert answer.url == f"/ubezpieczenia/polisy/{policy.public_id}/"
    assert (policy.placement, policy.verification) == (Placement.OWN, Verification.TO_VERIFY)
    assert (policy.source_system, policy.contract) == ("portal", asset.contract)
    assert policy.insured == f.LessorFactory().name
    assert [(c.risk, c.sum_insured) for c in policy.covers.order_by("pk")] == [
        ("oc", None),
        ("ac", Decimal(300_000)),
    ]
    parts = [(row.due_on, row.amount) for row in policy.instalments.order_by("n")]
    assert parts == [
        (dt.date(2027, 1, 1), Decimal("333.34")),
        (dt.date(2027, 5, 1), Decimal("333.33")),
        (dt.date(2027, 9, 1), Decimal("333.33")),
    ]
    assert [row.scan for row in policy.files.all()] == [Scan.CLEAN]
    assert AuditEntry.objects.filter(event="policy_sent").count() == 1


def test_form_sent_twice_is_one_policy(login, member, asset):
    client = login(member.user)
    data = typed(asset)
    client.post(address(asset), data)
    data["files"] = [SimpleUploadedFile("polisa.pdf", pdf_bytes(), "application/pdf")]

    answer = client.post(address(asset), data)

    assert answer.status_code == 302
    assert (Policy.objects.count(), PolicyFile.objects.count()) == (1, 1)


def test_known_paper_is_refused(member, asset):
    sent(member, asset)

    with pytest.raises(PolicyError):
        sent(member, asset, number="ac/2027/1")


@pytest.mark.parametrize(
    ("changed", "text"),
    [
        ({"files": []}, "Dołącz polisę"),
        ({"files": [SimpleUploadedFile("x.exe", b"MZ")]}, "To nie jest plik PDF"),
        ({"valid_to": "2026-12-31"}, "Koniec nie może być przed początkiem"),
        ({"valid_to": "2057-12-31"}, "Sprawdź rok"),
        ({"sum_ac": ""}, "Wpisz sumę z polisy"),
        ({"sum_ac": "x"}, "Podaj kwotę"),
        ({"premium": "0"}, "Podaj składkę większą od zera"),
        ({"risk_oc": "", "risk_ac": ""}, "Zaznacz, co polisa obejmuje"),
        ({"paid_on": "2999-01-01"}, "Ten dzień jeszcze nie nadszedł"),
        ({"insurer": "999999"}, "Wybierz poprawną wartość"),
    ],
)
def test_wrong_form_says_why_and_keeps_what_was_typed(login, member, asset, changed, text):
    data = typed(asset, **changed)
    if changed.get("risk_oc") == "":
        del data["risk_oc"], data["risk_ac"]

    answer = login(member.user).post(address(asset), data)

    page = answer.content.decode()
    assert answer.status_code == 200
    assert text in page
    assert "Błąd:" in page
    assert "AC/2027/1" in page
    assert not Policy.objects.exists()


def test_more_files_than_allowed_are_refused(login, member, asset, settings):
    settings.POLICY_FILES = 1
    two = [SimpleUploadedFile(f"{n}.pdf", pdf_bytes(), "application/pdf") for n in "ab"]

    answer = login(member.user).post(address(asset), typed(asset, files=two))

    assert "najwyżej 1" in answer.content.decode()


def test_form_shows_what_is_required_before_typing(login, member, asset):
    i.RequirementFactory(needs_assignment=True, vat_basis="net")

    page = login(member.user).get(address(asset)).content.decode()

    for text in ("suma co najmniej", "AC w pełnym zakresie", "nowych częściach", "tabelę opłat"):
        assert text.lower() in page.lower()


def test_machine_is_asked_for_its_own_risks(login, member):
    machine = f.AssetFactory(
        contract__company=member.company, category="machine", vin="", serial_number="S1"
    )

    form = login(member.user).get(address(machine)).context["form"]

    assert "risk_machinery" in form.fields
    assert "risk_oc" not in form.fields


def test_asset_is_chosen_by_its_plate(login, member, asset):
    f.AssetFactory(contract__company=member.company, plate="KR 1")
    client = login(member.user)

    found = client.get(f"{NEW}?q={asset.plate}").context["page"].object_list

    assert list(found) == [asset]
    assert client.get(f"{NEW}?q=nie-ma").status_code == 200


def test_strangers_asset_is_not_offered(login, member):
    other = f.AssetFactory()
    client = login(member.user)

    page = client.get(address(other))
    client.post(NEW, typed(other))

    assert "form" not in page.context
    assert not Policy.objects.exists()


def test_role_without_the_right_sends_nothing(login, member, asset):
    reader = f.MembershipFactory(company=member.company, role=Role.READ_ONLY)

    assert login(reader.user).get(NEW).status_code == 403


@pytest.mark.parametrize("count", [1, 3])
def test_choice_of_assets_takes_the_same_queries(
    login, member, count, django_assert_max_num_queries
):
    for _n in range(count):
        f.AssetFactory(contract__company=member.company)
    client = login(member.user)
    client.get(NEW)

    with django_assert_max_num_queries(7):
        assert len(client.get(NEW).context["page"].object_list) == count


# --- files and states ------------------------------------------------------------------------


def test_file_is_read_by_members_and_noted(login, member, asset):
    policy = sent(member, asset)
    row = policy.files.get()
    colleague = f.MembershipFactory(company=member.company, role=Role.FLEET)

    answer = login(colleague.user).get(f"/ubezpieczenia/pliki/{row.public_id}/")

    assert answer.status_code == 200
    assert b"".join(answer.streaming_content).startswith(b"%PDF")
    assert AuditEntry.objects.filter(event="policy_file_read").count() == 1


@pytest.mark.parametrize("scan", [Scan.WAITING, Scan.INFECTED])
def test_file_that_is_not_clean_is_not_found(login, member, asset, scan):
    row = sent(member, asset).files.get()
    PolicyFile.objects.update(scan=scan)

    assert login(member.user).get(f"/ubezpieczenia/pliki/{row.public_id}/").status_code == 404


def test_strangers_and_drivers_find_nothing(client_of, member, asset):
    policy = sent(member, asset)
    row = policy.files.get()
    stranger = f.MembershipFactory()
    finance = f.MembershipFactory(company=member.company, role=Role.FINANCE)

    for ending in ("plik", "ponownie", "wycofaj"):
        where = f"/ubezpieczenia/polisy/{policy.public_id}/{ending}/"
        assert client_of(stranger.user).post(where).status_code == 404
        assert client_of(finance.user).post(where).status_code == 403
    where = f"/ubezpieczenia/pliki/{row.public_id}/"
    assert client_of(stranger.user).get(where).status_code == 404
    assert client_of(finance.user).get(where).status_code == 403


def test_further_file_moves_the_policy_on_in_the_queue(login, member, asset):
    before = timezone.now() - dt.timedelta(days=1)
    policy = sent(member, asset, at=before)
    upload = SimpleUploadedFile("aneks.pdf", pdf_bytes(), "application/pdf")

    login(member.user).post(f"/ubezpieczenia/polisy/{policy.public_id}/plik/", {"files": [upload]})

    policy.refresh_from_db()
    assert policy.files.count() == 2
    assert policy.sent_at is not None
    assert policy.sent_at > before


def test_replacing_takes_the_earlier_files_away(member, asset):
    policy = sent(member, asset)

    own_policies.add_files(
        policy=policy, files=[file("nowa.pdf")], replace=True, actor=member.user, at=timezone.now()
    )

    assert [row.name for row in policy.files.all()] == ["nowa.pdf"]
    assert Document.objects.filter(key__startswith="policy_file").count() == 1


def test_files_above_the_limit_change_nothing(member, asset, settings):
    policy = sent(member, asset)
    settings.POLICY_FILES = 1

    with pytest.raises(PolicyError):
        own_policies.add_files(
            policy=policy, files=[file()], replace=False, actor=member.user, at=timezone.now()
        )

    assert policy.files.count() == 1


def test_returned_policy_shows_its_defects_and_goes_back_once(login, member, asset):
    policy = sent(member, asset)
    Policy.objects.update(verification=Verification.RETURNED, remarks="Popraw sumę.")
    policy.checks.create(item="sum_and_vat", is_met=False, note="Suma za niska")
    client = login(member.user)
    where = f"/ubezpieczenia/polisy/{policy.public_id}/"

    page = client.get(where).content.decode()
    client.post(f"{where}ponownie/")
    client.post(f"{where}ponownie/")

    policy.refresh_from_db()
    assert "Suma za niska" in page
    assert "Popraw sumę." in page
    assert policy.verification == Verification.TO_VERIFY
    assert AuditEntry.objects.filter(event="policy_sent_again").count() == 1


def test_withdrawn_policy_stays_withdrawn(login, member, asset):
    policy = sent(member, asset)
    client = login(member.user)
    for _n in range(2):
        client.post(f"/ubezpieczenia/polisy/{policy.public_id}/wycofaj/")

    policy.refresh_from_db()
    assert policy.verification == Verification.WITHDRAWN
    with pytest.raises(PolicyError):
        own_policies.send_again(
            policy=policy, files=[], replace=False, actor=member.user, at=timezone.now()
        )


@pytest.mark.parametrize("changed", [{"placement": "lessor"}, {"source_system": "core"}])
def test_policy_of_the_lessor_or_the_feed_is_not_touched(login, member, asset, changed):
    policy = sent(member, asset)
    Policy.objects.update(**changed)

    login(member.user).post(f"/ubezpieczenia/polisy/{policy.public_id}/wycofaj/")

    policy.refresh_from_db()
    assert policy.verification == Verification.TO_VERIFY


# --- background, retention, arithmetic ---------------------------------------------------------


def test_sweep_without_an_antivirus_leaves_files_alone(member, asset):
    row = sent(member, asset).files.get()

    tasks.sweep()
    tasks.scan_policy_file(file_id=row.pk)
    tasks.scan_policy_file(file_id=row.pk + 1)

    row.refresh_from_db()
    assert row.scan == Scan.CLEAN


def test_paper_stays_from_the_end_of_the_policy_and_while_a_claim_is_open(member, asset):
    policy = sent(member, asset)
    document = Document.objects.get(policy_files__policy=policy)
    facts = document_class("policy").facts

    assert facts([document])[document.pk].days == {Basis.ENDED: dt.date(2027, 12, 31)}
    claim = i.ClaimFactory(asset=asset, policy=policy)
    assert facts([document])[document.pk].days == {}
    claim.status = ClaimStatus.CLOSED
    claim.save()
    assert facts([document])[document.pk].days == {Basis.ENDED: dt.date(2027, 12, 31)}
    assert document_class("policy").links([document])[document.pk][0] == "polisa.pdf"
    document_class("policy").release([document.pk])
    assert policy.files.get().document is None


@pytest.mark.parametrize(
    ("premium", "count", "amounts"),
    [
        ("100.00", 1, ["100.00"]),
        ("100.00", 3, ["33.34", "33.33", "33.33"]),
        ("0.05", 2, ["0.03", "0.02"]),
        ("1000.00", 12, ["83.37", *["83.33"] * 11]),
    ],
)
def test_premium_is_split_to_the_grosz(premium, count, amounts):
    rows = instalments(premium=Decimal(premium), count=count, first_on=dt.date(2027, 1, 31))

    assert [str(amount) for _n, _due, amount in rows] == amounts
    assert sum(amount for _n, _due, amount in rows) == Decimal(premium)


def test_part_of_nothing_is_refused():
    with pytest.raises(ValueError, match="nothing"):
        instalments(premium=Decimal("0.01"), count=2, first_on=dt.date(2027, 1, 1))


def test_service_refuses_a_policy_without_a_file(member, asset):
    with pytest.raises(PolicyError):
        own_policies.send(
            new=new_policy(asset),
            files=[],
            author=member.user,
            form_key=uuid.uuid4(),
            at=timezone.now(),
        )
