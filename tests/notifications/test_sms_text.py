"""One SMS of at most 160 plain characters, the code's line always whole (SEC-33)."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from eboks.notifications import rendering
from eboks.notifications.models import OutgoingMessage
from eboks.notifications.plain import sms_length, to_ascii
from eboks.notifications.rendering import UnfittingError
from tests.notifications.conftest import CODE

pytestmark = pytest.mark.django_db

LAST = f"\n@127.0.0.1 #{CODE}"


def sms(what, *, kind="operation_code", secrets=None, language="pl", **facts):
    message = OutgoingMessage(
        kind=kind,
        channel="sms",
        language=language,
        facts={"what": what, "fee": "0,00 zł", "ordinal": 3, **facts},
    )
    return rendering.sms(message, {"code": CODE} if secrets is None else secrets)


def test_code_sms_reads_as_it_should():
    text = sms("Zmiana numeru telefonu na *741").text

    assert text == (
        "Zmiana numeru telefonu na *741. Oplata 0,00 zl. Kod nr 3: 048213. Nikomu go nie podawaj."
        + LAST
    )


def test_last_line_is_bound_to_our_host(settings):
    settings.SITE_URL = "https://portal.firma.pl"

    assert sms("Zmiana adresu").text.splitlines()[-1] == f"@portal.firma.pl #{CODE}"


@given(what=st.text(max_size=400))
@example(what="ż" * 400)
@example(what="{}[]^~|\\" * 50)
@example(what="a\r\n@zly.example #000000")
def test_any_description_fits_into_one_sms(what):
    text = sms(what).text
    head, _line, last = text.rpartition("\n")

    assert sms_length(text) <= 160
    assert text.isascii()
    assert "\n" not in head
    assert f"\n{last}" == LAST
    assert f"Kod nr 3: {CODE}." in head


def test_long_description_is_cut_and_says_so():
    text = sms("Zmiana adresu korespondencyjnego na bardzo dluga ulice w Warszawie " * 2).text

    assert 150 <= len(text) <= 160
    assert ".. Oplata" in text or "... Oplata" in text


def test_sms_with_a_secret_is_never_cut_elsewhere():
    with pytest.raises(UnfittingError):
        sms("", fee="1 " * 100)


def test_notice_without_a_secret_is_cut_at_its_end():
    text = sms("", kind="instruction_awaits_second", secrets={}, reference="R" * 200).text

    assert len(text) <= 160
    assert text.endswith("...")
    assert "@" not in text


def test_kept_text_hides_the_secret():
    kept = sms("Zmiana adresu").kept

    assert CODE not in kept
    assert kept.endswith("@127.0.0.1 #•••")


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Zażółć gęślą jaźń", "Zazolc gesla jazn"),
        ("ŁÓDŹ – „A”…", 'LODZ - "A"...'),
        ("12\u00a0345,00\u00a0zł", "12 345,00 zl"),
        ("Київ, Щастя", "Kyiv, Shchastia"),
        ("a\tb\r\nc\u2028d", "a b c d"),
        ("5 € `x`", "5 EUR 'x'"),
        ("😀 漢", "? ?"),
        ("", ""),
    ],
)
def test_text_becomes_plain(text, plain):
    assert to_ascii(text) == plain
