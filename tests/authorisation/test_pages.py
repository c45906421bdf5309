"""The gate on pages: summary, code, confirmation, PDF; other people's instructions."""

from __future__ import annotations

import io

import pypdf
import pytest
from django.core.management import CommandError, call_command

from eboks.authorisation.models import Instruction
from eboks.notifications.models import MessageState, OutgoingMessage
from eboks.tenancy.models import Company
from eboks.tenancy.rights import Role
from tests.authorisation.conftest import city_of, live_code, prepared, signer, wrong

pytestmark = pytest.mark.django_db


@pytest.fixture
def ready(client):
    user, company = signer()
    client.force_login(user)
    return prepared(user, company)


def path(instruction, more=""):
    return f"/dyspozycje/{instruction.public_id}/{more}"


def text(response):
    return response.content.decode()


def test_whole_way_from_summary_to_pdf(client, ready):
    page = text(client.get(path(ready)))
    assert "Nowe miasto" in page
    assert "••• ••• 741" in page
    assert client.post(path(ready)).url == path(ready, "kod/")
    page = text(client.get(path(ready, "kod/")))
    assert "kod nr 1" in page
    assert 'autocomplete="one-time-code"' in page
    assert "Zmień miasto za 0,00" in " ".join(page.split())

    done = client.post(path(ready, "kod/"), {"code": live_code(ready).code()}, follow=True)

    assert "Zmieniliśmy miasto." in text(done)
    assert ready.reference in text(done)
    pdf = client.get(path(ready, "potwierdzenie.pdf"))
    words = "".join(
        page.extract_text()
        for page in pypdf.PdfReader(
            io.BytesIO(pdf.content if not pdf.streaming else b"".join(pdf.streaming_content))
        ).pages
    )
    ready.refresh_from_db()
    assert ready.reference in words
    assert "Opole" in words
    assert ready.digest[:16] in words.replace("\n", "")


def test_wrong_code_says_so_and_keeps_everything(client, ready):
    client.post(path(ready))
    answer = client.post(path(ready, "kod/"), {"code": wrong(live_code(ready).code())}, follow=True)

    assert answer.redirect_chain == [(path(ready, "kod/"), 302)]
    page = text(answer)
    assert "Ten kod się nie zgadza." in page
    assert "Zostało prób: 2" in page
    assert "<title>Błąd: " in page
    assert 'aria-describedby="id_code_error"' in page
    assert 'aria-invalid="true"' in page
    assert 'href="#id_code"' in page
    assert city_of(ready.company) == ""


def test_error_of_a_code_is_said_once_and_a_reload_costs_no_try(client, ready):
    client.post(path(ready))
    client.post(path(ready, "kod/"), {"code": wrong(live_code(ready).code())}, follow=True)

    again = text(client.get(path(ready, "kod/")))

    assert "Ten kod się nie zgadza." not in again
    assert "<title>Błąd: " not in again
    assert "required" in again
    assert live_code(ready).tries_left == 2


def test_each_wrong_code_counts_through_the_redirect(client, ready, time_machine):
    time_machine.move_to("2026-11-22T10:00:00Z", tick=False)
    client.post(path(ready))
    code = live_code(ready).code()
    for minute in (1, 2):
        time_machine.move_to(f"2026-11-22T10:0{minute}:00Z", tick=False)
        page = text(client.post(path(ready, "kod/"), {"code": wrong(code)}, follow=True))

    assert "Została 1 próba" in page


def test_error_of_one_instruction_is_not_shown_on_another(client, ready):
    other = prepared(ready.user, ready.company, city="Kielce")
    client.post(path(ready))
    client.post(path(ready, "kod/"), {"code": wrong(live_code(ready).code())})
    client.post(path(other))

    assert "<title>Błąd: " not in text(client.get(path(other, "kod/")))
    assert "Ten kod się nie zgadza." in text(client.get(path(ready, "kod/")))


def test_empty_code_is_said_after_a_redirect_and_costs_no_try(client, ready):
    client.post(path(ready))

    answer = client.post(path(ready, "kod/"), {"code": ""}, follow=True)

    assert answer.redirect_chain == [(path(ready, "kod/"), 302)]
    assert "To pole jest wymagane" in text(answer)
    assert live_code(ready).tries_left == 3


