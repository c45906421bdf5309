"""Each entry seals the one before it; the database lets none be changed (REL-10)."""

from __future__ import annotations

import datetime as dt
import decimal
import json

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import override_settings
from django.utils.translation import gettext_lazy

from eboks import logs, origin
from eboks.audit import events, triggers
from eboks.audit.models import ActorKind, AuditChain, AuditEntry
from eboks.audit.sealing import is_sealed, known_keys, plain
from eboks.audit.services import record, record_for_companies
from tests.audit.conftest import AT
from tests.factories import CompanyFactory, MembershipFactory, UserFactory

pytestmark = pytest.mark.django_db


def test_entries_of_a_company_are_numbered_and_chained(write):
    company = CompanyFactory()

    first, second, third = write(3, company=company)

    assert [row.sequence for row in (first, second, third)] == [1, 2, 3]
    assert (first.previous_hash, second.previous_hash) == ("", first.hash)
    chain = AuditChain.objects.get(key=f"company:{company.pk}")
    assert (chain.last_sequence, chain.last_hash) == (3, third.hash)


def test_companies_and_the_portal_have_their_own_chains(write):
    one, other = CompanyFactory(), CompanyFactory()

    rows = [*write(1, company=one), *write(1, company=other), *write(1)]

    assert [row.sequence for row in rows] == [1, 1, 1]
    assert rows[2].chain.key == "portal"


def test_seal_holds_when_the_row_is_read_again():
    user = UserFactory()
    facts = {
        "b": [1, None, True],
        "a": {"ż": "„cudzysłów”\n\x00\ud800", "amount": decimal.Decimal("1.50")},
        "day": dt.date(2026, 11, 22),
        "label": gettext_lazy("dyspozycje"),
    }
    where = origin.Origin(ip="::ffff:192.0.2.7", agent="Przeglądarka\x00", request_id="r1")
    with origin.coming_from(where):
        made = record(event="login", at=AT, actor=user, subject=user, facts=facts)

    read = AuditEntry.objects.get(pk=made.pk)

    assert is_sealed(read, chain_key="portal", key=known_keys()[read.key_id])
    assert (read.ip, read.agent, read.request_id) == ("192.0.2.7", "Przeglądarka", "r1")
    assert read.facts["a"] == {"ż": "„cudzysłów”\n?", "amount": "1.50"}


@pytest.mark.parametrize(
    "address", ["2001:db8::1", "fe80::1%eth0", "::192.0.2.7", "nie adres", "", None]
)
def test_any_address_keeps_the_seal(address):
    with origin.coming_from(origin.Origin(ip=address)):
        made = record(event="login", at=AT)

    read = AuditEntry.objects.get(pk=made.pk)

    assert is_sealed(read, chain_key="portal", key=known_keys()[read.key_id])


@pytest.mark.parametrize("value", [1.5, object(), {"inner": [0.1]}])
def test_facts_without_one_way_of_writing_are_refused(value):
    with pytest.raises(TypeError):
        plain({"value": value})


def test_unknown_event_is_refused():
    with pytest.raises(KeyError):
        record(event="something_else", at=AT)

    assert not AuditEntry.objects.exists()


def test_every_event_has_a_group():
    assert {events.group_of(name) for name in events.EVENTS} <= set(events.Group)


def test_entry_goes_with_its_transaction():
    def work():
        with transaction.atomic():
            record(event="login", at=AT)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        work()

    assert not AuditEntry.objects.exists()
    assert record(event="login", at=AT).sequence == 1


def test_role_of_the_actor_is_noted():
    kinds = [
        record(event="login", at=AT, actor=actor).actor_kind
        for actor in (UserFactory(), UserFactory(is_staff=True), None)
    ]

    assert kinds == [ActorKind.CLIENT, ActorKind.STAFF, ActorKind.SYSTEM]


