"""Skrzynka demo: shows what the demo sent, and exists nowhere else."""

from __future__ import annotations

import importlib
import os
import shutil

import pytest
from django.core.mail import EmailMultiAlternatives, get_connection
from django.urls import NoReverseMatch, clear_url_caches, reverse

from eboks.integrations.sms.console import ConsoleGateway
from eboks.notifications import demo
from tests.factories import LessorFactory

pytestmark = pytest.mark.django_db

PAGE = "/demo/skrzynka/"
TEXT = "Zmiana adresu. Kod nr 1: 012345. Nikomu go nie podawaj.\n@127.0.0.1 #012345"


@pytest.fixture(autouse=True)
def files(settings, tmp_path, monkeypatch):
    settings.DATA_DIR = tmp_path
    settings.EMAIL_FILE_PATH = tmp_path / "mail"
    monkeypatch.setattr(demo, "_sources", [])
    LessorFactory()
    return tmp_path


def write_mail(subject, text, to="anna@example.com"):
    backend = "django.core.mail.backends.filebased.EmailBackend"
    mail = EmailMultiAlternatives(subject, text, "portal@example.com", [to])
    mail.attach_alternative(f"<p>{text}</p>", "text/html")
    get_connection(backend).send_messages([mail])


def test_inbox_is_empty_at_first(client):
    assert "Jeszcze nic nie przyszło" in client.get(PAGE).content.decode()


def test_inbox_shows_an_sms_with_its_code(client):
    ConsoleGateway().send(id="a", to="+48601234567", text=TEXT)

    page = client.get(PAGE).content.decode()

    assert "+48601234567" in page
    assert "Nikomu go nie podawaj" in page
    assert 'data-copy="012345"' in page


def test_inbox_shows_a_mail_with_links_that_work_anywhere(client, settings):
    link = f"{settings.SITE_URL}/konto/haslo/nowe/1-abc/"
    write_mail("Nowe hasło do portalu", f"Otwórz:\n\n{link}\n\nŻegnamy")

    page = client.get(PAGE).content.decode()

    assert "Nowe hasło do portalu" in page
    assert "anna@example.com" in page
    assert 'href="/konto/haslo/nowe/1-abc/"' in page
    assert "Żegnamy" in page


def test_inbox_shows_the_newest_first(client, files):
    write_mail("Pierwszy", "x")
    ConsoleGateway().send(id="b", to="+48601234567", text="drugi")
    [mail], [sms] = files.glob("mail/*"), files.glob("sms/*")
    os.utime(mail, (1_000_000_000, 1_000_000_000))

    shown = client.get(PAGE).context["received"]

    assert [message.channel for message in shown] == ["SMS", "e-mail"]
    os.utime(sms, (900_000_000, 900_000_000))
    shown = client.get(PAGE).context["received"]
    assert [message.channel for message in shown] == ["e-mail", "SMS"]


def test_text_of_a_message_stays_text(client):
    ConsoleGateway().send(id="c", to="+48601234567", text="<script>alert(1)</script>")
    write_mail("<b>gruby</b>", "<img src=x>")

    page = client.get(PAGE).content.decode()

    assert "<script>alert" not in page
    assert "<b>gruby" not in page
    assert "<img src=x" not in page


def test_inbox_shows_codes_of_other_rooms(client):
    source = lambda at: [demo.Extra("Obsługa", "654321")]  # noqa: E731
    demo.add_extra(source)
    demo.add_extra(source)  # twice is once

    page = client.get(PAGE).content.decode()

    assert page.count("Obsługa") == 1
    assert 'data-copy="654321"' in page


def test_inbox_can_look_by_itself_without_keeping_a_session(client):
    assert "hx-trigger" not in client.get(PAGE).content.decode()
    page = client.get(f"{PAGE}?live=1").content.decode()

    assert 'hx-trigger="every 5s"' in page
    assert "X-Background" in page


def test_gone_files_are_no_error(client, files):
    ConsoleGateway().send(id="d", to="+48601234567", text="x")
    shutil.rmtree(files / "sms")

    assert client.get(PAGE).status_code == 200


def test_log_in_page_leads_to_the_inbox(client):
    assert f'href="{PAGE}"' in client.get("/konto/logowanie/").content.decode()


def test_there_is_no_inbox_outside_the_demo(client, settings):
    ConsoleGateway().send(id="e", to="+48601234567", text=TEXT)
    settings.DEMO = False

    answer = client.get(PAGE)

    assert answer.status_code == 404
    assert "012345" not in answer.content.decode()
    assert PAGE not in client.get("/konto/logowanie/").content.decode()


def test_the_address_itself_is_there_only_in_the_demo(settings):
    from eboks import urls
    from eboks.notifications import urls as own

    try:
        settings.DEMO = False
        importlib.reload(own)
        importlib.reload(urls)
        clear_url_caches()
        with pytest.raises(NoReverseMatch):
            reverse("notifications:demo_inbox")
    finally:
        settings.DEMO = True
        importlib.reload(own)
        importlib.reload(urls)
        clear_url_caches()
    assert reverse("notifications:demo_inbox") == PAGE