@pytest.mark.parametrize(
    "data",
    [{}, {"code": ""}, {"code": ["", ""]}, {"sms_required": "false"}, {"method": "email"}],
)
def test_no_parameter_turns_the_check_off(client, ready, data):
    client.post(path(ready))
    client.post(path(ready, "kod/"), data)
    client.post(path(ready, "potwierdzenie/"), data)

    assert city_of(ready.company) == ""


def test_code_before_it_was_sent_leads_back_to_the_summary(client, ready):
    assert client.get(path(ready, "kod/")).url == path(ready)
    client.post(path(ready, "kod/"), {"code": "123456"})

    assert city_of(ready.company) == ""


def test_changed_data_lead_to_a_new_summary(client, ready):
    client.post(path(ready))
    code = live_code(ready).code()
    Company.objects.filter(pk=ready.company_id).update(city="Kielce")

    page = client.post(path(ready, "kod/"), {"code": code}, follow=True)

    assert "Dane się zmieniły" in text(page)
    fresh = Instruction.objects.exclude(pk=ready.pk).get()
    assert page.redirect_chain[-1][0] == path(fresh)
    assert city_of(ready.company) == ""


def test_gateway_down_is_said_and_nothing_is_lost(client, ready):
    client.post(path(ready))
    OutgoingMessage.objects.filter(kind="operation_code").update(state=MessageState.FAILED)

    page = text(client.get(path(ready, "kod/")))

    assert "Nie udało się wysłać SMS-a" in page
    assert "Opole" in page


def test_cancelled_instruction_can_be_taken_up_again(client, ready):
    client.post(path(ready, "wycofaj/"))
    page = text(client.get(path(ready, "potwierdzenie/")))
    assert "Dyspozycja wycofana." in page

    again = client.post(path(ready, "odnow/"))

    fresh = Instruction.objects.exclude(pk=ready.pk).get()
    assert again.url == path(fresh)


def test_get_does_not_act(client, ready):
    for more in ("odnow/", "wycofaj/"):
        assert client.get(path(ready, more)).status_code == 405
    ready.refresh_from_db()
    assert ready.state == "ready"


@pytest.mark.parametrize("more", ["", "kod/", "potwierdzenie/", "potwierdzenie.pdf"])
def test_stranger_finds_nothing(client, ready, more):
    stranger, _ = signer(number="+48601234742")
    client.force_login(stranger)

    assert client.get(path(ready, more)).status_code == 404


def test_colleague_with_the_right_reads_but_does_not_sign_instead(client, ready):
    colleague, _ = signer(ready.company, role=Role.SIGNATORY, number="+48601234742")
    client.post(path(ready))
    code = live_code(ready).code()
    client.force_login(colleague)

    client.post(path(ready, "kod/"), {"code": code})
    assert client.post(path(ready, "odnow/")).status_code == 404
    assert client.post(path(ready, "wycofaj/")).status_code == 404
    assert city_of(ready.company) == ""


def test_list_is_empty_with_help_and_then_shows_mine_alone(client):
    user, company = signer()
    client.force_login(user)
    assert "Nie ma jeszcze żadnej dyspozycji" in text(client.get("/dyspozycje/"))
    mine = prepared(user, company)
    other, other_company = signer(number="+48601234742")
    theirs = prepared(other, other_company)

    page = text(client.get("/dyspozycje/"))

    assert mine.reference in page
    assert theirs.reference not in page


@pytest.mark.parametrize("count", [1, 3])
def test_list_query_count_is_constant(client, count, django_assert_max_num_queries):
    user, company = signer()
    client.force_login(user)
    for n in range(count):
        prepared(user, company, city=f"Miasto {n}")
    with django_assert_max_num_queries(14):
        client.get("/dyspozycje/")


def test_export_of_evidence_notices_a_changed_record(capsys, ready):
    call_command("export_evidence", ready.reference)
    assert ready.digest in capsys.readouterr().out
    Instruction.objects.filter(pk=ready.pk).update(title="Coś innego")

    with pytest.raises(CommandError):
        call_command("export_evidence", ready.reference)