def test_whoever_looks_through_a_clients_eyes_is_the_actor():
    client, staff = UserFactory(), UserFactory(is_staff=True)

    with origin.coming_from(origin.Origin(viewer_id=staff.pk)):
        entry = record(event="invoice_viewed", at=AT, actor=client, facts={"number": "FV/1"})

    assert (entry.actor, entry.actor_kind) == (staff, ActorKind.STAFF)
    assert entry.facts == {"number": "FV/1", "viewer": staff.pk, "seen_as": client.pk}


def test_person_of_two_companies_shows_at_each_of_them():
    user = UserFactory()
    one, other = (MembershipFactory(user=user).company for _n in range(2))
    MembershipFactory(user=user, is_active=False)

    entries = record_for_companies(event="login", at=AT, user=user)

    assert [entry.company for entry in entries] == [one, other]
    assert all(entry.facts == {} for entry in entries)


def test_person_of_no_company_shows_in_the_portals_chain():
    (entry,) = record_for_companies(event="login", at=AT, user=UserFactory())

    assert entry.company is None
    assert entry.chain.key == "portal"


@pytest.mark.parametrize(
    "change",
    [
        lambda: AuditEntry.objects.update(result="changed"),
        lambda: AuditEntry.objects.first().delete(),
        lambda: AuditEntry.objects.all().delete(),
        lambda: connection.cursor().execute("DELETE FROM audit_auditentry"),
    ],
)
@pytest.mark.filterwarnings("ignore:Unordered")
def test_database_refuses_to_change_or_delete(write, change):
    write(2)

    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        change()

    assert AuditEntry.objects.filter(result="ok").count() == 2


def test_database_refuses_to_be_emptied(write):
    write(1)

    connection.check_constraints()  # TRUNCATE waits for the checks of foreign keys
    emptying = {
        "postgresql": "TRUNCATE audit_auditentry CASCADE",
        "sqlite": "DELETE FROM audit_auditentry",  # it knows no other way
    }
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        connection.cursor().execute(emptying[connection.vendor])


def test_triggers_stand_on_every_table_that_only_grows():
    assert triggers.missing(connection) == []


def test_triggers_come_back():
    triggers.unguard(connection)
    assert triggers.missing(connection) == triggers.wanted(connection) != []

    triggers.guard(connection)

    assert triggers.missing(connection) == []


def test_old_key_still_opens_old_entries(write):
    (before,) = write(1)
    with override_settings(SECRET_KEY="n" * 60, SECRET_KEY_FALLBACKS=[_secret()]):
        (after,) = write(1)
        keys = known_keys()

        assert before.key_id != after.key_id
        for entry in (before, after):
            assert is_sealed(entry, chain_key="portal", key=keys[entry.key_id])


def _secret():
    from django.conf import settings

    return settings.SECRET_KEY


def test_every_entry_goes_to_the_log_once_it_is_certain(caplog, django_capture_on_commit_callbacks):
    caplog.set_level("INFO", logger="ebok.audit")
    with django_capture_on_commit_callbacks(execute=True):
        entry = record(event="document_viewed", at=AT, facts={"name": 'a"\nlogin result=ok'})
        assert not caplog.records

    (line,) = caplog.records
    said = line.msg
    assert (said["event"], said["sequence"], said["hash"]) == ("document_viewed", 1, entry.hash)


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\u2028", "\x85"])
def test_forged_newline_stays_one_line(caplog, django_capture_on_commit_callbacks, newline):
    caplog.set_level("INFO", logger="ebok.audit")
    forged = f'x{newline}{{"event": "login", "result": "ok"}}'
    with django_capture_on_commit_callbacks(execute=True):
        record(event="document_viewed", at=AT, object_ref=forged, facts={"name": forged})
    (entry,) = caplog.records

    line = production_formatter().format(entry)

    assert line.count("\n") == line.count("\r") == 0
    assert json.loads(line)["facts"] == {"name": forged}


def production_formatter():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("structlog.configure", lambda **_: None)  # the suite logs as it did
        line = dict(logs.config(level="INFO")["formatters"]["line"])
    return line.pop("()")(**line)
