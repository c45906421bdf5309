"""Papers that follow an approval: numbered, in each language, with a QR code to the check page."""

from __future__ import annotations

import datetime as dt
import io
import secrets

import segno
from django.conf import settings
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from contracts.models import Contract
from eboks.accounts.models import User
from eboks.audit.services import record
from eboks.documents import pdf, signing
from eboks.documents.brand import lessor_brand
from eboks.documents.services import store
from requests_app import workflow
from requests_app.catalogue import Paper, RequestError, type_of, types
from requests_app.enums import By, Status
from requests_app.models import Request, RequestPaper

KEY = "request_paper"
# 26 signs of 32: 130 bits, read out without doubt.
_SIGNS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
_CODE_LENGTH = 26


def produce(*, request_id: int, at: dt.datetime) -> Request:
    """Makes the papers of an approved request and closes what needs nobody any more; of a refused
    one those that its kind answers with.

    Safe to call twice and at once: each paper is made once. Raises PdfError, and then nothing has
    moved.
    """
    rows = Request.objects.select_related("company", "contract", "asset", "author")
    request = rows.get(pk=request_id)
    kind = type_of(request)
    refused = request.status == Status.REJECTED and kind.papers_when_refused
    if request.status not in {Status.APPROVED, Status.PRODUCED} and not refused:
        return request
    papers = [
        _paper(request, paper, language, at=at)
        for paper in kind.papers(request, at)
        for language in paper.languages
    ]
    kind.after_papers(request)
    if not refused:
        closes = kind.closes_itself and not kind.left_to_do(request)
        _move_on(request, has_papers=bool(papers), closes=closes, at=at)
    return request


def _move_on(request: Request, *, has_papers: bool, closes: bool, at: dt.datetime) -> None:
    try:
        if has_papers and request.status == Status.APPROVED:
            workflow.move(request, to=Status.PRODUCED, by=By.PORTAL, actor=None, at=at)
        if closes:
            workflow.move(request, to=Status.CLOSED, by=By.PORTAL, actor=None, at=at)
    except RequestError:  # a parallel run was faster
        request.refresh_from_db(fields=["status"])


def _paper(request: Request, paper: Paper, language: str, *, at: dt.datetime) -> RequestPaper:
    row, _made = RequestPaper.objects.get_or_create(
        request=request,
        language=language,
        defaults={
            "number": f"{request.reference}/{language.upper()}",
            "title": paper.title[:120],
            "text_version": paper.version,
            "check_code": "".join(secrets.choice(_SIGNS) for _n in range(_CODE_LENGTH)),
            "about": [{"label": label, "value": value} for label, value in paper.about],
            "valid_from": paper.valid_from,
            "valid_to": paper.valid_to,
            "made_at": at,
        },
    )
    if row.document_id is None:
        content = _content(request, paper, row, at=at)
        row.document = store(
            company=request.company,
            key=f"{KEY}:{row.public_id}",
            content=content,
            file_name=f"{paper.title} {request.reference} {language}.pdf",
            content_type="application/pdf",
            renderer=pdf.renderer(),
            at=at,
        )
        RequestPaper.objects.filter(pk=row.pk, document=None).update(document=row.document)
    return row


def _content(request: Request, paper: Paper, row: RequestPaper, *, at: dt.datetime) -> bytes:
    """The PDF in the language of `row`, signed at `at` where the lessor gave a certificate; without
    one, the same bytes each time."""
    address = check_address(row)
    with translation.override(row.language):
        html = render_to_string(
            f"requests_app/papers/{paper.template}",
            {
                "title": row.title,
                "brand": lessor_brand(),
                "created": row.made_at.isoformat(),
                "paper": row,
                "request_row": request,
                "company": request.company,
                "contract": request.contract,
                "asset": request.asset,
                "facts": request.facts,
                "check_address": address,
                "signed": signing.is_on(),
                "qr": qr(address, title=paper.qr_title),
                **paper.context,
            },
        )
        title = f"{row.title} {row.number}"
        return signing.sign_pdf(pdf.render_pdf(html, title=title), reason=title, at=at)


def paper_of(code: str) -> RequestPaper | None:
    """The paper that carries `code`, for whoever holds it."""
    return RequestPaper.objects.select_related("request").filter(check_code=code).first()


def holds(paper: RequestPaper, *, on: dt.date) -> bool:
    """Whether `paper` is in force on `on`: in its days, not revoked, and its contract goes on where
    it speaks of one."""
    request = paper.request
    kind = types().get(request.kind)
    if kind is not None and kind.papers_with_contract:
        own = Contract.objects.filter(pk=request.contract_id or 0, company=request.company_id)
        if not own.live().exists():
            return False
    return paper.is_valid(on)


def check_address(paper: RequestPaper) -> str:
    """Where anybody who holds the paper reads whether it is true."""
    path = reverse("requests_app:paper_check", args=[paper.check_code])
    return f"{settings.SITE_URL.rstrip('/')}{path}"


def qr(address: str, *, title: str = "") -> SafeString:
    """The code as an SVG drawing to stand in a document."""
    drawing = io.BytesIO()
    segno.make(address, error="m", micro=False).save(
        drawing, kind="svg", xmldecl=False, svgns=False, omitsize=True, lineclass=None,
        svgclass="qr", light="#fff", dark="#000",
        title=title or _("Kod QR do sprawdzenia dokumentu"),
    )  # fmt: skip
    return mark_safe(drawing.getvalue().decode())  # noqa: S308 -- drawn by the package


@transaction.atomic
def revoke(*, paper: RequestPaper, reason: str, actor: User, at: dt.datetime) -> None:
    """The check page says from now on that the paper is void. Raises RequestError without a
    reason, and for one that is void already."""
    if not reason.strip():
        raise RequestError(_("Podaj powód cofnięcia dokumentu."))
    won = RequestPaper.objects.filter(pk=paper.pk, revoked_at=None).update(
        revoked_at=at, revoke_reason=reason.strip()[:200]
    )
    if won != 1:
        raise RequestError(_("Ten dokument jest już cofnięty."))
    record(
        event="request_paper_revoked",
        at=at,
        actor=actor,
        company=paper.request.company,
        object_kind="request_paper",
        object_ref=paper.number,
        facts={"number": paper.number},
    )
