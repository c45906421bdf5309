"""Papers are signed where the lessor gave a certificate, and say so; one that cannot be, waits."""

from __future__ import annotations

import datetime as dt
import hashlib

import pytest
from django.utils import timezone

from eboks.documents.services import read_checked
from eboks.documents.signing import DocumentSigningError
from requests_app import producing, sweeping
from requests_app.enums import Status
from requests_app.models import RequestPaper
from tests.certificates import PASSWORD, check, make_p12
from tests.requests_app.conftest import filed
from tests.requests_app.country_rows import first_rules
from tests.requests_app.papers import text_of
from tests.requests_app.test_travel_consent import KIND, typed

pytestmark = pytest.mark.django_db
# What each language says with a certificate, and without.
WORDS = {
    "pl": ("podpisano elektronicznie certyfikatem leasingodawcy", "nie wymaga podpisu"),
    "en": ("signed electronically with the lessor’s certificate", "needs no signature"),
    "de": ("mit dem Zertifikat des Leasinggebers elektronisch signiert", "bedarf weder"),
    "uk": ("підписано електронно сертифікатом лізингодавця", "не потребує підпису"),
}


@pytest.fixture
def approved(lessee):
    """Waits for its papers."""
    first_rules()
    row = filed(KIND, lessee, typed(languages=list(WORDS)))
    assert row.status == Status.APPROVED
    return row


def said(paper: RequestPaper) -> list[bool]:
    text = text_of(paper)
    return [words in text for words in WORDS[paper.language]]


def test_paper_is_signed_in_every_language_and_says_so(approved, tmp_path, settings):
    made = make_p12(tmp_path)
    made.use(settings)

    producing.produce(request_id=approved.pk, at=timezone.now())

    papers = list(approved.papers.order_by("language"))
    assert len(papers) == len(WORDS)
    for paper in papers:
        content = read_checked(paper.document)
        assert check(content, made.root).bottom_line
        assert paper.document.sha256 == hashlib.sha256(content).hexdigest()
        assert said(paper) == [True, False]


def test_paper_is_not_signed_without_a_certificate_and_does_not_say_so(approved):
    producing.produce(request_id=approved.pk, at=timezone.now())

    for paper in approved.papers.order_by("language"):
        assert b"/ByteRange" not in read_checked(paper.document)
        assert said(paper) == [False, True]


def test_paper_that_cannot_be_signed_waits_for_the_sweeper(approved, tmp_path, settings):
    made = make_p12(tmp_path)
    made.use(settings)
    settings.PDF_SIGN_P12_PASSWORD = "other-word"
    now = timezone.now()

    with pytest.raises(DocumentSigningError):
        producing.produce(request_id=approved.pk, at=now)
    approved.refresh_from_db()
    assert approved.status == Status.APPROVED
    assert not approved.papers.exclude(document=None).exists()

    settings.PDF_SIGN_P12_PASSWORD = PASSWORD
    later = now + dt.timedelta(minutes=5)
    sweeping.sweep(at=later)

    approved.refresh_from_db()
    assert approved.status == Status.CLOSED
    found = check(read_checked(approved.papers.get(language="pl").document), made.root)
    assert found.bottom_line
    assert found.signer_reported_dt == later.replace(microsecond=0)
