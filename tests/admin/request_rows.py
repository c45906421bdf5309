"""Rows about online requests for the back office's tests."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from django.utils import timezone

from requests_app.complaint_models import ComplaintTerm
from requests_app.models import (
    Request,
    RequestFile,
    RequestMessage,
    RequestPaper,
    RequestStep,
)
from tests import factories as f


def make_request_rows(membership: Any, contract: Any, n: int) -> None:
    """A question that waits, with everything that may hang on it."""
    at = timezone.now()
    request = Request.objects.create(
        reference=f"W-AAAA-{n:04d}",
        kind="general-question",
        company=membership.company,
        contract=contract,
        author=membership.user,
        form_key=uuid.uuid4(),
        status="submitted",
        lines=[{"label": "Temat", "value": "Tablice"}],
        created_at=at,
        changed_at=at,
        submitted_at=at,
        answer_by=f.TODAY + dt.timedelta(days=n),
    )
    RequestStep.objects.create(
        request=request, before="draft", after="submitted", by="client", at=at
    )
    message = RequestMessage.objects.create(
        request=request,
        author=membership.user,
        form_key=uuid.uuid4(),
        from_staff=False,
        text="Kiedy?",
        at=at,
    )
    RequestFile.objects.create(
        request=request,
        message=message,
        author=membership.user,
        from_staff=False,
        name="skan.pdf",
        scan="clean",
        at=at,
    )
    ComplaintTerm.objects.create(
        client_kind="all",
        calendar_days=30,
        valid_from=f.TODAY + dt.timedelta(days=n),
        basis="do potwierdzenia",
        unanswered_means="do potwierdzenia",
    )
    RequestPaper.objects.create(
        request=request,
        number=f"W-AAAA-{n:04d}/PL",
        title="Zgoda",
        language="pl",
        text_version="1",
        check_code=f"CODE{n}",
        valid_from=f.TODAY,
        made_at=at,
    )
