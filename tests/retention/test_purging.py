"""Removal in four steps; holds; killed in the middle; nothing comes back (REL-20, 21, 23)."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from eboks.audit.models import AuditEntry
from eboks.documents import pdf, storage
from eboks.documents.models import Document
from eboks.jobs.leases import AlreadyRunningError
from eboks.jobs.models import JobRun
from eboks.retention import dating, holds, purging, telling
from eboks.retention.models import ItemState, PurgeItem, PurgeRun, PurgeState, Tombstone
from eboks.retention.registry import Facts
from invoicing import documents
from invoicing.models import BalanceConfirmation
from tests import factories as f
from tests.retention.conftest import AT, ON

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff():
    return f.UserFactory(is_staff=True), f.UserFactory(is_staff=True)


@pytest.fixture
def run(staff):
    """`run()` plans and approves a removal of what is over today."""

    def make():
        first, second = staff
        dating.date_documents(on=ON)
        planned = purging.plan(through=ON, staff=first, at=AT)
        purging.approve(run_id=planned.pk, staff=second, at=AT)
        return planned

    return make


def execute(run):
    return purging.execute(run_id=run.pk, now=lambda: AT)


def stored(name):
    return name in dict(storage.names())


def test_old_document_goes_and_leaves_a_tombstone(kept, run):
    old, young = kept(), kept(issued_on=dt.date(2024, 1, 5))
    name, digest = old.pdf.storage_name, old.pdf.sha256
    assert stored(name)

    assert execute(run()) == {ItemState.PURGED: 1}

    assert not stored(name)
    assert not Document.objects.filter(pk=old.pdf_id).exists()
    assert stored(young.pdf.storage_name)
    tombstone = Tombstone.objects.get()
    assert (tombstone.key, tombstone.sha256) == (f"invoice:{old.public_id}", digest)
    assert tombstone.purge_on == dt.date(2025, 1, 1)
    entry = AuditEntry.objects.get(event="document_purged")
    assert (entry.company, entry.facts["count"]) == (old.company, 1)


def test_removed_document_is_not_made_anew(kept, run):
    old = kept()
    execute(run())

    with pytest.raises(pdf.PdfError):
        documents.ensure_invoice_pdf(invoice_id=old.pk, at=AT)
    assert not Document.objects.exists()


@pytest.mark.parametrize(
    ("today", "goes"), [(dt.date(2024, 12, 31), False), (dt.date(2025, 1, 1), True)]
)
def test_document_goes_on_its_day_and_not_before(kept, staff, today, goes):
    kept()
    dating.date_documents(on=today)

    if goes:
        assert purging.plan(through=today, staff=staff[0], at=AT).items.count() == 1
    else:
        with pytest.raises(purging.PurgeError):
            purging.plan(through=today, staff=staff[0], at=AT)
        assert not PurgeRun.objects.exists()


@pytest.mark.parametrize("by", ["company", "contract", "document"])
def test_held_document_stays(kept, run, staff, by):
    held, other = kept(), kept()
    what = {
        "company": {"company": held.company},
        "contract": {"contract_number": held.contract.number},
        "document": {"document_key": held.pdf.key},
    }
    holds.place(reason="sprawa sądowa", staff=staff[0], at=AT, **what[by])

    assert execute(run()) == {ItemState.PURGED: 1}

    assert Document.objects.get() == held.pdf
    assert Tombstone.objects.get().company == other.company


def test_hold_of_a_person_protects_documents_about_them(kept, staff):
    document, person = kept().pdf, f.UserFactory()
    holds.place(reason="sprawa", staff=staff[0], at=AT, person=person)
    about = {document.pk: Facts(person_ids=frozenset({person.pk}))}

    assert holds.held([document], about) == {document.pk}
    assert holds.held([document], {}) == set()


def test_hold_after_the_approval_still_protects(kept, run, staff):
    old = kept()
    planned = run()
    holds.place(reason="kontrola", staff=staff[0], at=AT, company=old.company)

    assert execute(planned) == {ItemState.HELD: 1}
    assert stored(old.pdf.storage_name)


def test_period_that_grew_after_the_approval_protects(kept, run):
    old = kept()
    planned = run()
    Document.objects.filter(pk=old.pdf_id).update(purge_on=dt.date(2027, 1, 1))

    assert execute(planned) == {ItemState.HELD: 1}


def test_hold_takes_two_people_to_lift(kept, staff):
    first, second = staff
    hold = holds.place(reason="sprawa", staff=first, at=AT, company=kept().company)
    with pytest.raises(holds.HoldError):
        holds.confirm(hold_id=hold.pk, staff=first, at=AT)
    holds.confirm(hold_id=hold.pk, staff=second, at=AT)
    with pytest.raises(holds.HoldError):
        holds.lift(hold_id=hold.pk, staff=second, at=AT)
    holds.ask_to_lift(hold_id=hold.pk, staff=second, at=AT)
    with pytest.raises(holds.HoldError):
        holds.lift(hold_id=hold.pk, staff=second, at=AT)
    holds.lift(hold_id=hold.pk, staff=first, at=AT)
    with pytest.raises(holds.HoldError):
        holds.lift(hold_id=hold.pk, staff=first, at=AT)

    events = AuditEntry.objects.filter(object_kind="legal_hold").order_by("pk")
    assert list(events.values_list("event", flat=True)) == [
        "legal_hold_placed",
        "legal_hold_confirmed",
        "legal_hold_lift_asked",
        "legal_hold_lifted",
    ]
    assert set(events.values_list("company", flat=True)) == {None}, "clients are not told"


@pytest.mark.parametrize("reason", ["", "   "])
def test_hold_without_a_reason_is_refused(kept, staff, reason):
    with pytest.raises(holds.HoldError):
        holds.place(reason=reason, staff=staff[0], at=AT, company=kept().company)


def test_hold_of_nothing_is_refused(staff):
    with pytest.raises(holds.HoldError):
        holds.place(reason="sprawa", staff=staff[0], at=AT)


def test_run_needs_another_person(kept, staff):
    kept()
    dating.date_documents(on=ON)
    planned = purging.plan(through=ON, staff=staff[0], at=AT)

    with pytest.raises(purging.PurgeError):
        purging.approve(run_id=planned.pk, staff=staff[0], at=AT)
    with pytest.raises(purging.PurgeError):
        execute(planned)
    assert Document.objects.count() == 1


def test_second_plan_waits_for_the_first(kept, run, staff):
    kept()
    run()

    with pytest.raises(purging.PurgeError):
        purging.plan(through=ON, staff=staff[0], at=AT)


def test_cancelled_run_removes_nothing(kept, run, staff):
    kept()
    planned = run()
    purging.cancel(run_id=planned.pk, staff=staff[0], at=AT)

    with pytest.raises(purging.PurgeError):
        execute(planned)
    assert Document.objects.count() == 1
    assert purging.plan(through=ON, staff=staff[0], at=AT).pk != planned.pk


class Killed(BaseException):
    """Nothing catches it: the process is gone."""


@pytest.mark.parametrize("when", ["before_commit", "after_commit", "between_files"])
def test_killed_run_goes_on_where_it_was(kept, run, monkeypatch, when):
    invoices = [kept() for _ in range(5)]
    names = [invoice.pdf.storage_name for invoice in invoices]
    planned = run()
    monkeypatch.setattr(purging, "_BATCH", 2)
    deleted, delete = [], storage.delete

    def die(*_args, **_kwargs):
        raise Killed

    def delete_some(name):
        if when == "between_files" and len(deleted) == 3:
            raise Killed
        if when == "after_commit":
            raise Killed
        deleted.append(name)
        delete(name)

    with monkeypatch.context() as patch:
        if when == "before_commit":
            patch.setattr(purging, "_mark", die)
        else:
            patch.setattr("eboks.retention.purging.storage.delete", delete_some)
        with pytest.raises(Killed):
            execute(planned)
    with pytest.raises(AlreadyRunningError):
        execute(planned)  # the lease of the dead one has not run out

    later = AT + dt.timedelta(minutes=6)
    assert purging.execute(run_id=planned.pk, now=lambda: later) == {ItemState.PURGED: 5}
    assert not any(stored(name) for name in names)
    assert Tombstone.objects.count() == 5
    assert not Document.objects.exists()
    assert PurgeItem.objects.filter(file_is_gone=True).count() == 5
    assert PurgeRun.objects.get().state == PurgeState.DONE
    assert AuditEntry.objects.filter(event="document_purged").count() == 5
    assert JobRun.objects.get().attempts == 2


def test_executing_twice_is_refused(kept, run):
    kept()
    planned = run()
    execute(planned)

    with pytest.raises(purging.PurgeError):
        execute(planned)
    assert Tombstone.objects.count() == 1


def test_document_that_something_holds_on_to_stays_with_its_reason(kept, run):
    stuck, free = kept(), kept()
    BalanceConfirmation.objects.create(
        company=stuck.company,
        as_of=ON,
        rows=[],
        totals={},
        document=stuck.pdf,
        created_at=AT,
        answer_by=ON,
    )

    assert execute(run()) == {ItemState.PURGED: 1, ItemState.FAILED: 1}
    assert PurgeItem.objects.get(state=ItemState.FAILED).reason
    assert stored(stuck.pdf.storage_name)
    assert not stored(free.pdf.storage_name)


# --- clients are told ----------------------------------------------------------------------------


@pytest.fixture
def leaving(kept):
    """An invoice that goes on 1 January 2027, and its company's members."""
    invoice = kept(issued_on=dt.date(2020, 6, 15))
    member = f.MembershipFactory(company=invoice.company, role="finance")
    driver = f.MembershipFactory(company=invoice.company, role="driver")
    stranger = f.MembershipFactory()
    dating.date_documents(on=ON)
    return invoice, member.user, driver.user, stranger.user


def test_company_is_told_once_before_its_documents_go(leaving):
    from eboks.notifications.models import OutgoingMessage

    _invoice, user, _driver, _stranger = leaving
    assert telling.tell_companies(on=ON, at=timezone.now()) == 1
    assert telling.tell_companies(on=ON, at=timezone.now()) == 0

    told = OutgoingMessage.objects.filter(kind="documents_leaving")
    assert set(told.values_list("user", flat=True)) == {user.pk}
    assert told.filter(channel="email").count() == 1


def test_page_lists_what_leaves_soon(leaving, client_of):
    invoice, user, driver, stranger = leaving

    page = client_of(user).get("/dokumenty/odchodzace/").content.decode()
    assert invoice.number in page
    assert "31.12.2026" in page
    assert client_of(driver).get("/dokumenty/odchodzace/").status_code == 403
    other = client_of(stranger).get("/dokumenty/odchodzace/").content.decode()
    assert invoice.number not in other
    assert "Żaden dokument nie znika" in other


def test_page_says_of_a_young_document_nothing(kept, client_of):
    invoice = kept(issued_on=dt.date(2026, 5, 5))
    member = f.MembershipFactory(company=invoice.company, role="finance")
    dating.date_documents(on=ON)

    page = client_of(member.user).get("/dokumenty/odchodzace/").content.decode()
    assert invoice.number not in page
    assert Document.objects.get().purge_on == dt.date(2033, 1, 1)
